import { keptForEach } from "../../../kept.ts";
import { runsInPlace } from "../../flow/flow.ts";
import type { Class, FunctionNode, Node } from "../../parse/ast.ts";
import { calleeName, enclosingFunction, isCall, isFunction, keyName, unwrap, wrapped } from "../../parse/ast.ts";
import { nodesWithin } from "../../parse/source-file.ts";
import { handedOver, handedOverIn, objectCode } from "./object-storage.ts";
import type { Project } from "../project.ts";

/** A way into an object: a handler that the runtime or a base class calls, or a method that others call over RPC. */
export interface ObjectEvent {
  /** The method's name; undefined for a listener or route that the constructor sets up. */
  readonly name: string | undefined;
  readonly fn: FunctionNode;
  /** Functions that run for it, itself included. */
  readonly reached: ReadonlySet<FunctionNode>;
}

/** What makes an object's code run. */
export interface ObjectEvents {
  readonly events: readonly ObjectEvent[];
  /** Functions that run at each wake-up: constructor, initialisers, hooks such as `onStart`, and what they call. */
  readonly wake: ReadonlySet<FunctionNode>;
}

const HANDLERS: ReadonlySet<string> = new Set(["fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"]);
/** Names that packages and projects give to what runs when an object starts. */
const WAKE_HOOKS: ReadonlySet<string> = new Set(["onStart", "onInit", "onWake", "onLoad"]);
const DEPTH = 5;

/** The events of a DO class and the functions that run for each. */
export const objectEvents = keptForEach((project: Project, cls: Class): ObjectEvents => {
  const { classes } = project;
  const base = classes.knownBase(cls);
  const wakeRoots: FunctionNode[] = [];
  const events: ObjectEvent[] = [];
  const seen = new Set<string>();
  for (const current of classes.chain(cls))
    for (const fn of classes.functionsOf(current)) {
      const member = fn.parent?.type === "MethodDefinition" || fn.parent?.type === "PropertyDefinition" ? fn.parent : wrapped(fn).parent;
      if (member?.type !== "MethodDefinition" && member?.type !== "PropertyDefinition") continue;
      if (member.type === "MethodDefinition" && member.kind === "constructor") {
        wakeRoots.push(fn);
        continue;
      }
      const name = keyName(member.key, member.computed);
      if (name === undefined || member.static || seen.has(name) || (member.type === "MethodDefinition" && member.kind !== "method")) continue;
      seen.add(name);
      if (base?.wakeHooks.includes(name) || WAKE_HOOKS.has(name)) wakeRoots.push(fn);
      else if (HANDLERS.has(name) || base?.entryMethods.includes(name) || isCalledFromOutside(project, fn, name, member.accessibility ?? undefined)) events.push({ name, fn, reached: reachedFrom(project, fn) });
    }
  const wake = new Set<FunctionNode>();
  for (const call of objectCode(project, cls).initialisers) for (const target of project.calls.targetsOf(call)) wakeRoots.push(target);
  for (const root of wakeRoots) addWake(project, root, wake, 0);
  for (const fn of wake)
    for (const listener of listenersIn(project, fn)) events.push({ name: undefined, fn: listener, reached: reachedFrom(project, listener) });
  return { events, wake };
});

/** What runs when the object starts: calls in listeners and routes that are only set up there come later. */
function addWake(project: Project, fn: FunctionNode, wake: Set<FunctionNode>, depth: number): void {
  if (wake.has(fn) || depth > DEPTH) return;
  wake.add(fn);
  for (const call of project.calls.callsIn(fn)) {
    if (isDeferred(call, fn)) continue;
    for (const target of [...project.calls.targetsOf(call), ...handedOver(project, call)]) addWake(project, target, wake, depth + 1);
  }
}

/** Functions in a function that something else calls later. */
function listenersIn(project: Project, fn: FunctionNode): readonly FunctionNode[] {
  const found: FunctionNode[] = [];
  let end = 0;
  for (const node of nodesWithin(project.fileOf(fn).functions, fn)) {
    // What stands in a listener is the listener's.
    if (node === fn || node.start < end || !isDeferred(node, fn)) continue;
    found.push(node);
    end = node.end;
  }
  return found;
}

/** A public method that the class does not call itself, or that a stub calls in sight. */
function isCalledFromOutside(project: Project, fn: FunctionNode, name: string, accessibility: string | undefined): boolean {
  if (name.startsWith("#") || name.startsWith("_") || accessibility === "private" || accessibility === "protected") return false;
  return project.calls.callersOf(fn).length === 0 || project.calls.rpcCallersOf(fn).length > 0;
}

/** Kept by function: the classes on one base share its methods. */
const reachedFrom = keptForEach((project: Project, root: FunctionNode): ReadonlySet<FunctionNode> => {
  const reached = new Set(project.calls.reach(root, DEPTH).keys());
  for (const fn of [...reached]) for (const target of handedOverIn(project, fn)) for (const inner of project.calls.reach(target, 3).keys()) reached.add(inner);
  return reached;
});

/** Whether a class, or one it is built on, extends what a call gives: `withVoice(Agent)`. What such a mixin adds cannot be seen. */
export function extendsMixin(project: Project, cls: Class): boolean {
  return project.classes.chain(cls).some((current) => {
    const base = current.superClass && unwrap(current.superClass);
    if (!base) return false;
    if (isCall(base)) return true;
    const definition = base.type === "Identifier" ? project.definitionOf(base) : undefined;
    const declaration = definition?.type === "variable" ? definition.variable.declaration : undefined;
    return declaration?.type === "VariableDeclarator" && declaration.init ? isCall(unwrap(declaration.init)) : false;
  });
}

/** Whether a node stands in a function that its method only hands to something that calls it later: a route, a listener. */
export function isDeferred(node: Node, method: FunctionNode): boolean {
  for (let fn = isFunction(node) ? node : enclosingFunction(node); fn && fn !== method; fn = enclosingFunction(fn)) {
    if (runsInPlace(fn)) continue;
    const parent = wrapped(fn).parent;
    if (parent?.type === "CallExpression" && /^(?:waitUntil|keepAliveWhile|runFiber|startActiveSpan|withSpan|tryAsync|run)$/.test(calleeName(parent) ?? "")) continue;
    return true;
  }
  return false;
}
