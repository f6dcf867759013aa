import type { Project } from "../project/graph/project.ts";
import type { Report } from "./finding.ts";

/** Options of a run that rules may look at. */
export interface RuleContext {
  readonly project: Project;
  readonly settings: RuleSettings;
}

/** What the user told us and code cannot say. */
export interface RuleSettings {
  /** Databases by binding or database name. */
  readonly databases: ReadonlyMap<string, { readonly readReplication?: "auto" | "disabled"; readonly evidence: string }>;
  readonly allowedSingletons: readonly { readonly class?: string; readonly binding?: string; readonly name?: string; readonly reason: string }[];
  readonly lookupTables: readonly string[];
}

/**
 * A lint rule. Severity, profile, texts and sources are in `rules/lint/<id>.yaml`.
 * `check` reads no disk, keeps no state and yields reports in any order.
 */
export interface Rule {
  readonly id: string;
  readonly check: (context: RuleContext) => Iterable<Report>;
}

/** Types a rule module; a rule file's default export. */
export function defineRule(rule: Rule): Rule {
  return rule;
}
