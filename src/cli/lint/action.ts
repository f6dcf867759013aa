import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { UserError } from "../../errors.ts";
import { parseConfiguration, type Configuration } from "../../lint/config/configuration.ts";
import { findConfigurations } from "../../lint/config/find.ts";
import { ruleDocuments } from "../../lint/documents.ts";
import { formatBaseline, parseBaseline, splitByBaseline, type BaselineEntry } from "../../lint/findings/baseline.ts";
import type { LintResults } from "../../lint/results.ts";
import { lint, type LintOptions } from "../../lint/run.ts";
import { dirOf } from "../../paths.ts";
import type { Checkout } from "../../project/discover/types.ts";
import { diagnosticPlace, hasNoWorkers, noWorkersText } from "../../report/phrases.ts";
import { count } from "../../text.ts";
import { EXIT, type ExitStatus, type Io } from "../io.ts";
import { widthOf } from "../terminal.ts";
import { NAME, VERSION } from "../version.ts";
import { DEFAULT_BASELINE } from "./baseline-file.ts";
import { exitStatusOf } from "./exit-status.ts";
import { fixAll, writeFixes } from "./fix.ts";
import { formatRuleList } from "./list-rules.ts";
import { readLintOptions, type LintRequest, type RawLintOptions } from "./options.ts";
import { writeReports } from "./outputs.ts";
import { changedSince } from "./since.ts";
import { formatStatistics } from "./statistics.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

/** Runs `lint`. */
export async function runLint(paths: readonly string[], raw: RawLintOptions, io: Io): Promise<ExitStatus> {
  const start = performance.now();
  const ruleIds = [...ruleDocuments().keys()];
  const request = readLintOptions(paths, raw, ruleIds);
  if (raw.listRules) {
    io.stdout.write(formatRuleList(widthOf(io.stdout, io.env)));
    return EXIT.ok;
  }
  const workspace = openWorkspace(io.cwd, request.stdinFilename === undefined ? request.paths : [stdinFolder(io.cwd, request.stdinFilename)]);
  const overlay = request.stdinFilename === undefined ? new Map<string, string>() : new Map([[workspace.fromUser(request.stdinFilename), await readStdin(io)]]);
  const discovery = performance.now();
  const checkout = await workspace.checkout(overlay);
  const discovered = { name: "discovery", milliseconds: performance.now() - discovery };
  const configuration = request.config === undefined ? undefined : readConfigFile(request.config, io.cwd, workspace, ruleIds);
  const baseline = chooseBaseline(request, configuration, checkout, workspace, io.cwd, ruleIds);
  const options: LintOptions = {
    profile: request.profile,
    ratings: request.ratings,
    only: request.only,
    includeTests: request.includeTests,
    configuration,
    reports: reportFilter(request, workspace, io.cwd, overlay),
    baseline: request.updateBaseline ? [] : baseline.entries,
    now: () => performance.now(),
  };

  const outcome = request.fix === "off" ? undefined : await fixAll(workspace, options);
  const linted = outcome?.results ?? lint(checkout, options);
  const results: LintResults = { ...linted, stages: [discovered, ...linted.stages] };
  if (outcome && request.fix === "write") {
    writeFixes(workspace, outcome);
    if (outcome.fixed > 0) io.stderr.write(`Fixed ${count(outcome.fixed, "problem")} in ${count(outcome.texts.size, "file")}.\n`);
  }
  if (outcome && request.fix === "show") await showFixes(outcome, workspace, request, io);
  if (request.updateBaseline) return updateBaseline(baseline, results, checkout, request, io);

  const durationMs = performance.now() - start;
  const input = {
    results,
    tool: { name: NAME, version: VERSION },
    path: workspace.path,
    repositoryPath: workspace.repositoryPath,
    text: (file: string) => outcome?.texts.get(file) ?? overlay.get(file) ?? checkout.read(file),
    asked: request.paths,
    durationMs,
  };
  const showsDiff = request.fix === "show" && request.outputs.every(({ format, file }) => format === "pretty" && file === undefined);
  if (!showsDiff) await writeReports(request.outputs, input, io, raw.color === false);
  writeNotes(results, baseline.entries, request, workspace, io);
  if (request.statistics) io.stderr.write(formatStatistics(results, durationMs));
  return exitStatusOf(results, request.failOn);
}

/** Says on standard error what the report on standard output cannot carry. */
function writeNotes(results: LintResults, baseline: readonly BaselineEntry[], request: LintRequest, workspace: Workspace, io: Io): void {
  const pretty = request.outputs.some(({ format, file }) => format === "pretty" && file === undefined);
  if (!pretty) {
    for (const diagnostic of results.diagnostics) io.stderr.write(`${NAME}: ${diagnosticPlace(diagnostic, workspace.path)}${diagnostic.message}\n`);
    if (hasNoWorkers(results)) io.stderr.write(`${noWorkersText(results, request.paths)}\n`);
  }
  for (const { internal } of results.diagnostics) if (internal !== undefined) io.stderr.write(`\n${NAME}: this is a bug in ${NAME}; please report it with the text below.\n${internal}\n`);
  const { stale } = splitByBaseline(results.baselined, baseline);
  if (stale.length > 0 && isWholeRun(request))
    io.stderr.write(`${count(stale.length, "entry", "entries")} of the baseline ${stale.length === 1 ? "is" : "are"} no longer needed; --update-baseline takes ${stale.length === 1 ? "it" : "them"} out.\n`);
}

function isWholeRun(request: LintRequest): boolean {
  return request.since === undefined && request.stdinFilename === undefined && request.only === undefined && request.ratings.size === 0;
}

async function showFixes(outcome: Awaited<ReturnType<typeof fixAll>>, workspace: Workspace, request: LintRequest, io: Io): Promise<void> {
  const { unifiedDiff } = await import("../../diff.ts");
  // The diff is the data that was asked for, unless a report takes standard output.
  const stream = request.outputs.some(({ format, file }) => file === undefined && format !== "pretty") ? io.stderr : io.stdout;
  for (const [file, text] of outcome.texts) stream.write(unifiedDiff(outcome.originals.get(file) ?? "", text, workspace.path(file)));
  io.stderr.write(`--fix would mend ${count(outcome.fixed, "problem")} in ${count(outcome.texts.size, "file")}; ${outcome.results.findings.length} would be left.\n`);
}

/** Which files' findings are reported: those changed since a revision, or the one on standard input. */
function reportFilter(request: LintRequest, workspace: Workspace, cwd: string, overlay: ReadonlyMap<string, string>): ((file: string) => boolean) | undefined {
  if (request.stdinFilename !== undefined) return (file) => overlay.has(file);
  if (request.since === undefined) return undefined;
  const changed = changedSince(request.since, cwd);
  return (file) => changed.has(join(workspace.root, file));
}

async function readStdin(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8").replace(/^\ufeff/, "");
}

/** The folder to analyse around a file that may not be saved yet: the nearest one above it with a package or wrangler configuration. */
function stdinFolder(cwd: string, filename: string): string {
  const marks = ["package.json", "wrangler.jsonc", "wrangler.json", "wrangler.toml"];
  const own = resolve(cwd, filename, "..");
  for (let folder = own; ; folder = resolve(folder, "..")) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
    if (existsSync(join(folder, ".git")) || resolve(folder, "..") === folder) return existsSync(own) ? own : cwd;
  }
}

function readConfigFile(path: string, cwd: string, workspace: Workspace, ruleIds: readonly string[]): Configuration | undefined {
  const text = readUserFile(resolve(cwd, path), path, "--config");
  const file = workspace.fromUser(path);
  // Globs are relative to the configuration's folder, or to the checkout when the file is kept elsewhere.
  const dir = file.startsWith("../") ? "" : dirOf(file);
  const configuration = parseConfiguration(text, file, dir, ruleIds, path);
  if (!configuration) throw new UserError(`no key "do-or-d1" in it`, { place: path, hint: "Name a do-or-d1.yaml, .yml or .json, or a package.json with that key." });
  return configuration;
}

interface BaselineChoice {
  /** Absolute. */
  readonly path: string;
  /** As messages name it. */
  readonly shown: string;
  readonly entries: readonly BaselineEntry[];
}

/** The baseline of `--baseline`, else of the configuration that holds for the working folder. One that is named must exist, unless it is about to be written. */
function chooseBaseline(request: LintRequest, configuration: Configuration | undefined, checkout: Checkout, workspace: Workspace, cwd: string, ruleIds: readonly string[]): BaselineChoice {
  const configured = request.baseline === undefined ? (configuration ?? findConfigurations(checkout, ruleIds).of(`${workspace.fromUser(".")}/x`.replace(/^\//, ""))).baseline : undefined;
  const path = request.baseline !== undefined ? resolve(cwd, request.baseline) : configured !== undefined ? join(workspace.root, configured) : resolve(cwd, DEFAULT_BASELINE);
  const shown = request.baseline ?? (configured === undefined ? DEFAULT_BASELINE : workspace.path(configured));
  const isNamed = request.baseline !== undefined || configured !== undefined;
  if (!isNamed && !request.updateBaseline) return { path, shown, entries: [] };
  if (!existsSync(path) && request.updateBaseline) return { path, shown, entries: [] };
  return { path, shown, entries: parseBaseline(readUserFile(path, shown, request.baseline === undefined ? "baseline" : "--baseline"), shown) };
}

/** Writes the baseline anew. Entries for files and rules that this run did not look at stay. */
function updateBaseline(baseline: BaselineChoice, results: LintResults, checkout: Checkout, request: LintRequest, io: Io): ExitStatus {
  const ran = new Set(results.rules);
  const kept = baseline.entries.filter((entry) => !checkout.isAsked(entry.file) || (!ran.has(entry.rule) && request.only !== undefined));
  try {
    writeFileSync(baseline.path, formatBaseline([...results.findings, ...kept]));
  } catch (error) {
    throw new UserError(`cannot write ${baseline.shown}: ${error instanceof Error ? error.message : String(error)}`);
  }
  io.stderr.write(`${baseline.shown}: ${count(results.findings.length + kept.length, "finding")} accepted.\n`);
  return exitStatusOf({ ...results, findings: [] }, "never");
}

function readUserFile(path: string, shown: string, option: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT") throw new UserError(`no such file: ${shown}`, { place: option, hint: option.includes("baseline") ? "Write one with --update-baseline." : undefined });
    throw new UserError(`cannot read ${shown}: ${error instanceof Error ? error.message : String(error)}`, { place: option });
  }
}
