import { Option } from "commander";
import type { CommandDefinition } from "../command.ts";

/** Options of `choose` as commander gives them. */
export interface ChooseFlags {
  readonly answers?: string;
  readonly set?: readonly string[];
  readonly from?: string;
  readonly format?: "pretty" | "json" | "markdown" | "html";
  readonly output?: string;
  readonly adr?: string;
  readonly record?: string;
  readonly scaffold?: string;
  readonly resume?: true;
  readonly playbook?: string;
  /** From the program: false with --no-color. */
  readonly color?: boolean;
}

const EXAMPLES = `
Examples:
  do-or-d1 choose                                          the questionnaire
  do-or-d1 choose --set atom=clear --set live=timers,websockets
  do-or-d1 choose --answers answers.yaml --format html --output decision.html
  do-or-d1 choose --answers - --format json < answers.json
  do-or-d1 choose --answers docs/adr/0007-use-d1.md --set total_gb=80
  do-or-d1 choose --from . --set cross_entity_sql=frequent  what an existing project amounts to
  do-or-d1 choose --adr docs/adr --record do-or-d1.decision.yaml

do-or-d1 explain QUESTION says what a question means; "?" or a missing answer means "don't know".`;

/** `choose`. */
export const defineChoose: CommandDefinition = (program, io, done) => {
  const collect = (value: string, previous: readonly string[] | undefined): string[] => [...(previous ?? []), value];
  program
    .command("choose")
    .summary("choose between D1 and Durable Objects, with reasons, limits and cost")
    .description("Recommends D1, Durable Objects, both or neither: why, how sure, what would change it, what it runs into and what it costs.")
    .option("--answers <file>", "answers as YAML or JSON, or a record written earlier; - reads standard input")
    .option("--set <id=value>", "set one answer; may be repeated; lists are separated by commas", collect)
    .option("--from <dir>", "take the answers that a project's code shows, with file and line; --answers and --set win over them")
    .addOption(new Option("--format <format>", "form of the result (default: pretty)").choices(["pretty", "json", "markdown", "html"]))
    .option("--output <file>", "write the result to a file")
    .option("--adr <dir>", "add a numbered decision record (MADR) to a folder")
    .option("--record <file>", "write the decision for lint and scaffold, usually do-or-d1.decision.yaml")
    .option("--scaffold <dir>", "write a project of the recommended pattern into a new or empty folder")
    .option("--resume", "go on with the answers kept when the questionnaire was interrupted")
    .option("--playbook <file>", "put entries of your own over the playbook's questions, heuristics, patterns and warnings")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ChooseFlags) => {
      const { choose } = await import("./choose.ts");
      const { color } = program.opts<{ color?: boolean }>();
      done(await choose({ ...flags, ...(color !== undefined && { color }) }, io));
    });
};
