import type { Node } from "../../../project/parse/ast.ts";
import { isIdentifier, isMember, isWithin, propertyName, unwrap } from "../../../project/parse/ast.ts";
import { controlFlow } from "../../../project/flow/flow.ts";
import type { Condition } from "../../../project/flow/steps.ts";
import { numberOf } from "../../../project/graph/objects/delays.ts";
import type { Repetition } from "../../../project/graph/loops.ts";
import type { Project } from "../../../project/graph/project.ts";
import { runRoot } from "../../../project/graph/runs.ts";

/**
 * Whether code runs only once in many turns: behind `if (buffer.length >= 100)` or `if (index % 100 === 0)`, where the buffer outlives the turn.
 * `loop` is the loop whose turns are meant when the code stands in it, undefined for code of a helper that a turn calls.
 */
export function isOnceInMany(project: Project, node: Node, loop: Repetition | undefined): boolean {
  const root = runRoot(node);
  const flow = root && controlFlow(root);
  if (!flow?.has(node)) return false;
  return flow.conditionsOn(node).some((condition) => (loop === undefined || (condition.site !== loop.node && isWithin(condition.site, loop.node))) && isFull(project, condition, loop));
}

const REACHED: Readonly<Record<string, boolean>> = { ">=": true, ">": true, "===": true, "==": true, "<": false, "<=": false, "!==": false, "!=": false };

function isFull(project: Project, { kind, test, holds }: Condition, loop: Repetition | undefined): boolean {
  const compared = unwrap(test);
  if (kind !== "truthy" || compared.type !== "BinaryExpression" || REACHED[compared.operator] !== holds) return false;
  const left = unwrap(compared.left);
  if (left.type === "BinaryExpression" && left.operator === "%") return numberOf(project, compared.right) !== undefined && (numberOf(project, left.right)?.value ?? 2) > 1;
  if (!isMember(left) || !/^(?:length|size)$/.test(propertyName(left) ?? "") || !outlives(project, unwrap(left.object), loop)) return false;
  const limit = numberOf(project, compared.right);
  // `length > 0` only asks whether there is something to do.
  return limit === undefined ? !isSize(compared.right) : limit.value > 1;
}

function isSize(raw: Node): boolean {
  const node = unwrap(raw);
  return isMember(node) && /^(?:length|size)$/.test(propertyName(node) ?? "");
}

/** A field, or a variable from outside the loop (of a helper: from outside the helper). */
function outlives(project: Project, buffer: Node, loop: Repetition | undefined): boolean {
  if (isMember(buffer)) return unwrap(buffer.object).type === "ThisExpression";
  if (!isIdentifier(buffer)) return false;
  const variable = project.fileOf(buffer).scopes.resolve(buffer);
  if (!variable || variable.kind === "parameter") return false;
  // The list that is gone through is as long on the first turn as on the last.
  if (loop?.over && isIdentifier(unwrap(loop.over), buffer.name)) return false;
  const scope = loop?.node ?? runRoot(buffer);
  return scope !== undefined && !isWithin(variable.node, scope);
}
