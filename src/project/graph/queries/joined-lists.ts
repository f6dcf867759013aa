import type { FunctionNode, Node } from "../../parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isIdentifier, propertyName, unwrap, wrapped } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";

/** Whether a function is the callback of `map` or `flatMap`. */
export function isMapper(fn: FunctionNode | undefined): boolean {
  const callback = fn && callbackOf(fn);
  const name = callback && calleeName(callback.call);
  return name === "map" || name === "flatMap";
}

/** How far a list of builders is followed. */
const JOIN_DEPTH = 6;

/** Whether a builder, or the list that holds it, ends in a `Promise.all([…])` or is awaited one by one: a list that goes into a batch, or out of the function, is only being put together. */
export function isJoined(file: SourceFile, node: Node, depth: number): boolean {
  let current = wrapped(node);
  for (let parent = current.parent ?? undefined; parent && depth <= JOIN_DEPTH; parent = current.parent ?? undefined) {
    switch (parent.type) {
      case "ArrayExpression":
      case "ConditionalExpression":
      case "LogicalExpression":
      case "SpreadElement":
        current = wrapped(parent);
        continue;
      case "ReturnStatement":
      case "ArrowFunctionExpression": {
        const fn = parent.type === "ReturnStatement" ? enclosingFunction(parent) : parent;
        const callback = fn && callbackOf(fn);
        const name = callback && calleeName(callback.call);
        if (!callback || !fn) return false;
        // What a promise's callback gives is waited for.
        if (name === "then" || name === "catch" || name === "finally") return true;
        if (!isMapper(fn)) return false;
        current = wrapped(callback.call);
        continue;
      }
      case "MemberExpression": {
        const call = wrapped(parent).parent;
        if (parent.object !== current || !isCall(call) || !["flat", "filter", "concat", "slice"].includes(propertyName(parent) ?? "")) return false;
        current = wrapped(call);
        continue;
      }
      case "ForOfStatement":
        return parent.right === current;
      case "CallExpression": {
        const member = calleeMember(parent);
        if (member && isIdentifier(unwrap(member.object), "Promise")) return true;
        const list = member && ["push", "unshift"].includes(propertyName(member) ?? "") ? unwrap(member.object) : undefined;
        return isIdentifier(list) && listIsJoined(file, list, depth);
      }
      case "VariableDeclarator":
        return parent.init === current && isIdentifier(parent.id) && listIsJoined(file, parent.id, depth);
      case "AssignmentExpression":
        return parent.right === current && isIdentifier(parent.left) && listIsJoined(file, parent.left, depth);
      default:
        return false;
    }
  }
  return false;
}

function listIsJoined(file: SourceFile, list: Extract<Node, { type: "Identifier" }>, depth: number): boolean {
  const variable = file.scopes.resolve(list);
  if (!variable) return false;
  const uses = (file.identifiers.get(list.name) ?? []).filter((use) => use !== list && use !== variable.node && file.scopes.resolve(use) === variable && !isWrittenTo(use));
  // Sent as a batch where there is one: the loop behind it is for databases that have none.
  return !uses.some(isBatched) && uses.some((use) => isJoined(file, use, depth + 1));
}

/** `db.batch(list)`, `batch.call(db, list)` */
function isBatched(use: Node): boolean {
  const { parent } = wrapped(use);
  if (!isCall(parent) || parent.callee === use) return false;
  const name = calleeName(parent);
  const object = calleeMember(parent)?.object;
  return name === "batch" || ((name === "call" || name === "apply") && object !== undefined && isIdentifier(unwrap(object)) && /batch$/i.test((unwrap(object) as { name: string }).name));
}

function isWrittenTo(use: Node): boolean {
  return use.parent?.type === "AssignmentExpression" && use.parent.left === use;
}
