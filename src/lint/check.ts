import type { Project } from "../project/graph/project.ts";
import type { Configurations } from "./config/find.ts";
import type { RuleDocument } from "./documents.ts";
import type { Diagnostic, Report } from "./finding.ts";
import { enclosingSymbol } from "./findings/fingerprint.ts";
import type { RatedReport } from "./findings/findings.ts";
import type { Timing } from "./results.ts";
import type { Rule, RuleSettings } from "./rule.ts";
import { isReported, severityOf, type RuleChoice } from "./selection.ts";

/** What the rules gave. */
export interface CheckResult {
  readonly reports: readonly RatedReport[];
  /** One for each rule that threw; what it had reported before is kept. */
  readonly failures: readonly Diagnostic[];
  readonly failed: ReadonlySet<string>;
  readonly timings: readonly Timing[];
}

/** Runs rules over a project. A rule that throws becomes a diagnostic and hides nothing of the others. */
export function runRules(
  project: Project,
  rules: readonly Rule[],
  documents: ReadonlyMap<string, RuleDocument>,
  configurations: Configurations,
  choice: RuleChoice,
  now: () => number,
): CheckResult {
  const reports: RatedReport[] = [];
  const failures: Diagnostic[] = [];
  const failed = new Set<string>();
  const timings: Timing[] = [];
  for (const rule of rules) {
    const document = documents.get(rule.id);
    if (!document || !configurations.all().some((configuration) => severityOf(document, configuration, choice))) continue;
    const start = now();
    try {
      for (const report of checkOne(rule, project, configurations)) {
        const configuration = configurations.of(report.span.file);
        const severity = severityOf(document, configuration, choice);
        if (severity && isReported(report.confidence, configuration, choice))
          reports.push({ rule: rule.id, severity, report, symbol: report.symbol ?? symbolOf(project, report) });
      }
    } catch (error) {
      failed.add(rule.id);
      failures.push(failure(rule.id, error));
    }
    timings.push({ name: rule.id, milliseconds: now() - start });
  }
  return { reports, failures, failed, timings };
}

/**
 * Runs a rule once for each different set of settings and keeps the reports in files that those settings are for.
 * A rule that never asks for settings gives the same answer under all of them, and runs once.
 */
function* checkOne(rule: Rule, project: Project, configurations: Configurations): Generator<Report> {
  const groups = new Set(configurations.all().map((configuration) => configuration.settings));
  for (const settings of groups) {
    const asked = { settings: false };
    const reports = rule.check(contextOf(project, settings, asked));
    if (groups.size === 1) return yield* reports;
    const all = [...reports];
    if (!asked.settings) return yield* all;
    yield* all.filter((report) => configurations.of(report.span.file).settings === settings);
  }
}

function contextOf(project: Project, settings: RuleSettings, asked: { settings: boolean }) {
  return {
    project,
    get settings() {
      asked.settings = true;
      return settings;
    },
  };
}

function symbolOf(project: Project, report: Report): string {
  if (!/\.[cm]?[jt]sx?$/.test(report.span.file)) return "";
  const file = project.file(report.span.file);
  return file ? enclosingSymbol(file, report.span.start) : "";
}

function failure(rule: string, error: unknown): Diagnostic {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = error instanceof Error ? error.message : String(error);
  return { file: "", message: `internal error in the rule \`${rule}\`: ${message}`, hint: "The other rules' findings are complete. Please report this.", internal: detail };
}
