import type { CommandDefinition } from "../command.ts";

const EXAMPLES = `
Example:
  cd my-worker && do-or-d1 init     writes do-or-d1.yaml, do-or-d1.baseline.json and .github/workflows/do-or-d1.yml`;

/** `init`. */
export const defineInit: CommandDefinition = (program, io, done) => {
  program
    .command("init")
    .summary("write a configuration, a baseline and a CI workflow")
    .description("Sets an existing repository up: a configuration file, a baseline that accepts today's findings, and a CI workflow that reports new ones. Never overwrites a file.")
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const { runInit } = await import("../init.ts");
      done(await runInit(io));
    });
};
