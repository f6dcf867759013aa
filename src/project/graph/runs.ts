import type { FunctionNode, Node } from "../parse/ast.ts";
import { callbackOf, calleeMember, calleeName, isCall, isClass, isFunction, isIdentifier, propertyName, unwrap, wrapped } from "../parse/ast.ts";
import { nodesOf } from "../parse/source-file.ts";
import type { Project } from "./project.ts";

/** Calls that keep a callback for later instead of running it before they return. */
const LATER = /^(?:addEventListener|on|once|off|setTimeout|setInterval|queueMicrotask|get|post|put|patch|delete|del|options|head|use|route|all|notFound|onError|subscribe|effect|useEffect|useCallback|useMemo|tool|registerTool|resource|prompt|createServerFn|handler|command|action|query|mutation|middleware|callbackQuery|hears|defineEventHandler|eventHandler)$/;

/** Calls that are given work to go on with behind the answer. */
const BACKGROUND: ReadonlySet<string> = new Set(["waitUntil", "after", "passThroughOnException"]);

/** What becomes of a query's promise. */
export type QueryUse =
  /** `await` at the query itself. */
  | "awaited"
  /** Joined with others: an element of `Promise.all([…])`, or returned by a callback of `map`. */
  | "joined"
  /** Handed to the caller. */
  | "returned"
  /** Kept in a variable, a field or a list, to be awaited later. */
  | "kept"
  /** Given to `waitUntil`, `after` and the like. */
  | "background"
  /** Nobody waits for it. */
  | "dropped";

/**
 * The function whose run a node is part of: the one around it or, where that is a callback handed to a call, the one around that. A callback
 * with no function around it (`export const POST = withUser(async (request) => …)`) runs by itself.
 */
export function runRoot(node: Node): FunctionNode | undefined {
  let outermost: FunctionNode | undefined;
  for (let current = node.parent ?? undefined; current && !isClass(current); current = current.parent ?? undefined) {
    if (!isFunction(current)) continue;
    if (!runsWithItsSurroundings(current)) return current;
    outermost = current;
  }
  return outermost;
}

/** Whether a function is handed to a call that runs it there, or is called where it stands. */
export function runsWithItsSurroundings(fn: FunctionNode): boolean {
  const outer = wrapped(fn);
  if (outer.parent?.type === "CallExpression" && outer.parent.callee === outer) return true;
  if (outer.parent?.type === "NewExpression") return isIdentifier(outer.parent.callee, "Promise");
  const callback = callbackOf(fn);
  if (!callback) return false;
  const name = calleeName(callback.call);
  return name === undefined || !LATER.test(name);
}

/** Whether a node is part of work that is handed to `waitUntil` and the like where it stands: the answer does not wait for it. */
export function isInBackground(node: Node): boolean {
  for (let current = node; current.parent; current = current.parent)
    if (isCall(current.parent) && current.parent.callee !== current && BACKGROUND.has(calleeName(current.parent) ?? "")) return true;
  return false;
}

/** What becomes of the promise that a node gives. */
export function useOf(node: Node): QueryUse {
  let current = wrapped(node);
  for (let parent = current.parent ?? undefined; parent; parent = current.parent ?? undefined) {
    switch (parent.type) {
      case "AwaitExpression":
        return "awaited";
      case "ForOfStatement":
        return parent.right === current && parent.await ? "awaited" : "dropped";
      case "ReturnStatement":
        return "returned";
      case "ExpressionStatement":
        return "dropped";
      case "VariableDeclarator":
      case "AssignmentExpression":
      case "PropertyDefinition":
        return "kept";
      case "UnaryExpression":
        return "dropped";
      case "MemberExpression": {
        // `.then(…)`, `.catch(…)`: the chain's promise goes on.
        const call = wrapped(parent).parent;
        if (parent.object === current && isCall(call) && ["then", "catch", "finally"].includes(propertyName(parent) ?? "")) {
          current = wrapped(call);
          continue;
        }
        return "kept";
      }
      case "ArrayExpression":
      case "ConditionalExpression":
      case "LogicalExpression":
      case "SpreadElement":
      case "SequenceExpression":
        current = wrapped(parent);
        continue;
      case "ArrowFunctionExpression": {
        const callback = callbackOf(parent);
        if (!callback) return "returned";
        const name = calleeName(callback.call);
        if (name === "map" || name === "flatMap") return "joined";
        if (name === "forEach") return "dropped";
        if (name === "then" || name === "catch" || name === "finally") {
          current = wrapped(callback.call);
          continue;
        }
        return "returned";
      }
      case "CallExpression": {
        const name = calleeName(parent);
        if (name !== undefined && BACKGROUND.has(name)) return "background";
        const member = calleeMember(parent);
        if (member && isIdentifier(unwrap(member.object), "Promise")) return "joined";
        return "kept";
      }
      default:
        return "kept";
    }
  }
  return "dropped";
}

/** What a function returns: its body's expression, or the arguments of its `return`s. */
export function returnedBy(project: Project, node: Node): readonly Node[] {
  const value = unwrap(node);
  const fn = isFunction(value) ? value : undefined;
  const kind = fn ? undefined : project.kindOf(value);
  const target = fn ?? (kind?.kind === "function" ? kind.fn : undefined);
  if (!target?.body) return [];
  if (target.body.type !== "BlockStatement") return [target.body];
  const file = project.fileOf(target);
  return nodesOf(file, "ReturnStatement").flatMap((statement) => {
    if (!statement.argument || statement.start < target.start || statement.end > target.end) return [];
    for (let current = statement.parent ?? undefined; current && current !== target; current = current.parent ?? undefined) if (isFunction(current)) return [];
    return [statement.argument];
  });
}
