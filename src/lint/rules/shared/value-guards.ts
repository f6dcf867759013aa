import type { CallExpression, Node } from "../../../project/parse/ast.ts";
import { calleeMember, calleeName, isCall, isIdentifier, isMember, unwrap } from "../../../project/parse/ast.ts";
import { flowOf, type Condition, type Flow } from "../../../project/flow/flow.ts";
import type { Project } from "../../../project/graph/project.ts";

/** Conditions known to hold where a value ends up, gathered on the way to where it comes from. */
export type Guards = readonly Condition[];

/** What is known to hold where a node is evaluated. */
export function guardsAt(node: Node): Guards {
  return flowOf(node)?.conditionsOn(node) ?? [];
}

/** Whether the conditions prove that a variable or member holds one of a list of values, matches a pattern, or is a number. */
export function isProven(project: Project, value: Node, guards: Guards): boolean {
  return guards.some(({ kind, test, holds }) => (kind === "case" ? holds && isSame(project, test, value) : kind === "truthy" && proves(project, test, holds, value)));
}

const CHECKS = /^(?:includes|has|test|exec|hasOwn|hasOwnProperty|every|some|indexOf|isInteger|isFinite|isSafeInteger|match)$/;
const CHECKERS = /^(?:is|valid|check|allow|assert|ensure|verify|has|matches)/i;

function proves(project: Project, raw: Node, holds: boolean, value: Node): boolean {
  const test = unwrap(raw);
  switch (test.type) {
    case "UnaryExpression":
      return test.operator === "!" && proves(project, test.argument, !holds, value);
    case "LogicalExpression":
      // A chain of alternatives proves something only when each of them does.
      return (test.operator === "||") === holds
        ? proves(project, test.left, holds, value) && proves(project, test.right, holds, value)
        : proves(project, test.left, holds, value) || proves(project, test.right, holds, value);
    case "BinaryExpression":
      return provesByComparison(project, test, holds, value);
    case "CallExpression": {
      const name = calleeName(test) ?? "";
      if (name === "isNaN") return !holds && mentions(project, test, value);
      if (!holds) return false;
      // `COLUMNS.includes(column)`, `/^\w+$/.test(name)`, `isColumn(name)`, `fields.every((f) => COLUMNS.has(f))`
      if (isLoosePattern(unwrap(calleeMember(test)?.object ?? test)) || (test.arguments[0] && isLoosePattern(unwrap(test.arguments[0])))) return false;
      if (name === "every" || name === "match") return isSame(project, calleeMember(test)?.object, value);
      return (CHECKS.test(name) || CHECKERS.test(name)) && mentions(project, test, value);
    }
    default:
      return false;
  }
}

/** A pattern that lets anything stand somewhere: without both ends, or with `.`, `[^…]` or a quote in it. */
function isLoosePattern(node: Node): boolean {
  if (node.type !== "Literal" || !("regex" in node) || !node.regex) return false;
  const { pattern } = node.regex;
  const bare = pattern.replace(/\\[^SDW]/g, "");
  return !pattern.startsWith("^") || !pattern.endsWith("$") || /\\[SDW]|\[\^|['"`;]/.test(bare) || bare.replace(/\[[^\]]*\]/g, "").includes(".");
}

function provesByComparison(project: Project, test: Extract<Node, { type: "BinaryExpression" }>, holds: boolean, value: Node): boolean {
  const { left, right, operator } = test;
  switch (operator) {
    case "===":
    case "==":
    case "!==":
    case "!=": {
      if ((operator === "===" || operator === "==") !== holds) return provesByIndex(project, left, value);
      const typed = unwrap(left);
      if (typed.type === "UnaryExpression" && typed.operator === "typeof")
        return isSame(project, typed.argument, value) && /^(?:number|boolean|bigint)$/.test(project.constants.constantOf(right)?.value ?? "");
      if (isSame(project, left, value)) return project.constants.constantOf(right) !== undefined;
      return isSame(project, right, value) && project.constants.constantOf(left) !== undefined;
    }
    case "in":
      return holds && isSame(project, left, value);
    case "<":
    case ">":
    case "<=":
    case ">=":
      // Only what is like a number compares with one.
      return holds && ((isSame(project, left, value) && isNumeric(project, right)) || (isSame(project, right, value) && isNumeric(project, left)) || provesByIndex(project, left, value));
    default:
      return false;
  }
}

/** `COLUMNS.indexOf(column) !== -1` */
function provesByIndex(project: Project, raw: Node, value: Node): boolean {
  const call = unwrap(raw);
  return isCall(call) && calleeName(call) === "indexOf" && mentions(project, call, value);
}

function isNumeric(project: Project, node: Node): boolean {
  const text = project.constants.constantOf(node)?.value;
  return text !== undefined && text.trim() !== "" && Number.isFinite(Number(text));
}

function mentions(project: Project, call: Extract<Node, { type: "CallExpression" }>, value: Node): boolean {
  return call.arguments.some((argument) => isSame(project, argument, value));
}

/** Whether two expressions read the same variable or member; case folding and the like do not matter. */
export function isSame(project: Project, a: Node | undefined, b: Node): boolean {
  const [left, right] = [a && bare(a), bare(b)];
  if (!left) return false;
  if (left.type === "Identifier" && right.type === "Identifier")
    return left.name === right.name && project.fileOf(left).scopes.resolve(left) === project.fileOf(right).scopes.resolve(right);
  return isMember(left) && isMember(right) && project.text(left) === project.text(right) && project.fileOf(left) === project.fileOf(right);
}

function bare(raw: Node): Node {
  let node = unwrap(raw);
  while (isCall(node) && /^(?:toLowerCase|toUpperCase|trim|toString|String|Number|parseInt|parseFloat)$/.test(calleeName(node) ?? "")) {
    const member = calleeMember(node);
    const inner = member ? member.object : node.arguments[0];
    if (!inner) break;
    node = unwrap(inner);
  }
  return node;
}

/** Whether a variable was given another value before, where it did not pass a check: `if (!COLUMNS.includes(sort)) sort = "id"`. */
export function isReset(project: Project, value: Node): boolean {
  if (!isIdentifier(value)) return false;
  const file = project.fileOf(value);
  const variable = file.scopes.resolve(value);
  if (!variable || variable.kind === "const" || variable.kind === "import") return false;
  return (file.identifiers.get(value.name) ?? []).some((use) => {
    const assignment = use.parent;
    if (assignment?.type !== "AssignmentExpression" || assignment.left !== use || assignment.operator !== "=" || use.start > value.start || file.scopes.resolve(use) !== variable) return false;
    return guardsAt(assignment).some(({ kind, test, holds }) => kind === "truthy" && proves(project, test, !holds, value));
  });
}

const ASSERTIONS = /^(?:assert|validate|check|ensure|require|verify|guard|sanit)/i;

/** Whether a call that throws on bad values (`assertColumn(name)`) was passed before a value is used. */
export function isAsserted(project: Project, value: Node): boolean {
  const flow = flowOf(value);
  return flow !== undefined && assertionsIn(flow).some((call) => mentions(project, call, value) && flow.dominates(call, value));
}

const assertions = new WeakMap<Flow, readonly CallExpression[]>();

/** Calls of a flow whose result is not used and whose name says that they check something. */
function assertionsIn(flow: Flow): readonly CallExpression[] {
  let calls = assertions.get(flow);
  if (!calls)
    assertions.set(flow, (calls = flow.order.flatMap(({ node }) =>
      node && isCall(node) && node.parent?.type === "ExpressionStatement" && ASSERTIONS.test(calleeName(node) ?? "") ? [node] : [])));
  return calls;
}
