import { Chalk, type ChalkInstance } from "chalk";
import { changedLines } from "../diff.ts";
import type { Diagnostic, Finding, Severity, TextEdit } from "../lint/finding.ts";
import { applyEdits } from "../lint/findings/fixes.ts";
import { countSeverities } from "../lint/results.ts";
import type { Place } from "../project/span.ts";
import { codeFrame, splitLines } from "./frame.ts";
import { diagnosticPlace, hasNoWorkers, noWorkersText } from "./phrases.ts";
import type { ReportInput } from "./report.ts";
import { count, textWidth, visible, wrap } from "../text.ts";

/** Related places that are shown with their code, and those that are listed at all. */
const MOST_FRAMES = 4;
const MOST_RELATED = 12;
/** Changed lines of a suggestion that are shown. */
const MOST_CHANGED = 8;

interface PrettyInput extends ReportInput {
  /** A file's lines; split once, however many findings it has. */
  readonly lines: (file: string) => readonly string[];
}

function onceEach<T>(work: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.get(key) ?? work(key);
    known.set(key, value);
    return value;
  };
}

/** The report for people: findings by file, each with its code, its evidence and what to do; a summary of one line at the end. */
export function formatPretty(given: ReportInput): string {
  const input: PrettyInput = { ...given, lines: onceEach((file) => splitLines(given.text(file) ?? "")) };
  const chalk = new Chalk({ level: input.color ? 1 : 0 });
  const { findings, diagnostics } = input.results;
  const blocks: string[] = [];
  let file: string | undefined;
  for (const finding of findings) {
    if (finding.file !== file) blocks.push(`${chalk.bold.underline(visible(input.path(finding.file)))}\n`);
    file = finding.file;
    blocks.push(formatFinding(finding, input, chalk));
  }
  if (diagnostics.length > 0) blocks.push(formatDiagnostics(diagnostics, input, chalk));
  blocks.push(summary(input, chalk));
  return blocks.join("\n");
}

function formatFinding(finding: Finding, input: PrettyInput, chalk: ChalkInstance): string {
  const { line, column, severity, rule, confidence, message, related, help, docs, fix, suggestion } = finding;
  const notes = [confidence === "high" ? "" : `${confidence} confidence`, fix ? "fixable" : ""].filter((note) => note !== "").join(", ");
  const lines = [`  ${chalk.dim(`${line}:${column}`)}  ${tint(chalk, severity)(severity)}  ${chalk.bold(rule)}${notes === "" ? "" : chalk.dim(`  (${notes})`)}`, ""];
  lines.push(...frame(finding, input, chalk, 1, tint(chalk, severity)), "");
  lines.push(...indented(message, input), "");
  for (const [at, place] of related.slice(0, MOST_RELATED).entries()) lines.push(...relatedLines(place, at < MOST_FRAMES, input, chalk));
  if (related.length > MOST_RELATED) lines.push(`    ${chalk.dim(`and ${count(related.length - MOST_RELATED, "more place")}`)}`);
  if (related.length > 0) lines.push("");
  lines.push(...labelled("To do:", help, input, chalk));
  if (suggestion) lines.push(...labelled("One way:", suggestion.description, input, chalk), ...suggestedChange(suggestion.edits, input, chalk));
  lines.push(`    ${chalk.dim("Read:")} ${docs}`, "");
  return lines.map((text) => text.trimEnd()).join("\n");
}

/** What a suggestion would change, when that is short enough to be read at a glance. */
function suggestedChange(edits: readonly TextEdit[], input: PrettyInput, chalk: ChalkInstance): string[] {
  const files = [...new Set(edits.map(({ span }) => span.file))];
  const changes = files.flatMap((file) => {
    const before = input.text(file) ?? "";
    const own = edits.filter(({ span }) => span.file === file).sort((a, b) => a.span.start - b.span.start);
    return changedLines(before, applyEdits(before, own));
  });
  if (changes.length > MOST_CHANGED) return [];
  return changes.map(({ kind, text }) => `      ${(kind === "+" ? chalk.green : chalk.red)(cut(`${kind} ${text.trim()}`, input.width - 6))}`);
}

function cut(text: string, width: number): string {
  const shown = visible(text.replaceAll("\t", "  "));
  return textWidth(shown) <= width ? shown : `${[...shown].slice(0, Math.max(1, width - 1)).join("")}…`;
}

function relatedLines(place: Place & { readonly message: string }, withFrame: boolean, input: PrettyInput, chalk: ChalkInstance): string[] {
  const where = `${input.path(place.file)}:${place.line}:${place.column}`;
  return [...indented(`${where} ${place.message}`, input).map((line) => chalk.cyan(line)), ...(withFrame ? frame(place, input, chalk, 0, chalk.cyan) : [])];
}

function frame(place: Place, input: PrettyInput, chalk: ChalkInstance, context: number, mark: ChalkInstance): string[] {
  const gutter = String(place.endLine + context).length;
  const rows = codeFrame(input.lines(place.file), place, context, Math.max(10, input.width - gutter - 7));
  return rows.map((row) => {
    const number = String(row.line ?? "").padStart(gutter);
    const isMarked = row.kind === "code" && row.line !== undefined && row.line >= place.line && row.line <= place.endLine;
    const code = row.kind === "mark" ? mark(row.text) : isMarked ? row.text : chalk.dim(row.text);
    return `    ${chalk.dim(`${number} │`)} ${code}`;
  });
}

function indented(text: string, { width }: ReportInput): string[] {
  return wrap(visible(text), width - 4).map((line) => `    ${line}`);
}

function labelled(label: string, text: string, { width }: ReportInput, chalk: ChalkInstance): string[] {
  const [first = "", ...rest] = wrap(visible(text), width - 5 - label.length);
  const pad = " ".repeat(5 + label.length);
  return [`    ${chalk.green(label)} ${first}`, ...rest.map((line) => pad + line)];
}

function tint(chalk: ChalkInstance, severity: Severity): ChalkInstance {
  return severity === "error" ? chalk.red : severity === "warning" ? chalk.yellow : chalk.blue;
}

/** What could not be checked, for a terminal. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], input: Pick<ReportInput, "path" | "width">, chalk: ChalkInstance): string {
  const lines = [chalk.bold(`Not checked, or not fully (${diagnostics.length}):`), ""];
  for (const diagnostic of diagnostics) {
    lines.push(...hanging(`${diagnosticPlace(diagnostic, input.path)}${diagnostic.message}`, input.width, 2));
    if (diagnostic.hint !== undefined) lines.push(...hanging(diagnostic.hint, input.width, 4));
  }
  return `${lines.join("\n")}\n`;
}

function hanging(text: string, width: number, indent: number): string[] {
  return wrap(visible(text), width - indent - 2).map((line, at) => " ".repeat(at === 0 ? indent : indent + 2) + line);
}

/** The last line. Its parts are left out from the end when they would not fit. */
function summary({ results, asked, width }: ReportInput, chalk: ChalkInstance): string {
  const { findings, suppressed, baselined, files, diagnostics } = results;
  if (findings.length === 0 && hasNoWorkers(results)) return `${noWorkersText(results, asked)}\n`;
  const counts = countSeverities(findings);
  const bySeverity = [count(counts.error, "error"), count(counts.warning, "warning"), ...(counts.info > 0 ? [`${counts.info} info`] : [])].filter((part) => !part.startsWith("0 "));
  const problems = findings.length === 0 ? "No problems found" : `${count(findings.length, "problem")}: ${bySeverity.join(", ")}`;
  const fixable = findings.filter((finding) => finding.fix).length;
  const parts = [
    `${count(files, "file")} looked at`,
    ...(fixable > 0 ? [`${fixable} fixable with --fix`] : []),
    ...(suppressed.length > 0 ? [`${suppressed.length} suppressed`] : []),
    ...(baselined.length > 0 ? [`${baselined.length} in the baseline`] : []),
    ...(diagnostics.length > 0 ? [`${diagnostics.length} not checked`] : []),
  ];
  let line = problems;
  for (const part of parts) if (textWidth(`${line} · ${part}`) <= width) line += ` · ${part}`;
  const color = counts.error > 0 ? chalk.red : counts.warning > 0 ? chalk.yellow : chalk.green;
  return `${color.bold(line)}\n`;
}
