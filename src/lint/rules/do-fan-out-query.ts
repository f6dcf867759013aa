// An object's storage can be read from inside that object only: an answer about many of them takes one call each, and is as slow as the slowest.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#when-to-use-durable-objects
import type { CallExpression, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isCall, isFunction, isMember, isWithin, propertyName, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import { flowOf, type Flow, type Loop } from "../../project/flow/flow.ts";
import { valuesOf } from "../../project/flow/values.ts";
import { numberOf, valueBehind } from "../../project/graph/objects/delays.ts";
import { asKind, type StubKind } from "../../project/graph/kinds/kinds.ts";
import type { Project } from "../../project/graph/project.ts";
import { defineRule } from "../rule.ts";

const MAX_HELPERS = 2;

export default defineRule({
  id: "do-fan-out-query",
  *check({ project }) {
    const reported = new Set<Node>();
    for (const file of project.files)
      for (const call of file.calls) {
        const stub = stubOf(project, call);
        if (!stub) continue;
        const fanOut = fanOutOf(project, call, addressOf(stub, call), 0);
        if (!fanOut || reported.has(fanOut.loop.node) || !project.calls.isOnRequestPath(call)) continue;
        reported.add(fanOut.loop.node);
        const { binding, className } = stub.namespace ?? {};
        const what = className === undefined ? "an object" : `a \`${className}\` object`;
        const list = fanOut.loop.over ? `\`${shortened(project.text(fanOut.loop.over))}\`` : "the loop";
        yield {
          span: project.span(call),
          message: `This asks ${what} for each element of ${list} and merges the answers into one: a query across objects. It takes as many billed requests as there are elements, wakes every one of those objects, is as slow as the slowest and fails when any fails; a row for each of them in D1 answers it with one query.`,
          // Nobody waits for the answer of a job.
          confidence: project.calls.isBackgroundOnly(call) ? "low" : "medium",
          related: fanOut.loop.node === call ? [] : [{ span: project.span(fanOut.loop.over ?? fanOut.loop.node), message: "once for each of these" }],
          subject: { ...(className === undefined ? {} : { class: className }), ...(binding === undefined ? {} : { binding }) },
        };
      }
  },
});

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

/** Methods of everyday values, behind which no stub needs to be looked for. */
const NO_STUB_METHODS: ReadonlySet<string> = new Set([
  "then", "catch", "finally", "map", "filter", "forEach", "push", "join", "slice", "split", "includes", "startsWith", "endsWith", "replace", "trim", "toString", "log", "error", "warn",
  "info", "debug", "stringify", "parse", "json", "text", "keys", "values", "entries", "now", "get", "set", "has", "add", "test", "match", "from", "min", "max", "floor", "all", "prepare", "bind",
  "first", "run", "exec", "toArray", "reduce", "some", "every", "find", "sort", "concat", "pop", "shift", "idFromName", "idFromString", "newUniqueId", "getByName", "padStart", "toISOString",
  "where", "select", "use", "optional", "object", "string", "number", "array",
]);

/** The stub that a call is made on: `stub.method()`, `stub.fetch()`. */
function stubOf(project: Project, call: CallExpression): StubKind | undefined {
  const member = calleeMember(call);
  const name = member && propertyName(member);
  if (!member || name === undefined || NO_STUB_METHODS.has(name)) return undefined;
  return asKind(project.kindOf(member.object), "stub");
}

interface FanOut {
  readonly loop: Loop;
}

/** The expressions that decide which object a call goes to. */
function addressOf(stub: StubKind, call: CallExpression): readonly Node[] {
  const object = calleeMember(call)?.object;
  return [...(object ? [object] : []), ...(stub.name ? [stub.name] : [])];
}

/** The loop around a call, or around the calls of the helper that returns what it gives, whose turns make one answer together. */
function fanOutOf(project: Project, call: CallExpression, address: readonly Node[], depth: number): FanOut | undefined {
  const flow = flowOf(call);
  if (!flow) return undefined;
  for (const loop of flow.inLoop(call))
    if (!isFixed(project, loop) && variesWith(project, flow, address, loop) && isMerged(project, flow, call, loop)) return { loop };
  if (depth >= MAX_HELPERS || !isFunction(flow.root) || !isReturned(project, flow, call)) return undefined;
  const { params } = flow.root;
  const values = valuesOf(flow, project.fileOf(call).scopes);
  const deciding = params.flatMap((parameter, index) => (address.some((part) => flow.has(part) && values.dependsOn(part, (node) => isParameter(project, node, parameter))) ? [index] : []));
  if (deciding.length === 0) return undefined;
  for (const site of project.calls.callersOf(flow.root)) {
    const passed = deciding.flatMap((index) => site.arguments[index] ?? []);
    const found = isCall(site) ? fanOutOf(project, site, passed, depth + 1) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Whether an identifier is a parameter, or a part of it when it is taken apart. */
function isParameter(project: Project, node: Node, parameter: Node): boolean {
  const variable = node.type === "Identifier" ? project.fileOf(node).scopes.resolve(node) : undefined;
  return variable?.kind === "parameter" && isWithin(variable.node, parameter);
}

/** Whether each turn asks another object. */
function variesWith(project: Project, flow: Flow, address: readonly Node[], loop: Loop): boolean {
  if (loop.kind === "while" || loop.kind === "do-while" || loop.kind === "for") return false;
  const { item, over } = loop;
  if (!item || !over) return false;
  const values = valuesOf(flow, project.fileOf(loop.node).scopes);
  return address.some((part) => part.type !== "SpreadElement" && flow.has(part) && (values.dependsOn(part, over) || mentionsItem(project, flow, part, item)));
}

function mentionsItem(project: Project, flow: Flow, input: Node, item: Node): boolean {
  const names = new Set<string>();
  walk(item, project.fileOf(item).keys, (node) => void (node.type === "Identifier" && names.add(node.name)));
  const values = valuesOf(flow, project.fileOf(input).scopes);
  return values.dependsOn(input, (node) => node.type === "Identifier" && names.has(node.name));
}

/** A list that is written out, or as long as a constant says: shards. */
function isFixed(project: Project, loop: Loop): boolean {
  let over = loop.over && unwrap(loop.over);
  for (let depth = 0; over && depth < 4; depth++) {
    if (over.type === "ArrayExpression") return over.elements.every((element) => element !== null && element.type !== "SpreadElement");
    if (isCall(over)) {
      const [first] = over.arguments;
      const name = calleeName(over);
      if ((name === "from" || name === "Array") && first && first.type !== "SpreadElement") {
        const length = unwrap(first);
        if (length.type !== "ObjectExpression") return numberOf(project, length) !== undefined;
        return length.properties.some((property) => property.type === "Property" && numberOf(project, property.value) !== undefined);
      }
      const member = calleeMember(over);
      if (member && /^(?:keys|values|entries|fill|map|slice)$/.test(name ?? "") && !(member.object.type === "Identifier" && member.object.name === "Object")) {
        over = unwrap(member.object);
        continue;
      }
      if (first && first.type !== "SpreadElement" && member?.object.type === "Identifier" && member.object.name === "Object") {
        const object = unwrap(first);
        const literal = object.type === "ObjectExpression" ? object : valueBehind(project, object);
        return literal !== undefined && unwrap(literal).type === "ObjectExpression";
      }
      return false;
    }
    const behind: Node | undefined = over.type === "Identifier" || isMember(over) ? valueBehind(project, over) : over.type === "NewExpression" ? over.arguments[0] : undefined;
    over = behind && unwrap(behind);
  }
  return false;
}

/** Whether the answers of a loop's turns go into something that outlives the loop and is looked at. */
function isMerged(project: Project, flow: Flow, call: CallExpression, loop: Loop): boolean {
  return loop.kind === "callback" ? isMergedByCallback(project, flow, call, loop) : isMergedByLoop(project, flow, call, loop);
}

function isMergedByCallback(project: Project, flow: Flow, call: CallExpression, loop: Loop): boolean {
  const { node } = loop;
  if (!isCall(node)) return false;
  if (calleeName(node) === "forEach") return isMergedByLoop(project, flow, call, loop);
  const callback = enclosingCallback(call, node);
  if (!callback || !returns(project, flow, callback, call)) return isMergedByLoop(project, flow, call, loop);
  let outer = wrapped(node);
  for (let { parent } = outer; parent; { parent } = outer) {
    if (parent.type === "AwaitExpression") outer = wrapped(parent);
    else if (isCall(parent) && parent.callee !== outer && /^(?:all|allSettled)$/.test(calleeName(parent) ?? "")) outer = wrapped(parent);
    else break;
  }
  return isUsed(project, outer);
}

/** The callback of a loop that a node stands in. */
function enclosingCallback(node: Node, loop: CallExpression): FunctionNode | undefined {
  for (let fn = enclosingFunction(node); fn; fn = enclosingFunction(fn)) if (loop.arguments.some((argument) => argument === fn)) return fn;
  return undefined;
}

/** Whether a callback returns something made of what a call gives. */
function returns(project: Project, flow: Flow, fn: FunctionNode, call: CallExpression): boolean {
  const values = valuesOf(flow, project.fileOf(fn).scopes);
  if (!fn.body) return false;
  if (fn.body.type !== "BlockStatement") return values.dependsOn(fn.body, call);
  return flow.order.some(({ node, kind }) => kind === "return" && node?.type === "ReturnStatement" && node.argument !== null && enclosingFunction(node) === fn && values.dependsOn(node.argument, call));
}

function isReturned(project: Project, flow: Flow, call: CallExpression): boolean {
  return isFunction(flow.root) && returns(project, flow, flow.root, call);
}

/** Whether the result of a `Promise.all` or the like is looked at for more than how many there are. */
function isUsed(project: Project, node: Node): boolean {
  const { parent } = node;
  if (!parent || parent.type === "ExpressionStatement" || (parent.type === "UnaryExpression" && parent.operator === "void")) return false;
  if (isCall(parent) && calleeName(parent) === "waitUntil") return false;
  if (parent.type !== "VariableDeclarator" || parent.id.type !== "Identifier") return !isCounted(node);
  const file = project.fileOf(node);
  const { id } = parent;
  const variable = file.scopes.resolve(id) ?? file.scopes.lookup(id.name, parent);
  return (file.identifiers.get(id.name) ?? []).some((use) => use !== id && file.scopes.resolve(use) === variable && !isCounted(wrapped(use)) && !isOnlyChecked(project, use));
}

/** `results.length`, `results.filter(…).length`. */
function isCounted(node: Node): boolean {
  const { parent } = node;
  if (!isMember(parent) || parent.object !== node) return false;
  if (propertyName(parent) === "length") return true;
  const call = wrapped(parent).parent;
  return propertyName(parent) === "filter" && isCall(call) && isCounted(wrapped(call));
}

/** What is only looked through for failures: `for (const result of results) if (result.status === "rejected") console.error(…)`. */
function isOnlyChecked(project: Project, use: Node): boolean {
  const outer = wrapped(use);
  const { parent } = outer;
  const scope = parent?.type === "ForOfStatement" && parent.right === outer ? parent : isMember(parent) && isCall(wrapped(parent).parent) ? wrapped(parent).parent : undefined;
  if (!scope) return false;
  let checks = false;
  let reads = false;
  walk(scope, project.fileOf(use).keys, (node) => {
    if (node.type === "Literal" && node.value === "rejected") checks = true;
    if (isMember(node) && propertyName(node) === "value") reads = true;
  });
  return checks && !reads;
}

/** `all.push(answer)`, `total += answer`, `byId[id] = answer` with something that was there before the loop. */
function isMergedByLoop(project: Project, flow: Flow, call: CallExpression, loop: Loop): boolean {
  const values = valuesOf(flow, project.fileOf(call).scopes);
  return flow.order.some(({ node, kind }) => {
    if (!node || !isWithin(node, loop.body)) return false;
    if (kind === "yield" && node.type === "YieldExpression") return node.argument !== null && values.dependsOn(node.argument, call);
    if (isCall(node) && /^(?:push|unshift|set|add|concat)$/.test(calleeName(node) ?? "")) {
      const object = calleeMember(node)?.object;
      return object !== undefined && !isMadeIn(project, object, loop) && node.arguments.some((argument) => values.dependsOn(argument.type === "SpreadElement" ? argument.argument : argument, call));
    }
    if (node.type !== "AssignmentExpression" || isMadeIn(project, node.left, loop)) return false;
    const isAdded = node.operator !== "=" || (isMember(node.left) && node.left.computed) || values.dependsOn(node.right, node.left);
    return isAdded && values.dependsOn(node.right, call);
  });
}

/** Whether a variable is made anew in each turn. */
function isMadeIn(project: Project, raw: Node, loop: Loop): boolean {
  let node = unwrap(raw);
  while (isMember(node)) node = unwrap(node.object);
  if (node.type !== "Identifier") return false;
  const variable = project.fileOf(node).scopes.resolve(node);
  return variable !== undefined && (isWithin(variable.declaration, loop.body) || isWithin(variable.node, loop.node) && loop.item !== undefined && isWithin(variable.node, loop.item));
}

