import type { Diagnostic } from "../lint/finding.ts";
import type { LintResults } from "../lint/results.ts";
import { count } from "../text.ts";

/** `file:line:column: `, as far as known. */
export function diagnosticPlace({ file, line, column }: Diagnostic, path: (file: string) => string): string {
  if (file === "") return "";
  return `${[path(file), line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":")}: `;
}

/** Whether there was nothing for the rules to look at. */
export function hasNoWorkers(results: LintResults): boolean {
  return results.configs === 0 && results.relevant === 0 && results.diagnostics.length === 0;
}

/** What to say then. */
export function noWorkersText(results: LintResults, asked: readonly string[]): string {
  return `No Workers code found: looked at ${count(results.files, "file")} under ${asked.join(", ")}, found no wrangler configuration and no Durable Object or D1 code.`;
}
