import { kept } from "../../kept.ts";
import { controlFlow, runsInPlace, type Flow } from "../../project/flow/flow.ts";
import { valuesOf, type Values } from "../../project/flow/values.ts";
import type { AwaitExpression, CallExpression, Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeName, enclosingFunction, isCall, isFunction, isMember, isWithin, propertyName, unwrap, wrapped } from "../../project/parse/ast.ts";
import { nodesOf, nodesWithin } from "../../project/parse/source-file.ts";
import { awaitedCalls, OUTSIDE, waitsOf, type Nature } from "../../project/graph/objects/awaits.ts";
import { functionName } from "../../project/graph/classes.ts";
import { methodAround } from "../../project/graph/objects/fields.ts";
import { objectCode } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import { portableKeys, readOf, STORING, writeOf, type Access, type WriteAccess } from "../../project/graph/objects/storage-access.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";

// Input gates hold other events back while an object waits for its storage, and for nothing else.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#avoid-race-conditions-with-non-storage-io

interface Read extends Access {
  /** In a helper, or handed in by a caller: known less surely than a read that stands here. */
  readonly isNear: boolean;
}

interface Write extends WriteAccess {
  readonly isNear: boolean;
}

interface Pause {
  readonly node: AwaitExpression;
  readonly nature: Nature;
  readonly call: CallExpression;
}

export default defineRule({
  id: "do-await-race",
  *check({ project }) {
    const helpers = new Helpers(project);
    const seen = new Set<FunctionNode>();
    for (const cls of project.classes.durableObjects)
      for (const fn of withListeners(project, objectCode(project, cls).functions, seen)) {
        if (!isCandidate(project, fn) || !helpers.mayWrite(fn) || !mayPause(project, fn)) continue;
        const report = check(project, fn, cls, helpers);
        if (report && !runsOnlyAtStart(project, fn)) yield report;
      }
  },
});

/**
 * Functions, and those nested in them that run on their own: listeners, routes. Each is given once, for the first class whose
 * code it is; `seen` keeps them.
 */
function* withListeners(project: Project, functions: Iterable<FunctionNode>, seen: Set<FunctionNode>): Iterable<FunctionNode> {
  for (const fn of functions) {
    if (seen.has(fn)) continue;
    seen.add(fn);
    yield fn;
    const nested = nodesWithin(project.fileOf(fn).functions, fn).filter((node) => node !== fn && !seen.has(node) && !runsInPlace(node));
    for (const listener of nested) seen.add(listener);
    yield* nested;
  }
}

const TAKES_LOCK = /^(?:acquire|lock|enter|takeLock)$/i;

/** A function that awaits something under no lock. */
function isCandidate(project: Project, fn: FunctionNode): boolean {
  if (!fn.async || fn.body?.type !== "BlockStatement") return false;
  const file = project.fileOf(fn);
  if (nodesWithin(nodesOf(file, "AwaitExpression"), fn.body).length === 0) return false;
  return !nodesWithin(file.calls, fn.body).some((call) => TAKES_LOCK.test(calleeName(call) ?? "")) && !isHeldByLock(fn);
}

/** The constructor, and hooks that run under its lock: no other event comes in. */
function runsOnlyAtStart(project: Project, fn: FunctionNode): boolean {
  const entries = project.calls.entriesOf(fn);
  return entries.size > 0 && [...entries].every((entry) => entry === "object-constructor");
}

function check(project: Project, fn: FunctionNode, cls: Class, helpers: Helpers): Report | undefined {
  const flow = controlFlow(fn);
  const writes = flow.order.flatMap(({ node }) => (node ? helpers.writesAt(node) : []));
  if (writes.length === 0) return undefined;
  const pauses = flow.order.flatMap(({ node, kind }) => (kind === "await" && node?.type === "AwaitExpression" ? (pauseOf(project, node) ?? []) : []));
  if (pauses.length === 0) return undefined;
  const reads = [...flow.order.flatMap(({ node }) => (node ? helpers.readsAt(node) : [])), ...agentReads(project, fn, flow)];
  if (reads.length === 0) return undefined;
  const values = valuesOf(flow, project.fileOf(fn).scopes);
  const leaves = (call: Node): boolean => pauses.some((pause) => pause.call === call || (isCall(call) && pause.node.argument === call));
  for (const write of writes)
    for (const read of reads) {
      const pause = racing(project, flow, values, read, write, reads, pauses, leaves);
      if (pause) return report(project, fn, cls, read, pause, write);
    }
  return undefined;
}

/** The pause between a read and a write that depends on it, when there is a way from one to the other without reading again. */
function racing(project: Project, flow: Flow, values: Values, read: Read, write: Write, reads: readonly Read[], pauses: readonly Pause[], leaves: (call: Node) => boolean): Pause | undefined {
  // A row more overwrites nothing.
  if (read.node === write.node || write.mode === "append" || isTransaction(read.node, write.node)) return undefined;
  const shared = sharedKey(read, write);
  const isSource = (node: Node): boolean => node === read.node;
  const stays = (call: Node): boolean => !leaves(call);
  const stored = write.values.filter((value) => !isAddress(value));
  const directly = stored.some((value) => values.dependsOn(value, isSource, { calls: stays }));
  if (!directly) {
    // Worked out elsewhere from the whole of what was read, and put in its place.
    const sent = pauses.some((pause) => isHandedOver(pause.call, (node) => values.dependsOn(node, isSource, { calls: stays })));
    if (shared === undefined || write.mode !== "replace" || !sent || !stored.some((value) => values.dependsOn(value, isSource))) return undefined;
  }
  // Another key or table made from this one matters only where this one changes in the same way: a collection, not a name.
  if (shared === undefined && !(directly && isChangedElsewhere(project, read))) return undefined;
  // It is put into something that was read afresh: a line added to a list.
  if (shared === undefined && reads.some((other) => other.keys.some((key) => write.keys.includes(key)) && write.values.some((value) => values.dependsOn(value, other.node)))) return undefined;
  const again = new Set(reads.filter((other) => other.keys.some((key) => read.keys.includes(key))).map((other) => other.node));
  // `setState({ ...this.state, list: old })`: the rest is fresh, what was read before is not.
  if (directly) for (const node of [...again]) if (write.values.some((value) => isWithin(node, value))) again.delete(node);
  for (const pause of pauses) {
    const way = flow.somePath({ from: read.node, via: (node) => node === pause.node, avoiding: (node) => again.has(node), to: write.node });
    if (way && !isWithin(read.node, pause.node.argument) && !feedsItself(write, again) && !isSharedInMemory(flow, values, read, pause, write)) return pause;
  }
  return undefined;
}

/** The key that both mean. Keys known in part only say something about code in different functions. */
function sharedKey(read: Read, write: Write): string | undefined {
  const exact = read.keys.find((key) => write.keys.includes(key));
  if (exact !== undefined || (read.isNear && write.isNear)) return exact;
  const others = portableKeys(write.keys);
  return portableKeys(read.keys).find((key) => others.includes(key));
}

const ADDRESS = /^(?:id|.*Id|key|.*Key|name|uuid|slug|url|path)$/;

/** A value that only says which row or object is meant. */
function isAddress(node: Node): boolean {
  const value = unwrap(node);
  if (value.type === "Identifier") return ADDRESS.test(value.name);
  return isMember(value) && ADDRESS.test(propertyName(value) ?? "");
}

/** Whether a call is given a value, and not just the address of something. */
function isHandedOver(call: CallExpression, holds: (node: Node) => boolean): boolean {
  const given = (node: Node): boolean => {
    const value = unwrap(node);
    switch (value.type) {
      case "ObjectExpression":
        return value.properties.some((property) => given(property.type === "SpreadElement" ? property.argument : property.value));
      case "ArrayExpression":
        return value.elements.some((element) => element !== null && given(element));
      case "SpreadElement":
        return given(value.argument);
      default:
        return !isAddress(value) && !isFunction(value) && holds(value);
    }
  };
  return call.arguments.some(given);
}

/** `setState({ ...this.state, x })`: the rest of the value is what is there at that moment. */
function feedsItself(write: Write, again: ReadonlySet<Node>): boolean {
  return [...again].some((node) => write.values.some((value) => isWithin(node, value)));
}

/**
 * `this.game ??= await storage.get("game"); await fetch(…); this.game.turn++; await storage.put("game", this.game)`: every event works on what
 * the field holds at that moment. Not where something taken from it before the wait is put back.
 */
function isSharedInMemory(flow: Flow, values: Values, read: Read, pause: Pause, write: Write): boolean {
  const isSource = (node: Node): boolean => node === read.node;
  const stored = write.values.map((value) => fieldsStored(value, (node) => values.dependsOn(node, isSource)));
  const fields = stored.flatMap((found) => found ?? []);
  return fields.length > 0 && !stored.includes(undefined) && fields.every((field) => {
    const later = values.definitionsOf(field).filter(({ step }) => step.node && flow.reachable(pause.node, step.node) && flow.reachable(step.node, write.node));
    return later.every((definition) => !definition.values.some((value) => holdsOld(flow, values, value, pause, isSource)));
  });
}

/** The fields of `this` that a stored value is made of, as far as it depends on what was read; undefined where it depends on it otherwise. */
function fieldsStored(raw: Node, depends: (node: Node) => boolean): readonly Node[] | undefined {
  const value = unwrap(raw);
  if (isMember(value) && value.object.type === "ThisExpression") return [value];
  if (!depends(value)) return [];
  if (value.type !== "ObjectExpression") return undefined;
  const parts = value.properties.map((property) => (property.type === "SpreadElement" ? undefined : fieldsStored(property.value, depends)));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

/** Whether a value is made of a variable that was given what was read before the wait. */
function holdsOld(flow: Flow, values: Values, value: Node, pause: Pause, isSource: (node: Node) => boolean): boolean {
  const isOld = (node: Node): boolean => values.dependsOn(node, isSource) && values.definitionsOf(node).some(({ step }) => step.node && flow.somePath({ from: step.node, via: (at) => at === pause.node, avoiding: (at) => at === step.node, to: node }) !== undefined);
  return values.dependsOn(value, (node) => node.type === "Identifier" && isOld(node));
}

/** Whether some function of the project reads this key, changes what it read, and writes it back. */
function isChangedElsewhere(project: Project, read: Read): boolean {
  const keys = changedKeys(project);
  return read.keys.some((key) => keys.has(key));
}

const changedKeys = kept((project: Project): ReadonlySet<string> => {
  const keys = new Set<string>();
  for (const file of project.files) {
    const writes = STORING.flatMap((name) => file.members.get(name) ?? []).flatMap((member) => writeOf(project, wrapped(member).parent ?? member) ?? []);
    for (const write of writes)
      for (let fn = enclosingFunction(write.node); fn; fn = enclosingFunction(fn)) {
        if (!fn.body) continue;
        const reads = project.calls.callsIn(fn).flatMap((call) => readOf(project, call) ?? []).filter((read) => read.keys.some((key) => write.keys.includes(key)));
        if (reads.length === 0) continue;
        const values = valuesOf(controlFlow(fn), file.scopes);
        for (const read of reads)
          if (write.values.some((value) => values.dependsOn(value, read.node))) for (const key of read.keys) if (write.keys.includes(key)) keys.add(key);
      }
  }
  return keys;
});

/** Whether some await in a function is of something outside the object, wherever the way to it leads. */
function mayPause(project: Project, fn: FunctionNode): boolean {
  return nodesWithin(nodesOf(project.fileOf(fn), "AwaitExpression"), fn).some((node) => pauseOf(project, node) !== undefined);
}

/** An await of something outside the object. */
function pauseOf(project: Project, node: AwaitExpression): Pause | undefined {
  for (const call of awaitedCalls(node.argument)) {
    const outside = waitsOf(project, call).find((wait) => OUTSIDE.has(wait.nature));
    if (outside) return { node, nature: outside.nature, call };
  }
  return undefined;
}

/** `this.state` of an Agent, read into something before a pause. */
function agentReads(project: Project, fn: FunctionNode, flow: Flow): readonly Read[] {
  const file = project.fileOf(fn);
  return (file.members.get("state") ?? []).flatMap((node) => {
    if (!isWithin(node, fn) || !flow.has(node)) return [];
    const access = readOf(project, node);
    return access ? [{ ...access, isNear: false }] : [];
  });
}

/** Both in the callback of one transaction, whose reads are checked when it commits, or of one lock. */
function isTransaction(read: Node, write: Node): boolean {
  for (let node: Node | undefined = read; node; node = node.parent ?? undefined) {
    if (!isFunction(node)) continue;
    const call = wrapped(node).parent;
    if (isCall(call) && LOCK.test(calleeName(call) ?? "") && isWithin(write, node)) return true;
  }
  return false;
}

const LOCK = /lock|mutex|exclusive|serial|semaphore|permit|queue|blockConcurrencyWhile|transaction/i;

/** A callback of a lock of the project's own, or a function that takes one. */
function isHeldByLock(fn: FunctionNode): boolean {
  for (let node: Node | undefined = fn; node; node = node.parent ?? undefined) {
    if (!isFunction(node)) continue;
    const call = wrapped(node).parent;
    if (isCall(call) && LOCK.test(calleeName(call) ?? "")) return true;
  }
  return false;
}

/** How many calls away a parameter may be stored. */
const MAX_STORE_DEPTH = 3;

/** What functions of the project read for their callers, and write for them. */
class Helpers {
  readonly #project: Project;
  readonly #writing = new Map<FunctionNode, boolean>();
  readonly #returned = new Map<FunctionNode, readonly string[]>();
  readonly #stored = new Map<FunctionNode, readonly { readonly index: number; readonly keys: readonly string[]; readonly mode: WriteAccess["mode"] }[]>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** Whether a function, or one that its calls lead to, writes at all: the cheap question before its flow is looked at. */
  mayWrite(fn: FunctionNode): boolean {
    const seen = new Set([fn]);
    let frontier: readonly FunctionNode[] = [fn];
    for (let depth = 0; depth <= MAX_STORE_DEPTH && frontier.length > 0; depth++) {
      if (frontier.some((current) => this.#writes(current))) return true;
      const next: FunctionNode[] = [];
      for (const current of frontier)
        for (const target of this.#project.calls.calleesOf(current).keys())
          if (!seen.has(target)) {
            seen.add(target);
            next.push(target);
          }
      frontier = next;
    }
    return false;
  }

  #writes(fn: FunctionNode): boolean {
    let writes = this.#writing.get(fn);
    if (writes === undefined) {
      const templates = nodesWithin(nodesOf(this.#project.fileOf(fn), "TaggedTemplateExpression"), fn);
      writes = [...this.#project.calls.callsIn(fn), ...templates].some((node) => writeOf(this.#project, node) !== undefined);
      this.#writing.set(fn, writes);
    }
    return writes;
  }

  readsAt(node: Node): readonly Read[] {
    if (isMember(node)) return [];
    const access = readOf(this.#project, node);
    if (access) return [{ ...access, isNear: true }];
    if (!isCall(node)) return [];
    const keys = [...new Set(this.#project.targetsOf(node).flatMap((fn) => portableKeys(this.#keysReturned(fn, 0))))];
    return keys.length > 0 ? [{ node, keys, isNear: false }] : [];
  }

  writesAt(node: Node): readonly Write[] {
    const access = writeOf(this.#project, node);
    if (access) return [{ ...access, isNear: true }];
    if (!isCall(node)) return [];
    return this.#project.targetsOf(node).flatMap((fn) =>
      this.#parametersStored(fn, 0).flatMap(({ index, keys, mode }) => {
        const value = node.arguments[index];
        return value && value.type !== "SpreadElement" ? [{ node, keys: portableKeys(keys), mode, values: [value], isNear: false }] : [];
      }));
  }

  /** The keys of reads that a function's result is made of. */
  #keysReturned(fn: FunctionNode, depth: number): readonly string[] {
    const known = this.#returned.get(fn);
    if (known) return known;
    this.#returned.set(fn, []);
    const keys = new Set<string>();
    const flow = fn.body ? controlFlow(fn) : undefined;
    if (flow && depth < 4) {
      const sources = flow.order.flatMap(({ node }) => {
        const access = node && !isMember(node) ? readOf(this.#project, node) : undefined;
        if (access) return [access];
        return node && isCall(node) ? this.#project.targetsOf(node).flatMap((target) => (target === fn ? [] : [{ node, keys: this.#keysReturned(target, depth + 1) }])).filter((found) => found.keys.length > 0) : [];
      });
      const values = valuesOf(flow, this.#project.fileOf(fn).scopes);
      const results = fn.body?.type === "BlockStatement" ? flow.order.flatMap(({ node }) => (node?.type === "ReturnStatement" && node.argument ? [node.argument] : [])) : fn.body ? [fn.body] : [];
      for (const source of sources) if (results.some((result) => values.dependsOn(result, source.node))) for (const key of source.keys) keys.add(key);
    }
    const result = [...keys];
    this.#returned.set(fn, result);
    return result;
  }

  /** The parameters that a function stores as they were given, without reading the same again. */
  #parametersStored(fn: FunctionNode, depth: number): readonly { readonly index: number; readonly keys: readonly string[]; readonly mode: WriteAccess["mode"] }[] {
    const known = this.#stored.get(fn);
    if (known) return known;
    this.#stored.set(fn, []);
    const found: { index: number; keys: readonly string[]; mode: WriteAccess["mode"] }[] = [];
    const flow = fn.body && fn.params.length > 0 && this.mayWrite(fn) ? controlFlow(fn) : undefined;
    if (flow && depth < MAX_STORE_DEPTH) {
      const { scopes } = this.#project.fileOf(fn);
      const values = valuesOf(flow, scopes);
      const writes = flow.order.flatMap(({ node }) => {
        if (!node) return [];
        const access = writeOf(this.#project, node);
        if (access) return [access];
        return isCall(node) ? this.#project.targetsOf(node).flatMap((target) => (target === fn ? [] : this.#parametersStored(target, depth + 1))).flatMap(({ index, keys, mode }) => (node.arguments[index] ? [{ node, keys: portableKeys(keys), mode, values: [node.arguments[index]] as Node[] }] : [])) : [];
      });
      const reread = new Set(flow.order.flatMap(({ node }) => (node && !isMember(node) ? (readOf(this.#project, node)?.keys ?? []) : [])));
      for (const write of writes) {
        if (write.keys.some((key) => reread.has(key))) continue;
        for (const [index, parameter] of fn.params.entries()) {
          const isParameter = (node: Node): boolean => {
            const variable = node.type === "Identifier" ? scopes.resolve(node) : undefined;
            return variable?.kind === "parameter" && isWithin(variable.node, parameter);
          };
          if (write.values.some((value) => !isAddress(value) && values.dependsOn(value, isParameter))) found.push({ index, keys: write.keys, mode: write.mode });
        }
      }
    }
    this.#stored.set(fn, found);
    return found;
  }
}

const PAUSES: Readonly<Partial<Record<Nature, string>>> = {
  network: "a request over the network", binding: "a call to another service", object: "a call to another object", body: "the rest of a request's body", timer: "a timer",
};

function report(project: Project, fn: FunctionNode, cls: Class, read: Read, pause: Pause, write: Write): Report {
  const shared = sharedKey(read, write);
  const what = describe(shared ?? read.keys[0] ?? "");
  const wait = PAUSES[pause.nature] ?? "something outside";
  return {
    span: project.span(write.node),
    message: `\`${functionName(project, methodAround(fn) ?? fn)}\` stores what it worked out from ${what} before it waited for ${wait}: other requests, messages and alarms of the object run during that wait, and ${shared === undefined ? "what they changed is missing here" : "what they stored is overwritten"}.`,
    confidence: read.isNear && write.isNear && shared !== undefined ? "high" : "medium",
    related: [
      { span: project.span(read.node), message: "read here" },
      { span: project.span(pause.node), message: `${wait}: other events run meanwhile` },
    ],
    subject: { class: project.classes.nameOf(cls) ?? "", ...(shared?.startsWith("table:") ? { table: shared.slice(6) } : {}) },
  };
}

function describe(key: string): string {
  if (key === "state") return "the agent's state";
  const [kind = "", name = ""] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  if (kind === "table") return `the table \`${name}\``;
  return kind === "constant" && name.length <= 40 ? `\`${name}\`` : "its storage";
}
