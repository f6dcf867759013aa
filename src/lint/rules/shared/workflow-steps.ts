import type { CallExpression, Node } from "../../../project/parse/ast.ts";
import { calleeMember, isCall, isIdentifier, propertyName, unwrap } from "../../../project/parse/ast.ts";

/** The `step.do(…)` of a Workflow that a node belongs to: what is in it is kept and retried by itself. */
export function workflowStepAround(node: Node): CallExpression | undefined {
  for (let current = node.parent ?? undefined; current; current = current.parent ?? undefined) {
    const member = isCall(current) ? calleeMember(current) : undefined;
    if (isCall(current) && member && propertyName(member) === "do" && isIdentifier(unwrap(member.object), "step")) return current;
  }
  return undefined;
}
