import type { Command, Option } from "commander";
import { UserError } from "../errors.ts";
import { ruleDocuments } from "../lint/documents.ts";
import { didYouMean } from "../nearest.ts";
import { explainableIds } from "./explain.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";

/** What can be completed: taken from the program itself, so that a new command or option needs nothing here. */
export interface CompletionModel {
  readonly name: string;
  readonly commands: readonly CompletionCommand[];
}

interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** Words that the arguments may be; undefined for paths. */
  readonly words: readonly string[] | undefined;
}

interface CompletionOption {
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** The values it may have; undefined for paths and free text. */
  readonly values: readonly string[] | undefined;
}

const SHELLS = { bash, zsh, fish } as const;

/**
 * Prints a shell's completion script.
 * @throws UserError for a shell that is not known
 */
export function runCompletion(shell: string, program: Command, io: Io): ExitStatus {
  const format = Object.entries(SHELLS).find(([name]) => name === shell)?.[1];
  if (!format) throw new UserError(`completion: unknown shell "${shell}"${didYouMean(shell, Object.keys(SHELLS))}`, { hint: `Valid: ${Object.keys(SHELLS).join(", ")}.` });
  io.stdout.write(format(completionModel(program)));
  return EXIT.ok;
}

/** Reads commands, options and their values off the program. */
export function completionModel(program: Command): CompletionModel {
  const ids = [...ruleDocuments().keys()];
  const valuesOf = (option: Option): readonly string[] | undefined =>
    option.argChoices ?? (option.long === "--only" ? ids : option.long === "--rule" ? ids.map((id) => `${id}=`) : undefined);
  const words: Readonly<Record<string, readonly string[]>> = { explain: explainableIds(), completion: Object.keys(SHELLS), help: program.commands.map((command) => command.name()) };
  const commands = program.commands.map((command): CompletionCommand => {
    const options = [...command.options, ...program.options].filter((option) => option.long !== undefined && option.long !== "--version");
    return {
      name: command.name(),
      summary: command.summary() || command.description(),
      options: [
        ...options.map((option) => ({ flag: option.long ?? "", description: option.description, takesValue: option.required || option.optional, values: valuesOf(option) })),
        { flag: "--help", description: "display help for command", takesValue: false, values: undefined },
      ],
      words: words[command.name()],
    };
  });
  return { name: program.name(), commands };
}

function bash({ name, commands }: CompletionModel): string {
  const fn = `_${name.replaceAll("-", "_")}`;
  const list = (words: readonly string[]): string => `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word"))`;
  const paths = 'COMPREPLY=($(compgen -f -- "$word"))';
  const cases = commands.map(({ name: command, options, words }) => {
    const values = options.filter(({ takesValue }) => takesValue).map(({ flag, values: given }) => `        ${flag}) ${given ? list(given) : paths}; return ;;`);
    const previous = values.length === 0 ? [] : [`      case "$previous" in`, ...values, `      esac`];
    return [
      `    ${command})`,
      ...previous,
      `      if [[ $word == -* ]]; then ${list(options.map(({ flag }) => flag))}`,
      `      else ${words ? list(words) : paths}; fi ;;`,
    ].join("\n");
  });
  return `# bash completion for ${name}
${fn}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then ${list([...commands.map((command) => command.name), "help", "--help", "--version"])}; return; fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
}
complete -o default -F ${fn} ${name}
`;
}

function zsh({ name, commands }: CompletionModel): string {
  const fn = `_${name.replaceAll("-", "_")}`;
  const quote = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&");
  const spec = ({ flag, description, takesValue, values }: CompletionOption): string =>
    `'*${flag}[${quote(description)}]${takesValue ? `:value:${values ? `(${values.join(" ")})` : "_files"}` : ""}'`;
  const cases = commands.map(({ name: command, options, words }) =>
    [`      ${command})`, `        _arguments \\`, ...options.map((option) => `          ${spec(option)} \\`), `          '*:argument:${words ? `(${words.join(" ")})` : "_files"}' ;;`].join("\n"),
  );
  return `#compdef ${name}
${fn}() {
  local -a commands
  commands=(
${commands.map(({ name: command, summary }) => `    '${command}:${quote(summary)}'`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  else
    local command=$words[2]
    shift words; (( CURRENT-- ))
    case $command in
${cases.join("\n")}
    esac
  fi
}
if [[ $funcstack[1] == _* ]]; then ${fn} "$@"; else compdef ${fn} ${name}; fi
`;
}

function fish({ name, commands }: CompletionModel): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = [`# fish completion for ${name}`, `complete -c ${name} -n __fish_use_subcommand -f`];
  for (const { name: command, summary, options, words } of commands) {
    const when = `-n '__fish_seen_subcommand_from ${command}'`;
    lines.push(`complete -c ${name} -n __fish_use_subcommand -f -a ${command} -d ${quote(summary)}`);
    if (words) lines.push(`complete -c ${name} ${when} -f -a ${quote(words.join(" "))}`);
    for (const { flag, description, takesValue, values } of options) {
      const value = takesValue ? (values ? ` -x -a ${quote(values.join(" "))}` : " -r -F") : "";
      lines.push(`complete -c ${name} ${when} -l ${flag.slice(2)}${value} -d ${quote(description)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
