import { keptForEach } from "../../kept.ts";
import { controlFlow, flowOf, rootOf, type Condition } from "../../project/flow/flow.ts";
import { valuesOf } from "../../project/flow/values.ts";
import type { Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isCall, isFunction, isIdentifier, isMember, isWithin, propertyName, thisClass, unwrap, wrapped } from "../../project/parse/ast.ts";
import { nodesOf, nodesWithin } from "../../project/parse/source-file.ts";
import { waitsOf } from "../../project/graph/objects/awaits.ts";
import { functionName } from "../../project/graph/classes.ts";
import { extendsMixin, isDeferred, objectEvents, type ObjectEvent, type ObjectEvents } from "../../project/graph/objects/events.ts";
import { fieldsOf, isEmptyValue, type Field, type FieldUse } from "../../project/graph/objects/fields.ts";
import { hibernationOf } from "../../project/graph/objects/hibernation.ts";
import { isOnlyBase, methodName, storageUse } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Report } from "../finding.ts";
import { factText } from "../facts.ts";
import { defineRule } from "../rule.ts";

// After some ten quiet seconds an object with hibernatable sockets loses its memory and keeps its sockets: the constructor runs again with the next event.
// https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/#durable-object-lifecycle-state-transitions

export default defineRule({
  id: "do-hibernation-state",
  *check({ project }) {
    // A base and the classes built on it are objects with the same field.
    const reported = new Set<Node>();
    for (const cls of project.classes.durableObjects) {
      const { classes } = project;
      if (isOnlyBase(project, cls) || classes.hasUnknownBase(cls) || classes.isKnownPackage(project.fileOf(cls).path)) continue;
      // What a mixin adds, and how it handles sockets, cannot be seen.
      if (extendsMixin(project, cls)) continue;
      const cause = hibernationOf(project, cls);
      if (!cause || restoresDynamically(project, cls)) continue;
      const fields = [...fieldsOf(project, cls).values()].filter((field) => isCandidate(field) && !(field.declaration && reported.has(field.declaration)));
      if (fields.length === 0) continue;
      const events = objectEvents(project, cls);
      for (const field of fields) {
        const report = check(project, cls, field, events, cause);
        if (!report) continue;
        if (field.declaration) reported.add(field.declaration);
        yield report;
      }
    }
  },
});

/** A field that is changed and read somewhere, and whose name does not say that losing it does no harm. */
function isCandidate(field: Field): boolean {
  return field.uses.some((use) => use.kind === "read") && field.uses.some((use) => use.kind !== "read" && use.kind !== "remove") && !HARMLESS_NAME.test(field.name) && !PLATFORM_FIELDS.has(field.name);
}

function check(project: Project, cls: Class, field: Field, events: ObjectEvents, cause: Node): Report | undefined {
  const writes = field.uses.filter((use) => use.kind !== "read" && use.kind !== "remove");
  const changes = writes.filter((use) => runsForEvent(use, events) && !isReset(field, use));
  const reads = field.uses.filter((use) => use.kind === "read" && runsForEvent(use, events) && !isLogged(use.node) && !isItsOwnUpdate(use, field));
  if (changes.length === 0 || reads.length === 0) return undefined;
  if (field.initial && carriesSomething(field.initial) && !isMutated(changes)) return undefined;
  if (writes.some((use) => isRestore(project, field, use, events))) return undefined;
  const [first] = changes;
  if (!first || changes.every((use) => isHarmlessValue(project, field, use)) || changes.some((use) => isConnection(project, use)) || isDuringOneRun(field, changes) || isDuplicateGuard(field)) return undefined;
  const stale = reads.filter((read) => !isFresh(project, field, read, 0));
  const writer = eventOf(first, events);
  const later = stale.find((read) => eventOf(read, events) !== writer) ?? stale[0];
  if (!later) return undefined;
  const reader = eventOf(later, events);
  const name = project.classes.nameOf(cls) ?? "the class";
  return {
    span: project.span(field.declaration ?? first.node),
    message: `\`${field.name}\` of \`${name}\` is kept in memory only: ${eventText(project, writer, first)} changes it and ${eventText(project, reader, later)} relies on it, but after about ${factText("do-hibernate-after")} seconds without an event the object hibernates and wakes with ${initialText(project, field)}, its sockets still open.`,
    confidence: "medium",
    related: [
      { span: project.span(first.site), message: "changed here, and stored nowhere that it is restored from" },
      { span: project.span(later.node), message: "read here, perhaps after the object has slept" },
      { span: project.span(cause), message: isCall(cause) ? "sockets taken for hibernation" : "objects of this class hibernate" },
    ],
    subject: { class: name },
  };
}

/** Names of what is remade, of throttles, and of what only tells how things went. */
const HARMLESS_NAME =
  /cache|memo|logger|^_?log$|debug|metric|telemetry|observab|analytic|trace|timer|timeout|interval|heartbeat|throttl|debounc|dedup|mutex|semaphore|^#?_?lock|inflight|in_flight|promise|abort|controller|signal|last(?:Active|Activity|Seen|Access|Log|Ping|Check|Flush|Sync|Run|Event|Request|Call|Used|Broadcast|Sent|Update|Time|Persist|Save|Cleanup)|rateLimit|should[A-Z]|cancel|warned|initiali[sz]ed|loaded|hydrated|^#?_?(?:is)?(?:ready|started|loading|saving|running|processing|busy|closing|flushing|initiali[sz]ing)$/i;
const PLATFORM_FIELDS: ReadonlySet<string> = new Set(["ctx", "env", "state", "storage", "sql", "props", "messages", "name"]);

/** Whether code runs for an event and not only at wake-up. */
function runsForEvent(use: FieldUse, events: ObjectEvents): boolean {
  const { method } = use;
  if (!method) return false;
  if (isDeferred(use.node, method)) return true;
  return !events.wake.has(method) ? events.events.some((event) => event.reached.has(method)) : false;
}

/** Back to what the field starts with, or to nothing. */
function isReset(field: Field, use: FieldUse): boolean {
  if (use.kind !== "assign" || !use.value) return false;
  const value = unwrap(use.value);
  if (value.type === "Literal" && (value.value === null || value.value === false)) return true;
  if (value.type === "NewExpression" || value.type === "ArrayExpression" || value.type === "ObjectExpression" || isIdentifier(value, "undefined")) return isEmptyValue(value);
  const initial = field.initial && unwrap(field.initial);
  return value.type === "Literal" && initial?.type === "Literal" && initial.value === value.value;
}

/** An initialiser that runs with each wake-up and brings more than a beginning: `handlers = makeHandlers(this)`. */
function carriesSomething(initial: Node): boolean {
  return !isEmptyValue(initial);
}

function isMutated(changes: readonly FieldUse[]): boolean {
  return changes.some((use) => use.kind === "count" || use.kind === "assign");
}

/** `Object.assign(this, await storage.get(…))`, `this[key] = value`: which fields that restores cannot be seen. */
function restoresDynamically(project: Project, cls: Class): boolean {
  return project.classes.chain(cls).some((current) => assignsDynamically(project, current));
}

const assignsDynamically = keptForEach((project: Project, cls: Class): boolean => {
  const file = project.fileOf(cls);
  const isOwn = (node: Node): boolean => unwrap(node).type === "ThisExpression" && thisClass(node)?.cls === cls;
  return (
    nodesWithin(nodesOf(file, "AssignmentExpression"), cls).some(({ left }) => isMember(left) && left.computed && propertyName(left) === undefined && isOwn(left.object)) ||
    nodesWithin(file.calls, cls).some((call) => calleeName(call) === "assign" && call.arguments[0] !== undefined && isOwn(call.arguments[0]))
  );
});

const RESTORING_METHOD = /load|restore|hydrat|recover|resume|rebuild|reconnect|ensure|^(?:init|setup|sync|refresh|populate|warm)/i;

/** A write that brings the field back after the object has slept. */
function isRestore(project: Project, field: Field, use: FieldUse, events: ObjectEvents): boolean {
  const { method, site, value } = use;
  const atWake = method === undefined || (events.wake.has(method) && !isDeferred(use.node, method));
  if (atWake) return use.kind === "mutate" || use.kind === "count" || !isEmptyValue(value) || usesSockets(project, site);
  if (value && (comesFromStorage(project, site, value) || isSocketOfMessage(project, method, value))) return true;
  if (method && RESTORING_METHOD.test(methodName(method) ?? "") && readsStorage(project, method)) return true;
  // What a socket brings along counts where the field had nothing, or for each of the open sockets.
  return value !== undefined && (usesSockets(project, site) || (isAbsent(project, field, site) && dependsOn(project, site, value, isAttachment)));
}

/** `webSocketMessage(ws) { this.sockets.set(id, ws) }`: each message brings its socket along. */
function isSocketOfMessage(project: Project, method: FunctionNode | undefined, value: Node): boolean {
  if (!method || !/^(?:webSocketMessage|onMessage)$/.test(methodName(method) ?? "")) return false;
  const [socket] = method.params;
  const variable = project.fileOf(value).scopes.resolve(unwrap(value));
  return variable !== undefined && socket !== undefined && isWithin(variable.node, socket);
}

function dependsOn(project: Project, site: Node, value: Node, isSource: (node: Node) => boolean): boolean {
  const flow = flowOf(site);
  return flow ? valuesOf(flow, project.fileOf(site).scopes).dependsOn(value, isSource) : false;
}

function isAttachment(node: Node): boolean {
  return isCall(node) && /^(?:deserializeAttachment|getTags)$/.test(calleeName(node) ?? "");
}

function comesFromStorage(project: Project, site: Node, value: Node): boolean {
  return dependsOn(project, site, value, (node) => {
    if (node.type === "TaggedTemplateExpression") return storageUse(project, node) !== undefined;
    // An Agent's own state and props are stored.
    if (isMember(node)) return node.object.type === "ThisExpression" && /^(?:state|props)$/.test(propertyName(node) ?? "") && (project.classes.knownBase(thisClass(node)?.cls ?? ({} as Class))?.ownsAlarm ?? false);
    if (!isCall(node)) return false;
    const use = storageUse(project, node);
    if (use) return !/^(?:put|delete|setAlarm|deleteAll|deleteAlarm)$/.test(use.operation);
    return waitsOf(project, node).some((wait) => wait.nature === "storage" || wait.nature === "binding");
  });
}

function readsStorage(project: Project, method: FunctionNode): boolean {
  return project.calls.callsIn(method).some((call) => isCall(call) && waitsOf(project, call).some((wait) => wait.nature === "storage" || wait.nature === "binding"));
}

/** Inside a loop over `getWebSockets()` or a base's `getConnections()`. */
function usesSockets(project: Project, site: Node): boolean {
  const flow = flowOf(site);
  if (!flow) return false;
  const values = valuesOf(flow, project.fileOf(site).scopes);
  return flow.inLoop(site).some((loop) => loop.over && values.dependsOn(loop.over, (node) => isCall(node) && /^(?:getWebSockets|getConnections)$/.test(calleeName(node) ?? "")));
}

/** Whether a write only happens where the field had nothing: `if (!this.x)`, `this.map.get(k) === undefined`, `this.x ??= …`. */
function isAbsent(project: Project, field: Field, site: Node): boolean {
  if (site.type === "AssignmentExpression" && /^(?:\?\?|\|\|)=$/.test(site.operator)) return true;
  const flow = flowOf(site);
  if (!flow) return false;
  const values = valuesOf(flow, project.fileOf(site).scopes);
  const isField = (node: Node): boolean => isMember(node) && node.object.type === "ThisExpression" && propertyName(node) === field.name;
  return flow.conditionsOn(site).some((condition) => saysAbsent(condition, field) && values.dependsOn(condition.test, isField));
}

function saysAbsent(condition: Condition, field: Field): boolean {
  let test = unwrap(condition.test);
  let holds = condition.holds;
  while (test.type === "UnaryExpression" && test.operator === "!") {
    test = unwrap(test.argument);
    holds = !holds;
  }
  if (condition.kind === "nullish") return holds;
  if (test.type === "LogicalExpression") return holds && test.operator === "||";
  if (test.type === "BinaryExpression") {
    if (/^[!=]==?$/.test(test.operator)) return (isNothing(test.left, field) || isNothing(test.right, field)) && holds === (test.operator[0] === "=");
    // How old or how full it is.
    return mentionsAge(test.left) || mentionsAge(test.right);
  }
  return !holds;
}

/** `null`, `undefined`, `0`, or what the field starts with. */
function isNothing(node: Node, field: Field): boolean {
  const value = unwrap(node);
  if (value.type === "Literal" && typeof value.value === "string") {
    const beginnings = [field.initial, ...field.uses.filter((use) => use.kind === "assign" && isConstructor(use.method)).map((use) => use.value)];
    return beginnings.some((beginning) => beginning && unwrap(beginning).type === "Literal" && (unwrap(beginning) as typeof value).value === value.value);
  }
  return isIdentifier(value, "undefined") || (value.type === "Literal" && (value.value === null || value.value === 0 || value.value === false)) || (value.type === "UnaryExpression" && value.operator === "-");
}

function isConstructor(method: FunctionNode | undefined): boolean {
  return method?.parent?.type === "MethodDefinition" && method.parent.kind === "constructor";
}

function mentionsAge(node: Node): boolean {
  const value = unwrap(node);
  if (value.type === "BinaryExpression") return mentionsAge(value.left) || mentionsAge(value.right);
  if (isCall(value)) return calleeName(value) === "now";
  return isIdentifier(value) ? /^now$/i.test(value.name) : isMember(value) && /^(?:size|length|byteLength)$/.test(propertyName(value) ?? "");
}

/** Values whose loss does no harm, or that sleeping cannot interrupt. */
function isHarmlessValue(project: Project, field: Field, use: FieldUse): boolean {
  if (use.value && isMade(project, use.value) && isAbsent(project, field, use.site) && (use.kind === "assign" || use.site.type === "AssignmentExpression" || (isCall(use.site) && calleeName(use.site) === "set"))) return true;
  const value = use.value && unwrap(use.value);
  if (!value) return false;
  return isTransient(project, use.site, value, 0) || isEnd(project, use, value);
}

/** `this.deleted = true` where the object wipes its storage: what wakes up later is a new object, as it should be. */
function isEnd(project: Project, { kind, method }: FieldUse, value: Node): boolean {
  if (kind !== "assign" || value.type !== "Literal" || value.value !== true || !method) return false;
  return project.calls.callsIn(method).some((call) => storageUse(project, call)?.operation === "deleteAll");
}

/** A socket to somewhere else that the object opened: while it is connected the object stays awake, and then it connects again. */
function isConnection(project: Project, { kind, value }: FieldUse): boolean {
  return kind === "assign" && value !== undefined && isOutgoing(project, value, 0);
}

function isOutgoing(project: Project, raw: Node, depth: number): boolean {
  const node = unwrap(raw);
  if (node.type === "NewExpression") return isIdentifier(unwrap(node.callee), "WebSocket");
  // `response.webSocket`, where the response is an answer to a request of the object's own.
  if (isMember(node)) return propertyName(node) === "webSocket";
  if (!isIdentifier(node) || depth > 2) return false;
  const definition = project.definitionOf(node);
  const declaration = definition?.type === "variable" && definition.variable.declaration.type === "VariableDeclarator" ? definition.variable.declaration : undefined;
  return declaration?.id === (definition?.type === "variable" ? definition.variable.node : undefined) && declaration?.init ? isOutgoing(project, declaration.init, depth + 1) : false;
}

/** Whether a value is made where it is missing, and can be made again. Who came first, and his socket, cannot. */
function isMade(project: Project, node: Node, depth = 0): boolean {
  const value = unwrap(node);
  if (project.kindOf(value)?.kind === "websocket") return false;
  if (value.type === "ObjectExpression") return value.properties.every((property) => project.kindOf(property.type === "SpreadElement" ? property.argument : property.value)?.kind !== "websocket");
  if (value.type !== "Identifier") return value.type !== "MemberExpression" || depth > 0;
  const { declaration } = project.fileOf(value).scopes.resolve(value) ?? {};
  return depth < 3 && declaration?.type === "VariableDeclarator" && declaration.init ? isMade(project, declaration.init, depth + 1) : false;
}

/** Timers, promises, callbacks, abort controllers, outgoing sockets, clients of packages, times of the clock. */
function isTransient(project: Project, site: Node, value: Node, depth: number): boolean {
  switch (value.type) {
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return true;
    case "NewExpression": {
      const callee = unwrap(value.callee);
      if (isIdentifier(callee) && /^(?:Promise|AbortController|WebSocket|Date|TextDecoder|TextEncoder|Proxy|EventEmitter|EventTarget|ReadableStream|TransformStream)$/.test(callee.name)) return true;
      return project.kindOf(value)?.kind === "external-instance";
    }
    case "CallExpression": {
      const name = calleeName(value) ?? "";
      if (/^(?:setTimeout|setInterval|now|keepAlive)$/.test(name)) return true;
      const kind = project.kindOf(value)?.kind;
      if (kind === "stub" || kind === "orm" || kind === "namespace" || kind === "external-instance" || kind === "do-sql") return true;
      // A promise that is kept, not what it gives.
      return project.targetsOf(value).some((fn) => fn.async) || (depth === 0 && waitsOf(project, value).some((wait) => wait.nature === "network" || wait.nature === "object"));
    }
    case "AwaitExpression":
      return project.kindOf(value)?.kind === "stub" || project.kindOf(value)?.kind === "external-instance";
    case "BinaryExpression":
      return isTransient(project, site, unwrap(value.left), depth + 1) || isTransient(project, site, unwrap(value.right), depth + 1);
    case "ObjectExpression":
      // `{ resolve, reject, timer }`: somebody waits for it.
      return value.properties.some((property) => property.type === "Property" && (/^(?:resolve|reject|timer|timeout|controller|abort|callback)$/i.test(property.key.type === "Identifier" ? property.key.name : "") || isFunction(unwrap(property.value))));
    case "MemberExpression":
      return propertyName(value) === "webSocket";
    case "Identifier": {
      if (/^(?:resolve|reject|callback|cb|listener|handler|now|controller|timer|promise)$|deferred/i.test(value.name)) return true;
      const kind = project.kindOf(value);
      if (kind?.kind === "function" || kind?.kind === "stub" || kind?.kind === "external-instance" || kind?.kind === "request" || (kind?.kind === "websocket" && kind.end === "outgoing")) return true;
      if (depth > 2) return false;
      const definition = project.definitionOf(value);
      const init = definition?.type === "variable" && definition.variable.declaration.type === "VariableDeclarator" && definition.variable.declaration.id === definition.variable.node ? definition.variable.declaration.init : undefined;
      return init ? isTransient(project, site, unwrap(init), depth + 1) : false;
    }
    default:
      return false;
  }
}

/** Set and taken back by the same method: while that runs the object is awake. */
function isDuringOneRun(field: Field, changes: readonly FieldUse[]): boolean {
  const ends = field.uses.filter((use) => (use.kind === "remove" && !isTrim(use)) || isReset(field, use) || isDecrement(use));
  return changes.every((use) => (isDecrement(use) ? true : ends.some((end) => end.method === use.method && end.node.start > use.node.start)));
}

/** `if (this.lines.length > 100) this.lines.shift()`: the oldest goes, not what was just put in. */
function isTrim({ site }: FieldUse): boolean {
  if (!isCall(site)) return false;
  const name = calleeName(site);
  const [first] = site.arguments;
  const isFirst = name === "shift" || (name === "splice" && first?.type === "Literal" && first.value === 0);
  return isFirst && (flowOf(site)?.inLoop(site).length ?? 0) === 0;
}

function isDecrement(use: FieldUse): boolean {
  return (use.site.type === "UpdateExpression" && use.site.operator === "--") || (use.site.type === "AssignmentExpression" && use.site.operator === "-=");
}

/** `if (this.seen.has(id)) return; this.seen.add(id)`: only ever asked whether something came before. */
function isDuplicateGuard(field: Field): boolean {
  const reads = field.uses.filter((use) => use.kind === "read");
  const adds = field.uses.filter((use) => use.kind === "mutate");
  const asks = (use: FieldUse): boolean => {
    const { parent } = wrapped(use.node);
    return isMember(parent) && /^(?:has|size|get|keys|values|entries|length|forEach)$/.test(propertyName(parent) ?? "");
  };
  const hasBeforeAdd = adds.length > 0 && adds.every((add) => reads.some((read) => read.method === add.method && isMember(wrapped(read.node).parent) && propertyName(wrapped(read.node).parent as never) === "has"));
  return hasBeforeAdd && reads.every(asks) && adds.every((add) => isCall(add.site) && calleeName(add.site) === "add");
}

/** The part of `this.count = this.count + 1` that is no use of the value. */
function isItsOwnUpdate(use: FieldUse, field: Field): boolean {
  for (let node: Node | undefined = use.node; node; node = node.parent ?? undefined) {
    if (isFunction(node) || node.type === "BlockStatement") return false;
    if (node.type === "AssignmentExpression") {
      const left = unwrap(node.left);
      return isMember(left) && left.object.type === "ThisExpression" && propertyName(left) === field.name;
    }
  }
  return false;
}

function isLogged(node: Node): boolean {
  for (let current: Node | undefined = node; current; current = current.parent ?? undefined) {
    if (isFunction(current)) return false;
    if (!isCall(current)) continue;
    const member = calleeMember(current);
    const object = member && unwrap(member.object);
    const name = object && (isIdentifier(object) ? object.name : isMember(object) ? propertyName(object) : undefined);
    if (name !== undefined && /^[#_]*(?:console|log|logger|debug)$/i.test(name) && !isWithin(node, current.callee)) return true;
    if (isIdentifier(unwrap(current.callee)) && /^(?:log|debug|trace)/i.test((unwrap(current.callee) as { name: string }).name)) return true;
  }
  return false;
}

/** Whether the field was written earlier in the same run, before every such read: within the method, or by all that call it. */
function isFresh(project: Project, field: Field, read: FieldUse, depth: number): boolean {
  const { method } = read;
  if (!method) return false;
  const root = rootOf(read.node);
  const flow = root && isFunction(root) ? controlFlow(root) : undefined;
  if (flow && field.uses.some((use) => use.kind === "assign" && use.site !== read.node && flow.dominates(use.site, read.node))) return true;
  return !isDeferred(read.node, method) && isWrittenBefore(project, field, method, read.node, depth);
}

/** How many calls away from the handler that sets a field it may be read. */
const MAX_CALLERS = 5;

function isWrittenBefore(project: Project, field: Field, method: FunctionNode, at: Node, depth: number): boolean {
  const root = rootOf(at);
  const flow = root && isFunction(root) ? controlFlow(root) : undefined;
  const writes = field.uses.filter((use) => use.kind === "assign" && use.method === method);
  if (flow && writes.some((use) => use.site !== at && flow.dominates(use.site, at))) return true;
  if (flow && flow.order.some(({ node }) => node && isCall(node) && project.targetsOf(node).some((fn) => ensures(project, field, fn)) && flow.dominates(node, at))) return true;
  if (depth > MAX_CALLERS) return false;
  const callers = project.calls.callersOf(method);
  return callers.length > 0 && callers.every((site) => {
    const caller = enclosingFunction(site);
    const outer = caller && methodOf(caller);
    return outer !== undefined && outer !== method && isWrittenBefore(project, field, outer, site, depth + 1);
  });
}

/** `ensureClient()`: sets the field always, or behind flags that are down after each wake-up, and so before what follows the call. */
function ensures(project: Project, field: Field, fn: FunctionNode): boolean {
  const flow = controlFlow(fn);
  return field.uses.some((use) => use.kind === "assign" && use.method === fn && flow.has(use.site) && !isReset(field, use) && flow.conditionsOn(use.site).every((condition) => isDownAtWake(project, condition)));
}

/** `!this.connected`, where the field starts with nothing: it holds again after the object has slept. */
function isDownAtWake(project: Project, { kind, test, holds }: Condition): boolean {
  const node = unwrap(test);
  if (node.type === "UnaryExpression" && node.operator === "!") return isDownAtWake(project, { kind, test: node.argument, holds: !holds } as Condition);
  if (kind !== "truthy" || holds || !isMember(node) || node.object.type !== "ThisExpression") return false;
  const cls = thisClass(node)?.cls;
  const flag = cls && fieldsOf(project, cls).get(propertyName(node) ?? "");
  const initial = flag?.initial && unwrap(flag.initial);
  return flag !== undefined && (!initial || isIdentifier(initial, "undefined") || (initial.type === "Literal" && (initial.value === false || initial.value === null)));
}

function methodOf(fn: FunctionNode): FunctionNode | undefined {
  for (let current: FunctionNode | undefined = fn; current; current = enclosingFunction(current)) {
    const holder = wrapped(current).parent;
    if (holder?.type === "MethodDefinition" || holder?.type === "PropertyDefinition") return current;
  }
  return undefined;
}

function eventOf(use: FieldUse, events: ObjectEvents): ObjectEvent | undefined {
  return events.events.find((event) => isWithin(use.node, event.fn)) ?? events.events.find((event) => use.method !== undefined && event.reached.has(use.method));
}

function eventText(project: Project, event: ObjectEvent | undefined, use: FieldUse): string {
  if (event) return event.name === undefined ? "a route or listener" : `\`${event.name}()\``;
  return use.method ? `\`${functionName(project, use.method)}\`` : "an event";
}

function initialText(project: Project, field: Field): string {
  if (!field.initial) return "nothing in it";
  const text = project.text(field.initial).replace(/\s+/g, " ");
  return text.length <= 40 ? `\`${text}\`` : "its initial value";
}
