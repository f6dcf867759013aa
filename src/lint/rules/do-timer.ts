import type { CallExpression, Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, enclosingClass, enclosingFunction, isFunction, isIdentifier, isWithin, keyName, propertyName, thisClass, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import type { Variable } from "../../project/parse/scopes.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";

// A pending timer is one of the things that keep an object in memory, and it lives in memory only: eviction and deploys drop it.
// https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/#durable-object-lifecycle-state-transitions

type Timer = "setInterval" | "setTimeout";

interface Found {
  readonly call: CallExpression;
  readonly timer: Timer;
  readonly owners: ReadonlySet<Class>;
}

export default defineRule({
  id: "do-timer",
  *check({ project }) {
    const units = new Map<Node, Found[]>();
    for (const file of project.files)
      for (const call of file.calls) {
        const timer = timerOf(file, call);
        if (!timer || isBoundToEvent(project, file, call, timer)) continue;
        const owners = project.classes.ownersOf(call);
        if (owners.size === 0) continue;
        const unit = enclosingClass(call) ?? file.program;
        units.set(unit, [...(units.get(unit) ?? []), { call, timer, owners }]);
      }
    for (const found of units.values()) yield reportOf(project, found);
  },
});

/** One finding a class, at its first interval or else its first timeout: they are moved to alarms together. */
function reportOf(project: Project, found: readonly Found[]): Report {
  const main = found.find(({ timer }) => timer === "setInterval") ?? found[0];
  if (!main) throw new Error("a unit without timers");
  const { call, timer, owners } = main;
  const [owner] = owners;
  // What serves a container lives as long as the container does; such an object does not hibernate anyway.
  const servesContainer = [...owners].every((cls) => isContainer(project, cls));
  return {
    span: project.span(call),
    message: message(project, call, timer, owners),
    confidence: servesContainer ? "low" : timer === "setInterval" ? "high" : "medium",
    related: [
      ...(owner && !isWithin(call, owner) ? [{ span: project.span(owner.id ?? owner), message: "the object that this code runs in" }] : []),
      ...found.filter((other) => other !== main).map((other) => ({ span: project.span(other.call), message: other.timer === "setInterval" ? "another interval" : "another timeout" })),
    ],
    subject: { ...(owner ? { class: project.classes.nameOf(owner) ?? "" } : {}) },
  };
}

function message(project: Project, call: CallExpression, timer: Timer, owners: ReadonlySet<Class>): string {
  const names = classNames(project, owners);
  const every = delayText(project, call);
  return timer === "setInterval"
    ? `This interval${every && ` of ${every}`} runs in the memory of ${names}: while it is set the object cannot hibernate and is billed for every second, even with nobody connected, and an eviction or a deploy ends it without notice.`
    : `This timeout${every && ` of ${every}`} lives in the memory of ${names} only: it keeps the object from hibernating until it fires, and when the object is evicted or a deploy restarts it the work is never done.`;
}

/** The delay for people, when it is one constant. */
function delayText(project: Project, call: CallExpression): string {
  const delay = delayOf(project, call);
  if (delay === undefined || !Number.isFinite(delay) || delay <= 0) return "";
  return delay < 1000 ? `${delay} ms` : delay < 120_000 ? `${round(delay / 1000)} s` : `${round(delay / 60_000)} min`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The delay in milliseconds; undefined when it is not one constant. */
function delayOf(project: Project, call: CallExpression): number | undefined {
  const [, argument] = call.arguments;
  if (!argument) return 0;
  if (argument.type === "SpreadElement") return undefined;
  return product(project, argument);
}

function product(project: Project, node: Node): number | undefined {
  const value = unwrap(node);
  if (value.type === "BinaryExpression" && value.operator === "*") {
    const [left, right] = [product(project, value.left), product(project, value.right)];
    return left === undefined || right === undefined ? undefined : left * right;
  }
  const text = project.constants.constantOf(value)?.value;
  if (text !== undefined) return text.trim() === "" ? undefined : Number(text);
  const definition = value.type === "Identifier" ? project.definitionOf(value) : undefined;
  const init = definition?.type === "variable" && definition.variable.kind === "const" && definition.variable.declaration.type === "VariableDeclarator" ? definition.variable.declaration.init : undefined;
  return init && unwrap(init).type === "BinaryExpression" ? product(project, init) : undefined;
}

/** Which global timer a call sets; a local function, or `setTimeout` of `node:timers/promises`, is none. */
function timerOf(file: SourceFile, call: CallExpression): Timer | undefined {
  const name = calleeName(call);
  if (name !== "setInterval" && name !== "setTimeout") return undefined;
  const callee = unwrap(call.callee);
  if (callee.type === "Identifier") return file.scopes.resolve(callee) ? undefined : name;
  const object = calleeMember(call)?.object;
  return object && ["globalThis", "self", "window", "global"].some((global) => isIdentifier(unwrap(object), global)) ? name : undefined;
}

function isContainer(project: Project, cls: Class): boolean {
  const base = project.classes.knownBase(cls);
  return base !== undefined && base.hibernates === "never" && base.ownsAlarm;
}

/**
 * Batching messages for 50 to 100 ms is documented advice, and nothing hibernates or is evicted in that time.
 * https://developers.cloudflare.com/durable-objects/best-practices/websockets/#batch-messages-to-reduce-overhead
 */
const SHORT_MS = 250;

/** Timers that only bound or delay what an event is doing anyway: their loss together with the event harms nothing. */
function isBoundToEvent(project: Project, file: SourceFile, call: CallExpression, timer: Timer): boolean {
  if (isClearedByItsFunction(file, call)) return true;
  if (timer === "setInterval") return false;
  const [callback] = call.arguments;
  if (!callback || callback.type === "SpreadElement") return true;
  const delay = delayOf(project, call);
  const functions = callbacksOf(project, file, callback);
  if (delay !== undefined && delay <= SHORT_MS && (delay <= 0 || !functions.some((fn) => rearms(project, fn, call)))) return true;
  if (functions.length === 0) return isSettler(file, unwrap(callback), call) || endsThings(callback);
  return functions.every((fn) => settlesPromise(project.fileOf(fn), fn) || onlyTidies(project.fileOf(fn), fn));
}

/** The functions that a callback may be: itself, what its name stands for, or what callers pass for it. */
function callbacksOf(project: Project, file: SourceFile, callback: Node): readonly FunctionNode[] {
  const value = unwrap(callback);
  if (isFunction(value)) return [value];
  const kind = project.kindOf(value);
  if (kind?.kind === "function") return kind.fn.body ? [kind.fn] : [];
  const variable = value.type === "Identifier" ? file.scopes.resolve(value) : undefined;
  if (variable?.kind !== "parameter" || !isFunction(variable.declaration)) return [];
  const index = variable.declaration.params.findIndex((parameter) => isWithin(variable.node, parameter));
  return project.calls.callersOf(variable.declaration).flatMap((site) => {
    const argument = site.arguments[index];
    const passed = argument && argument.type !== "SpreadElement" ? project.kindOf(argument) : undefined;
    return passed?.kind === "function" ? [passed.fn] : [];
  });
}

/** Whether a timer's callback sets the timer again: a loop, however short its turns are. */
function rearms(project: Project, callback: FunctionNode, call: CallExpression): boolean {
  const setter = enclosingFunction(call);
  return setter !== undefined && (isWithin(call, callback) || project.calls.reach(callback, 2).has(setter));
}

/**
 * `const timer = setTimeout(…)`, cleared by the function that set it or when the answer it streams ends: the limit of an
 * operation, or the heartbeat of a response. Cleared by a socket's listener it lives as long as the socket, which is no excuse.
 */
function isClearedByItsFunction(file: SourceFile, call: CallExpression): boolean {
  const variable = variableOf(file, call);
  if (!variable || variable.scope.type === "Program") return false;
  return file.calls.some((other) => {
    const name = calleeName(other);
    if (name !== "clearTimeout" && name !== "clearInterval") return false;
    const [handle] = other.arguments;
    return handle !== undefined && handle.type !== "SpreadElement" && mentions(file, handle, variable) && endsWithOperation(file, call, other);
  });
}

function endsWithOperation(file: SourceFile, set: Node, clear: Node): boolean {
  for (let fn = enclosingFunction(clear); fn; fn = enclosingFunction(fn)) {
    if (isWithin(set, fn)) return true;
    if (isKeptForLater(fn) || localUses(file, fn).some(isKeptForLater)) return false;
  }
  return false;
}

/** Whether a function is given to something that calls it after the operation: a socket's listener, a timer. `.then` and abort signals are part of it. */
function isKeptForLater(use: Node): boolean {
  const value = wrapped(use);
  const parent = value.parent;
  if (parent?.type === "AssignmentExpression") return parent.right === value && parent.left.type === "MemberExpression";
  if (parent?.type !== "CallExpression" || parent.callee === value) return false;
  if (/^(?:then|catch|finally|pipeTo|race|all)$/.test(calleeName(parent) ?? "")) return false;
  const [event] = parent.arguments;
  return !(calleeName(parent) === "addEventListener" && event?.type === "Literal" && event.value === "abort");
}

/** Uses of a local function by its name. */
function localUses(file: SourceFile, fn: FunctionNode): readonly Node[] {
  const name = fn.id ?? (fn.parent?.type === "VariableDeclarator" && fn.parent.id.type === "Identifier" ? fn.parent.id : undefined);
  const variable = name && file.scopes.lookup(name.name, fn.parent ?? fn);
  return variable ? (file.identifiers.get(variable.name) ?? []).filter((use) => use !== variable.node && file.scopes.resolve(use) === variable) : [];
}

/** The local variable that a timer's handle goes into. */
function variableOf(file: SourceFile, call: CallExpression): Variable | undefined {
  const parent = wrapped(call).parent;
  if (parent?.type === "VariableDeclarator" && parent.id.type === "Identifier") return file.scopes.lookup(parent.id.name, parent);
  if (parent?.type === "AssignmentExpression" && parent.left.type === "Identifier") return file.scopes.resolve(parent.left);
  return undefined;
}

function mentions(file: SourceFile, node: Node, variable: Variable): boolean {
  let found = false;
  walk(node, file.keys, (inner) => {
    if (inner.type === "Identifier" && inner.name === variable.name && file.scopes.resolve(inner) === variable) found = true;
  });
  return found;
}

/** Sleeps and the losing side of races: the callback calls what settles a promise that somebody waits for. */
function settlesPromise(file: SourceFile, callback: FunctionNode): boolean {
  let settles = false;
  walk(callback, file.keys, (node) => {
    if (node.type === "CallExpression" && isSettler(file, unwrap(node.callee), node)) settles = true;
  });
  return settles;
}

/** A parameter of a promise's executor, `resolve` of `Promise.withResolvers()`, or anything named so that was kept for later. */
function isSettler(file: SourceFile, node: Node, at: Node): boolean {
  if (node.type === "MemberExpression" && isOwnMethod(node)) return false;
  if (node.type === "MemberExpression") return /(?:^|_|#)(?:resolve|reject)/i.test(propertyName(node) ?? "") || isFunction(executorAround(at)) && /resolve|reject/i.test(propertyName(node) ?? "");
  if (node.type !== "Identifier") return false;
  const variable = file.scopes.resolve(node);
  if (variable?.kind === "parameter" && isFunction(variable.declaration) && isExecutor(variable.declaration)) return true;
  return /^(?:resolve|reject|settle|done)|(?:Resolve|Reject)$|^(?:on)?(?:timeout|timedOut)$/.test(node.name) && variable !== undefined && variable.kind !== "import" && variable.kind !== "function";
}

/** `this.resolveRound` where the class has such a method: no resolver that was kept, whatever its name. */
function isOwnMethod(node: Extract<Node, { type: "MemberExpression" }>): boolean {
  const cls = node.object.type === "ThisExpression" ? thisClass(node)?.cls : undefined;
  const name = propertyName(node);
  return cls?.body.body.some((member) => member.type === "MethodDefinition" && keyName(member.key, member.computed) === name) ?? false;
}

function isExecutor(fn: FunctionNode): boolean {
  const parent = wrapped(fn).parent;
  return parent?.type === "NewExpression" && isIdentifier(unwrap(parent.callee), "Promise");
}

function executorAround(node: Node): FunctionNode | undefined {
  for (let fn = enclosingFunction(node); fn; fn = enclosingFunction(fn)) if (isExecutor(fn)) return fn;
  return undefined;
}

const ENDINGS: ReadonlySet<string> = new Set(["abort", "close", "terminate", "cancel", "kill"]);

function endsThings(callback: Node): boolean {
  const value = unwrap(callback);
  return value.type === "MemberExpression" && ENDINGS.has(propertyName(value) ?? "");
}

/** A delayed `ctx.abort()`, `controller.abort()`, `socket.close()`, or `this.pending.delete(id)`, and nothing else. */
function onlyTidies(file: SourceFile, callback: FunctionNode): boolean {
  let tidies = false;
  let works = false;
  walk(callback, file.keys, (node) => {
    if (node.type === "UpdateExpression" || (node.type === "AssignmentExpression" && !isEmptyValue(node.right))) works = true;
    if (node.type !== "CallExpression") return;
    const member = calleeMember(node);
    const name = member ? propertyName(member) : undefined;
    const object = member && unwrap(member.object);
    if (object && name !== undefined && ENDINGS.has(name) && object.type !== "ThisExpression") tidies = true;
    else if (object && name === "delete" && object.type === "MemberExpression" && object.object.type === "ThisExpression" && propertyName(object) !== "storage") tidies = true;
    else if (!object || (!isLogging(object) && !/^(?:get|has|is|find)(?:[A-Z]\w*)?$|^deserializeAttachment$/.test(name ?? ""))) works = true;
  });
  return tidies && !works;
}

function isEmptyValue(node: Node): boolean {
  const value = unwrap(node);
  return (value.type === "Literal" && (value.value === null || value.value === false)) || isIdentifier(value, "undefined");
}

function isLogging(object: Node): boolean {
  const value = unwrap(object);
  const name = value.type === "Identifier" ? value.name : value.type === "MemberExpression" ? propertyName(value) : undefined;
  return name !== undefined && /^#?_?(?:console|log|logger)$/i.test(name);
}
