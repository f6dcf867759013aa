import { basename } from "node:path";
import { UserError } from "../errors.ts";
import { findPackageManager, readTemplate } from "./apply.ts";
import { workerNameFrom } from "./names.ts";
import { managerOfUserAgent, requirePackageManager } from "./package-manager.ts";
import { planScaffold, type ScaffoldPlan } from "./plan.ts";
import { requireStack, stackForNode } from "./stack.ts";
import { requirePattern } from "./template.ts";
import type { TextFile } from "./rename.ts";

export { applyPlan } from "./apply.ts";
export { renderTree } from "./tree.ts";
export type { ScaffoldPlan } from "./plan.ts";

/** What a scaffold needs of a decision: the recorded shape has it all, and more. */
export interface ScaffoldDecision {
  readonly pattern?: string | null | undefined;
  readonly answers?: Readonly<Record<string, unknown>> | undefined;
}

/** What a person asked for; everything left out is worked out. */
export interface ScaffoldOptions {
  readonly pattern?: string | undefined;
  readonly name?: string | undefined;
  readonly atom?: string | undefined;
  readonly stack?: string | undefined;
  readonly packageManager?: string | undefined;
}

/** Where the scaffold runs. */
export interface ScaffoldEnvironment {
  /** Node's version, such as `20.20.2`. */
  readonly node: string;
  /** `npm_config_user_agent`. */
  readonly userAgent?: string | undefined;
}

/**
 * The plan of a project. Reads the template, writes nothing: `applyPlan(folder, plan.files)` does.
 * @param folder absolute path of where the project will be; its name is the Worker's unless `options.name` says otherwise
 * @throws UserError for a pattern without a template, or a name that cannot be one
 */
export async function planProject(folder: string, options: ScaffoldOptions, environment: ScaffoldEnvironment, records: readonly TextFile[] = []): Promise<ScaffoldPlan> {
  if (options.pattern === undefined) throw new UserError("nothing says which pattern to scaffold", { hint: "Decide with do-or-d1 choose, or name one with --pattern." });
  const template = await readTemplate(requirePattern(options.pattern));
  const name = options.name ?? workerNameFrom(basename(folder));
  if (name === undefined) throw new UserError(`"${basename(folder)}" gives no name for the Worker`, { hint: "Say one with --name." });
  const { stacks } = template;
  return planScaffold(template, {
    name,
    atom: options.atom,
    stack: options.stack === undefined ? stackForNode(stacks, environment.node) : requireStack(stacks, options.stack),
    node: environment.node,
    packageManager:
      options.packageManager === undefined
        ? (findPackageManager(folder) ?? managerOfUserAgent(environment.userAgent) ?? "npm")
        : requirePackageManager(options.packageManager),
    records,
  });
}

/**
 * The plan of a project for a decision: its pattern and its atom. `records` are files that go with it, such as the decision and its ADR, by the path
 * they get in the project.
 * @throws UserError when the decision has no template, or contradicts the options
 */
export async function planFromDecision(
  decision: ScaffoldDecision,
  folder: string,
  environment: ScaffoldEnvironment,
  options: ScaffoldOptions = {},
  records: readonly TextFile[] = [],
): Promise<ScaffoldPlan> {
  const pattern = decision.pattern ?? "none";
  if (options.pattern !== undefined && options.pattern !== pattern)
    throw new UserError(`--pattern ${options.pattern} is not what was decided (${pattern})`, { hint: "Leave --pattern out, or decide again with do-or-d1 choose." });
  const atom = options.atom ?? textOf(decision.answers?.["atom_name"]);
  return planProject(folder, { ...options, pattern, atom }, environment, records);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
