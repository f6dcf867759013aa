import { databaseOf } from "../../../project/graph/kinds/kinds.ts";
import type { D1Query } from "../../../project/graph/queries/query.ts";
import type { Project } from "../../../project/graph/project.ts";
import { functionName } from "../../../project/graph/classes.ts";
import type { FunctionNode, Node } from "../../../project/parse/ast.ts";
import { calleeName, isCall } from "../../../project/parse/ast.ts";
import type { CallSite } from "../../../project/graph/calls.ts";

/** The name of the database's binding, when it is known. */
export function databaseName(query: D1Query): string | undefined {
  return databaseOf(query.database)?.binding;
}

/** The databases of some queries as `subject.database`; empty unless they agree. */
export function databaseSubject(queries: readonly D1Query[]): { readonly database?: string } {
  const names = new Set(queries.flatMap((query) => databaseName(query) ?? []));
  const [name] = names;
  return names.size === 1 && name !== undefined ? { database: name } : {};
}

/** "reads `users`", "writes `posts` and `tags`", "queries D1". */
export function queryWords(query: D1Query): string {
  const tables = query.action === "write" ? query.writes : query.reads;
  const list = listed(tables.map((table) => `\`${table}\``));
  if (query.action === "write") return tables.length > 0 ? `writes ${list}` : "writes to D1";
  if (query.action === "read") return tables.length > 0 ? `reads ${list}` : "reads from D1";
  return "queries D1";
}

/** "a", "a and b", "a, b and c", at most four. */
export function listed(items: readonly string[]): string {
  const unique = [...new Set(items)];
  if (unique.length > 4) return `${unique.slice(0, 3).join(", ")} and ${unique.length - 3} more`;
  return unique.length <= 1 ? (unique[0] ?? "") : `${unique.slice(0, -1).join(", ")} and ${unique.at(-1) ?? ""}`;
}

/** `` `load()` `` for a call. */
export function callWords(call: CallSite): string {
  const name = isCall(call) ? calleeName(call) : undefined;
  return name === undefined ? "the helper" : `\`${name}()\``;
}

/** `` `save()` `` for a function with a name, otherwise "this code". */
export function functionWords(project: Project, fn: FunctionNode | undefined): string {
  const name = fn ? functionName(project, fn) : undefined;
  return name === undefined || !/^[\w$.#]+$/.test(name) ? "this code" : `\`${name}()\``;
}

/** A piece of the user's code short enough for a message; undefined when it is not. */
export function shortText(project: Project, node: Node, limit = 48): string | undefined {
  const text = project.text(node).replace(/\s+/g, " ");
  return text.length <= limit ? text : undefined;
}
