import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { UserError } from "../../errors.ts";
import { parseConfiguration, type Configuration } from "../../lint/config/configuration.ts";
import { findConfigurations } from "../../lint/config/find.ts";
import { ruleDocuments } from "../../lint/documents.ts";
import { parseBaseline, type BaselineEntry } from "../../lint/findings/baseline.ts";
import type { LintResults } from "../../lint/results.ts";
import { lint, type LintOptions } from "../../lint/run.ts";
import { dirOf } from "../../paths.ts";
import type { Checkout } from "../../project/discover/types.ts";
import { DEFAULT_BASELINE } from "./baseline-file.ts";
import { fixAll, type FixOutcome } from "./fix.ts";
import type { LintRequest } from "./options.ts";
import { changedSince } from "./since.ts";
import type { Workspace } from "./workspace.ts";

/** A baseline, and where it is or is to be written. */
export interface BaselineChoice {
  /** Absolute. */
  readonly path: string;
  /** As messages name it. */
  readonly shown: string;
  readonly entries: readonly BaselineEntry[];
}

/** What a run came to. */
export interface Analysis {
  readonly results: LintResults;
  readonly baseline: BaselineChoice;
  readonly checkout: Checkout;
  readonly fixes: FixOutcome | undefined;
  /** Texts of files that were read outside of the checkout, by absolute path. */
  readonly extra: ReadonlyMap<string, string>;
}

/**
 * Reads the checkout and lints it.
 * @param overlay texts in place of those on disk, by path relative to the root
 */
export async function analyse(request: LintRequest, workspace: Workspace, overlay: ReadonlyMap<string, string>, cwd: string): Promise<Analysis> {
  const extra = new Map<string, string>();
  const ruleIds = [...ruleDocuments().keys()];
  const start = performance.now();
  const checkout = await workspace.checkout(overlay);
  const discovered = { name: "discovery", milliseconds: performance.now() - start };
  const configuration = request.config === undefined ? undefined : readConfigFile(request.config, cwd, workspace, ruleIds, extra);
  const baseline = chooseBaseline(request, configuration, checkout, workspace, cwd, ruleIds, extra);
  const options: LintOptions = {
    profile: request.profile,
    ratings: request.ratings,
    only: request.only,
    includeTests: request.includeTests,
    configuration,
    reports: reportFilter(request, workspace, cwd, overlay),
    baseline: request.updateBaseline ? [] : baseline.entries,
    now: () => performance.now(),
  };
  const fixes = request.fix === "off" ? undefined : await fixAll(workspace, options);
  const linted = fixes?.results ?? lint(checkout, options);
  return { results: { ...linted, stages: [discovered, ...linted.stages] }, baseline, checkout, fixes, extra };
}

/** Which files' findings are reported: those changed since a revision, or the one on standard input. */
function reportFilter(request: LintRequest, workspace: Workspace, cwd: string, overlay: ReadonlyMap<string, string>): ((file: string) => boolean) | undefined {
  if (request.stdinFilename !== undefined) return (file) => overlay.has(file);
  if (request.since === undefined) return undefined;
  const changed = changedSince(request.since, cwd);
  return (file) => changed.has(join(workspace.root, file));
}

function readConfigFile(path: string, cwd: string, workspace: Workspace, ruleIds: readonly string[], extra: Map<string, string>): Configuration | undefined {
  const text = readUserFile(resolve(cwd, path), path, "--config", extra);
  const file = workspace.fromUser(path);
  // Globs are relative to the configuration's folder, or to the checkout when the file is kept elsewhere.
  const dir = file.startsWith("../") ? "" : dirOf(file);
  const configuration = parseConfiguration(text, file, dir, ruleIds, path);
  if (!configuration) throw new UserError(`no key "do-or-d1" in it`, { place: path, hint: "Name a do-or-d1.yaml, .yml or .json, or a package.json with that key." });
  return configuration;
}

/** The baseline of `--baseline`, else of the configuration that holds for the working folder. One that is named must exist, unless it is about to be written. */
function chooseBaseline(
  request: LintRequest, configuration: Configuration | undefined, checkout: Checkout, workspace: Workspace, cwd: string, ruleIds: readonly string[], extra: Map<string, string>,
): BaselineChoice {
  const here = workspace.fromUser(".");
  const holding = configuration ?? findConfigurations(checkout, ruleIds).of(here === "" ? "x" : `${here}/x`);
  const configured = request.baseline === undefined ? holding.baseline : undefined;
  const path = request.baseline !== undefined ? resolve(cwd, request.baseline) : configured !== undefined ? join(workspace.root, configured) : resolve(cwd, DEFAULT_BASELINE);
  const shown = request.baseline ?? (configured === undefined ? DEFAULT_BASELINE : workspace.path(configured));
  const isNamed = request.baseline !== undefined || configured !== undefined;
  if (!isNamed && !request.updateBaseline) return { path, shown, entries: [] };
  if (!existsSync(path) && request.updateBaseline) return { path, shown, entries: [] };
  return { path, shown, entries: parseBaseline(readUserFile(path, shown, request.baseline === undefined ? "baseline" : "--baseline", extra), shown) };
}

function readUserFile(path: string, shown: string, option: string, extra: Map<string, string>): string {
  try {
    const text = readFileSync(path, "utf8");
    extra.set(path, text);
    return text;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT") throw new UserError(`no such file: ${shown}`, { place: option, hint: option.includes("baseline") ? "Write one with --update-baseline." : undefined });
    throw new UserError(`cannot read ${shown}: ${error instanceof Error ? error.message : String(error)}`, { place: option });
  }
}
