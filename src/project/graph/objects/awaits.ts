import type { CallExpression, Class, FunctionNode, Node, TaggedTemplateExpression } from "../../parse/ast.ts";
import { calleeMember, calleeName, isCall, isFunction, isIdentifier, isMember, propertyName, unwrap } from "../../parse/ast.ts";
import { nodesOf, nodesWithin } from "../../parse/source-file.ts";
import { storageUse } from "./object-storage.ts";
import type { Project } from "../project.ts";

/**
 * What a call waits for, when awaited.
 * - `storage`: the object's own storage, whose awaits let no other event in.
 * - `network`, `binding`, `object`, `body`, `timer`: something outside the object, while other events go on.
 * - `local`: nothing, or only work of the processor.
 * - `unknown`: cannot be seen.
 */
export type Nature = "storage" | "network" | "binding" | "object" | "body" | "timer" | "local" | "unknown";

/** Waits during which other events of the object run, for certain. */
export const OUTSIDE: ReadonlySet<Nature> = new Set(["network", "binding", "object", "body", "timer"]);

const BODY_METHODS: ReadonlySet<string> = new Set(["json", "text", "formData", "arrayBuffer", "blob", "bytes"]);
const STATEMENT_RUNS: ReadonlySet<string> = new Set(["run", "all", "first", "raw"]);
const DATABASE_RUNS: ReadonlySet<string> = new Set(["batch", "exec", "dump"]);
const STUB_LOCALS: ReadonlySet<string> = new Set(["then", "catch", "finally", "toString", "dup", "getState"]);
const LOCAL_GLOBALS: ReadonlySet<string> = new Set([
  "Promise", "JSON", "Math", "Object", "Array", "Date", "Number", "String", "Boolean", "console", "crypto", "performance", "structuredClone", "URL", "Response", "Headers",
  "Reflect", "Symbol", "Intl", "TextEncoder", "TextDecoder", "parseInt", "parseFloat", "isNaN", "encodeURIComponent", "decodeURIComponent", "btoa", "atob", "queueMicrotask", "Buffer",
]);
/** Packages whose functions go over the network. */
const NETWORK_MODULES = /^(?:ai|openai|@anthropic-ai\/sdk|@google\/genai|@ai-sdk\/.*|axios|ky|got|undici|stripe|resend|postgres|pg|@aws-sdk\/.*|@octokit\/.*|octokit|@slack\/.*|twilio|@sendgrid\/.*|@upstash\/.*|ioredis|@planetscale\/.*|@neondatabase\/.*)$/;

/** What a single call does, without following it into functions of the project. `undefined`: it runs such functions. */
export function natureOf(project: Project, call: CallExpression): Nature | undefined {
  if (storageUse(project, call)) return "storage";
  const callee = unwrap(call.callee);
  if (callee.type === "Identifier") {
    if (callee.name === "fetch" && !project.fileOf(call).scopes.resolve(callee)) return "network";
    if (/^(?:setTimeout|setInterval|clearTimeout|clearInterval)$/.test(callee.name)) return "local";
  }
  const member = calleeMember(call);
  const name = member && propertyName(member);
  if (member && name !== undefined) {
    const owner = project.kindOf(member.object);
    switch (owner?.kind) {
      case "do-storage":
      case "do-sql":
      case "do-kv":
      case "do-sql-tag":
        return "storage";
      case "do-state":
        return name === "blockConcurrencyWhile" ? undefined : "local";
      case "stub":
        return STUB_LOCALS.has(name) ? "local" : "object";
      case "namespace":
      case "object-id":
      case "websocket":
      case "websocket-pair":
      case "execution-context":
        return "local";
      case "binding":
        return owner.type === "var" || owner.type === "analytics" ? "local" : "binding";
      case "d1":
      case "d1-session":
        return DATABASE_RUNS.has(name) ? "binding" : "local";
      case "d1-statement":
        return STATEMENT_RUNS.has(name) ? "binding" : "local";
      case "orm":
        return owner.target === "do" ? "storage" : owner.target === "d1" ? "binding" : "unknown";
      case "request":
        return BODY_METHODS.has(name) ? "body" : "local";
      case "external-instance":
      case "external":
        return NETWORK_MODULES.test(owner.module) ? "network" : "unknown";
      case "instance":
        if (isOutsideCallOfBase(project, owner.cls, name)) return "binding";
        break;
      default:
    }
    const object = unwrap(member.object);
    if (isIdentifier(object) && LOCAL_GLOBALS.has(object.name) && !project.fileOf(call).scopes.resolve(object)) return "local";
    if (isMember(object) && isIdentifier(unwrap(object.object), "crypto")) return "local";
    if (isIdentifier(object, "scheduler") && name === "wait") return "timer";
    if (name === "fetch" && project.targetsOf(call).length === 0) return isIdentifier(object, "globalThis") || owner === undefined ? "network" : "unknown";
    // `env.AI.run()` where nothing declares the binding.
    if (isMember(object) && /^[A-Z][A-Z0-9_]+$/.test(propertyName(object) ?? "") && project.kindOf(object.object)?.kind === "env") return "binding";
    if (BODY_METHODS.has(name) && owner === undefined && call.arguments.length === 0 && isMessageName(object)) return "body";
  }
  if (project.targetsOf(call).length > 0) return undefined;
  if (callee.type === "Identifier") {
    if (LOCAL_GLOBALS.has(callee.name) && !project.fileOf(call).scopes.resolve(callee)) return "local";
    const definition = project.definitionOf(callee);
    if (definition?.type === "external") return NETWORK_MODULES.test(definition.module) ? "network" : "unknown";
  }
  return "unknown";
}

/** `this.runWorkflow(…)` of an Agent: a method of a package's base that waits for something outside. */
export function isOutsideCallOfBase(project: Project, cls: Class, name: string): boolean {
  return project.classes.knownBase(cls)?.outside?.includes(name) === true && project.classes.method(cls, name) === undefined;
}

/** `request`, `c.req`, `response`, `res`: what has a body, by its name. */
function isMessageName(object: Node): boolean {
  const name = isIdentifier(object) ? object.name : isMember(object) ? propertyName(object) : undefined;
  return name !== undefined && /^(?:re[qs]|.*re(?:quest|sponse|sp|q|s))$/i.test(name);
}

/** A wait that a function comes to, with the calls on the way there. */
export interface Wait {
  readonly nature: Nature;
  readonly call: CallExpression | TaggedTemplateExpression;
}

/**
 * The calls whose promises an awaited (or returned) expression waits for: the call itself, the parts of `Promise.all([…])`,
 * what `.then()` hangs on. Arguments that are worked out before the wait are not among them.
 */
export function awaitedCalls(node: Node): readonly CallExpression[] {
  const value = unwrap(node);
  switch (value.type) {
    case "AwaitExpression":
      return awaitedCalls(value.argument);
    case "ConditionalExpression":
      return [...awaitedCalls(value.consequent), ...awaitedCalls(value.alternate)];
    case "LogicalExpression":
      return [...awaitedCalls(value.left), ...awaitedCalls(value.right)];
    case "ArrayExpression":
      return value.elements.flatMap((element) => (element ? awaitedCalls(element) : []));
    case "SpreadElement":
      return awaitedCalls(value.argument);
    case "CallExpression": {
      const member = calleeMember(value);
      const name = member && propertyName(member);
      if (member && isIdentifier(unwrap(member.object), "Promise")) return value.arguments.flatMap((argument) => awaitedCalls(argument));
      const callbacks = value.arguments.flatMap((argument) => (isFunction(unwrap(argument)) ? resultCalls(unwrap(argument) as FunctionNode) : []));
      if (member && (name === "then" || name === "catch" || name === "finally")) return [...awaitedCalls(member.object), ...callbacks];
      if (member && (name === "map" || name === "flatMap")) return callbacks;
      const called = unwrap(value.callee);
      return isFunction(called) ? resultCalls(called) : [value];
    }
    default:
      return [];
  }
}

/** The calls that an arrow function's expression waits for; those of a block are found by its own awaits. */
function resultCalls(fn: FunctionNode): readonly CallExpression[] {
  return fn.body && fn.body.type !== "BlockStatement" ? awaitedCalls(fn.body) : [];
}

const MAX_DEPTH = 6;

/** What the calls of one function wait for, each nature with its first call, and the functions of the project that they run. */
interface OwnWaits {
  readonly waits: ReadonlyMap<Nature, Wait>;
  readonly next: ReadonlySet<FunctionNode>;
}

const summaries = new WeakMap<Project, { readonly own: Map<FunctionNode, OwnWaits>; readonly all: Map<FunctionNode, readonly Wait[]> }>();

function summariesOf(project: Project) {
  let tables = summaries.get(project);
  if (!tables) summaries.set(project, (tables = { own: new Map(), all: new Map() }));
  return tables;
}

/** What running a function comes to: each nature once, with the nearest call of it, functions it calls included. */
export function waitsIn(project: Project, fn: FunctionNode): readonly Wait[] {
  const { all } = summariesOf(project);
  const known = all.get(fn);
  if (known) return known;
  const found = new Map<Nature, Wait>();
  const seen = new Set([fn]);
  let frontier: readonly FunctionNode[] = [fn];
  for (let depth = 0; depth <= MAX_DEPTH && frontier.length > 0; depth++) {
    const next: FunctionNode[] = [];
    for (const current of frontier) {
      const own = ownWaits(project, current);
      for (const [nature, wait] of own.waits) if (!found.has(nature)) found.set(nature, wait);
      for (const target of own.next)
        if (!seen.has(target)) {
          seen.add(target);
          next.push(target);
        }
    }
    frontier = next;
  }
  const result = [...found.values()];
  all.set(fn, result);
  return result;
}

function ownWaits(project: Project, fn: FunctionNode): OwnWaits {
  const { own } = summariesOf(project);
  const known = own.get(fn);
  if (known) return known;
  const waits = new Map<Nature, Wait>();
  const next = new Set<FunctionNode>();
  for (const call of project.calls.callsIn(fn)) {
    if (!isCall(call)) continue;
    const nature = natureOf(project, call);
    if (nature !== "storage" && isHandedToWaitUntil(call, fn)) continue;
    if (nature === undefined) for (const target of project.targetsOf(call)) next.add(target);
    else if (!waits.has(nature)) waits.set(nature, { nature, call });
  }
  const statement = waits.has("storage") ? undefined : taggedStatement(project, fn);
  if (statement) waits.set("storage", { nature: "storage", call: statement });
  const result = { waits, next };
  own.set(fn, result);
  return result;
}

/** Started for later, while the function goes on: `ctx.waitUntil(notify(room))`, `ctx.waitUntil((async () => { … })())`. */
function isHandedToWaitUntil(call: CallExpression, fn: FunctionNode): boolean {
  for (let node: Node = call, parent = call.parent ?? undefined; parent && node !== fn; node = parent, parent = parent.parent ?? undefined)
    if (isCall(parent) && parent.callee !== node && calleeName(parent) === "waitUntil") return true;
  return false;
}

/** An Agent's this.sql statement in a function. */
function taggedStatement(project: Project, fn: FunctionNode): TaggedTemplateExpression | undefined {
  const file = project.fileOf(fn);
  return nodesWithin(nodesOf(file, "TaggedTemplateExpression"), fn).find((node) => storageUse(project, node) !== undefined);
}

/** What one call comes to. */
export function waitsOf(project: Project, call: CallExpression): readonly Wait[] {
  const nature = natureOf(project, call);
  if (nature !== undefined) return [{ nature, call }];
  return project.targetsOf(call).flatMap((target) => waitsIn(project, target).map(({ nature: inner }) => ({ nature: inner, call })));
}

/** Whether a function sleeps: `new Promise((resolve) => setTimeout(resolve, ms))`. */
export function sleeps(project: Project, fn: FunctionNode): boolean {
  return project.calls.callsIn(fn).some((call) => isCall(call) && calleeName(call) === "setTimeout");
}

