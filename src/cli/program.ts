import { Command, CommanderError } from "commander";
import { UserError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import type { CommandDefinition } from "./command.ts";
import { defineChoose } from "./commands/choose.command.ts";
import { defineCompletion } from "./commands/completion.ts";
import { defineExplain } from "./commands/explain.ts";
import { defineInit } from "./commands/init.ts";
import { defineLint } from "./commands/lint.ts";
import { defineScaffold } from "./commands/scaffold.command.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";
import { usesColor, widthOf } from "./terminal.ts";
import { NAME, VERSION } from "./version.ts";

/** Every command of the tool, in the order of the help text. */
const commands: readonly CommandDefinition[] = [defineChoose, defineLint, defineScaffold, defineExplain, defineInit, defineCompletion];

const EXAMPLES = `
Examples:
  do-or-d1 choose                    which store fits, why, and what it costs
  do-or-d1 lint                      look for mistakes in the project you are in
  do-or-d1 explain do-singleton      more about a rule, question, pattern or fact
  do-or-d1 help lint                 all options of a command`;

/**
 * Parses `argv` (without node and script), runs the command and gives the exit status.
 * User errors become one short text on standard error; anything else is our own fault and says where to report it.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.ok;
  const program = new Command(NAME)
    .description("Choose between Cloudflare D1 and Durable Objects, start right, and stay right.")
    .version(VERSION, "-v, --version")
    .option("--no-color", "write no colours")
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError(false)
    .configureHelp({ minWidthToWrap: 16 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: () => {},
      getOutHelpWidth: () => widthOf(io.stdout, io.env),
      getOutHasColors: () => usesColor(io.stdout, io.env, argv.includes("--no-color")),
    });
  for (const define of commands) define(program, io, (value) => (status = value));
  if (argv.length === 0) {
    io.stderr.write(program.helpInformation());
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return status;
  } catch (error) {
    return report(error, program, argv, io);
  }
}

function report(error: unknown, program: Command, argv: readonly string[], io: Io): ExitStatus {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    io.stderr.write(`${commanderText(error, program, argv)}\n`);
    return EXIT.usage;
  }
  if (error instanceof UserError) {
    io.stderr.write(`${NAME}: ${error.place ? `${error.place}: ` : ""}${error.message}\n${error.hint ? `  ${error.hint}\n` : ""}`);
    return EXIT.usage;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`${NAME}: internal error. This is a bug in ${NAME}; please report it with the text below.\n${detail}\n`);
  return EXIT.internal;
}

/** The parser's errors in our words, with the nearest command or option of the command that was meant. */
function commanderText(error: CommanderError, program: Command, argv: readonly string[]): string {
  // `help` of a command that is not there.
  const text = error.code === "commander.help" ? `unknown command '${argv[1] ?? ""}'` : (error.message.replace(/^error: /, "").split("\n")[0] ?? "");
  const unknown = /^unknown (command|option) '(.+?)'/.exec(text);
  if (!unknown) return `${NAME}: ${text}`;
  const [, kind = "", given = ""] = unknown;
  const command = program.commands.find((candidate) => argv.includes(candidate.name())) ?? program;
  const options = [...new Set([...program.options, ...command.options])].flatMap((option) => (option.long ? [option.long] : []));
  const candidates = kind === "command" ? program.commands.map((candidate) => candidate.name()) : [...options, "--help"];
  const help = command === program ? `${NAME} --help` : `${NAME} ${command.name()} --help`;
  return `${NAME}: unknown ${kind} "${given}"${didYouMean(given, candidates)}. See ${help}.`;
}
