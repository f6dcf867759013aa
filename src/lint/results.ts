import type { Place } from "../project/span.ts";
import type { Diagnostic, Finding, Severity } from "./finding.ts";

/** A finding that a comment accepts, with the comment's reason. */
export interface SuppressedFinding {
  readonly finding: Finding;
  readonly reason: string;
  readonly comment: Place;
}

/** How long a stage or a rule took. */
export interface Timing {
  readonly name: string;
  readonly milliseconds: number;
}

/** All that a lint run found, as data for reporters, the exit status and the cache. Paths are relative to the checkout's root. */
export interface LintResults {
  /** Sorted by file, line, column and rule; no duplicates. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  /** Findings that the baseline accepts. */
  readonly baselined: readonly Finding[];
  /** Files that could not be read or understood, and our own errors. */
  readonly diagnostics: readonly Diagnostic[];
  /** Number of files looked at. */
  readonly files: number;
  /** Number of those that hold, or lead to, Durable Object or D1 code. */
  readonly relevant: number;
  /** Number of wrangler configurations. */
  readonly configs: number;
  /** Ids of the rules that ran. */
  readonly rules: readonly string[];
  readonly stages: readonly Timing[];
  readonly ruleTimings: readonly Timing[];
}

/** The number of findings of each severity. */
export function countSeverities(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const finding of findings) counts[finding.severity]++;
  return counts;
}
