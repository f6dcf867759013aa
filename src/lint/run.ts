import { readData } from "../data.ts";
import { joinModel } from "../project/graph/model.ts";
import { Project } from "../project/graph/project.ts";
import type { KnownApis } from "../project/graph/known.ts";
import type { Checkout } from "../project/discover/types.ts";
import { dirOf } from "../paths.ts";
import { parseSource } from "../project/parse/parse.ts";
import { runRules } from "./check.ts";
import { findConfigurations, singleConfiguration, type Configurations } from "./config/find.ts";
import type { Configuration } from "./config/configuration.ts";
import { ruleDocuments, UNUSED_SUPPRESSION } from "./documents.ts";
import type { Diagnostic, Finding } from "./finding.ts";
import { splitByBaseline, type BaselineEntry } from "./findings/baseline.ts";
import { commentsOf, type CommentText } from "./findings/comments.ts";
import { toFindings, type RatedReport } from "./findings/findings.ts";
import { compareFindings, compareText } from "./findings/order.ts";
import { applySuppressions, readSuppressions, SUPPRESSION_WORD, type Suppression } from "./findings/suppressions.ts";
import type { LintResults, Timing } from "./results.ts";
import type { Rule } from "./rule.ts";
import { rules as allRules } from "./rules/index.ts";
import { severityOf, type RuleChoice } from "./selection.ts";

export interface LintOptions extends RuleChoice {
  readonly includeTests?: boolean;
  /** Holds for every file, instead of what is found upwards from each. */
  readonly configuration?: Configuration | undefined;
  readonly baseline?: readonly BaselineEntry[];
  /** Whether findings of a file are reported; the whole checkout is analysed all the same. */
  readonly reports?: ((file: string) => boolean) | undefined;
  /** The rules to choose from; all by default. */
  readonly rules?: readonly Rule[];
  /** A clock in milliseconds, for the statistics. */
  readonly now?: () => number;
}

/**
 * The lint pipeline: configurations, project, rules, findings, suppressions, baseline.
 * @throws UserError for a mistake in a configuration file; all else that goes wrong is in the results' diagnostics
 */
export function lint(checkout: Checkout, options: LintOptions = {}): LintResults {
  const now = options.now ?? (() => 0);
  const stages: Timing[] = [];
  const timed = <T>(name: string, work: () => T): T => {
    const start = now();
    const result = work();
    stages.push({ name, milliseconds: now() - start });
    return result;
  };
  const rules = options.rules ?? allRules;
  const documents = ruleDocuments();
  const configurations = timed("configuration", () => configure(checkout, options));
  const scoped = configured(checkout, configurations);
  const includeTests = options.includeTests ?? false;
  const apis = readData("platform")["known-apis"] as KnownApis;
  const project = timed("project", () => new Project(scoped, { apis, isTest: scoped.isTest, includeTests, now }));
  splitParsing(stages, project.parsingTime);
  timed("model", () => prepareModel(project));
  const checked = timed("rules", () => runRules(project, rules, documents, configurations, options, now));

  return timed("findings", () => {
    const read = (file: string): string => scoped.read(file) ?? "";
    const isLinted = (file: string): boolean => scoped.isAsked(file) && (options.reports?.(file) ?? true) && (includeTests || !scoped.isTest(file));
    const severity = (rule: string, file: string) => {
      const document = documents.get(rule);
      return document && severityOf(document, configurations.of(file), options);
    };
    const raw = toFindings(checked.reports.filter(({ report }) => isLinted(report.span.file)), read);
    const suppressions = collectSuppressions(project, raw, isLinted, [...documents.keys()]);
    const ran = new Set(checked.timings.map(({ name }) => name).filter((name) => !checked.failed.has(name)));
    const split = applySuppressions(raw, suppressions, read, (rule, file) => ran.has(rule) && severity(rule, file) !== undefined && isWhole(scoped, file));
    const unused = split.unused.flatMap((report): RatedReport[] => {
      const rated = severity(UNUSED_SUPPRESSION, report.span.file);
      return rated ? [{ rule: UNUSED_SUPPRESSION, severity: rated, report, symbol: report.symbol ?? "" }] : [];
    });
    const all = [...split.kept, ...toFindings(unused, read)].sort(compareFindings);
    const { fresh, accepted } = splitByBaseline(all, options.baseline ?? []);
    return {
      findings: fresh,
      suppressed: split.suppressed,
      baselined: accepted,
      diagnostics: sortDiagnostics([...scoped.diagnostics, ...project.diagnostics, ...checked.failures]),
      files: scoped.sources.filter((path) => includeTests || !scoped.isTest(path)).length,
      relevant: project.files.length,
      configs: scoped.configs.length,
      rules: [...ran],
      stages,
      ruleTimings: checked.timings,
    };
  });
}

/** Shows parsing as a stage of its own. */
function splitParsing(stages: Timing[], milliseconds: number): void {
  const selected = stages.pop();
  if (selected) stages.push({ name: "selection", milliseconds: selected.milliseconds - milliseconds }, { name: "parsing", milliseconds });
}

function prepareModel(project: Project): void {
  try {
    joinModel(project);
  } catch {
    // The rules that need this part ask for it again, and are reported as failed; the others go on.
  }
}

function configure(checkout: Checkout, options: LintOptions): Configurations {
  if (options.configuration) return singleConfiguration(options.configuration);
  const configurations = findConfigurations(checkout, [...ruleDocuments().keys()]);
  for (const file of [...checkout.sources, ...checkout.others, ...checkout.packages.map(({ file }) => file), ...checkout.configs.map(({ file }) => file)]) configurations.of(file);
  return configurations;
}

/** The checkout as configurations see it: without the files they leave out, which can still be read (one may hold a class's base), and with their tests. */
function configured(checkout: Checkout, configurations: Configurations): Checkout {
  const kept = (file: string): boolean => !configurations.of(file).ignores(file);
  return {
    sources: checkout.sources.filter(kept),
    others: checkout.others.filter(kept),
    packages: checkout.packages,
    configs: checkout.configs.filter((config) => kept(config.file)),
    get diagnostics() {
      return checkout.diagnostics.filter((diagnostic) => kept(diagnostic.file));
    },
    isAsked: (path) => checkout.isAsked(path),
    isTest: (path) => configurations.of(path).isTest?.(path) ?? checkout.isTest(path),
    isIgnored: (path) => checkout.isIgnored(path) || !kept(path),
    read: (path) => checkout.read(path),
    exists: (path) => checkout.exists(path),
  };
}

/**
 * Whether the run covers the whole package or Worker of a file. When only some of its files were asked for, a finding may be
 * missing because its cause lies in another file, and nothing may be said about suppressions that do nothing.
 */
function isWhole(checkout: Checkout, file: string): boolean {
  const roots = new Set([...checkout.packages.map(({ dir }) => dir), ...checkout.configs.map(({ dir }) => dir)]);
  for (let dir = dirOf(file); ; dir = dirOf(dir)) {
    if (roots.has(dir)) return checkout.isAsked(dir);
    if (dir === "") return true;
  }
}

/** Suppressions of every file that has findings or may hold unused ones. */
function collectSuppressions(project: Project, findings: readonly Finding[], isLinted: (file: string) => boolean, ruleIds: readonly string[]): Suppression[] {
  const { checkout } = project;
  const files = new Set([
    ...findings.map(({ file }) => file),
    ...project.files.map(({ path }) => path),
    ...checkout.configs.map(({ file }) => file),
    ...checkout.others,
  ]);
  return [...files].sort(compareText).flatMap((file) => {
    const text = isLinted(file) ? (checkout.read(file) ?? "") : "";
    return text.includes(SUPPRESSION_WORD) ? readSuppressions(text, commentsIn(project, file, text), ruleIds) : [];
  });
}

function commentsIn(project: Project, file: string, text: string): readonly CommentText[] {
  if (!/\.[cm]?[jt]sx?$/.test(file)) return commentsOf(file, text);
  const parsed = project.file(file) ?? parseSource(file, text, false);
  if (!("comments" in parsed)) return [];
  return parsed.comments.map(({ start, end, value }) => ({ span: { file, start, end }, text: value, textStart: start + 2 }));
}

function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = [...diagnostics].sort(
    (a, b) => compareText(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || compareText(a.message, b.message),
  );
  return sorted.filter((diagnostic, at) => {
    const previous = sorted[at - 1];
    return !previous || previous.file !== diagnostic.file || previous.line !== diagnostic.line || previous.message !== diagnostic.message;
  });
}
