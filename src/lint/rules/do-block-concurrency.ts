import { flowOf } from "../../project/flow/flow.ts";
import type { CallExpression, FunctionNode, Node } from "../../project/parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isClass, isFunction, isMember, isWithin, keyName, propertyName, thisClass, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import { awaitedCalls, natureOf, waitsIn, waitsOf, type Nature, type Wait } from "../../project/graph/objects/awaits.ts";
import type { Project } from "../../project/graph/project.ts";
import { functionName } from "../../project/graph/classes.ts";
import type { Confidence, Report } from "../finding.ts";
import { factText } from "../facts.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";

// While blockConcurrencyWhile() runs, no other event of the object is delivered; after 30 seconds the object is reset.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#use-blockconcurrencywhile-sparingly

const OUTSIDE_NAMES: Readonly<Partial<Record<Nature, string>>> = { network: "a request over the network", binding: "a call to another service", object: "a call to another object" };

export default defineRule({
  id: "do-block-concurrency",
  *check({ project }) {
    for (const file of project.files)
      for (const member of file.members.get("blockConcurrencyWhile") ?? []) {
        const call = member.parent;
        if (call?.type !== "CallExpression" || call.callee !== member || project.targetsOf(call).length > 0) continue;
        const report = check(project, call);
        if (report) yield report;
      }
  },
});

function check(project: Project, call: CallExpression): Report | undefined {
  const [callback] = call.arguments;
  if (!callback || callback.type === "SpreadElement") return undefined;
  const held = contentsOf(project, callback);
  const start = isStart(project, call);
  if (!held.outside && (start || isOnce(project, call))) return undefined;
  const owners = project.classes.ownersOf(call);
  const name = classNames(project, owners);
  const fn = enclosingFunction(call);
  const where = fn ? `\`${functionName(project, outermost(fn))}\`` : "This code";
  if (held.outside) {
    const what = OUTSIDE_NAMES[held.outside.nature] ?? "something outside";
    return {
      ...report(project, call, owners.size > 0 ? [...owners].map((cls) => project.classes.nameOf(cls) ?? "")[0] : undefined),
      message: `${start ? "Every start" : `Every run of ${where.replace("This", "this")}`} locks ${name} while it waits for ${what}: no other request, message or alarm is let in until the answer is there, and an answer that takes over ${factText("do-bcw-timeout")} seconds resets the object.`,
      confidence: "high",
      related: [{ span: project.span(held.outside.call), message: `${what}, under the lock` }],
      help: start
        ? "Do only what the object's own storage is needed for under the lock; fetch the rest lazily, outside of it."
        : "Make the call outside of the lock, then read and write the storage without an await in between, or in `transactionSync()`.",
    };
  }
  const confidence: Confidence = held.known ? "low" : "medium";
  return {
    ...report(project, call, [...owners].map((cls) => project.classes.nameOf(cls) ?? "")[0]),
    message: held.known
      ? `${where} takes the lock of ${name} for each event although only its own storage is used under it: storage calls let no other event in by themselves, and at some 5 ms each the lock leaves room for about 200 events a second.`
      : `${where} holds the lock of ${name}, outside of the constructor, while code runs that may wait for anything: every other request, message and alarm of the object waits too, and after ${factText("do-bcw-timeout")} seconds the object is reset.`,
    confidence,
  };
}

function report(project: Project, call: CallExpression, name: string | undefined): Pick<Report, "span" | "subject"> {
  return { span: project.span(call), ...(name === undefined ? {} : { subject: { class: name } }) };
}

/** The method around a function, or the outermost function where no class is around it. */
function outermost(fn: FunctionNode): FunctionNode {
  let current = fn;
  for (let outer = enclosingFunction(current); outer && !isClass(current.parent?.parent?.parent); outer = enclosingFunction(outer)) current = outer;
  return current;
}

/** What runs under the lock: a wait for something outside, and whether all of it could be seen. */
function contentsOf(project: Project, callback: Node): { readonly outside: Wait | undefined; readonly known: boolean } {
  const waits = waitsUnder(project, unwrap(callback));
  if (!waits) return { outside: undefined, known: false };
  const outside = waits.find((wait) => wait.nature in OUTSIDE_NAMES && (wait.nature !== "network" || natureIsCertain(project, wait)));
  return { outside, known: waits.every((wait) => wait.nature === "storage" || wait.nature === "local") };
}

function natureIsCertain(project: Project, wait: Wait): boolean {
  return wait.call.type === "CallExpression" && natureOf(project, wait.call) !== "unknown";
}

/** The waits of a callback: its own, and those of what it calls. Undefined when it cannot be seen. */
function waitsUnder(project: Project, callback: Node): readonly Wait[] | undefined {
  if (isCall(callback) && calleeName(callback) === "bind") return waitsUnder(project, unwrap(calleeMember(callback)?.object ?? callback));
  const kind = isFunction(callback) ? undefined : project.kindOf(callback);
  const fn = isFunction(callback) ? callback : kind?.kind === "function" ? kind.fn : undefined;
  if (!fn?.body) return undefined;
  const waits: Wait[] = [];
  const awaited = new Set<CallExpression>();
  walk(fn, project.fileOf(fn).keys, (node) => {
    if (node.type === "AwaitExpression" || node.type === "YieldExpression" || node.type === "ReturnStatement") {
      if (node.argument) for (const call of awaitedCalls(node.argument)) awaited.add(call);
    } else if (node.type === "ArrowFunctionExpression" && node.body.type !== "BlockStatement") for (const call of awaitedCalls(node.body)) awaited.add(call);
  });
  for (const call of project.calls.callsIn(fn)) {
    if (!isCall(call) || (!awaited.has(call) && isDropped(call))) continue;
    // A call that is not awaited may be one that gives no promise; only what surely goes outside counts then.
    const found = waitsOf(project, call);
    waits.push(...(awaited.has(call) ? found : found.filter((wait) => wait.nature !== "unknown")));
    if (isHook(project, call)) waits.push({ nature: "unknown", call });
  }
  return waits;
}

/** Started under the lock, but not waited for: it holds no lock. */
function isDropped(call: CallExpression): boolean {
  const { parent } = wrapped(call);
  return parent?.type === "ExpressionStatement" || parent?.type === "UnaryExpression" || (parent?.type === "CallExpression" && calleeName(parent) === "waitUntil");
}

/** A method that does nothing here because others are meant to override it. */
function isHook(project: Project, call: CallExpression): boolean {
  const callee = calleeMember(call);
  if (!callee || callee.object.type !== "ThisExpression") return false;
  return project.targetsOf(call).some((fn) => fn.body?.type === "BlockStatement" && fn.body.body.length === 0 && waitsIn(project, fn).length === 0);
}

/** Whether the lock is only taken when the object starts: in the constructor, a field's initialiser, or what only those call. */
function isStart(project: Project, call: CallExpression): boolean {
  const fn = enclosingFunction(call);
  if (!fn) return thisClass(call) !== undefined;
  const method = outermost(fn);
  if (method.parent?.type === "MethodDefinition" && method.parent.kind === "constructor") return true;
  const entries = project.calls.entriesOf(method);
  return entries.size > 0 && [...entries].every((entry) => entry === "object-constructor");
}

/** Initialisation put off until it is needed: behind a flag or a field that the lock's holder sets, or kept in one. */
function isOnce(project: Project, call: CallExpression): boolean {
  for (let node: Node = call, parent = call.parent ?? undefined; parent && !isFunction(parent); node = parent, parent = parent.parent ?? undefined) {
    if (parent.type === "AssignmentExpression" && parent.right === node && (parent.operator !== "=" || isField(parent.left))) return true;
  }
  const fn = enclosingFunction(call);
  if (!fn) return false;
  const assigned = assignedNames(project, callbackOf(fn) ? outermost(fn) : fn, call);
  const isGuarded = (site: Node): boolean => flowOf(site)?.conditionsOn(site).some((condition) => namesIn(project, condition.test).some((name) => assigned.has(name))) ?? false;
  if (isGuarded(call)) return true;
  // `if (this.status !== "started") await this.initialize()`, wherever that is called.
  const callers = project.calls.callersOf(outermost(fn));
  return callers.length > 0 && callers.every(isGuarded);
}

function isField(node: Node): boolean {
  const value = unwrap(node);
  return isMember(value) && value.object.type === "ThisExpression";
}

/** Fields and variables that a function, or the locked code that it names, assigns. */
function assignedNames(project: Project, fn: FunctionNode, call: CallExpression): ReadonlySet<string> {
  const names = new Set<string>();
  const bodies: FunctionNode[] = [fn];
  for (const inner of project.calls.callsIn(fn)) if (isWithin(inner, call)) bodies.push(...project.calls.targetsOf(inner));
  const [callback] = call.arguments;
  const kind = callback && callback.type !== "SpreadElement" ? project.kindOf(callback) : undefined;
  if (kind?.kind === "function") bodies.push(kind.fn);
  for (const body of bodies)
    walk(body, project.fileOf(body).keys, (node) => {
      if (node.type === "AssignmentExpression") for (const name of namesIn(project, node.left)) names.add(name);
    });
  return names;
}

function namesIn(project: Project, node: Node): readonly string[] {
  const names: string[] = [];
  walk(node, project.fileOf(node).keys, (inner) => {
    if (isMember(inner) && inner.object.type === "ThisExpression") names.push(propertyName(inner) ?? keyName(inner.property, inner.computed) ?? "");
    else if (inner.type === "Identifier" && inner.parent && !(isMember(inner.parent) && inner.parent.property === inner)) names.push(inner.name);
  });
  return names;
}
