import { UserError } from "../../errors.ts";
import type { Finding } from "../finding.ts";
import { compareText } from "./order.ts";

/** One accepted old finding. `file` and `message` help people to read the baseline; the fingerprint alone decides. */
export interface BaselineEntry {
  readonly rule: string;
  readonly file: string;
  readonly fingerprint: string;
  readonly message: string;
}

/** Findings that a baseline accepts, those it does not, and entries that nothing needs any more. */
export interface BaselineSplit {
  readonly fresh: readonly Finding[];
  readonly accepted: readonly Finding[];
  readonly stale: readonly BaselineEntry[];
}

/**
 * Splits findings by a baseline. An entry accepts one finding with its fingerprint: first one in the same file, then, because
 * files are renamed, one anywhere. The same code copied once more is a new finding.
 */
export function splitByBaseline(findings: readonly Finding[], baseline: readonly BaselineEntry[]): BaselineSplit {
  const open = new Map<string, BaselineEntry[]>();
  for (const entry of baseline) {
    const list = open.get(entry.fingerprint);
    if (list) list.push(entry);
    else open.set(entry.fingerprint, [entry]);
  }
  const accepted = new Set<Finding>();
  const take = (finding: Finding, matches: (entry: BaselineEntry) => boolean): void => {
    const entries = open.get(finding.fingerprint);
    const at = entries?.findIndex(matches) ?? -1;
    if (at < 0 || accepted.has(finding)) return;
    entries?.splice(at, 1);
    accepted.add(finding);
  };
  for (const finding of findings) take(finding, (entry) => entry.file === finding.file);
  for (const finding of findings) take(finding, () => true);
  return {
    fresh: findings.filter((finding) => !accepted.has(finding)),
    accepted: findings.filter((finding) => accepted.has(finding)),
    stale: [...open.values()].flat(),
  };
}

/** The text of a baseline file that accepts these findings: sorted, one a line, so that it merges and reads well in a diff. */
export function formatBaseline(findings: readonly BaselineEntry[]): string {
  const entries = findings
    .map(({ rule, file, fingerprint, message }): BaselineEntry => ({ rule, file, fingerprint, message }))
    .sort((a, b) => compareText(a.file, b.file) || compareText(a.rule, b.rule) || compareText(a.fingerprint, b.fingerprint));
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  return `{\n  "schema": 1,\n  "findings": [${lines === "" ? "" : `\n${lines}\n  `}]\n}\n`;
}

/**
 * Reads a baseline file's text.
 * @throws UserError when it is not one, naming the file
 */
export function parseBaseline(text: string, file: string): readonly BaselineEntry[] {
  const hint = "Write it anew with --update-baseline.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`the baseline is not JSON: ${error instanceof Error ? error.message : String(error)}`, { place: file, hint });
  }
  const { schema, findings } = (value ?? {}) as { schema?: unknown; findings?: unknown };
  if (schema !== 1) throw new UserError(`the baseline has "schema": ${JSON.stringify(schema) ?? "nothing"}; this version reads 1`, { place: file, hint });
  if (!Array.isArray(findings)) throw new UserError(`the baseline has no list "findings"`, { place: file, hint });
  return findings.map((entry: unknown, at) => {
    const { rule, file: of, fingerprint, message } = (entry ?? {}) as Record<string, unknown>;
    if (typeof rule !== "string" || typeof of !== "string" || typeof fingerprint !== "string")
      throw new UserError(`entry ${at + 1} of the baseline lacks "rule", "file" or "fingerprint"`, { place: file, hint });
    return { rule, file: of, fingerprint, message: typeof message === "string" ? message : "" };
  });
}
