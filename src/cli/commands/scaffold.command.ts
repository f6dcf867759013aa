import type { CommandDefinition } from "../command.ts";
import { EXIT } from "../io.ts";

/** Options of `scaffold` as commander gives them. */
export interface ScaffoldFlags {
  readonly pattern?: string;
  readonly name?: string;
  readonly atom?: string;
  readonly stack?: string;
  readonly packageManager?: string;
  readonly decision?: string;
  readonly dryRun?: true;
}

const EXAMPLES = `
Examples:
  do-or-d1 scaffold chat                                    from do-or-d1.decision.yaml, recorded by do-or-d1 choose --record
  do-or-d1 scaffold chat --pattern do-per-entity --atom room
  do-or-d1 scaffold shop --pattern hot-do-d1-views --atom "shopping cart" --dry-run
  do-or-d1 scaffold --decision ../docs/do-or-d1.decision.yaml --name my-worker

Nothing is ever overwritten, and a write that fails leaves nothing behind.`;

/** `scaffold [dir]`. */
export const defineScaffold: CommandDefinition = (program, io, done) => {
  program
    .command("scaffold")
    .summary("write a project that runs, from a decision or a pattern")
    .description("Writes a Workers project that runs and passes its own tests, from a recorded decision or a pattern.")
    .argument("[dir]", "folder of the project, new or empty", ".")
    .option("--decision <file>", "recorded decision (default: do-or-d1.decision.yaml in the folder, or where you are)")
    .option("--pattern <pattern>", "d1-single, do-per-entity, hot-do-d1-views, d1-per-tenant-hot-do or d1-sharded, without a decision")
    .option("--name <name>", "the Worker's name (default: the folder's)")
    .option("--atom <words>", 'what one object or row stands for: room, "shopping cart"')
    .option("--stack <stack>", "line of tools: modern or node20 (default: the newest that this Node runs)")
    .option("--package-manager <name>", "npm, pnpm, yarn or bun (default: found from lock files, or the one that runs this)")
    .option("--dry-run", "show the files and their sizes, write nothing")
    .addHelpText("after", EXAMPLES)
    .action(async (dir: string, flags: ScaffoldFlags) => {
      const { scaffold } = await import("./scaffold.ts");
      await scaffold(dir, flags, io);
      done(EXIT.ok);
    });
};
