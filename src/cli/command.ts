import type { Command } from "commander";
import type { ExitStatus, Io } from "./io.ts";

/**
 * Registers one command on the program. Definitions are light: they declare arguments, options and help, and import
 * the module that does the work only when the command runs. `done` receives the exit status.
 */
export type CommandDefinition = (program: Command, io: Io, done: (status: ExitStatus) => void) => void;
