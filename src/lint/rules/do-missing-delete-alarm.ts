// Before compatibility date 2026-02-24 deleteAll() leaves a pending alarm in place: it wakes the emptied object, which is billed.
// https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#deleteall
import type { Class, ExpressionStatement, FunctionNode, Node, ReturnStatement } from "../../project/parse/ast.ts";
import { calleeName, enclosingFunction, isCall, isWithin, wrapped } from "../../project/parse/ast.ts";
import { controlFlow, rootOf } from "../../project/flow/flow.ts";
import { isBound, isOnlyBase, mayDo, methodName, objectCode, storageUse, type StorageUse } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Located } from "../../project/span.ts";
import { effectiveEnvironments } from "../../project/wrangler/effective.ts";
import type { EffectiveEnvironment } from "../../project/wrangler/types.ts";
import { requireFact } from "../facts.ts";
import type { Confidence, TextEdit } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { isArmed } from "./shared/alarms.ts";

export default defineRule({
  id: "do-missing-delete-alarm",
  *check({ project }) {
    if (!project.files.some((file) => file.members.has("deleteAll"))) return;
    const reported = new Set<Node>();
    for (const cls of project.classes.durableObjects) {
      if (isOnlyBase(project, cls) || !mayDo(project, cls, "deleteAll")) continue;
      const { uses, functions } = objectCode(project, cls);
      const runtime = runtimeOf(project, cls);
      const unsettled = runtime ? uses.filter((use) => use.operation === "deleteAll" && !reported.has(use.node) && !isSettled(project, use.node, functions, 0)) : [];
      const alarm = unsettled.length > 0 ? alarmOf(project, cls) : undefined;
      if (!runtime || !alarm) continue;
      for (const use of unsettled) {
        reported.add(use.node);
        const name = project.classes.nameOf(cls) ?? "the class";
        const fix = fixOf(project, use);
        yield {
          span: project.span(use.node),
          message: `${runtime.text}, \`deleteAll()\` leaves the alarm of \`${name}\` in place: it goes off later, wakes the emptied object${alarm.rearms ? ", whose handler may set the next one," : ""} and is billed, and the object does not cease to exist.`,
          confidence: runtime.confidence,
          related: [
            { span: project.span(alarm.node), message: "the alarm is set here" },
            ...(runtime.date ? [{ span: runtime.date.span, message: `compatibility date ${runtime.date.value}: \`deleteAll()\` takes the alarm along from ${FACT().compat_date}` }] : []),
          ],
          subject: { class: name },
          ...(fix ? { fix } : {}),
        };
      }
    }
  },
});

const FACT = () => requireFact("do-deleteall-alarm");
const OPT_OUT = () => requireFact("do-deleteall-alarm-optout");

/** Where the objects of a class set an alarm, and whether the handler sets it again; schedules of a package count. */
function alarmOf(project: Project, cls: Class): { node: Node; rearms: boolean } | undefined {
  const { uses, functions } = objectCode(project, cls);
  const handler = project.classes.method(cls, "alarm") ?? project.classes.method(cls, "onAlarm");
  const set = uses.filter(({ operation }) => operation === "setAlarm");
  const handled = handler && project.calls.reach(handler, MAX_CALLERS);
  const rearms = set.some(({ fn }) => fn !== undefined && handled?.has(fn) === true);
  const [own] = set;
  // Set by nothing but its own handler it never starts.
  if (own && handler && !isArmed(project, cls, handler)) return undefined;
  if (own) return { node: (set.find(({ node }) => !handler || !isWithin(node, handler)) ?? own).node, rearms };
  if (!project.classes.knownBase(cls)?.ownsAlarm) return undefined;
  for (const fn of functions)
    for (const call of project.calls.callsIn(fn))
      if (call.type === "CallExpression" && call.callee.type === "MemberExpression" && call.callee.object.type === "ThisExpression" && /^(?:schedule|scheduleEvery)$/.test(calleeName(call) ?? "")) return { node: call, rearms: false };
  return undefined;
}

/** What the Workers of a class say about `deleteAll()`: undefined when it takes the alarm along in all of them. */
function runtimeOf(project: Project, cls: Class): { text: string; confidence: Confidence; date?: Located<string> } | undefined {
  const { compat_date: since = "", compat_flag: flag = "" } = FACT();
  const environments = environmentsOf(project, cls);
  if (environments.length === 0) return { text: `Before compatibility date ${since}`, confidence: "low" };
  const old = environments.filter(({ compatibilityDate, compatibilityFlags }) => {
    const flags = compatibilityFlags.map(({ value }) => value);
    if (flags.includes(flag)) return false;
    return flags.includes(OPT_OUT().compat_flag ?? "") || compatibilityDate === undefined || compatibilityDate.value < since;
  });
  // Of several the one that a plain `wrangler deploy` uses.
  const worst = old.find(({ config, kind }) => kind === "top" && /(?:^|\/)wrangler\.(?:jsonc?|toml)$/.test(config.file)) ?? old[0];
  if (!worst) return undefined;
  const where = worst.name === undefined ? worst.config.file : `environment \`${worst.name}\` of ${worst.config.file}`;
  if (worst.compatibilityFlags.some(({ value }) => value === OPT_OUT().compat_flag)) return { text: `With the flag \`${OPT_OUT().compat_flag ?? ""}\` (${where})`, confidence: "high" };
  if (!worst.compatibilityDate) return { text: `With no compatibility date in ${where}, which means one before ${since}`, confidence: "medium" };
  return { text: `With the compatibility date ${worst.compatibilityDate.value} (${where}), which is before ${since}`, confidence: "high", date: worst.compatibilityDate };
}

/** The environments that run a class: those that bind it without `script_name`, or else those of the nearest configurations. */
function environmentsOf(project: Project, cls: Class): readonly EffectiveEnvironment[] {
  const name = project.classes.nameOf(cls);
  const near = project.bindings.configsFor(project.fileOf(cls).path);
  const configs = near.length > 0 ? near : isBound(project, cls) ? project.checkout.configs : [];
  const all = configs.filter((config) => !config.inTests).flatMap((config) => effectiveEnvironments(config).filter(({ kind }) => kind !== "previews"));
  const binding = all.filter(({ durableObjects, exports }) => durableObjects.some(({ className, scriptName }) => !scriptName && className.value === name) || exports.some(({ className }) => className.value === name));
  return binding.length > 0 ? binding : all.filter(({ kind }) => kind === "top");
}

const MAX_CALLERS = 4;

/**
 * Whether the alarm is dealt with on every way to a `deleteAll()`: deleted before or after it, set anew after it, or already gone
 * because `alarm()` is what runs.
 */
function isSettled(project: Project, node: Node, functions: ReadonlySet<FunctionNode>, depth: number): boolean {
  const root = rootOf(node);
  if (!root || root.type === "Program" || root.type === "StaticBlock") return false;
  const flow = controlFlow(root);
  const others = flow.order.flatMap(({ node: other }) => (other && other !== node && isCall(other) ? [other] : []));
  for (const other of others) {
    if (does(project, other, "deleteAlarm") && (flow.reachable(other, node) || flow.reachable(node, other))) return true;
    if (does(project, other, "setAlarm") && flow.reachable(node, other) && flow.everyPath((step) => step === other, { from: node })) return true;
  }
  const name = methodName(root);
  const setsBefore = others.some((other) => does(project, other, "setAlarm") && flow.reachable(other, node));
  if (name === "alarm" || name === "onAlarm") return !setsBefore;
  if (depth >= MAX_CALLERS || setsBefore) return false;
  const callers = project.calls.callersOf(root).filter((call) => [...functions].some((fn) => isWithin(call, fn)));
  return callers.length > 0 && !isReachedFromOutside(project, root) && callers.every((call) => isSettled(project, call, functions, depth + 1));
}

/** Whether something in sight calls a method over RPC. */
function isReachedFromOutside(project: Project, fn: FunctionNode): boolean {
  return project.calls.rpcCallersOf(fn).length > 0;
}

/** Whether a call does something with the alarm, itself or through what it calls. */
function does(project: Project, call: Node, operation: StorageUse["operation"]): boolean {
  if (storageUse(project, call)?.operation === operation) return true;
  if (!isCall(call)) return false;
  return project.targetsOf(call).some((target) => [...project.calls.reach(target, 3).keys()].some((fn) => project.calls.callsIn(fn).some((inner) => storageUse(project, inner)?.operation === operation)));
}

/** `deleteAlarm()` in a statement of its own before the one that is nothing but `deleteAll()`. */
function fixOf(project: Project, use: StorageUse): readonly TextEdit[] | undefined {
  let node = wrapped(use.node);
  const isAwaited = node.parent?.type === "AwaitExpression";
  if (isAwaited && node.parent) node = wrapped(node.parent);
  const statement = node.parent as ExpressionStatement | ReturnStatement | null | undefined;
  if (statement?.type !== "ExpressionStatement" && statement?.type !== "ReturnStatement") return undefined;
  if (statement.parent?.type !== "BlockStatement") return undefined;
  const file = project.fileOf(statement);
  const start = file.text.lastIndexOf("\n", statement.start - 1) + 1;
  const indent = file.text.slice(start, statement.start);
  // Something else on the line before the statement: a line of its own would look odd, but not be wrong.
  const separator = /^\s*$/.test(indent) ? `\n${indent}` : " ";
  const end = project.text(statement).endsWith(";") || separator === " " ? ";" : "";
  const storage = project.text(use.storage);
  const fn = enclosingFunction(use.node);
  const prefix = isAwaited || (statement.type === "ReturnStatement" && fn?.async === true) ? "await " : "";
  return [{ span: { file: file.path, start: statement.start, end: statement.start }, text: `${prefix}${storage}.deleteAlarm()${end}${separator}` }];
}
