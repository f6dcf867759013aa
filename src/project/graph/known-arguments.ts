import type { Flow } from "../flow/flow.ts";
import type { CallExpression, FunctionNode, Node, ObjectExpression } from "../parse/ast.ts";
import { calleeMember, calleeName, isIdentifier, keyName, propertyName, unwrap } from "../parse/ast.ts";
import type { CallSite } from "./calls.ts";
import { isReassigned } from "./constants.ts";
import type { Project } from "./project.ts";
import { returnedBy } from "./runs.ts";

/** A value that a call gives a parameter for certain. `present`: some object, list or function, neither null nor undefined. */
export type KnownValue = { readonly value: string | number | boolean | null | undefined } | { readonly present: true; readonly object?: ObjectExpression };

/** Values of a function's parameters at one call, by the declaring identifier. */
export type KnownArguments = ReadonlyMap<Node, KnownValue>;

const NONE: KnownArguments = new Map();

/** What a call tells about the parameters of the function it runs: arguments left out, literals, objects made on the spot. */
export function knownArguments(project: Project, fn: FunctionNode, call: CallSite, outer: KnownArguments): KnownArguments {
  if (call.arguments.some((argument) => argument.type === "SpreadElement")) return NONE;
  const known = new Map<Node, KnownValue>();
  const file = project.fileOf(fn);
  for (const [index, raw] of fn.params.entries()) {
    const parameter = raw.type === "TSParameterProperty" ? raw.parameter : raw;
    const pattern = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
    const argument = call.arguments[index] ?? (parameter.type === "AssignmentPattern" ? parameter.right : undefined);
    if (pattern.type === "Identifier") {
      const variable = file.scopes.lookup(pattern.name, fn);
      if (!variable || isReassigned(file, variable)) continue;
      const value = argument ? valueOf(project, argument, outer) : { value: undefined };
      if (value) known.set(pattern, value);
    } else if (pattern.type === "ObjectPattern") {
      const object = argument ? unwrap(argument) : undefined;
      if (object?.type !== "ObjectExpression" || object.properties.some((property) => property.type === "SpreadElement")) continue;
      for (const property of pattern.properties) {
        if (property.type !== "Property") continue;
        const target = property.value.type === "AssignmentPattern" ? property.value.left : property.value;
        const name = keyName(property.key, property.computed);
        const given = object.properties.find((candidate) => candidate.type === "Property" && keyName(candidate.key, candidate.computed) === name);
        const fallback = property.value.type === "AssignmentPattern" ? property.value.right : undefined;
        const source = given?.type === "Property" ? given.value : fallback;
        const value = source ? valueOf(project, source, outer) : { value: undefined };
        if (target.type === "Identifier" && value) known.set(target, value);
      }
    }
  }
  return known;
}

/** Whether a node is only evaluated when something holds that these arguments rule out. */
export function falsified(flow: Flow, node: Node, known: KnownArguments, project: Project): boolean {
  return flow.conditionsOn(node).some((condition) => {
    const value = valueOf(project, condition.test, known);
    if (!value) return false;
    switch (condition.kind) {
      case "truthy":
        return truth(value) !== condition.holds;
      case "nullish":
        return ("present" in value ? false : value.value === null || value.value === undefined) !== condition.holds;
      case "case": {
        if ("present" in value) return false;
        const cases = condition.cases.map((candidate) => valueOf(project, candidate, known));
        if (cases.some((candidate) => !candidate || "present" in candidate)) return false;
        return cases.some((candidate) => candidate && !("present" in candidate) && candidate.value === value.value) !== condition.holds;
      }
    }
  });
}

function truth(value: KnownValue): boolean {
  return "present" in value || Boolean(value.value);
}

/** The value of an expression as far as literals and the known parameters decide it. */
function valueOf(project: Project, raw: Node, known: KnownArguments): KnownValue | undefined {
  const node = unwrap(raw);
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" || typeof node.value === "number" || typeof node.value === "boolean" || (node.value === null && node.raw === "null") ? { value: node.value } : undefined;
    case "ObjectExpression":
      return { present: true, object: node };
    case "CallExpression":
      return callValue(project, node);
    case "ArrayExpression":
    case "ArrowFunctionExpression":
    case "FunctionExpression":
    case "NewExpression":
      return { present: true };
    case "Identifier": {
      if (node.name === "undefined") return { value: undefined };
      const variable = project.fileOf(node).scopes.resolve(node);
      if (!variable) return undefined;
      const given = known.get(variable.node);
      if (given) return given;
      // A list that was looked up with a fallback: `byId.get(id) ?? []`.
      if (variable.kind === "const" && variable.declaration.type === "VariableDeclarator" && variable.declaration.id === variable.node && variable.declaration.init) return valueOf(project, variable.declaration.init, known);
      return undefined;
    }
    case "MemberExpression":
      return memberValue(project, node, known);
    case "UnaryExpression": {
      if (node.operator !== "!") return undefined;
      const value = valueOf(project, node.argument, known);
      return value ? { value: !truth(value) } : undefined;
    }
    case "LogicalExpression": {
      const left = valueOf(project, node.left, known);
      const right = valueOf(project, node.right, known);
      if (node.operator === "??") {
        if (left && ("present" in left || (left.value !== null && left.value !== undefined))) return left;
        if (left) return right;
        return right && "present" in right ? right : undefined;
      }
      const decisive = node.operator === "||";
      if (left && truth(left) === decisive) return left;
      if (left) return right;
      if (right && truth(right) === decisive) return decisive && "present" in right ? right : undefined;
      return undefined;
    }
    case "BinaryExpression": {
      if (!["==", "===", "!=", "!=="].includes(node.operator)) return undefined;
      const left = valueOf(project, node.left, known);
      const right = valueOf(project, node.right, known);
      if (!left || !right) return undefined;
      const loose = node.operator.length === 2;
      const same = equal(left, right, loose);
      return same === undefined ? undefined : { value: node.operator.startsWith("!") ? !same : same };
    }
    default:
      return undefined;
  }
}

function equal(left: KnownValue, right: KnownValue, loose: boolean): boolean | undefined {
  const isNullish = (value: KnownValue): boolean => !("present" in value) && (value.value === null || value.value === undefined);
  if ("present" in left || "present" in right) return isNullish(left) || isNullish(right) ? false : undefined;
  return loose && isNullish(left) && isNullish(right) ? true : left.value === right.value;
}

/** Lists that array methods make, and objects that a helper with one `return` makes. */
function callValue(project: Project, node: CallExpression): KnownValue | undefined {
  const name = calleeName(node);
  if (calleeMember(node) && name !== undefined && ["filter", "map", "flatMap", "slice", "concat", "keys", "values", "entries"].includes(name) && project.targetsOf(node).length === 0) return { present: true };
  const returned = project.targetsOf(node).flatMap((fn) => returnedBy(project, fn)).map((value) => unwrap(value));
  const [only, ...others] = returned;
  return only?.type === "ObjectExpression" && others.length === 0 ? { present: true, object: only } : undefined;
}

/** `options.flag` where the options are an object made at the call. */
function memberValue(project: Project, node: Extract<Node, { type: "MemberExpression" }>, known: KnownArguments): KnownValue | undefined {
  const object = unwrap(node.object);
  const name = propertyName(node);
  if (!isIdentifier(object) || name === undefined) return undefined;
  const given = valueOf(project, object, known);
  if (!given) return undefined;
  // `options?.flag` of options left out.
  if (!("present" in given)) return given.value === undefined ? { value: undefined } : undefined;
  if (!given.object || given.object.properties.some((property) => property.type === "SpreadElement")) return undefined;
  const property = given.object.properties.find((candidate) => candidate.type === "Property" && keyName(candidate.key, candidate.computed) === name);
  return property?.type === "Property" ? valueOf(project, property.value, known) : { value: undefined };
}
