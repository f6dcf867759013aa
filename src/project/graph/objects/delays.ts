import type { CallExpression, FunctionNode, MemberExpression, Node, ObjectExpression } from "../../parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isCall, isFunction, isMember, keyName, propertyName, thisClass, unwrap } from "../../parse/ast.ts";
import { flowOf } from "../../flow/flow.ts";
import { valuesOf } from "../../flow/values.ts";
import type { Variable } from "../../parse/scopes.ts";
import { isReassigned } from "../constants.ts";
import type { Project } from "../project.ts";

/** A number known before the program runs. */
export interface KnownNumber {
  readonly value: number;
  /** The place that decides it: the literal or the arithmetic that a constant is set to. */
  readonly origin: Node;
  /** It only holds where nothing else is configured: `env.INTERVAL ?? 5000`. */
  readonly isDefault: boolean;
}

/** What parameters hold on the way that is looked at: the argument passed, or undefined when it was left out. */
export type Arguments = ReadonlyMap<Variable, Node | undefined>;

const NONE: Arguments = new Map();
const MAX_DEPTH = 10;

/** The parameters of a function as a call gives them, on top of those known so far. */
export function argumentsOf(project: Project, fn: FunctionNode, call: Node, outer: Arguments = NONE): Arguments {
  if (call.type !== "CallExpression" && call.type !== "NewExpression") return outer;
  const given = new Map(outer);
  const { scopes } = project.fileOf(fn);
  for (const [index, raw] of fn.params.entries()) {
    const parameter = raw.type === "TSParameterProperty" ? raw.parameter : raw;
    const pattern = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
    const variable = pattern.type === "Identifier" ? scopes.resolve(pattern) : undefined;
    if (!variable || call.arguments.slice(0, index + 1).some((argument) => argument.type === "SpreadElement")) continue;
    given.set(variable, call.arguments[index]);
  }
  return given;
}

/** The number that an expression always is, followed through constants, fields, defaults and arithmetic, across files. */
export function numberOf(project: Project, node: Node, given: Arguments = NONE): KnownNumber | undefined {
  return evaluate(project, node, given, 0);
}

/**
 * How long after now a point in time lies, in milliseconds: `Date.now() + 10 * 1000`, `new Date(Date.now() + INTERVAL)`,
 * `Temporal.Now.instant().add({ seconds: 10 }).epochMilliseconds`. Undefined when it is not relative to now, or the length is not known.
 */
export function delayOf(project: Project, time: Node, given: Arguments = NONE): KnownNumber | undefined {
  return delay(project, time, given, 0);
}

/** Whether a point in time is reckoned from now, whatever the distance: `Date.now() + this.interval`. */
export function isRelativeToNow(project: Project, time: Node, given: Arguments = NONE): boolean {
  return relative(project, time, given, 0);
}

/** The expression that a name stands for: a constant's initialiser, the one assignment of a field, the argument or default of a parameter. */
export function valueBehind(project: Project, node: Node, given: Arguments = NONE): Node | undefined {
  if (node.type === "Identifier") {
    const variable = project.fileOf(node).scopes.resolve(node);
    if (variable?.kind === "parameter") return ofParameter(project, variable, given);
    const definition = project.definitionOf(node);
    if (definition?.type === "expression") return definition.node;
    if (definition?.type !== "variable") return undefined;
    const { declaration } = definition.variable;
    if (declaration.type !== "VariableDeclarator" || declaration.id.type !== "Identifier" || !declaration.init) return undefined;
    return isReassigned(definition.file, definition.variable) ? undefined : declaration.init;
  }
  return isMember(node) ? ofMember(project, node) : undefined;
}

function evaluate(project: Project, raw: Node, given: Arguments, depth: number): KnownNumber | undefined {
  const node = unwrap(raw);
  if (depth > MAX_DEPTH) return undefined;
  const inner = (part: Node): KnownNumber | undefined => evaluate(project, part, given, depth + 1);
  switch (node.type) {
    case "Literal": {
      const value = typeof node.value === "number" ? node.value : typeof node.value === "string" && node.value.trim() !== "" ? Number(node.value) : Number.NaN;
      return Number.isFinite(value) ? { value, origin: node, isDefault: false } : undefined;
    }
    case "UnaryExpression": {
      const operand = inner(node.argument);
      return operand && (node.operator === "-" ? { ...operand, value: -operand.value } : node.operator === "+" ? operand : undefined);
    }
    case "BinaryExpression": {
      const [left, right] = [inner(node.left), inner(node.right)];
      const value = left && right ? arithmetic(node.operator, left.value, right.value) : undefined;
      return left && right && value !== undefined ? { value, origin: node, isDefault: left.isDefault || right.isDefault } : undefined;
    }
    case "LogicalExpression": {
      const left = inner(node.left);
      if (left) return left;
      if (node.operator === "&&" || !isConfigured(project, node.left, given, 0)) return undefined;
      const fallback = inner(node.right);
      return fallback && { ...fallback, isDefault: true };
    }
    case "ConditionalExpression": {
      const [one, other] = [inner(node.consequent), inner(node.alternate)];
      // The longer of the two: what is said about it holds for both.
      return one && other ? (one.value >= other.value ? one : other) : undefined;
    }
    case "CallExpression":
      return ofCall(project, node, given, depth);
    case "Identifier":
    case "MemberExpression": {
      const behind = valueBehind(project, node, given);
      return behind && inner(behind);
    }
    default:
      return undefined;
  }
}

function arithmetic(operator: string, left: number, right: number): number | undefined {
  const value = operator === "+" ? left + right : operator === "-" ? left - right : operator === "*" ? left * right : operator === "/" ? left / right : operator === "**" ? left ** right : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function ofCall(project: Project, node: CallExpression, given: Arguments, depth: number): KnownNumber | undefined {
  const name = calleeName(node);
  const [first] = node.arguments;
  if (name === "random" && isGlobal(calleeMember(node), "Math")) return { value: 0.5, origin: node, isDefault: false };
  if (!first || first.type === "SpreadElement" || name === undefined) return undefined;
  if (/^(?:Number|parseInt|parseFloat|round|floor|ceil|trunc)$/.test(name)) return evaluate(project, first, given, depth + 1);
  if ((name === "max" || name === "min") && isGlobal(calleeMember(node), "Math")) {
    const values = node.arguments.map((argument) => (argument.type === "SpreadElement" ? undefined : evaluate(project, argument, given, depth + 1)));
    if (values.some((value) => value === undefined)) return undefined;
    const sorted = values.flatMap((value) => value ?? []).sort((a, b) => a.value - b.value);
    return name === "max" ? sorted.at(-1) : sorted[0];
  }
  // `minutes(5)`: a helper that is one expression.
  const [target] = project.targetsOf(node);
  if (target?.body && target.body.type !== "BlockStatement") return evaluate(project, target.body, argumentsOf(project, target, node, given), depth + 1);
  const only = target?.body?.type === "BlockStatement" && target.body.body.length === 1 ? target.body.body[0] : undefined;
  return target && only?.type === "ReturnStatement" && only.argument ? evaluate(project, only.argument, argumentsOf(project, target, node, given), depth + 1) : undefined;
}

/** `env.INTERVAL`, `Number(env.INTERVAL)`, `this.config.interval` of a class that gets its options when constructed: set by who deploys, not by the object's data. */
function isConfigured(project: Project, raw: Node, given: Arguments, depth: number): boolean {
  const node = unwrap(raw);
  if (depth > MAX_DEPTH) return false;
  if (isCall(node)) {
    const [first] = node.arguments;
    return first !== undefined && first.type !== "SpreadElement" && /^(?:Number|parseInt|parseFloat|String)$/.test(calleeName(node) ?? "") && isConfigured(project, first, given, depth + 1);
  }
  if (node.type === "UnaryExpression") return isConfigured(project, node.argument, given, depth + 1);
  if (isMember(node)) {
    if (project.kindOf(node.object)?.kind === "env" || isEnvironment(node.object)) return true;
    const behind = valueBehind(project, node, given);
    return behind !== undefined && isConfigured(project, behind, given, depth + 1);
  }
  const behind = node.type === "Identifier" ? valueBehind(project, node, given) : undefined;
  return behind !== undefined && isConfigured(project, behind, given, depth + 1);
}

/** `process.env`, or an `env` whose type nothing tells. */
function isEnvironment(raw: Node): boolean {
  const node = unwrap(raw);
  return (isMember(node) && propertyName(node) === "env") || (node.type === "Identifier" && node.name === "env");
}

function delay(project: Project, raw: Node, given: Arguments, depth: number): KnownNumber | undefined {
  const node = unwrap(raw);
  if (depth > MAX_DEPTH) return undefined;
  if (isNow(node)) return { value: 0, origin: node, isDefault: false };
  const inner = (part: Node): KnownNumber | undefined => delay(project, part, given, depth + 1);
  switch (node.type) {
    case "BinaryExpression": {
      const base = inner(node.left);
      const rest = base && numberOf(project, node.right, given);
      if (base && rest && (node.operator === "+" || node.operator === "-")) return added(base, rest, node.operator === "-");
      if (base || node.operator !== "+") return undefined;
      const other = inner(node.right);
      const first = other && numberOf(project, node.left, given);
      return other && first ? added(other, first, false) : undefined;
    }
    case "NewExpression": {
      const [first] = node.arguments;
      return isGlobalName(node.callee, "Date") && first && first.type !== "SpreadElement" ? inner(first) : undefined;
    }
    case "CallExpression": {
      const name = calleeName(node);
      const member = calleeMember(node);
      if (member && name !== undefined && /^(?:getTime|valueOf|toDate|toInstant|toMillis)$/.test(name)) return inner(member.object);
      if (member && (name === "add" || name === "plus")) {
        const base = inner(member.object);
        const length = base && durationOf(project, node, given);
        return base && length ? added(base, length, false) : undefined;
      }
      const [target] = project.targetsOf(node);
      if (target?.body && target.body.type !== "BlockStatement") return delay(project, target.body, argumentsOf(project, target, node, given), depth + 1);
      return undefined;
    }
    case "MemberExpression":
      if (/^(?:epochMilliseconds|ts)$/.test(propertyName(node) ?? "")) return inner(node.object);
      break;
    case "ConditionalExpression": {
      const [one, other] = [inner(node.consequent), inner(node.alternate)];
      return one && other ? (one.value >= other.value ? one : other) : undefined;
    }
    default:
  }
  const behind = isAdjusted(project, node) ? undefined : (valueBehind(project, node, given) ?? fieldJustSet(project, node));
  return behind && inner(behind);
}

/** `this.updatedAt = Date.now(); …; setAlarm(this.updatedAt + 30_000)`: what a field was set to on the way here, whichever that is. */
function fieldJustSet(project: Project, node: Node): Node | undefined {
  if (!isMember(node) || unwrap(node.object).type !== "ThisExpression") return undefined;
  const flow = flowOf(node);
  const [only, other] = flow ? valuesOf(flow, project.fileOf(node).scopes).definitionsOf(node) : [];
  const [value, second] = only?.values ?? [];
  if (!flow || !only?.step.node || other || only.partial || second) return undefined;
  return flow.dominates(only.step.node, node) ? value : undefined;
}

/** `const at = new Date(); at.setUTCHours(24, 0, 0, 0)`: no longer now, nor a known distance from it. */
function isAdjusted(project: Project, node: Node): boolean {
  if (node.type !== "Identifier") return false;
  const file = project.fileOf(node);
  const variable = file.scopes.resolve(node);
  return (file.identifiers.get(node.name) ?? []).some((use) => isMember(use.parent) && use.parent.object === use && /^set[A-Z]/.test(propertyName(use.parent) ?? "") && file.scopes.resolve(use) === variable);
}

function added(base: KnownNumber, rest: KnownNumber, isNegative: boolean): KnownNumber {
  return { value: base.value + (isNegative ? -rest.value : rest.value), origin: base.value === 0 ? rest.origin : base.origin, isDefault: base.isDefault || rest.isDefault };
}

const UNITS: Readonly<Record<string, number>> = {
  millisecond: 1, ms: 1, second: 1_000, s: 1_000, minute: 60_000, m: 60_000, hour: 3_600_000, h: 3_600_000, day: 86_400_000, d: 86_400_000, week: 604_800_000, w: 604_800_000,
};

function unitOf(name: string | undefined): number | undefined {
  return name === undefined ? undefined : UNITS[name] ?? UNITS[name.replace(/s$/, "")];
}

/** `.add({ seconds: 10 })`, `.add(PING_INTERVAL)` with `Temporal.Duration.from({ seconds: 10 })`, `.add(10, "seconds")`. */
function durationOf(project: Project, call: CallExpression, given: Arguments): KnownNumber | undefined {
  const [amount, unit] = call.arguments;
  if (!amount || amount.type === "SpreadElement") return undefined;
  if (unit && unit.type !== "SpreadElement") {
    const [count, factor] = [numberOf(project, amount, given), unitOf(project.constants.constantOf(unit)?.value)];
    return count && factor !== undefined ? { ...count, value: count.value * factor } : undefined;
  }
  let value = unwrap(amount);
  for (let depth = 0; depth < 4; depth++) {
    if (value.type === "ObjectExpression") return sumOfUnits(project, value, given);
    const [first] = isCall(value) ? value.arguments : [];
    const behind = first && first.type !== "SpreadElement" && calleeName(value as CallExpression) === "from" ? first : valueBehind(project, value, given);
    if (!behind) return undefined;
    value = unwrap(behind);
  }
  return undefined;
}

function sumOfUnits(project: Project, object: ObjectExpression, given: Arguments): KnownNumber | undefined {
  let total = 0;
  for (const property of object.properties) {
    if (property.type !== "Property") return undefined;
    const [factor, count] = [unitOf(keyName(property.key, property.computed)), numberOf(project, property.value, given)];
    if (factor === undefined || !count) return undefined;
    total += factor * count.value;
  }
  return { value: total, origin: object, isDefault: false };
}

function relative(project: Project, raw: Node, given: Arguments, depth: number): boolean {
  const node = unwrap(raw);
  if (depth > MAX_DEPTH) return false;
  if (isNow(node)) return true;
  const inner = (part: Node): boolean => relative(project, part, given, depth + 1);
  switch (node.type) {
    case "BinaryExpression":
      return (node.operator === "+" || node.operator === "-") && (inner(node.left) || inner(node.right));
    case "NewExpression": {
      const [first] = node.arguments;
      return isGlobalName(node.callee, "Date") && first !== undefined && first.type !== "SpreadElement" && inner(first);
    }
    case "CallExpression": {
      const member = calleeMember(node);
      return member !== undefined && /^(?:getTime|valueOf|toDate|add|plus)$/.test(propertyName(member) ?? "") && inner(member.object);
    }
    case "MemberExpression":
      if (/^(?:epochMilliseconds|ts)$/.test(propertyName(node) ?? "")) return inner(node.object);
      break;
    case "ConditionalExpression":
      return inner(node.consequent) && inner(node.alternate);
    default:
  }
  const behind = isAdjusted(project, node) ? undefined : (valueBehind(project, node, given) ?? fieldJustSet(project, node));
  return behind !== undefined && inner(behind);
}

/** `Date.now()`, `new Date()`, `+new Date()`, `Temporal.Now.instant()`, `dayjs()`, `DateTime.now()`. */
function isNow(node: Node): boolean {
  if (node.type === "NewExpression") return isGlobalName(node.callee, "Date") && node.arguments.length === 0;
  if (node.type === "UnaryExpression") return node.operator === "+" && isNow(unwrap(node.argument));
  if (!isCall(node)) return false;
  const member = calleeMember(node);
  const name = calleeName(node);
  if (!member) return (name === "dayjs" || name === "moment") && node.arguments.length === 0;
  if (name === "now") return isGlobal(member, "Date") || isGlobal(member, "DateTime");
  if (name === "getTime" || name === "valueOf") return isNow(unwrap(member.object));
  const object = unwrap(member.object);
  return name === "instant" && isMember(object) && propertyName(object) === "Now";
}

function isGlobal(member: MemberExpression | undefined, name: string): boolean {
  return member !== undefined && isGlobalName(member.object, name);
}

function isGlobalName(raw: Node, name: string): boolean {
  const node = unwrap(raw);
  return node.type === "Identifier" && node.name === name;
}

/** What a parameter holds: what the way here passes, else what every caller in sight passes, when that is one expression. */
function ofParameter(project: Project, variable: Variable, given: Arguments): Node | undefined {
  const fn = variable.declaration;
  if (!isFunction(fn) || isReassigned(project.fileOf(fn), variable)) return undefined;
  const index = fn.params.findIndex((raw) => {
    const parameter = raw.type === "TSParameterProperty" ? raw.parameter : raw;
    return parameter === variable.node || (parameter.type === "AssignmentPattern" && parameter.left === variable.node);
  });
  const raw = fn.params[index];
  const parameter = raw?.type === "TSParameterProperty" ? raw.parameter : raw;
  const fallback = parameter?.type === "AssignmentPattern" ? parameter.right : undefined;
  if (given.has(variable)) return given.get(variable) ?? fallback;
  const callers = project.calls.callersOf(fn);
  if (callers.length === 0) return undefined;
  const passed = new Set(callers.map((call) => call.arguments[index] ?? fallback));
  const [only] = passed;
  return passed.size === 1 && only?.type !== "SpreadElement" ? only : undefined;
}

function ofMember(project: Project, node: MemberExpression): Node | undefined {
  const name = propertyName(node);
  if (name === undefined) return undefined;
  const object = unwrap(node.object);
  const owner = thisClass(node);
  if (object.type === "ThisExpression" && owner) return ofField(project, owner.cls, name, owner.isStatic);
  const definition = project.definitionOf(object);
  if (definition?.type === "class") return ofField(project, definition.node, name, true);
  if (definition?.type === "variable" && definition.variable.declaration.type === "TSEnumDeclaration")
    return definition.variable.declaration.body.members.find((member) => keyName(member.id, false) === name)?.initializer ?? undefined;
  const exported = project.definitionOf(node);
  if (exported?.type === "expression") return exported.node;
  if (exported?.type === "variable" && exported.variable.declaration.type === "VariableDeclarator") return exported.variable.declaration.init ?? undefined;
  const holder = definition?.type === "expression" ? definition.node : valueBehind(project, object);
  return holder && propertyOf(holder, name);
}

/** The value of a property of an object literal, `Object.freeze` and `as const` taken off. */
function propertyOf(raw: Node, name: string): Node | undefined {
  let node = unwrap(raw);
  const [frozen] = isCall(node) && calleeName(node) === "freeze" ? node.arguments : [];
  if (frozen && frozen.type !== "SpreadElement") node = unwrap(frozen);
  if (node.type !== "ObjectExpression") return undefined;
  for (const property of node.properties) if (property.type === "Property" && keyName(property.key, property.computed) === name) return property.value;
  return undefined;
}

/** A field that is set once: where it is declared, or in the constructor. */
function ofField(project: Project, cls: Parameters<Project["fieldKind"]>[0], name: string, isStatic: boolean): Node | undefined {
  for (const current of project.classes.chain(cls)) {
    const values: Node[] = [];
    let declared = false;
    const parameter = isStatic ? undefined : parameterProperty(project, current, name);
    if (parameter) {
      const value = ofParameter(project, parameter, NONE);
      if (!value) return undefined;
      values.push(value);
    }
    for (const member of current.body.body) {
      if ((member.type !== "PropertyDefinition" && member.type !== "AccessorProperty") || member.static !== isStatic || keyName(member.key, member.computed) !== name) continue;
      declared = true;
      if (member.value) values.push(member.value);
    }
    for (const use of project.fileOf(current).members.get(name) ?? []) {
      const { parent } = use;
      if (parent?.type === "UpdateExpression") return undefined;
      if (parent?.type !== "AssignmentExpression" || parent.left !== use || use.object.type !== "ThisExpression" || thisClass(use)?.cls !== current) continue;
      const fn = enclosingFunction(use);
      if (parent.operator !== "=" || fn?.parent?.type !== "MethodDefinition" || fn.parent.kind !== "constructor") return undefined;
      values.push(parent.right);
    }
    if (values.length === 1) return values[0];
    if (declared || values.length > 1) return undefined;
  }
  return undefined;
}

/** The parameter of `constructor(private readonly name = 1)`, which is a field too. */
function parameterProperty(project: Project, cls: Parameters<Project["fieldKind"]>[0], name: string): Variable | undefined {
  for (const raw of project.classes.constructorOf(cls)?.params ?? []) {
    if (raw.type !== "TSParameterProperty") continue;
    const pattern = raw.parameter.type === "AssignmentPattern" ? raw.parameter.left : raw.parameter;
    if (pattern.type === "Identifier" && pattern.name === name) return project.fileOf(cls).scopes.resolve(pattern);
  }
  return undefined;
}
