import { Command, CommanderError } from "commander";
import { UserError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import type { CommandDefinition } from "./command.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";
import { NAME, VERSION } from "./version.ts";

/** Every command of the tool, in the order of the help text. */
const commands: readonly CommandDefinition[] = [];

/**
 * Parses `argv` (without node and script), runs the command and gives the exit status.
 * User errors become one short text on standard error; anything else is our own fault and says where to report it.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.ok;
  const program = new Command(NAME)
    .description("Choose between Cloudflare D1 and Durable Objects, start right, and stay right.")
    .version(VERSION, "-v, --version")
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => {} });
  for (const define of commands) define(program, io, (value) => (status = value));
  try {
    await program.parseAsync([...argv], { from: "user" });
    return status;
  } catch (error) {
    return report(error, program, io);
  }
}

function report(error: unknown, program: Command, io: Io): ExitStatus {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    io.stderr.write(`${commanderText(error, program)}\n`);
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

function commanderText(error: CommanderError, program: Command): string {
  const text = error.message.replace(/^error: /, "").replace(/\n\(Did you mean .*$/s, "");
  const unknown = /unknown command '(.+?)'/.exec(text)?.[1];
  if (unknown !== undefined) return `${NAME}: unknown command "${unknown}"${didYouMean(unknown, program.commands.map((command) => command.name()))}`;
  return `${NAME}: ${text}`;
}
