import type { Class, FunctionNode, Node } from "../../../project/parse/ast.ts";
import { calleeMember, isCall, isWithin, unwrap } from "../../../project/parse/ast.ts";
import { controlFlow, type FlowRoot } from "../../../project/flow/flow.ts";
import { valuesOf } from "../../../project/flow/values.ts";
import type { CallSite } from "../../../project/graph/calls.ts";
import { valueBehind } from "../../../project/graph/objects/delays.ts";
import { objectCode, storageUse } from "../../../project/graph/objects/object-storage.ts";
import type { Project } from "../../../project/graph/project.ts";

/** How many calls away from a method its alarm may be set. */
const MAX_CALLS = 5;

/** Whether a call is `storage.setAlarm(…)`. */
export function setsAlarm(project: Project, call: CallSite): boolean {
  return storageUse(project, call)?.operation === "setAlarm";
}

/** The method that runs when the alarm goes off; packages' bases call `onAlarm`. */
export function alarmHandler(project: Project, cls: Class): FunctionNode | undefined {
  const own = project.classes.method(cls, "alarm");
  if (own) return own;
  return project.classes.knownBase(cls)?.entryMethods.includes("onAlarm") ? project.classes.method(cls, "onAlarm") : undefined;
}

/** Whether anything but the handler sets the alarm: otherwise it never starts. */
export function isArmed(project: Project, cls: Class, handler: FunctionNode): boolean {
  const { uses, functions, initialisers } = objectCode(project, cls);
  const setters = new Set(uses.filter(({ operation }) => operation === "setAlarm").map(({ fn }) => fn));
  if (setters.has(undefined)) return true;
  const starts = [...functions].filter((fn) => fn !== handler && project.classes.chain(cls).some((current) => isWithin(fn, current)) && !isOnlyCalledBy(project, fn, handler));
  return starts.some((fn) => [...project.calls.reach(fn, MAX_CALLS).keys()].some((reached) => setters.has(reached))) || initialisers.some((call) => project.calls.targetsOf(call).some((fn) => setters.has(fn)));
}

function isOnlyCalledBy(project: Project, fn: FunctionNode, handler: FunctionNode): boolean {
  // A method that is not private may be called over RPC from where we cannot see.
  const { parent } = fn;
  const isPrivate = parent?.type !== "MethodDefinition" || parent.key.type === "PrivateIdentifier" || parent.accessibility === "private" || parent.accessibility === "protected";
  const callers = project.calls.callersOf(fn);
  return isPrivate && callers.length > 0 && callers.every((call) => isWithin(call, handler));
}

/** Whether some file of the project sets alarms at all: the cheapest question that can say no. */
export function hasAlarms(project: Project): boolean {
  return project.files.some((file) => file.members.get("setAlarm")?.some((member) => member.parent?.type === "CallExpression" && calleeMember(member.parent) === member) ?? false);
}

/** What `getAlarm()` may give: a promise when nobody awaits it, otherwise null or a time. */
export type AlarmValue = "promise" | "none" | "pending";

/** Whether a test of an alarm comes out true for a value; undefined when that cannot be told. */
export function alarmTest(project: Project, raw: Node, asked: Node, value: AlarmValue): boolean | undefined {
  const test = unwrap(raw);
  const isAlarm = (node: Node): boolean => {
    const inner = awaited(node);
    const behind = inner.type === "Identifier" ? valueBehind(project, inner) : undefined;
    return inner === asked || (behind !== undefined && awaited(behind) === asked);
  };
  if (isAlarm(test)) return value !== "none";
  if (test.type === "UnaryExpression" && test.operator === "!") {
    const inner = alarmTest(project, test.argument, asked, value);
    return inner === undefined ? undefined : !inner;
  }
  if (test.type === "LogicalExpression") {
    const [left, right] = [alarmTest(project, test.left, asked, value), alarmTest(project, test.right, asked, value)];
    if (test.operator === "||") return left === true || right === true ? true : left === false && right === false ? false : undefined;
    return test.operator === "&&" ? (left === false || right === false ? false : left === true && right === true ? true : undefined) : undefined;
  }
  if (test.type !== "BinaryExpression") return undefined;
  const other = isAlarm(test.left) ? unwrap(test.right) : isAlarm(test.right) ? unwrap(test.left) : undefined;
  if (!other) return undefined;
  const isNothing = isPlainValue(other) && !(other.type === "Literal" && other.value !== null);
  if (/^[<>]=?$/.test(test.operator)) return value === "promise" ? false : undefined;
  if (!isNothing) return undefined;
  if (test.operator === "===" || test.operator === "==") return value === "none";
  return test.operator === "!==" || test.operator === "!=" ? value !== "none" : undefined;
}

/** The calls of `getAlarm()` that a condition's value comes from, helpers that return it included. */
export function alarmQuestions(project: Project, root: FlowRoot, test: Node): readonly Node[] {
  const values = valuesOf(controlFlow(root), project.fileOf(root).scopes);
  return controlFlow(root).order.flatMap(({ node }) => (node && isCall(node) && asksAlarm(project, node, 0) && values.dependsOn(test, node) ? [node] : []));
}

/** Whether a call is `storage.getAlarm()`, or a helper that calls it. */
export function asksAlarm(project: Project, call: Node, depth: number): boolean {
  if (storageUse(project, call)?.operation === "getAlarm") return true;
  return depth < 2 && isCall(call) && project.targetsOf(call).some((fn) => project.calls.callsIn(fn).some((inner) => asksAlarm(project, inner, depth + 1)));
}

/** A literal, or `undefined`. */
export function isPlainValue(value: Node): boolean {
  return value.type === "Literal" || (value.type === "Identifier" && value.name === "undefined");
}

/** The expression whose promise is awaited, or the expression itself. */
function awaited(raw: Node): Node {
  const node = unwrap(raw);
  return node.type === "AwaitExpression" ? unwrap(node.argument) : node;
}
