import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { UserError } from "../../errors.ts";
import { ruleDocuments } from "../../lint/documents.ts";
import { formatBaseline, splitByBaseline, type BaselineEntry } from "../../lint/findings/baseline.ts";
import type { LintResults } from "../../lint/results.ts";
import { diagnosticPlace, hasNoWorkers, noWorkersText } from "../../report/phrases.ts";
import { count } from "../../text.ts";
import { EXIT, type ExitStatus, type Io } from "../io.ts";
import { widthOf } from "../terminal.ts";
import { buildId, NAME, VERSION } from "../version.ts";
import type { Analysis } from "./analyse.ts";
import { cacheFolder, readCached, writeCached } from "./cache.ts";
import { exitStatusOf } from "./exit-status.ts";
import type { FixOutcome } from "./fix.ts";
import { formatRuleList, formatRuleListJson } from "./list-rules.ts";
import { readLintOptions, type LintRequest, type RawLintOptions } from "./options.ts";
import { writeReports } from "./outputs.ts";
import { formatStatistics } from "./statistics.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

/** What is reported: of a run, or replayed. */
interface Outcome {
  readonly results: LintResults;
  readonly baseline: readonly BaselineEntry[];
}

/** Runs `lint`. */
export async function runLint(paths: readonly string[], raw: RawLintOptions, io: Io): Promise<ExitStatus> {
  const start = performance.now();
  const request = readLintOptions(paths, raw, [...ruleDocuments().keys()]);
  if (raw.listRules) {
    io.stdout.write(request.outputs.some(({ format }) => format === "json") ? formatRuleListJson() : formatRuleList(widthOf(io.stdout, io.env)));
    return EXIT.ok;
  }
  const workspace = openWorkspace(io.cwd, request.stdinFilename === undefined ? request.paths : [stdinFolder(io.cwd, request.stdinFilename)]);
  const overlay = request.stdinFilename === undefined ? new Map<string, string>() : new Map([[workspace.fromUser(request.stdinFilename), await readStdin(io)]]);

  const cache = cacheOf(request, workspace, io);
  const replayed = cache && readCached<Outcome>(cache.folder, cache.key, workspace.tree);
  if (replayed) return finish(await report(replayed, undefined), { ...replayed, results: { ...replayed.results, stages: [], ruleTimings: [] } });

  const started = Date.now();
  const { analyse } = await import("./analyse.ts");
  const analysis = await analyse(request, workspace, overlay, io.cwd);
  const outcome: Outcome = { results: analysis.results, baseline: analysis.baseline.entries };
  if (analysis.fixes) await applyFixes(analysis.fixes, workspace, request, io);
  if (request.updateBaseline) return updateBaseline(analysis, request, io);
  const status = finish(await report(outcome, analysis.fixes), outcome);
  // Our own errors are not kept: the next run is to find out whether they are still there.
  if (cache && status !== EXIT.internal) writeCached(cache.folder, cache.key, workspace.root, workspace.tree, workspace.trace, analysis.extra, started, outcome);
  return status;

  async function report({ results, baseline }: Outcome, fixes: FixOutcome | undefined): Promise<number> {
    const durationMs = performance.now() - start;
    const showsDiff = request.fix === "show" && request.outputs.every(({ format, file }) => format === "pretty" && file === undefined);
    const input = {
      results,
      tool: { name: NAME, version: VERSION },
      path: workspace.path,
      repositoryPath: workspace.repositoryPath,
      text: (file: string) => fixes?.texts.get(file) ?? overlay.get(file) ?? textOf(workspace, file),
      asked: request.paths,
      durationMs,
    };
    if (!showsDiff) await writeReports(request.outputs, input, io, raw.color === false);
    writeNotes(results, baseline, request, workspace, io);
    return durationMs;
  }

  function finish(durationMs: number, { results }: Outcome): ExitStatus {
    if (request.statistics) io.stderr.write(formatStatistics(results, durationMs));
    return exitStatusOf(results, request.failOn);
  }
}

function textOf(workspace: Workspace, file: string): string | undefined {
  const content = workspace.tree.read(file);
  return content.kind === "text" ? content.text : undefined;
}

/** Where the result of a run is kept and under what key; undefined for runs that write, or depend on more than the checkout. */
function cacheOf(request: LintRequest, workspace: Workspace, io: Io): { readonly folder: string; readonly key: string } | undefined {
  const build = request.cache ? buildId() : undefined;
  if (build === undefined || request.fix !== "off" || request.updateBaseline || request.since !== undefined || request.stdinFilename !== undefined) return undefined;
  const { profile, ratings, only, includeTests, config, baseline } = request;
  const options = { profile, ratings: [...ratings].sort(), only: only && [...only].sort(), includeTests, config: config && resolve(io.cwd, config), baseline: baseline && resolve(io.cwd, baseline) };
  return { folder: cacheFolder(workspace.root, io.env), key: JSON.stringify([VERSION, build, workspace.root, workspace.asked, workspace.fromUser("."), options]) };
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

/** Whether every entry of a baseline could have been needed. */
function isWholeRun(request: LintRequest): boolean {
  return request.since === undefined && request.stdinFilename === undefined && request.only === undefined && request.ratings.size === 0 && request.paths.join() === ".";
}

/** Writes the fixes, or shows them. */
async function applyFixes(fixes: FixOutcome, workspace: Workspace, request: LintRequest, io: Io): Promise<void> {
  if (request.fix === "write") {
    const { writeFixes } = await import("./fix.ts");
    writeFixes(workspace, fixes);
    if (fixes.fixed > 0) io.stderr.write(`Fixed ${count(fixes.fixed, "problem")} in ${count(fixes.texts.size, "file")}.\n`);
    return;
  }
  const { unifiedDiff } = await import("../../diff.ts");
  // The diff is the data that was asked for, unless a report takes standard output.
  const stream = request.outputs.some(({ format, file }) => file === undefined && format !== "pretty") ? io.stderr : io.stdout;
  for (const [file, text] of fixes.texts) stream.write(unifiedDiff(fixes.originals.get(file) ?? "", text, workspace.path(file)));
  io.stderr.write(`--fix would mend ${count(fixes.fixed, "problem")} in ${count(fixes.texts.size, "file")}; ${fixes.results.findings.length} would be left.\n`);
}

/** Writes the baseline anew. Entries for files and rules that this run did not look at stay. */
function updateBaseline({ baseline, results, checkout }: Analysis, request: LintRequest, io: Io): ExitStatus {
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
