import type { CommandDefinition } from "../command.ts";

const EXAMPLES = `
Examples:
  do-or-d1 explain do-alarm-loop          a lint rule: why, examples, how to mend it, sources
  do-or-d1 explain do-per-entity          a pattern that choose recommends
  do-or-d1 lint --list-rules              the ids of all rules`;

/** `explain ID`. */
export const defineExplain: CommandDefinition = (program, io, done) => {
  program
    .command("explain")
    .summary("say more about a rule, question, pattern or fact")
    .description("Explains a lint rule, a question, a pattern, a warning or a platform fact: why, bad and good examples, how to mend it, sources.")
    .argument("<id>", "id of a rule, question, pattern, warning or fact")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string) => {
      const { runExplain } = await import("../explain.ts");
      const { color } = program.opts<{ color?: boolean }>();
      done(runExplain(id, io, color === false));
    });
};
