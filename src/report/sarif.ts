import { requireDocument } from "../lint/documents.ts";
import type { Diagnostic, Finding, Severity, TextEdit } from "../lint/finding.ts";
import { lineStarts, placeOf, type Place } from "../project/span.ts";
import type { ReportInput } from "./report.ts";
import { ruleMarkdown } from "./rule-markdown.ts";

const LEVELS = { error: "error", warning: "warning", info: "note" } as const satisfies Record<Severity, string>;
/** GitHub's own words for how bad a rule is, in `problem.severity`. */
const PROBLEMS = { error: "error", warning: "warning", info: "recommendation" } as const satisfies Record<Severity, string>;

/** A SARIF 2.1.0 log as GitHub code scanning reads it. Suppressed and baselined findings are listed as such. */
export function formatSarif(input: ReportInput): string {
  const { results, tool } = input;
  const accepted = [
    ...results.suppressed.map(({ finding, reason }) => ({ finding, suppression: { kind: "inSource", justification: reason } })),
    ...results.baselined.map((finding) => ({ finding, suppression: { kind: "external", justification: "Accepted in the baseline." } })),
  ];
  const shown = [...results.findings, ...accepted.map(({ finding }) => finding)];
  const ids = [...new Set([...results.rules, ...shown.map(({ rule }) => rule)])].sort();
  const index = new Map(ids.map((id, at) => [id, at]));
  const failed = results.diagnostics.some((diagnostic) => diagnostic.internal !== undefined);
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: tool.name, semanticVersion: tool.version, rules: ids.map(ruleDescriptor) } },
        automationDetails: { id: `${tool.name}/` },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { "%SRCROOT%": { description: { text: "The root of the repository." } } },
        invocations: [{ executionSuccessful: !failed, toolExecutionNotifications: results.diagnostics.map((diagnostic) => notification(diagnostic, input)) }],
        results: [
          ...results.findings.map((finding) => resultOf(finding, index, input)),
          ...accepted.map(({ finding, suppression }) => ({ ...resultOf(finding, index, input), suppressions: [suppression] })),
        ],
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function ruleDescriptor(id: string): object {
  const document = requireDocument(id);
  return {
    id,
    name: id,
    shortDescription: { text: document.summary },
    fullDescription: { text: document.why.trim() },
    help: { text: `${document.why.trim()}\n\n${document.fix.trim()}`, markdown: ruleMarkdown(document) },
    helpUri: document.docs,
    defaultConfiguration: { level: LEVELS[document.severity], enabled: document.profile === "recommended" },
    properties: { tags: ["cloudflare-workers", topicOf(id)], precision: document.profile === "recommended" ? "high" : "medium", "problem.severity": PROBLEMS[document.severity] },
  };
}

function topicOf(id: string): string {
  const family = id.slice(0, id.indexOf("-"));
  return { do: "durable-objects", d1: "d1", sql: "sql", wrangler: "wrangler" }[family] ?? "architecture";
}

function resultOf(finding: Finding, index: ReadonlyMap<string, number>, input: ReportInput): object {
  const { rule, severity, message, help, related, fingerprint, fix, suggestion, confidence } = finding;
  const fixes = [
    ...(fix ? [fixOf(help, fix, input)] : []),
    ...(suggestion ? [fixOf(suggestion.description, suggestion.edits, input)] : []),
  ];
  return {
    ruleId: rule,
    ruleIndex: index.get(rule),
    level: LEVELS[severity],
    message: { text: `${message} ${help}` },
    locations: [{ physicalLocation: physical(finding, input) }],
    partialFingerprints: { primaryLocationLineHash: `${fingerprint}:1`, "doOrD1/v1": fingerprint },
    properties: { confidence },
    ...(related.length > 0 && {
      relatedLocations: related.map((place, at) => ({ id: at + 1, physicalLocation: physical(place, input), message: { text: place.message } })),
      codeFlows: [codeFlow(finding, input)],
    }),
    ...(fixes.length > 0 && { fixes }),
  };
}

/** GitHub shows code flows as paths: from the evidence to the place that is reported. */
function codeFlow(finding: Finding, input: ReportInput): object {
  const steps = [...finding.related, { ...finding, message: finding.message }];
  return { threadFlows: [{ locations: steps.map((place) => ({ location: { physicalLocation: physical(place, input), message: { text: place.message } } })) }] };
}

function physical(place: Place, input: ReportInput): object {
  const text = input.text(place.file)?.split(/\r\n|\n|\r/)[place.line - 1];
  return {
    artifactLocation: artifact(place.file, input),
    region: { ...region(place), ...(text !== undefined && place.endLine === place.line && { snippet: { text: text.slice(place.column - 1, place.endColumn - 1) } }) },
  };
}

function region({ line, column, endLine, endColumn }: Place): object {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

function artifact(file: string, input: ReportInput): object {
  const uri = input.repositoryPath(file).split("/").map(encodeURIComponent).join("/");
  return { uri, uriBaseId: "%SRCROOT%" };
}

function fixOf(description: string, edits: readonly TextEdit[], input: ReportInput): object {
  const files = [...new Set(edits.map((edit) => edit.span.file))];
  return {
    description: { text: description },
    artifactChanges: files.map((file) => {
      const starts = lineStarts(input.text(file) ?? "");
      const replacements = edits
        .filter((edit) => edit.span.file === file)
        .map((edit) => ({ deletedRegion: region(placeOf(edit.span, starts)), insertedContent: { text: edit.text } }));
      return { artifactLocation: artifact(file, input), replacements };
    }),
  };
}

function notification({ file, line, column, message, hint, internal }: Diagnostic, input: ReportInput): object {
  return {
    level: internal === undefined ? "warning" : "error",
    message: { text: hint === undefined ? message : `${message}. ${hint}` },
    ...(internal !== undefined && { exception: { message, kind: "internal error" } }),
    ...(file !== "" && {
      locations: [
        { physicalLocation: { artifactLocation: artifact(file, input), ...(line !== undefined && { region: { startLine: line, ...(column !== undefined && { startColumn: column }) } }) } },
      ],
    }),
  };
}
