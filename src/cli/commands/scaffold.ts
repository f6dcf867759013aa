import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, relative, resolve } from "node:path";
import { UserError } from "../../errors.ts";
import { toPosix } from "../../paths.ts";
import { applyPlan, takenPaths } from "../../scaffold/apply.ts";
import { planFromDecision, planProject, type ScaffoldDecision, type ScaffoldPlan } from "../../scaffold/index.ts";
import type { TextFile } from "../../scaffold/rename.ts";
import { renderTree } from "../../scaffold/tree.ts";
import type { Io } from "../io.ts";
import type { ScaffoldFlags } from "./scaffold.command.ts";

const RECORD = "do-or-d1.decision.yaml";

/**
 * Plans a project and writes it, or shows it with `dryRun`.
 * @throws UserError for anything the person can mend; then nothing has been written
 */
export async function scaffold(dir: string, flags: ScaffoldFlags, io: Io): Promise<void> {
  const folder = resolve(io.cwd, dir);
  const plan = await planFor(folder, flags, io);
  const shown = relative(io.cwd, folder) || ".";
  for (const note of plan.notes) io.stderr.write(`${note}\n`);
  if (flags.dryRun === true) {
    io.stdout.write(renderTree(shown, plan.files));
    const taken = takenPaths(folder, plan.files);
    if (taken.length > 0) io.stderr.write(`It would be refused: ${shown} already has ${taken.join(", ")}.\n`);
    return;
  }
  applyPlan(folder, plan.files);
  io.stdout.write([`Wrote ${plan.files.length} files to ${shown}. Next:`, "", ...nextSteps(shown, plan), ""].join("\n"));
}

function nextSteps(shown: string, plan: ScaffoldPlan): readonly string[] {
  const [install, dev, ...requests] = plan.next;
  const enter = shown === "." ? [] : [`  cd ${/^[\w./-]+$/.test(shown) ? shown : JSON.stringify(shown)}`];
  return [...enter, `  ${install ?? ""}`, `  ${dev ?? ""}`, "", "Then, in a second terminal:", "", ...requests.map((request) => `  ${request}`), "", "README.md says the rest."];
}

async function planFor(folder: string, flags: ScaffoldFlags, io: Io): Promise<ScaffoldPlan> {
  const { decision: file, dryRun: _, ...options } = flags;
  const environment = { node: process.versions.node, userAgent: io.env["npm_config_user_agent"] };
  const path = file === undefined ? findRecord(folder, options.pattern, io.cwd) : resolve(io.cwd, file);
  if (path === undefined && options.pattern === undefined)
    throw new UserError(`there is no ${RECORD} here, and no --pattern`, {
      hint: "do-or-d1 choose --record do-or-d1.decision.yaml records a decision; --pattern takes one of d1-single, do-per-entity, hot-do-d1-views, d1-per-tenant-hot-do, d1-sharded.",
    });
  if (path === undefined) return planProject(folder, options, environment);
  const { decision, records } = await readRecord(path, folder);
  return planFromDecision(decision, folder, environment, options, records);
}

// A pattern that was named needs no decision, so one that happens to lie about is not looked for.
function findRecord(folder: string, pattern: string | undefined, cwd: string): string | undefined {
  if (pattern !== undefined) return undefined;
  return [join(folder, RECORD), join(cwd, RECORD)].find((path) => existsSync(path));
}

async function readRecord(path: string, folder: string): Promise<{ decision: ScaffoldDecision; records: readonly TextFile[] }> {
  const text = readText(path);
  const { parse } = await import("yaml");
  const decision = parseRecord(path, text, parse);
  const adr = typeof decision.adr === "string" ? adrFiles(path, decision.adr, text) : undefined;
  const records = adr ?? [{ path: RECORD, text }];
  // What lies in the folder already stays as it is.
  return { decision, records: records.filter((record) => !existsSync(join(folder, record.path))) };
}

// The record names its ADR relative to itself. One that lies elsewhere comes to docs/adr, and the copied record says so.
function adrFiles(path: string, adr: string, record: string): readonly TextFile[] | undefined {
  const source = resolve(dirname(path), adr);
  if (!existsSync(source)) return undefined;
  const isBelow = !isAbsolute(adr) && !adr.split(/[\\/]/).includes("..");
  const target = isBelow ? toPosix(normalize(adr)) : `docs/adr/${basename(source)}`;
  return [
    { path: RECORD, text: record.replace(/^adr: .*$/m, () => `adr: ${target}`) },
    { path: target, text: readText(source) },
  ];
}

function parseRecord(path: string, text: string, parse: (text: string) => unknown): ScaffoldDecision & { readonly adr?: unknown } {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new UserError(`is no YAML: ${error instanceof Error ? error.message : String(error)}`, { place: path });
  }
  if (typeof value !== "object" || value === null || !("pattern" in value))
    throw new UserError("is no recorded decision: it has no pattern", { place: path, hint: "do-or-d1 choose --record writes one." });
  return value as ScaffoldDecision;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, { place: path, hint: "Name the file that do-or-d1 choose --record wrote." });
  }
}
