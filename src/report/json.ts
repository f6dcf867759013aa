import type { Diagnostic, Finding, TextEdit } from "../lint/finding.ts";
import { countSeverities } from "../lint/results.ts";
import { lineStarts, placeOf, type Place } from "../project/span.ts";
import type { ReportInput } from "./report.ts";

/** The versioned JSON shape, mapped by hand: what is not named here is internal and may change. */
export function formatJson(input: ReportInput): string {
  const { results, tool } = input;
  const document = {
    schema: 1,
    tool: { name: tool.name, version: tool.version },
    findings: results.findings.map((finding) => findingJson(finding, input)),
    suppressed: results.suppressed.length,
    baselined: results.baselined.length,
    diagnostics: results.diagnostics.map((diagnostic) => diagnosticJson(diagnostic, input)),
    summary: { ...countSeverities(results.findings), files: results.files, durationMs: Math.round(input.durationMs) },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function findingJson(finding: Finding, input: ReportInput): object {
  const { rule, severity, confidence, message, related, subject, help, docs, fingerprint, fix, suggestion } = finding;
  return {
    rule,
    severity,
    confidence,
    message,
    ...placeJson(finding, input),
    related: related.map((place) => ({ ...placeJson(place, input), message: place.message })),
    subject: {
      ...(subject.class !== undefined && { class: subject.class }),
      ...(subject.binding !== undefined && { binding: subject.binding }),
      ...(subject.database !== undefined && { database: subject.database }),
      ...(subject.table !== undefined && { table: subject.table }),
    },
    help,
    docs,
    fingerprint,
    ...(fix && { fix: fix.map((edit) => editJson(edit, input)) }),
    ...(suggestion && { suggestion: { description: suggestion.description, edits: suggestion.edits.map((edit) => editJson(edit, input)) } }),
  };
}

function placeJson({ file, line, column, endLine, endColumn }: Place, input: ReportInput): object {
  return { file: input.path(file), line, column, endLine, endColumn };
}

/** An edit with its place, and with the UTF-16 offsets `start` and `end` (exclusive) in the text without a byte order mark. */
function editJson({ span, text }: TextEdit, input: ReportInput): object {
  return { ...placeJson(placeOf(span, lineStarts(input.text(span.file) ?? "")), input), start: span.start, end: span.end, text };
}

function diagnosticJson({ file, line, column, message, hint, internal }: Diagnostic, input: ReportInput): object {
  return {
    ...(file !== "" && { file: input.path(file) }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    message,
    ...(hint !== undefined && { hint }),
    kind: internal === undefined ? "input" : "internal",
  };
}
