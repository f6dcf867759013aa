import type { Severity } from "../../lint/finding.ts";
import type { LintResults } from "../../lint/results.ts";
import { EXIT, type ExitStatus } from "../io.ts";
import type { FailOn } from "./options.ts";

const RANK = { error: 3, warning: 2, info: 1 } as const satisfies Record<Severity, number>;

/** The exit status of a run: our own errors before inputs that could not be read, those before findings. */
export function exitStatusOf(results: LintResults, failOn: FailOn): ExitStatus {
  if (results.diagnostics.some((diagnostic) => diagnostic.internal !== undefined)) return EXIT.internal;
  if (results.diagnostics.some((diagnostic) => !diagnostic.leftOut)) return EXIT.usage;
  const fails = failOn !== "never" && results.findings.some((finding) => RANK[finding.severity] >= RANK[failOn]);
  return fails ? EXIT.findings : EXIT.ok;
}
