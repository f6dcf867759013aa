import type { Diagnostic, Severity } from "../lint/finding.ts";
import type { ReportInput } from "./report.ts";

const COMMANDS = { error: "error", warning: "warning", info: "notice" } as const satisfies Record<Severity, string>;

/** Workflow commands, which GitHub Actions turns into annotations. Nothing when there is nothing to say. */
export function formatGithub(input: ReportInput): string {
  const { findings, diagnostics } = input.results;
  const lines = findings.map((finding) => {
    const { line, endLine, column, endColumn, severity, rule, message, help, docs } = finding;
    // Columns are for annotations within one line.
    const columns = line === endLine ? { col: column, endColumn } : {};
    const place = { file: input.repositoryPath(finding.file), line, endLine, ...columns, title: `${input.tool.name}: ${rule}` };
    return command(COMMANDS[severity], place, `${message}\n\n${help}\n${docs}`);
  });
  return [...lines, ...diagnostics.map((diagnostic) => diagnosticCommand(diagnostic, input))].map((line) => `${line}\n`).join("");
}

function diagnosticCommand({ file, line, column, message, hint, internal }: Diagnostic, input: ReportInput): string {
  const place = {
    ...(file !== "" && { file: input.repositoryPath(file) }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { col: column }),
    title: `${input.tool.name}: ${internal === undefined ? "not checked" : "internal error"}`,
  };
  return command(internal === undefined ? "warning" : "error", place, hint === undefined ? message : `${message}\n${hint}`);
}

function command(name: string, properties: Readonly<Record<string, string | number>>, message: string): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${name} ${list.join(",")}::${escapeData(message)}`;
}

/** The escapes that the runner takes back: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
