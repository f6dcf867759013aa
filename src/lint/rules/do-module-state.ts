import { flowOf } from "../../project/flow/flow.ts";
import type { Class, Node, PropertyDefinition } from "../../project/parse/ast.ts";
import { calleeMember, enclosingFunction, isClass, isIdentifier, isMember, isWithin, keyName, propertyName, thisClass, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import { nodesOf, type SourceFile } from "../../project/parse/source-file.ts";
import type { Variable } from "../../project/parse/scopes.ts";
import { valueBehind } from "../../project/graph/objects/delays.ts";
import type { Project } from "../../project/graph/project.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";

// Objects of one class, and of others, may share an isolate and its modules; another object of the class may run elsewhere.
// https://developers.cloudflare.com/durable-objects/reference/in-memory-state/

const MUTATORS: ReadonlySet<string> = new Set(["set", "add", "push", "unshift", "splice", "pop", "shift", "delete", "clear"]);
/** Names that say that losing or sharing the value does no harm. */
const HARMLESS = /cache|memo|logger|^log$|client|pool|registry|encoder|decoder|schema|metric|(?:^|_)sdk|singleton|debug/i;

/** A variable of a module, or a static field of a class. */
interface State {
  readonly name: string;
  readonly file: SourceFile;
  readonly declaration: Node;
  readonly initial: Node | undefined;
  readonly variable: Variable | undefined;
}

interface Write {
  readonly node: Node;
  /** The value written; undefined for `++`, `delete` and the like. */
  readonly value: Node | undefined;
  readonly kind: "assign" | "count" | "mutate";
  readonly owners: ReadonlySet<Class>;
}

export default defineRule({
  id: "do-module-state",
  *check({ project }) {
    if (project.classes.durableObjects.length === 0) return;
    const states = new Map<Node, { state: State; writes: Write[] }>();
    for (const file of project.files)
      for (const { target, write } of writesIn(file)) {
        const state = stateOf(project, file, target);
        if (!state || HARMLESS.test(state.name) || (write.kind === "mutate" && !isCollection(state))) continue;
        const owners = isSetUp(write.node) ? giversOf(project, write) : project.classes.ownersOf(write.node);
        if (owners.size === 0) continue;
        const entry = states.get(state.declaration) ?? { state, writes: [] };
        if (!states.has(state.declaration)) states.set(state.declaration, entry);
        entry.writes.push({ ...write, owners });
      }
    for (const { state, writes } of states.values()) {
      const real = writes.filter((write) => !isHarmless(project, state, write));
      const [first] = real;
      if (!first || writes.some((write) => isRefill(project, state, write))) continue;
      const owners = new Set(real.flatMap((write) => [...write.owners]));
      const [owner] = owners;
      yield {
        span: project.span(first.node),
        message: `\`${state.name}\` belongs to the module, not to the object: ${owners.size > 1 ? `${classNames(project, owners)} and all their objects` : `all objects of ${classNames(project, owners)}`} that happen to run in the same isolate write to the same one, while those elsewhere see another, and it starts empty after each eviction and deploy.`,
        confidence: [...first.owners].some((cls) => isWithin(first.node, cls)) ? "high" : "medium",
        related: [
          { span: project.span(state.declaration), message: "declared once for the whole isolate" },
          ...real.slice(1, 6).map((write) => ({ span: project.span(write.node), message: "also written here" })),
        ],
        subject: { class: owner ? (project.classes.nameOf(owner) ?? "") : "" },
      };
    }
  },
});

type Found = { readonly target: Node; readonly write: Omit<Write, "owners"> };

/** Everything in a file that changes a variable or what it holds. */
function* writesIn(file: SourceFile): Iterable<Found> {
  for (const node of nodesOf(file, "AssignmentExpression")) {
    const kind = node.operator === "+=" || node.operator === "-=" ? "count" : "assign";
    const target = rootOfTarget(unwrap(node.left));
    if (target) yield { target, write: { node, value: node.operator === "=" || /^(?:\?\?|\|\||&&)=$/.test(node.operator) ? node.right : undefined, kind: target === unwrap(node.left) ? kind : "mutate" } };
  }
  for (const node of nodesOf(file, "UpdateExpression")) {
    const target = rootOfTarget(unwrap(node.argument));
    if (target) yield { target, write: { node, value: undefined, kind: "count" } };
  }
  for (const call of file.calls) {
    const member = calleeMember(call);
    if (!member || !MUTATORS.has(propertyName(member) ?? "")) continue;
    const target = rootOfTarget(unwrap(member.object));
    if (target) yield { target, write: { node: call, value: call.arguments.at(-1), kind: "mutate" } };
  }
}

/** The identifier, or the `Room.field`, that `x`, `x.y`, `x[k].z` change. */
function rootOfTarget(node: Node): Node | undefined {
  if (node.type === "Identifier") return node;
  if (!isMember(node)) return undefined;
  const object = unwrap(node.object);
  if (isIdentifier(object) && /^[A-Z]/.test(object.name) && propertyName(node) !== undefined) return node;
  return rootOfTarget(object);
}

function stateOf(project: Project, file: SourceFile, target: Node): State | undefined {
  if (isMember(target)) {
    const definition = project.definitionOf(target.object);
    if (definition?.type === "class") return staticField(project, definition.node, propertyName(target) ?? "");
    return isMember(target) ? stateOf(project, file, unwrap(target.object)) : undefined;
  }
  const definition = project.definitionOf(target);
  if (definition?.type !== "variable") return undefined;
  const { variable } = definition;
  const { declaration } = variable;
  if (variable.scope.type !== "Program" || declaration.type !== "VariableDeclarator" || !definition.file.program) return undefined;
  return { name: variable.name, file: definition.file, declaration, initial: declaration.init ?? undefined, variable };
}

function staticField(project: Project, cls: Class, name: string): State | undefined {
  const field = cls.body.body.find((member): member is PropertyDefinition => member.type === "PropertyDefinition" && member.static && keyName(member.key, member.computed) === name);
  return field && { name: `${project.classes.nameOf(cls) ?? ""}.${name}`, file: project.fileOf(cls), declaration: field, initial: field.value ?? undefined, variable: undefined };
}

/** Maps, sets, lists and plain objects. Entries of a `WeakMap` go with the objects that key them; an instance of a class keeps its own order. */
function isCollection(state: State): boolean {
  const value = state.initial && unwrap(state.initial);
  switch (value?.type) {
    case undefined:
    case "ArrayExpression":
    case "ObjectExpression":
    case "Literal":
      return true;
    case "NewExpression":
      return isIdentifier(unwrap(value.callee), "Map") || isIdentifier(unwrap(value.callee), "Set") || isIdentifier(unwrap(value.callee), "Array");
    case "CallExpression":
      return isMember(value.callee) && isIdentifier(unwrap(value.callee.object), "Object") && propertyName(value.callee) === "create";
    default:
      return false;
  }
}

/** Static blocks and static methods run when the module is loaded or filled in, not for an object. */
function isSetUp(node: Node): boolean {
  return thisClass(node)?.isStatic === true || (enclosingFunction(node) === undefined && !isClass(node.parent));
}

/** `Api.setToken(this.props.token)`: the classes whose objects hand something of their own to a static method that keeps it. */
function giversOf(project: Project, { node, value }: Omit<Write, "owners">): ReadonlySet<Class> {
  const fn = enclosingFunction(node);
  const given = value && unwrap(value);
  if (!fn || fn.parent?.type !== "MethodDefinition" || !fn.parent.static || !isIdentifier(given)) return new Set();
  const variable = project.fileOf(node).scopes.resolve(given);
  const index = fn.params.findIndex((parameter) => variable?.kind === "parameter" && isWithin(variable.node, parameter));
  const calls = index < 0 ? [] : project.calls.callersOf(fn).filter((call) => {
    const argument = call.arguments[index];
    return argument !== undefined && argument.type !== "SpreadElement" && isOfObject(project, argument, 0);
  });
  return new Set(calls.flatMap((call) => [...project.classes.ownersOf(call)]));
}

/** What an object knows of itself or of its user: `this.props.token`, also through a local. */
function isOfObject(project: Project, node: Node, depth: number): boolean {
  let found = false;
  walk(node, project.fileOf(node).keys, (inner) => {
    if (isMember(inner) && unwrap(inner.object).type === "ThisExpression") {
      const owner = thisClass(inner);
      if (owner && !owner.isStatic && propertyName(inner) !== "env" && project.classes.isDurableObject(owner.cls)) found = true;
    } else if (isIdentifier(inner) && depth < 3) {
      const behind = valueBehind(project, inner);
      if (behind && behind !== inner && isWithin(behind, enclosingFunction(node) ?? node) && isOfObject(project, behind, depth + 1)) found = true;
    }
    return !found;
  });
  return found;
}

function isHarmless(project: Project, state: State, write: Write): boolean {
  return isMemo(project, state, write) || isOfEnvironment(project, write) || isFlag(write) || isSerial(write);
}

/** `if (!x) x = make()`, `x ??= make()`, `if (!map.has(key)) map.set(key, make(key))`. */
function isMemo(project: Project, state: State, write: Write): boolean {
  const { node } = write;
  if (node.type === "AssignmentExpression" && /^(?:\?\?|\|\|)=$/.test(node.operator)) return true;
  const flow = flowOf(node);
  return flow !== undefined && flow.conditionsOn(node).some((condition) => mentions(project, state, condition.test, 0));
}

/** The same value is computed again when it is missing: one such write tells that the whole is a memo. */
function isRefill(project: Project, state: State, write: Write): boolean {
  return write.kind !== "count" && write.value !== undefined && isMemo(project, state, write) && !(write.node.type === "CallExpression" && calleeMember(write.node) !== undefined && /^(?:delete|clear|splice|pop|shift)$/.test(propertyName(calleeMember(write.node) as never) ?? ""));
}

/** Whether an expression reads the state, directly or through a local. */
function mentions(project: Project, state: State, node: Node, depth: number): boolean {
  const file = project.fileOf(node);
  let found = false;
  walk(node, file.keys, (inner) => {
    if (found) return false;
    if (inner.type === "Identifier") {
      const variable = file.scopes.resolve(inner);
      if (variable && (variable === state.variable || (variable.kind === "import" && variable.name === state.name))) found = true;
      else if (variable?.declaration.type === "VariableDeclarator" && variable.declaration.init && variable.scope.type !== "Program" && depth < 3) found = mentions(project, state, variable.declaration.init, depth + 1);
    } else if (isMember(inner) && `${isIdentifier(unwrap(inner.object)) ? (unwrap(inner.object) as { name: string }).name : ""}.${propertyName(inner) ?? ""}` === state.name) found = true;
    return undefined;
  });
  return found;
}

/** `settings = env.SETTINGS`: the same for every object of the Worker. */
function isOfEnvironment(project: Project, write: Write): boolean {
  if (!write.value || write.value.type === "SpreadElement") return false;
  let value = unwrap(write.value);
  if (value.type === "NewExpression" || value.type === "CallExpression") {
    // A client made of nothing but the environment.
    return value.arguments.length > 0 && value.arguments.every((argument) => argument.type !== "SpreadElement" && isEnvironment(project, unwrap(argument)));
  }
  if (value.type === "LogicalExpression") value = unwrap(value.left);
  return isEnvironment(project, value);
}

function isEnvironment(project: Project, node: Node): boolean {
  for (let current = node; ; current = unwrap(current.object)) {
    const kind = project.kindOf(current)?.kind;
    if (kind === "env" || kind === "binding" || kind === "d1" || kind === "namespace") return true;
    if (!isMember(current)) return current.type === "Literal";
  }
}

/** `warned = true`: every writer writes the same. */
function isFlag(write: Write): boolean {
  if (write.kind !== "assign" || !write.value) return false;
  const value = unwrap(write.value);
  return value.type === "Literal" && value.value === true;
}

/** `next++` whose value is used, `${++serial}`: a number that only has to differ. */
function isSerial(write: Write): boolean {
  if (write.kind !== "count") return false;
  const outer = wrapped(write.node).parent;
  if (outer?.type !== "ExpressionStatement") return true;
  // A helper function of a module that hands out numbers.
  return thisClass(write.node) === undefined;
}
