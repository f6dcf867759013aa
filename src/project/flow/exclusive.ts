import { isIdentifier, isMember, propertyName, unwrap, walk, type Node } from "../parse/ast.ts";
import type { SourceFile } from "../parse/source-file.ts";
import type { Variable } from "../parse/scopes.ts";
import type { Condition, Flow, Step } from "./flow.ts";

/** A test without the negations around it, and whether it holds. */
export interface Fact {
  readonly test: Node;
  readonly holds: boolean;
}

/**
 * Whether one run of a function (of a loop: one turn) can only evaluate one of two nodes, `a` standing before `b`: they are in different
 * branches, behind a test and its opposite, or `b` waits for a flag to be down that is raised together with `a`.
 */
export function excludeEachOther(flow: Flow, file: SourceFile, a: Node, b: Node): boolean {
  const left = flow.conditionsOn(a);
  return flow.conditionsOn(b).some((condition) => left.some((other) => areBranches(other, condition) || areOpposites(flow, file, a, other, b, condition)) || isRaisedWith(flow, file, a, b, condition));
}

function areBranches(a: Condition, b: Condition): boolean {
  if (a.test !== b.test || a.kind !== b.kind || a.site !== b.site) return false;
  if (b.kind === "case") return a.holds && b.holds && !b.cases.some((candidate) => a.cases.includes(candidate));
  return a.holds !== b.holds;
}

/** `if (x) a; … if (!x) b;`, with nothing put into `x` in between. */
function areOpposites(flow: Flow, file: SourceFile, a: Node, first: Condition, b: Node, second: Condition): boolean {
  const [left, right] = [factOf(first), factOf(second)];
  if (!left || !right || left.holds === right.holds || !isSame(file, left.test, right.test)) return false;
  const variables = variablesIn(file, right.test);
  return variables !== undefined && flow.somePath({ from: a, via: (node) => changes(file, node, variables), to: b }) === undefined;
}

/** What a condition on the truth of something says, without negations; of `a !== b` that it is not `a === b`. */
export function factOf(condition: Condition): Fact | undefined {
  return condition.kind === "truthy" ? plain(condition.test, condition.holds) : undefined;
}

function plain(raw: Node, holds: boolean): Fact {
  const test = unwrap(raw);
  return test.type === "UnaryExpression" && test.operator === "!" ? plain(test.argument, !holds) : { test, holds: isNegated(test) ? !holds : holds };
}

function isNegated(test: Node): boolean {
  return test.type === "BinaryExpression" && (test.operator === "!==" || test.operator === "!=");
}

/** Whether two expressions give the same as long as nothing is assigned: names, members, constants, comparisons of them. */
function isSame(file: SourceFile, rawA: Node, rawB: Node): boolean {
  const [a, b] = [unwrap(rawA), unwrap(rawB)];
  if (isIdentifier(a) && isIdentifier(b)) {
    const variable = file.scopes.resolve(a);
    return variable === file.scopes.resolve(b) && (variable !== undefined || (a.name === "undefined" && b.name === "undefined"));
  }
  if (a.type === "Literal" && b.type === "Literal") return a.value === b.value;
  if (isMember(a) && isMember(b)) {
    const name = propertyName(a);
    return isSame(file, a.object, b.object) && (name === undefined ? a.computed && b.computed && isSame(file, a.property, b.property) : name === propertyName(b));
  }
  if (a.type === "BinaryExpression" && b.type === "BinaryExpression") return a.operator.replace("!", "=") === b.operator.replace("!", "=") && isSame(file, a.left, b.left) && isSame(file, a.right, b.right);
  return false;
}

/** The variables that an expression is made of; undefined where it holds something that others can change, such as `this`. */
function variablesIn(file: SourceFile, root: Node): ReadonlySet<Variable> | undefined {
  const found = new Set<Variable>();
  let isLocal = true;
  walk(root, file.keys, (node) => {
    if (node.type === "ThisExpression") isLocal = false;
    if (!isIdentifier(node) || (isMember(node.parent) && node.parent.property === node && !node.parent.computed)) return undefined;
    const variable = file.scopes.resolve(node);
    if (variable) found.add(variable);
    else if (node.name !== "undefined") isLocal = false;
    return undefined;
  });
  return isLocal ? found : undefined;
}

/** Whether an event assigns to one of the variables, or to a part of what it holds. */
function changes(file: SourceFile, node: Node, variables: ReadonlySet<Variable>): boolean {
  const target = assignedBy(node);
  let root = target && unwrap(target);
  while (isMember(root)) root = unwrap(root.object);
  const variable = isIdentifier(root) ? file.scopes.resolve(root) : undefined;
  return variable !== undefined && variables.has(variable);
}

function assignedBy(node: Node): Node | undefined {
  switch (node.type) {
    case "AssignmentExpression":
      return node.left;
    case "UpdateExpression":
      return node.argument;
    case "VariableDeclarator":
      return node.id;
    case "UnaryExpression":
      return node.operator === "delete" ? node.argument : undefined;
    default:
      return undefined;
  }
}

/** `let found = false; if (…) { a; found = true; } … if (!found) b;`: wherever `a` succeeds the flag goes up, and nothing takes it down. */
function isRaisedWith(flow: Flow, file: SourceFile, a: Node, b: Node, condition: Condition): boolean {
  const fact = factOf(condition);
  if (!fact || fact.holds || !isIdentifier(fact.test)) return false;
  const variable = file.scopes.resolve(fact.test);
  if (variable?.kind !== "let") return false;
  const raises = (file.identifiers.get(variable.name) ?? []).flatMap((use) => (use.parent?.type === "AssignmentExpression" && use.parent.left === use && file.scopes.resolve(use) === variable ? [use.parent] : []));
  if (raises.length === 0 || !raises.every((raise) => raise.operator === "=" && isTrue(raise.right))) return false;
  const isRaise = (node: Node): boolean => raises.some((raise) => raise === node);
  if (raises.some((raise) => flow.dominates(raise, a))) return true;
  return flow.somePath({ from: a, avoiding: (node, step) => isRaise(node) || isAfterFailure(step, b), to: b }) === undefined;
}

function isTrue(raw: Node): boolean {
  const value = unwrap(raw);
  return value.type === "Literal" && Boolean(value.value);
}

/** Whether a step is in a `catch` that the node is not part of: what failed was not done. */
function isAfterFailure(step: Step, node: Node): boolean {
  for (let region = step.region; region; region = region.outer) if (region.kind === "catch" && !(region.node.start <= node.start && node.end <= region.node.end)) return true;
  return false;
}
