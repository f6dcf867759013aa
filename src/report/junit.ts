import type { Diagnostic, Finding } from "../lint/finding.ts";
import { compareText } from "../lint/findings/order.ts";
import type { ReportInput } from "./report.ts";

/** JUnit XML: a suite for each file, a failed case for each finding, an error for each file that could not be checked. */
export function formatJunit(input: ReportInput): string {
  const { findings, diagnostics } = input.results;
  const files = [...new Set([...findings, ...diagnostics].map(({ file }) => file))].sort(compareText);
  const suites = files.map((file) => suite(file, findings.filter((finding) => finding.file === file), diagnostics.filter((diagnostic) => diagnostic.file === file), input));
  const none = `  <testsuite name="${input.tool.name}" tests="1" failures="0" errors="0">\n    <testcase classname="${input.tool.name}" name="no findings"/>\n  </testsuite>`;
  const tests = Math.max(1, findings.length + diagnostics.length);
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="${input.tool.name}" tests="${tests}" failures="${findings.length}" errors="${diagnostics.length}">`,
    ...(suites.length === 0 ? [none] : suites),
    `</testsuites>`,
    ``,
  ].join("\n");
}

function suite(file: string, findings: readonly Finding[], diagnostics: readonly Diagnostic[], input: ReportInput): string {
  const name = file === "" ? input.tool.name : input.path(file);
  return [
    `  <testsuite name="${escape(name)}" tests="${findings.length + diagnostics.length}" failures="${findings.length}" errors="${diagnostics.length}">`,
    ...findings.map((finding) => findingCase(finding, name)),
    ...diagnostics.map((diagnostic) => diagnosticCase(diagnostic, name)),
    `  </testsuite>`,
  ].join("\n");
}

function findingCase({ rule, severity, line, column, message, help, docs }: Finding, file: string): string {
  const text = `${file}:${line}:${column}: ${severity}: ${message}\n${help}\n${docs}`;
  return `    <testcase classname="${escape(file)}" name="${escape(`${rule} (${line}:${column})`)}">\n      <failure type="${rule}" message="${escape(message)}">${escape(text)}</failure>\n    </testcase>`;
}

function diagnosticCase({ line, column, message, hint }: Diagnostic, file: string): string {
  const place = line === undefined ? "" : ` (${line}:${column ?? 1})`;
  return `    <testcase classname="${escape(file)}" name="not checked${place}">\n      <error message="${escape(message)}">${escape(hint ?? message)}</error>\n    </testcase>`;
}

/** Escapes text for content and attributes. XML 1.0 has no way to write most control characters, so they become a visible sign. */
function escape(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(/\r\n|\r|\n/g, "&#10;");
}
