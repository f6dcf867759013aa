import type { Finding } from "../lint/finding.ts";
import { countSeverities } from "../lint/results.ts";
import { diagnosticPlace, hasNoWorkers, noWorkersText } from "./phrases.ts";
import type { ReportInput } from "./report.ts";
import { languageOf } from "./rule-markdown.ts";
import { count } from "../text.ts";

/** Most lines of code shown for one finding. */
const MOST_LINES = 6;

/** Markdown for a pull request comment or a job summary. */
export function formatMarkdown(input: ReportInput): string {
  const { findings, diagnostics, suppressed, baselined, files } = input.results;
  const counts = countSeverities(findings);
  const parts = [`# ${input.tool.name}`];
  if (findings.length === 0) parts.push(hasNoWorkers(input.results) ? noWorkersText(input.results, input.asked) : `No problems found in ${count(files, "file")}.`);
  else {
    const bySeverity = [count(counts.error, "error"), count(counts.warning, "warning"), `${counts.info} info`].filter((part) => !part.startsWith("0 "));
    parts.push(`**${count(findings.length, "problem")}** (${bySeverity.join(", ")}) in ${count(new Set(findings.map(({ file }) => file)).size, "file")} of ${files}.`);
  }
  let file: string | undefined;
  for (const finding of findings) {
    if (finding.file !== file) parts.push(`## ${codeSpan(input.path(finding.file))}`);
    file = finding.file;
    parts.push(findingMarkdown(finding, input));
  }
  if (diagnostics.length > 0)
    parts.push("## Not checked", diagnostics.map((diagnostic) => `- ${prose(diagnosticPlace(diagnostic, input.path) + diagnostic.message)}${diagnostic.hint === undefined ? "" : ` ${prose(diagnostic.hint)}`}`).join("\n"));
  const accepted = [...(suppressed.length > 0 ? [`${suppressed.length} suppressed`] : []), ...(baselined.length > 0 ? [`${baselined.length} in the baseline`] : [])];
  if (accepted.length > 0) parts.push(`${accepted.join(", ")}.`);
  return `${parts.join("\n\n")}\n`;
}

function findingMarkdown(finding: Finding, input: ReportInput): string {
  const { severity, rule, line, endLine, message, help, docs, related } = finding;
  const code = (input.text(finding.file) ?? "").split(/\r\n|\n|\r/).slice(line - 1, Math.min(endLine, line + MOST_LINES - 1)).join("\n");
  const fence = "`".repeat(Math.max(3, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return [
    `### Line ${line}: ${severity}, [${rule}](${docs})`,
    `${fence}${languageOf(finding.file)}\n${code}\n${fence}`,
    prose(message),
    ...(related.length > 0 ? [related.map((place) => `- ${codeSpan(`${input.path(place.file)}:${place.line}`)} ${prose(place.message)}`).join("\n")] : []),
    `**To do:** ${prose(help)}`,
  ].join("\n\n");
}

/** Text with what Markdown or HTML would interpret escaped, except inside code spans. */
function prose(text: string): string {
  return text
    .split(/(`[^`\n]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/[\\<>*_[\]|#]/g, "\\$&")))
    .join("");
}

function codeSpan(text: string): string {
  return text.includes("`") ? prose(text) : `\`${text}\``;
}
