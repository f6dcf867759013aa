import type { Severity } from "../lint/finding.ts";
import { hashText } from "../lint/findings/hash.ts";
import type { ReportInput } from "./report.ts";

const SEVERITIES = { error: "critical", warning: "major", info: "info" } as const satisfies Record<Severity, string>;

/** GitLab's code quality report. Its fingerprints must be unique in the report, so the file's path goes into them. */
export function formatGitlab(input: ReportInput): string {
  const issues = input.results.findings.map((finding) => {
    const path = input.repositoryPath(finding.file);
    return {
      description: `${finding.message} ${finding.help}`,
      check_name: finding.rule,
      fingerprint: hashText(`${path}\0${finding.fingerprint}`),
      severity: SEVERITIES[finding.severity],
      location: { path, lines: { begin: finding.line, end: finding.endLine } },
    };
  });
  return `${JSON.stringify(issues, undefined, 2)}\n`;
}
