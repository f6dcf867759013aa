import { runsInPlace } from "../../project/flow/flow.ts";
import type { CallExpression, FunctionNode, Node } from "../../project/parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isFunction, isIdentifier, isWithin, propertyName, unwrap, wrapped } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import type { StubKind } from "../../project/graph/kinds/kinds.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";

// A Worker may be stopped once its answer is out: calls that nothing waits for and no waitUntil() holds are cut off with it.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#always-await-rpc-calls

/** Members of a stub that call nothing, or give no promise. */
const NO_CALLS: ReadonlySet<string> = new Set(["then", "catch", "finally", "connect", "dup", "toString", "toJSON", "onRpcBroken"]);

/** `handled`: a rejection is caught. `continued`: something is done with the result. */
interface Dropped {
  readonly kind: "dropped";
  readonly handled: boolean;
  readonly continued: boolean;
  readonly at: Node;
}

/** What becomes of a promise. */
type Fate =
  | Dropped
  /** Whoever calls the function gets it. */
  | { readonly kind: "given"; readonly handled: boolean; readonly to: FunctionNode }
  | { readonly kind: "kept" };

export default defineRule({
  id: "do-floating-call",
  *check({ project }) {
    const helpers = new Map<FunctionNode, StubCall | undefined>();
    const makes = (fn: FunctionNode): StubCall | undefined => {
      if (!helpers.has(fn)) helpers.set(fn, givenBy(project, fn));
      return helpers.get(fn);
    };
    for (const file of project.files)
      for (const call of file.calls) {
        // Where a promise goes can be seen from the syntax alone, so that is asked first.
        const fate = fateOf(file, call, false);
        if (fate.kind !== "dropped") continue;
        const stubCall = stubCallOf(project, call);
        const report = stubCall ? dropped(project, call, stubCall, fate) : isOutermost(call) ? droppedHelper(project, call, fate, makes) : undefined;
        if (report) yield report;
      }
  },
});

interface StubCall {
  readonly call: CallExpression;
  readonly name: string;
  readonly stub: StubKind;
}

function stubCallOf(project: Project, call: CallExpression): StubCall | undefined {
  const member = calleeMember(call);
  const name = member && propertyName(member);
  if (!member || name === undefined || NO_CALLS.has(name)) return undefined;
  const stub = project.kindOf(member.object);
  return stub?.kind === "stub" ? { call, name, stub } : undefined;
}

/** Whether a statement is nothing but this call, perhaps under `void`. */
function isOutermost(call: CallExpression): boolean {
  const { parent } = wrapped(call);
  return parent?.type === "ExpressionStatement" || (parent?.type === "UnaryExpression" && parent.parent?.type === "ExpressionStatement");
}

function dropped(project: Project, call: CallExpression, { name, stub }: StubCall, fate: Dropped): Report | undefined {
  const isInObject = project.classes.ownersOf(call).size > 0;
  // Its own error handling and use of the result: somebody, such as an open stream or socket, waits for it after all.
  if (fate.handled && (isInObject || fate.continued)) return undefined;
  return {
    span: project.span(call),
    message: `${capital(what(name, stub))} is started and nothing waits for it: ${consequence(isInObject, fate.handled)}.`,
    confidence: isInObject || fate.handled || fate.at !== call ? "medium" : "high",
    related: fate.at === call || isWithin(fate.at, call) ? [] : [{ span: project.span(headOf(fate.at)), message: "the promise is dropped here" }],
    subject: subjectOf(stub),
    ...suggestion(project, call, fate),
  };
}

/** A helper hands the promise of its call to its caller, who drops it. */
function droppedHelper(project: Project, site: CallExpression, fate: Dropped, makes: (fn: FunctionNode) => StubCall | undefined): Report | undefined {
  if (fate.handled) return undefined;
  for (const fn of project.targetsOf(site)) {
    const made = makes(fn);
    // Inside an object its own methods go on running after the answer; only in a Worker the helper is cut off.
    if (!made || project.classes.ownersOf(site).size > 0 || !project.calls.isOnRequestPath(site)) continue;
    return {
      span: project.span(site),
      message: `\`${calleeName(site) ?? "This function"}()\` makes ${what(made.name, made.stub)} and nothing waits for it: ${consequence(false, false)}.`,
      confidence: "medium",
      related: [{ span: project.span(made.call), message: "the call to the object" }],
      subject: subjectOf(made.stub),
    };
  }
  return undefined;
}

/** A call on a stub that a function awaits or returns without handling its failure. */
function givenBy(project: Project, fn: FunctionNode): StubCall | undefined {
  const file = project.fileOf(fn);
  for (const call of project.calls.callsIn(fn)) {
    if (!isCall(call)) continue;
    const fate = fateOf(file, call, false);
    if (fate.kind !== "given" || fate.handled || fate.to !== fn) continue;
    const stubCall = stubCallOf(project, call);
    if (stubCall) return stubCall;
  }
  return undefined;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function what(name: string, stub: StubKind): string {
  const { binding, className } = stub.namespace ?? {};
  // A type parameter is no class.
  const target = binding ?? (className !== undefined && className.length > 2 ? className : undefined);
  return `the call \`${name}()\` to an object${target === undefined ? "" : ` of \`${target}\``}`;
}

function consequence(isInObject: boolean, handled: boolean): string {
  if (isInObject) return "when it fails nobody learns of it, and what it was to do is missing";
  return `the runtime may stop the Worker as soon as the answer is out, and the call with it${handled ? "" : "; an error in it is never seen"}`;
}

function subjectOf(stub: StubKind): { binding?: string; class?: string } {
  const { binding, className } = stub.namespace ?? {};
  return { ...(binding === undefined ? {} : { binding }), ...(className === undefined ? {} : { class: className }) };
}

function headOf(node: Node): Node {
  return isCall(node) ? node.callee : node;
}

function suggestion(project: Project, call: CallExpression, fate: Dropped): Pick<Report, "suggestion"> {
  const fn = enclosingFunction(call);
  if (fate.at !== call || !fn?.async || wrapped(call).parent?.type !== "ExpressionStatement") return {};
  const { file, start } = project.span(call);
  return { suggestion: { description: "Await the call, or hand its promise to `ctx.waitUntil()`.", edits: [{ span: { file, start, end: start }, text: "await " }] } };
}

/** Follows the promise that `node` gives outwards to where it is awaited, kept, handed on, or dropped. */
function fateOf(file: SourceFile, node: Node, handledBefore: boolean, continuedBefore = false): Fate {
  let handled = handledBefore;
  // A callback that the object reports to is a use of the result.
  let continued = continuedBefore || (isCall(node) && node.arguments.some(takesCallback));
  let last: Node = node;
  for (let current = wrapped(node); current.parent; ) {
    const parent: Node = current.parent;
    switch (parent.type) {
      case "AwaitExpression":
        return ofFunction(file, parent, handled || isCaught(parent));
      case "ReturnStatement":
        return ofFunction(file, parent, handled);
      case "ExpressionStatement":
        return { kind: "dropped", handled, continued, at: last };
      case "UnaryExpression":
        if (parent.operator !== "void") return { kind: "kept" };
        break;
      case "LogicalExpression":
      case "ConditionalExpression":
        break;
      case "SequenceExpression":
        if (parent.expressions.at(-1) !== current) return { kind: "dropped", handled, continued, at: last };
        break;
      case "VariableDeclarator":
        return isUnused(file, parent) ? { kind: "dropped", handled, continued, at: last } : { kind: "kept" };
      case "MemberExpression": {
        const call = wrapped(parent).parent;
        const name = propertyName(parent);
        if (parent.object !== current || call?.type !== "CallExpression" || (name !== "then" && name !== "catch" && name !== "finally")) return { kind: "kept" };
        if (name === "then") continued = true;
        if (name === "catch" || (name === "then" && call.arguments.length > 1)) handled = true;
        current = wrapped(call);
        continue;
      }
      case "CallExpression": {
        const member = calleeMember(parent);
        if (!member || !isIdentifier(unwrap(member.object), "Promise") || parent.callee === current) return { kind: "kept" };
        last = parent;
        break;
      }
      case "ArrayExpression":
      case "SpreadElement":
        break;
      case "ArrowFunctionExpression":
        return parent.body === current ? ofFunction(file, current, handled) : { kind: "kept" };
      default:
        return { kind: "kept" };
    }
    current = wrapped(parent);
  }
  return { kind: "kept" };
}

/** What becomes of the promise of the function around a node. */
function ofFunction(file: SourceFile, node: Node, handled: boolean): Fate {
  const fn = enclosingFunction(node);
  if (!fn) return { kind: "kept" };
  const outer = wrapped(fn);
  // The answer is not complete before what it streams has been written and the writer closed.
  if (outer.parent?.type === "CallExpression" && outer.parent.callee === outer) return feedsStream(file, fn) ? { kind: "kept" } : fateOf(file, outer.parent, handled, true);
  const callback = callbackOf(fn);
  if (!callback) return isFunction(fn) && (fn.async || node.type !== "AwaitExpression") ? { kind: "given", handled, to: fn } : { kind: "kept" };
  switch (calleeName(callback.call)) {
    case "forEach":
      return { kind: "dropped", handled, continued: false, at: callback.call };
    case "map":
    case "flatMap":
      return fateOf(file, callback.call, handled);
    // What is done about a failure needs no handling of its own.
    case "catch":
      return { kind: "kept" };
    case "then":
    case "finally":
      return fateOf(file, callback.call, handled);
    default:
      return { kind: "kept" };
  }
}

/** `writer.write(…)`, where `writer` comes from a `getWriter()` outside of the function. */
function feedsStream(file: SourceFile, fn: FunctionNode): boolean {
  return (file.members.get("write") ?? []).some((member) => {
    const object = unwrap(member.object);
    if (!isWithin(member, fn) || object.type !== "Identifier") return false;
    const declaration = file.scopes.resolve(object)?.declaration;
    const init = declaration?.type === "VariableDeclarator" && declaration.init && !isWithin(declaration, fn) ? unwrap(declaration.init) : undefined;
    return init !== undefined && isCall(init) && calleeName(init) === "getWriter";
  });
}

function takesCallback(argument: Node): boolean {
  const value = unwrap(argument);
  if (value.type !== "ObjectExpression") return isFunction(value);
  return value.properties.some((property) => property.type === "Property" && isFunction(unwrap(property.value)));
}

/** Whether a `try` with a `catch` is around a node, in its function or one that runs it in place. */
function isCaught(node: Node): boolean {
  for (let current = node; current.parent; current = current.parent) {
    const { parent } = current;
    if (parent.type === "TryStatement" && parent.block === current && parent.handler !== null) return true;
    if (isFunction(current) && !runsInPlace(current)) return false;
  }
  return false;
}

function isUnused(file: SourceFile, declarator: Extract<Node, { type: "VariableDeclarator" }>): boolean {
  const { id } = declarator;
  if (id.type !== "Identifier") return false;
  const variable = file.scopes.lookup(id.name, declarator);
  if (!variable || variable.scope.type === "Program") return false;
  return (file.identifiers.get(id.name) ?? []).every((use) => use === variable.node || file.scopes.resolve(use) !== variable);
}
