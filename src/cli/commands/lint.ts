import { Option } from "commander";
import type { CommandDefinition } from "../command.ts";
import { FORMATS } from "../../report/report.ts";
import { FAIL_ON, PROFILES, type RawLintOptions } from "../lint/options.ts";

const EXAMPLES = `
Examples:
  do-or-d1 lint                                     the folder you are in
  do-or-d1 lint packages/chat --profile strict      one package, with the rules that ask for judgement
  do-or-d1 lint --since main --format github        in CI: what a branch changed, as annotations
  do-or-d1 lint --format pretty --format sarif --output lint.sarif
  do-or-d1 lint --rule do-timer=off --fail-on error
  do-or-d1 lint --update-baseline                   accept today's findings, report new ones from now on

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 wrong use or unreadable input, 3 internal error.`;

/** `lint [paths...]`. */
export const defineLint: CommandDefinition = (program, io, done) => {
  const outputs: { option: "format" | "output"; value: string }[] = [];
  const ordered = (option: "format" | "output") => (value: string, _previous: unknown): string => {
    outputs.push({ option, value });
    return value;
  };
  const collect = (value: string, previous: readonly string[] | undefined): string[] => [...(previous ?? []), value];
  program
    .command("lint")
    .summary("find Durable Object and D1 mistakes in a Workers project")
    .description("Finds Durable Object and D1 mistakes in Workers projects: with file and line, what each will cost, and how to mend it.")
    .argument("[paths...]", "files and folders (default: the folder you are in)")
    .addOption(new Option("--format <format>", "how to report; may be repeated").choices(FORMATS).argParser(ordered("format")))
    .addOption(new Option("--output <file>", "write the --format before it to a file").argParser(ordered("output")))
    .option("--config <file>", "configuration for all files, instead of the nearest do-or-d1.yaml of each")
    .addOption(new Option("--profile <profile>", "rules and confidence to report (default: recommended)").choices(PROFILES).argParser(String))
    .option("--rule <id=severity>", "set a rule to off, info, warning or error; may be repeated", collect)
    .option("--only <ids>", "run these rules only; separated by commas", collect)
    .option("--fix", "apply the safe fixes")
    .option("--fix-dry-run", "show what --fix would change")
    .option("--baseline <file>", "leave out the findings that this file accepts")
    .option("--update-baseline", "write all of today's findings to the baseline")
    .option("--since <ref>", "report only files that differ from a git revision")
    .addOption(new Option("--fail-on <severity>", "the least severity to exit with 1 (default: warning)").choices(FAIL_ON).argParser(String))
    .option("--include-tests", "report tests too")
    .option("--no-cache", "neither read nor write the cache of results")
    .option("--statistics", "print the time of each stage and rule to standard error")
    .option("--stdin", "lint standard input as the file --stdin-filename")
    .option("--stdin-filename <file>", "the path that standard input is linted under")
    .option("--list-rules", "list all rules")
    .addHelpText("after", EXAMPLES)
    .action(async (paths: readonly string[], options: Omit<RawLintOptions, "outputs">) => {
      const { runLint } = await import("../lint/action.ts");
      const { color } = program.opts<{ color?: boolean }>();
      done(await runLint(paths, { ...options, outputs, ...(color !== undefined && { color }) }, io));
    });
};
