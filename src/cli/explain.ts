import { Chalk, type ChalkInstance } from "chalk";
import { explainPlaybook, playbookIds } from "../choose/explain.ts";
import { UserError } from "../errors.ts";
import { ruleDocuments, type BadExample, type GoodExample, type RuleDocument } from "../lint/documents.ts";
import { didYouMean } from "../nearest.ts";
import { exampleFiles } from "../report/rule-markdown.ts";
import { wrap } from "../text.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";
import { usesColor, widthOf } from "./terminal.ts";

/** Examples of each kind that are shown. */
const MOST_EXAMPLES = 2;

/**
 * Prints what there is to say about an id.
 * @throws UserError for an unknown id
 */
export function runExplain(id: string, io: Io, noColor: boolean): ExitStatus {
  const width = Math.min(widthOf(io.stdout, io.env), 100);
  const chalk = new Chalk({ level: usesColor(io.stdout, io.env, noColor) ? 1 : 0 });
  const document = ruleDocuments().get(id);
  const playbook = explainPlaybook(id);
  if (!document && playbook === undefined)
    throw new UserError(`explain: nothing is known about "${id}"${didYouMean(id, explainableIds())}`, { hint: "`do-or-d1 lint --list-rules` lists the rules; results of `do-or-d1 choose` name the rest." });
  io.stdout.write([...(document ? [explainRule(document, width, chalk)] : []), ...(playbook === undefined ? [] : [explainProse(playbook, width, chalk)])].join("\n"));
  return EXIT.ok;
}

/** Every id that can be explained: rules, and what the playbook holds. */
export function explainableIds(): readonly string[] {
  return [...new Set([...ruleDocuments().keys(), ...playbookIds()])];
}

/** Plain text with its id as heading. */
function explainProse(text: string, width: number, chalk: ChalkInstance): string {
  const [heading = "", ...rest] = text.split("\n\n");
  const [id = "", kind = ""] = heading.split(": ", 2);
  return `${chalk.bold.underline(id)}  ${chalk.dim(kind)}\n\n${paragraphs(rest.join("\n\n"), width)}`;
}

/** A rule's document for the terminal. */
export function explainRule(document: RuleDocument, width: number, chalk: ChalkInstance): string {
  const { bad, good } = document.examples;
  const heading = (text: string): string => `\n${chalk.bold(text)}\n`;
  const parts = [
    `${chalk.bold.underline(document.id)}  ${chalk.dim(`${document.severity}, ${document.profile} profile`)}\n`,
    paragraphs(document.summary, width),
    heading("Why"),
    paragraphs(document.why, width),
    ...bad.slice(0, MOST_EXAMPLES).flatMap((example) => [heading(`Reported: ${example.name}`), exampleText(example, markedLines(example), chalk)]),
    ...good.slice(0, MOST_EXAMPLES).flatMap((example) => [heading(`Left alone: ${example.name}`), exampleText(example, new Map(), chalk)]),
    heading("How to mend it"),
    paragraphs(document.fix, width),
    ...(document.options === undefined ? [] : [heading("Options"), paragraphs(document.options, width)]),
    heading("Sources"),
    ...document.sources.map(({ url, read, says }) => `${url}\n${paragraphs(`${says} (read ${read})`, width - 2).replace(/^/gm, "  ").trimEnd()}\n`),
  ];
  return parts.join("");
}

/** Paragraphs wrapped to a width. Items of a list keep a line each, their further lines indented. */
function paragraphs(text: string, width: number): string {
  const lines = text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\n(?!- )/g, " ").split("\n").flatMap((line) => (line.startsWith("- ") ? wrap(line, width - 2).map((part, at) => (at === 0 ? part : `  ${part}`)) : wrap(line, width))).join("\n"));
  return `${lines.join("\n\n")}\n`;
}

/** The lines of an example that its findings are at, by file. */
function markedLines(example: BadExample): ReadonlyMap<string, ReadonlySet<number>> {
  const marks = new Map<string, Set<number>>();
  const main = example.code === undefined ? (Object.keys(exampleFiles(example))[0] ?? "") : "src/index.ts";
  for (const { file, line } of example.expect) marks.set(file ?? main, (marks.get(file ?? main) ?? new Set()).add(line));
  return marks;
}

function exampleText(example: GoodExample, marks: ReadonlyMap<string, ReadonlySet<number>>, chalk: ChalkInstance): string {
  const files = Object.entries(exampleFiles(example));
  return files
    .map(([file, text]) => {
      const lines = text.trimEnd().split("\n").map((line, at) => (marks.get(file)?.has(at + 1) ? `${chalk.red(">")} ${chalk.yellow(line)}` : `  ${line}`).trimEnd());
      return `${chalk.cyan(file)}\n${lines.join("\n")}\n`;
    })
    .join("");
}
