import { didYouMean } from "../../nearest.ts";
import { lineStarts, placeOf, positionAt, type Span } from "../../project/span.ts";
import { UNUSED_SUPPRESSION } from "../documents.ts";
import type { Finding, Report, TextEdit } from "../finding.ts";
import type { SuppressedFinding } from "../results.ts";
import type { CommentText } from "./comments.ts";

/** The word that every suppression starts with; a cheap first question about a file. */
export const SUPPRESSION_WORD = "do-or-d1-ignore";

type Scope = "file" | "line" | "next-line";
const SCOPES: readonly string[] = ["next-line", "line", "file"] satisfies readonly Scope[];

/** A comment that accepts findings of some rules at a line or in a whole file. */
export interface Suppression {
  readonly span: Span;
  readonly scope: Scope;
  readonly rules: readonly string[];
  readonly reason: string;
  /** The line it speaks of; 0 for the whole file. */
  readonly line: number;
  /** What is wrong with the comment itself. A suppression with a problem accepts nothing. */
  readonly problem?: string;
}

/** The suppressions in a file's comments, in source order. */
export function readSuppressions(text: string, comments: readonly CommentText[], ruleIds: Iterable<string>): Suppression[] {
  const ids = [...ruleIds];
  const suppressions: Suppression[] = [];
  const starts = lineStarts(text);
  const codeLines = linesWithCode(text, starts, comments);
  for (const comment of comments) {
    if (!comment.text.includes(SUPPRESSION_WORD)) continue;
    for (const line of comment.text.split(/\r\n|\n|\r/)) {
      const match = /^[\s*]*do-or-d1-ignore(?:-([\w-]+))?(?:\s+(.*?))?\s*$/.exec(line);
      if (match) suppressions.push(readOne(match[1], match[2] ?? "", comment, { text, starts, codeLines, ids }));
    }
  }
  return suppressions;
}

interface FileOfComments {
  readonly text: string;
  readonly starts: readonly number[];
  /** Numbers of the lines that hold more than white space and comments, ascending. */
  readonly codeLines: readonly number[];
  readonly ids: readonly string[];
}

function readOne(word: string | undefined, rest: string, comment: CommentText, file: FileOfComments): Suppression {
  const { span } = comment;
  const own = positionAt(file.starts, span.start).line;
  // Without "-line" or "-next-line" it means the code beside it, or, when it stands alone, the code below.
  const scope = word === undefined ? (standsAlone(span, file) ? "next-line" : "line") : word;
  const separator = /(?:^|\s)--(?:\s|$)/.exec(rest);
  const rules = (separator ? rest.slice(0, separator.index) : rest).split(/[\s,]+/).filter((id) => id !== "");
  const reason = separator ? rest.slice(separator.index + separator[0].length).trim() : "";
  const problem = problemOf(scope, rules, reason, file.ids);
  const known = isScope(scope) ? scope : "line";
  const line = known === "file" ? 0 : known === "line" ? own : nextLine(span, file);
  return { span, scope: known, rules, reason, line, ...(problem !== undefined && { problem }) };
}

function isScope(word: string): word is Scope {
  return SCOPES.includes(word);
}

function problemOf(scope: string, rules: readonly string[], reason: string, ids: readonly string[]): string | undefined {
  if (!isScope(scope)) return `unknown suppression "${SUPPRESSION_WORD}-${scope}"${didYouMean(scope, SCOPES)}`;
  if (rules.length === 0) return "this suppression names no rule";
  const unknown = rules.find((id) => !ids.includes(id));
  if (unknown !== undefined) return `this suppression names an unknown rule "${unknown}"${didYouMean(unknown, ids)}`;
  if (reason === "") return `this suppression of ${list(rules)} gives no reason, so it is not applied`;
  return undefined;
}

function standsAlone(span: Span, { text, starts }: FileOfComments): boolean {
  const { line } = positionAt(starts, span.start);
  return text.slice(starts[line - 1] ?? 0, span.start).trim() === "";
}

/** The first line below the comment that holds more than white space and comments: suppressions may be stacked. */
function nextLine(span: Span, { starts, codeLines }: FileOfComments): number {
  const own = positionAt(starts, Math.max(span.start, span.end - 1)).line;
  return codeLines.find((line) => line > own) ?? starts.length + 1;
}

function linesWithCode(text: string, starts: readonly number[], comments: readonly CommentText[]): number[] {
  let code = "";
  let at = 0;
  for (const { span } of comments) {
    code += text.slice(at, span.start) + text.slice(span.start, span.end).replace(/[^\r\n]/g, " ");
    at = span.end;
  }
  code += text.slice(at);
  return starts.flatMap((start, index) => (code.slice(start, starts[index + 1] ?? code.length).trim() === "" ? [] : [index + 1]));
}

/** Findings that no suppression accepts, those that one does, and a report for each suppression that does nothing. */
export interface SuppressionSplit {
  readonly kept: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly unused: readonly Report[];
}

/**
 * Applies suppressions.
 * @param texts gives a file's text, for the places of comments
 * @param couldReport whether a rule ran over a file: only then does a suppression without a finding mean anything
 */
export function applySuppressions(
  findings: readonly Finding[],
  suppressions: readonly Suppression[],
  texts: (file: string) => string,
  couldReport: (rule: string, file: string) => boolean,
): SuppressionSplit {
  const byFile = new Map<string, Suppression[]>();
  for (const suppression of suppressions) if (suppression.problem === undefined) byFile.set(suppression.span.file, [...(byFile.get(suppression.span.file) ?? []), suppression]);
  const used = new Map<Suppression, Set<string>>();
  const kept: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const finding of findings) {
    const by = (byFile.get(finding.file) ?? []).filter(({ scope, rules, line }) => rules.includes(finding.rule) && (scope === "file" || line === finding.line));
    for (const suppression of by) used.set(suppression, (used.get(suppression) ?? new Set()).add(finding.rule));
    const [first] = by;
    if (first) suppressed.push({ finding, reason: first.reason, comment: placeOf(first.span, lineStarts(texts(finding.file))) });
    else kept.push(finding);
  }
  const unused: Report[] = [];
  for (const suppression of suppressions) {
    if (suppression.problem !== undefined) unused.push(report(suppression, suppression.problem, undefined));
    else {
      const idle = suppression.rules.filter((id) => !used.get(suppression)?.has(id) && id !== UNUSED_SUPPRESSION && couldReport(id, suppression.span.file));
      if (idle.length === 0) continue;
      const where = suppression.scope === "file" ? "in this file" : `on line ${suppression.line}`;
      const fix = idle.length === suppression.rules.length ? removal(suppression.span, texts(suppression.span.file)) : undefined;
      unused.push(report(suppression, `nothing ${where} is reported by ${list(idle)}, so this suppression does nothing; left in place it would hide the next real finding`, fix));
    }
  }
  return { kept, suppressed, unused };
}

function report(suppression: Suppression, message: string, fix: TextEdit | undefined): Report {
  return {
    span: suppression.span,
    message: message.charAt(0).toUpperCase() + message.slice(1) + ".",
    confidence: "high",
    symbol: suppression.rules.join(","),
    ...(fix && { fix: [fix] }),
  };
}

/** Takes out a comment: with its line when it stands alone there, else with the white space before it. */
function removal(span: Span, text: string): TextEdit {
  let start = span.start;
  while (start > 0 && (text[start - 1] === " " || text[start - 1] === "\t")) start--;
  let end = span.end;
  const atLineStart = start === 0 || text[start - 1] === "\n" || text[start - 1] === "\r";
  if (atLineStart) {
    if (text.startsWith("\r\n", end)) end += 2;
    else if (text[end] === "\n" || text[end] === "\r") end += 1;
    else start = span.start;
  }
  return { span: { file: span.file, start, end }, text: "" };
}

function list(ids: readonly string[]): string {
  return ids.map((id) => `\`${id}\``).join(", ");
}
