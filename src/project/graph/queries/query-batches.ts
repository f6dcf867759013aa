import type { Node } from "../../parse/ast.ts";
import { calleeMember, isCall, isMember, propertyName, unwrap, wrapped } from "../../parse/ast.ts";
import type { Project } from "../project.ts";
import { returnedBy } from "../runs.ts";

/** The expressions that end up in a list of statements, as far as they are in sight. */
export function batchElements(project: Project, raw: Node, depth: number): readonly Node[] {
  const node = unwrap(raw);
  if (depth > 6) return [];
  switch (node.type) {
    case "ArrayExpression":
      return node.elements.flatMap((element) => (!element ? [] : element.type === "SpreadElement" ? batchElements(project, element.argument, depth + 1) : [element]));
    case "AwaitExpression":
      return batchElements(project, node.argument, depth + 1);
    case "ConditionalExpression":
      return [...batchElements(project, node.consequent, depth + 1), ...batchElements(project, node.alternate, depth + 1)];
    case "LogicalExpression":
      return [...batchElements(project, node.left, depth + 1), ...batchElements(project, node.right, depth + 1)];
    case "Identifier":
    case "MemberExpression":
      return listElements(project, node, depth);
    case "CallExpression": {
      const member = calleeMember(node);
      const name = member ? propertyName(member) : undefined;
      const [first] = node.arguments;
      if (member && first && (name === "map" || name === "flatMap")) return returnedBy(project, first).flatMap((value) => (name === "flatMap" ? batchElements(project, value, depth + 1) : [value]));
      if (member && name !== undefined && ["filter", "slice", "concat", "splice", "flat", "reverse", "toReversed"].includes(name)) return batchElements(project, member.object, depth + 1);
      return project.targetsOf(node).flatMap((fn) => returnedBy(project, fn).flatMap((value) => batchElements(project, value, depth + 1)));
    }
    default:
      return [];
  }
}

function listElements(project: Project, node: Node, depth: number): readonly Node[] {
  const file = project.fileOf(node);
  const variable = file.scopes.resolve(node);
  const found: Node[] = [];
  if (variable?.declaration.type === "VariableDeclarator" && variable.declaration.init && variable.declaration.id.type === "Identifier")
    found.push(...batchElements(project, variable.declaration.init, depth + 1));
  const name = isMember(node) ? propertyName(node) : undefined;
  const uses = variable ? (file.identifiers.get(variable.name) ?? []).filter((use) => file.scopes.resolve(use) === variable) : name !== undefined ? (file.members.get(name) ?? []) : [];
  for (const use of uses) {
    const member = wrapped(use).parent;
    const call = isMember(member) && member.object === wrapped(use) ? wrapped(member).parent : undefined;
    if (isMember(member) && isCall(call) && ["push", "unshift"].includes(propertyName(member) ?? ""))
      for (const argument of call.arguments) found.push(...(argument.type === "SpreadElement" ? batchElements(project, argument.argument, depth + 1) : [argument]));
  }
  return found;
}
