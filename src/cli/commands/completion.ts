import { Argument } from "commander";
import type { CommandDefinition } from "../command.ts";

const EXAMPLES = `
Examples:
  do-or-d1 completion bash >> ~/.bashrc
  do-or-d1 completion zsh > ~/.zfunc/_do-or-d1         (with ~/.zfunc in fpath)
  do-or-d1 completion fish > ~/.config/fish/completions/do-or-d1.fish`;

/** `completion SHELL`. */
export const defineCompletion: CommandDefinition = (program, io, done) => {
  program
    .command("completion")
    .summary("print a completion script for bash, zsh or fish")
    .description("Prints a script that completes commands, options, their values and the ids of rules.")
    .addArgument(new Argument("<shell>", "bash, zsh or fish"))
    .addHelpText("after", EXAMPLES)
    .action(async (shell: string) => {
      const { runCompletion } = await import("../completion.ts");
      done(runCompletion(shell, program, io));
    });
};
