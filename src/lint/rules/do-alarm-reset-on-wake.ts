// The constructor runs on every wake-up, also on the one that the alarm itself causes. Setting an alarm there with no guard that
// awaits getAlarm() pushes it ahead for ever, or sets it again each time it goes off.
// https://developers.cloudflare.com/durable-objects/api/alarms/#setalarm
import type { Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isCall, isFunction, isMember, propertyName, thisClass, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import { controlFlow, type FlowRoot } from "../../project/flow/flow.ts";
import { valuesOf } from "../../project/flow/values.ts";
import { delayOf, isRelativeToNow, valueBehind } from "../../project/graph/objects/delays.ts";
import { functionsLeadingTo, initialisersOf, isOnlyBase, mayDo, mayHaveHiddenMethods, storageUse, type StorageOperation } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import { waysTo, type Way, type WayStep } from "../../project/graph/ways.ts";
import type { Confidence, Report, TextEdit } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { alarmQuestions, alarmTest, asksAlarm, hasAlarms, isPlainValue, setsAlarm } from "./shared/alarms.ts";
import { duration, thousands } from "./shared/words.ts";

const DAY_MS = 86_400_000;

export default defineRule({
  id: "do-alarm-reset-on-wake",
  *check({ project }) {
    if (!hasAlarms(project)) return;
    const reported = new Set<Node>();
    const leading = functionsLeadingTo(project, "setAlarm");
    for (const cls of project.classes.durableObjects) {
      if (isOnlyBase(project, cls) || !mayDo(project, cls, "setAlarm")) continue;
      // Without a handler setAlarm() throws: do-alarm-without-handler says so.
      if (!project.classes.hasMethod(cls, "alarm") && !mayHaveHiddenMethods(project, cls)) continue;
      for (const start of wakeStarts(project, cls))
        for (const way of waysTo(project, start.code, (call) => setsAlarm(project, call), (fn) => leading.has(fn))) {
          const set = way.at(-1);
          if (!set || reported.has(set.call)) continue;
          const verdict = judge(project, cls, way);
          if (!verdict) continue;
          reported.add(set.call);
          yield report(project, cls, start.name, way, set, verdict);
        }
    }
  },
});

interface Start {
  readonly code: FunctionNode | Parameters<typeof waysTo>[1];
  /** For people: `the constructor`, `onStart()`. */
  readonly name: string;
}

/** What runs each time an object wakes: fields, constructors, and the hooks that a package's base calls then. */
function* wakeStarts(project: Project, cls: Class): Generator<Start> {
  for (const current of project.classes.chain(cls).toReversed()) {
    const constructor = project.classes.constructorOf(current);
    if (constructor) yield { code: constructor, name: "the constructor" };
  }
  yield { code: initialisersOf(project, cls), name: "a field's initialiser" };
  for (const hook of project.classes.knownBase(cls)?.wakeHooks ?? []) {
    const method = project.classes.method(cls, hook);
    if (method) yield { code: method, name: `\`${hook}()\`` };
  }
}

/** Why a way is no good: nothing guards it, or only something that always passes. */
interface Verdict {
  readonly reason: "unguarded" | "unawaited" | "memory" | "never";
  /** The `getAlarm()` that is not awaited, or the field that memory forgets. */
  readonly at?: Node;
  readonly isMended?: boolean;
  readonly confidence: Confidence;
}

function judge(project: Project, cls: Class, way: Way): Verdict | undefined {
  const set = way.at(-1);
  const [time] = set?.call.arguments ?? [];
  if (!set || !time || time.type === "SpreadElement") return undefined;
  if (comesFromStorage(project, way, way.length - 1, time)) return undefined;
  const isRelative = isRelativeToNow(project, time, set.given);
  let verdict: Verdict = { reason: "unguarded", confidence: isRelative ? "high" : "low" };
  for (const step of way) {
    if (!step.root) continue;
    const flow = controlFlow(step.root);
    for (const { test, holds } of flow.conditionsOn(step.call)) {
      const guard = guardOf(project, cls, step.root, test, holds);
      if (guard.kind === "guard") return undefined;
      if (guard.kind === "unawaited") verdict = { reason: guard.passes ? "unawaited" : "never", at: guard.at, isMended: guard.isMended, confidence: isRelative ? "high" : "medium" };
      else if (guard.kind === "memory" && verdict.reason === "unguarded") verdict = { reason: "memory", at: guard.at, confidence: isRelative ? "medium" : "low" };
    }
    if (isBehindThen(project, step)) return undefined;
  }
  return verdict;
}

type Guard =
  | { readonly kind: "guard" | "none" }
  | { readonly kind: "memory"; readonly at: Node }
  | { readonly kind: "unawaited"; readonly at: Node; /** The promise lets every wake-up pass; otherwise none. */ readonly passes: boolean; /** With `await` the test says what it should. */ readonly isMended: boolean };

/** What a condition says: whether it really asks something that outlives the object's memory. */
function guardOf(project: Project, cls: Class, root: FlowRoot, test: Node, holds: boolean): Guard {
  const asked = alarmQuestions(project, root, test);
  const [unawaited] = asked.filter((call) => !isAwaited(project, root, call));
  if (asked.length > 0)
    return unawaited
      ? { kind: "unawaited", at: unawaited, passes: alarmTest(project, test, unawaited, "promise") !== !holds, isMended: isMendedByAwait(project, test, unawaited, holds) }
      : { kind: "guard" };
  const condition = unwrap(test);
  if (isConfiguration(project, condition)) return { kind: "none" };
  const field = forgottenField(project, cls, condition, holds);
  return field ? { kind: "memory", at: field } : { kind: "guard" };
}

/** Whether the test, once awaited, lets a new alarm be set only while none is pending. */
function isMendedByAwait(project: Project, test: Node, asked: Node, holds: boolean): boolean {
  return alarmTest(project, test, asked, "none") === holds && alarmTest(project, test, asked, "pending") === !holds;
}

/** Whether the promise of a call is waited for before its value is looked at. */
function isAwaited(project: Project, root: FlowRoot, call: Node): boolean {
  const outer = wrapped(call);
  const { parent } = outer;
  if (parent?.type === "AwaitExpression") return true;
  if (isMember(parent) && parent.object === outer && /^(?:then|catch|finally)$/.test(propertyName(parent) ?? "")) return true;
  // `Promise.all([getAlarm(), …])`, `retry(getAlarm())`: given to something that waits, as far as can be seen.
  if (parent?.type === "ArrayExpression" || (isCall(parent) && parent.callee !== outer)) return true;
  // A helper that is not async and gives no promise.
  if (isCall(call) && storageUse(project, call) === undefined && project.targetsOf(call).every((fn) => !fn.async && !returnsPromise(project, fn))) return true;
  const name = parent?.type === "VariableDeclarator" && parent.id.type === "Identifier" ? parent.id : undefined;
  if (!name) return parent?.type !== "VariableDeclarator" && parent?.type !== "AssignmentExpression" && !isComparison(parent);
  const file = project.fileOf(root);
  const variable = file.scopes.resolve(name) ?? file.scopes.lookup(name.name, call);
  return (file.identifiers.get(name.name) ?? []).some((use) => file.scopes.resolve(use) === variable && (wrapped(use).parent?.type === "AwaitExpression" || wrapped(use).parent?.type === "ArrayExpression"));
}

/** Where a promise is taken for its value. */
function isComparison(node: Node | null | undefined): boolean {
  switch (node?.type) {
    case "BinaryExpression":
    case "LogicalExpression":
    case "UnaryExpression":
    case "IfStatement":
    case "ConditionalExpression":
    case "WhileStatement":
      return true;
    default:
      return false;
  }
}

function returnsPromise(project: Project, fn: FunctionNode): boolean {
  return project.calls.callsIn(fn).some((inner) => storageUse(project, inner)?.operation === "getAlarm" && wrapped(inner).parent?.type !== "AwaitExpression");
}

/** `getAlarm().then((alarm) => { if (!alarm) setAlarm(…) })`, with a condition that the flow does not connect with the promise. */
function isBehindThen(project: Project, { call }: WayStep): boolean {
  for (let fn = enclosingFunction(call); fn; fn = enclosingFunction(fn)) {
    const parent = wrapped(fn).parent;
    const member = isCall(parent) && calleeName(parent) === "then" ? calleeMember(parent) : undefined;
    const asked = member && unwrap(member.object);
    if (asked && isCall(asked) && asksAlarm(project, asked, 0) && fn.params.length > 0) {
      const test = controlFlow(fn).conditionsOn(call);
      if (test.length > 0) return true;
    }
  }
  return false;
}

/** What is decided when the Worker is deployed guards nothing: `if (env.CLEANUP === "on")`. */
function isConfiguration(project: Project, test: Node): boolean {
  if (test.type === "UnaryExpression") return isConfiguration(project, unwrap(test.argument));
  if (test.type === "BinaryExpression" || test.type === "LogicalExpression") return isConfiguration(project, unwrap(test.left)) && isConfiguration(project, unwrap(test.right));
  if (test.type === "Literal") return true;
  if (isMember(test)) return project.kindOf(test.object)?.kind === "env";
  const behind = test.type === "Identifier" ? valueBehind(project, test) : undefined;
  return behind !== undefined && isConfiguration(project, unwrap(behind));
}

/** A field of the object that is only ever given plain values: after a wake-up it is as new, and the condition holds again. */
function forgottenField(project: Project, cls: Class, test: Node, holds: boolean): Node | undefined {
  if (test.type === "UnaryExpression" && test.operator === "!") return forgottenField(project, cls, unwrap(test.argument), !holds);
  if (!isMember(test) || test.object.type !== "ThisExpression" || holds) return undefined;
  const name = propertyName(test);
  if (name === undefined || !thisClass(test)) return undefined;
  const values: Node[] = [];
  for (const current of project.classes.chain(cls)) {
    for (const member of current.body.body) if (member.type === "PropertyDefinition" && member.value && isMemberNamed(member.key, name)) values.push(member.value);
    for (const use of project.fileOf(current).members.get(name) ?? [])
      if (use.object.type === "ThisExpression" && use.parent?.type === "AssignmentExpression" && use.parent.left === use) values.push(use.parent.right);
  }
  return values.length > 0 && values.every((value) => isPlainValue(unwrap(value))) ? test : undefined;
}

function isMemberNamed(key: Node, name: string): boolean {
  return (key.type === "Identifier" && key.name === name) || (key.type === "PrivateIdentifier" && `#${key.name}` === name);
}

const READS: ReadonlySet<StorageOperation> = new Set<StorageOperation>(["get", "list", "sql", "getAlarm", "orm-read"]);

/** Whether a time is one that was stored: it is the same after each wake-up. */
function comesFromStorage(project: Project, way: Way, index: number, expression: Node): boolean {
  const step = way[index];
  if (!step?.root) return false;
  const flow = controlFlow(step.root);
  const values = valuesOf(flow, project.fileOf(step.root).scopes);
  const isStored = (node: Node): boolean => isCall(node) && (READS.has(storageUse(project, node)?.operation ?? "put") || readsStorage(project, node, 0));
  const set = way.at(-1);
  if (set && isRelativeToNow(project, expression, step.given)) return false;
  if (values.dependsOn(expression, (node) => isStored(node) || isStoredField(project, node, isStored))) return true;
  // A parameter: what the caller passes.
  const origins = values.origins(expression);
  return origins.some((origin) => {
    const variable = origin.type === "Identifier" ? project.fileOf(origin).scopes.resolve(origin) : undefined;
    if (variable?.kind !== "parameter" || !isFunction(variable.declaration) || index === 0) return false;
    const passed = step.given.get(variable);
    return passed !== undefined && comesFromStorage(project, way, index - 1, passed);
  });
}

function readsStorage(project: Project, call: Node, depth: number): boolean {
  if (!isCall(call) || depth > 2) return false;
  return project.targetsOf(call).some((fn) => {
    let reads = false;
    walk(fn, project.fileOf(fn).keys, (node) => {
      if ((node.type === "CallExpression" || node.type === "TaggedTemplateExpression") && (READS.has(storageUse(project, node)?.operation ?? "put") || readsStorage(project, node, depth + 1))) reads = true;
      return !reads;
    });
    return reads;
  });
}

/** A field that some method fills from storage. */
function isStoredField(project: Project, node: Node, isStored: (node: Node) => boolean): boolean {
  if (!isMember(node) || node.object.type !== "ThisExpression") return false;
  const file = project.fileOf(node);
  return (file.members.get(propertyName(node) ?? "") ?? []).some((use) => {
    if (use.object.type !== "ThisExpression" || use.parent?.type !== "AssignmentExpression" || use.parent.left !== use) return false;
    const fn = enclosingFunction(use);
    return fn !== undefined && valuesOf(controlFlow(fn), file.scopes).dependsOn(use.parent.right, isStored);
  });
}

function report(project: Project, cls: Class, start: string, way: Way, set: WayStep, verdict: Verdict): Report {
  const name = project.classes.nameOf(cls) ?? "the class";
  const [time] = set.call.arguments;
  const delay = time && time.type !== "SpreadElement" ? delayOf(project, time, set.given) : undefined;
  const ahead = delay && delay.value > 0 ? `${duration(delay.value)} ahead` : "ahead";
  const rounds = delay && delay.value > 0 && delay.value <= DAY_MS ? ` (${thousands(DAY_MS / delay.value)} a day for each object)` : "";
  const reasons = {
    unguarded: "with nothing that asks whether one is pending",
    unawaited: "behind a test of `getAlarm()` that is not awaited, and a promise is neither `null` nor falsy, so it lets every wake-up pass",
    memory: "behind a flag in memory, which is gone at each wake-up",
  };
  const fix = verdict.isMended && verdict.at ? awaiting(project, verdict.at) : undefined;
  const steps = way.slice(0, -1).map(({ call }) => ({ span: project.span(call), message: `on the way from ${start}` }));
  const message =
    verdict.reason === "never"
      ? `\`${name}\` tests \`getAlarm()\` without \`await\`: a promise is neither \`null\` nor falsy, so ${start} never sets this alarm and the work it is for is never done.`
      : `Every wake-up of \`${name}\` sets the alarm anew from ${start}, ${reasons[verdict.reason]}. A request that wakes the object moves it ${ahead}, so it may never go off; ` +
        `and when it does, waking the object for it sets the next one: the object never ends, and every round is billed${rounds}.`;
  return {
    span: project.span(set.call),
    message,
    confidence: verdict.confidence,
    related: [...(verdict.at ? [{ span: project.span(verdict.at), message: verdict.reason === "memory" ? "only in memory" : "not awaited" }] : []), ...steps],
    subject: { class: name },
    ...(fix ? { fix } : {}),
  };
}

/** `await` before `getAlarm()`, where that is allowed and the value is used as it is. */
function awaiting(project: Project, call: Node): readonly TextEdit[] | undefined {
  const fn = enclosingFunction(call);
  if (!fn?.async || storageUse(project, call)?.operation !== "getAlarm") return undefined;
  const outer = wrapped(call);
  const { parent } = outer;
  const isOperand = parent?.type === "BinaryExpression" || parent?.type === "UnaryExpression" || parent?.type === "LogicalExpression";
  if (!isOperand && parent?.type !== "VariableDeclarator" && parent?.type !== "IfStatement") return undefined;
  const { path } = project.fileOf(call);
  return [
    { span: { file: path, start: outer.start, end: outer.start }, text: isOperand ? "(await " : "await " },
    ...(isOperand ? [{ span: { file: path, start: outer.end, end: outer.end }, text: ")" }] : []),
  ];
}
