import type { CallExpression, FunctionNode } from "../../../project/parse/ast.ts";
import { enclosingClass } from "../../../project/parse/ast.ts";
import type { Project } from "../../../project/graph/project.ts";

/** Calls over RPC that run a method of a DO class; other functions have none, which is known without looking for stubs. */
export function remoteCallers(project: Project, fn: FunctionNode): readonly CallExpression[] {
  if (fn.parent?.type !== "MethodDefinition") return [];
  const cls = enclosingClass(fn);
  return cls && project.classes.isDurableObject(cls) ? project.calls.rpcCallersOf(fn) : [];
}
