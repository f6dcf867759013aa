import { calleeMember, calleeName as nameOfCall, unwrap, type CallExpression, type FunctionNode, type NewExpression, type Node } from "../parse/ast.ts";

/** How often a callback runs before the call that it is given to completes. */
export type CallbackRuns = "once" | "maybe" | "each";

const EACH = new Set([
  "forEach", "map", "flatMap", "filter", "some", "every", "find", "findIndex", "findLast", "findLastIndex", "reduce", "reduceRight",
  "sort", "toSorted",
]);
const ONCE = new Set(["blockConcurrencyWhile", "transactionSync", "transaction", "runExclusive", "withLock", "finally"]);
const MAYBE = new Set(["then", "catch"]);

/** The last name of a callee: `map` of `rows.map(…)`, `Promise` of `new Promise(…)`. */
export function calleeName(call: CallExpression | NewExpression): string | undefined {
  if (call.type === "CallExpression") return nameOfCall(call);
  const callee = unwrap(call.callee);
  return callee.type === "Identifier" ? callee.name : undefined;
}

/** Whether a function given to this call as its `index`th argument runs before the call completes, and how often. */
export function callbackRuns(call: CallExpression | NewExpression, index: number): CallbackRuns | undefined {
  const name = calleeName(call);
  if (!name) return undefined;
  if (call.type === "NewExpression") return name === "Promise" && index === 0 ? "once" : undefined;
  if (!calleeMember(call)) return undefined;
  if (name === "from") return index === 1 ? "each" : undefined;
  if (name === "then" ? index > 1 : index > 0) return undefined;
  if (EACH.has(name)) return "each";
  if (ONCE.has(name)) return "once";
  return MAYBE.has(name) ? "maybe" : undefined;
}

/** Whether a function given as the `index`th argument only runs when a promise was rejected. */
export function handlesRejection(call: CallExpression | NewExpression, index: number): boolean {
  const name = calleeName(call);
  return (name === "catch" && index === 0) || (name === "then" && index === 1);
}

/** The collection whose elements a callback that runs for each of them is given. */
export function iteratedBy(call: CallExpression | NewExpression): Node | undefined {
  if (call.type === "NewExpression") return undefined;
  return calleeName(call) === "from" ? call.arguments[0] : calleeMember(call)?.object;
}

/** The parameter that holds the element: the second one of a reducer, otherwise the first. */
export function elementParameter(call: CallExpression | NewExpression, callback: FunctionNode): Node | undefined {
  const name = calleeName(call);
  return callback.params[name === "reduce" || name === "reduceRight" ? 1 : 0];
}
