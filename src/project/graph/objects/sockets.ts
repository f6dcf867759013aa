import type { Class, Node } from "../../parse/ast.ts";
import { isFunction, isMember, isWithin, keyName, propertyName, thisClass, unwrap } from "../../parse/ast.ts";
import type { Kind } from "../kinds/kinds.ts";
import type { Project } from "../project.ts";

export type SocketEnd = Extract<Kind, { kind: "websocket" }>["end"];

const MAX_DEPTH = 6;

/** Which ends of sockets an expression may be: through parameters typed `WebSocket`, whose callers say more than the type, and through fields. */
export function socketEnds(project: Project, node: Node): ReadonlySet<SocketEnd> {
  const found = new Set<SocketEnd>();
  collect(project, unwrap(node), found, new Set(), 0);
  return found;
}

function collect(project: Project, node: Node, found: Set<SocketEnd>, seen: Set<Node>, depth: number): void {
  if (seen.has(node) || depth > MAX_DEPTH) return;
  seen.add(node);
  const kind = project.kindOf(node);
  if (kind?.kind === "websocket" && kind.end !== "unknown") {
    found.add(kind.end);
    return;
  }
  const sources = [...sourcesOf(project, node)];
  if (sources.length === 0) found.add("unknown");
  for (const source of sources) collect(project, unwrap(source), found, seen, depth + 1);
}

/** Expressions whose value an identifier or a field of `this` holds. */
function* sourcesOf(project: Project, node: Node): Iterable<Node> {
  const file = project.fileOf(node);
  if (node.type === "Identifier") {
    const variable = file.scopes.resolve(node);
    if (variable?.kind === "parameter" && isFunction(variable.declaration)) {
      const index = variable.declaration.params.findIndex((parameter) => isWithin(variable.node, parameter));
      const parameter = variable.declaration.params[index];
      for (const site of project.calls.callersOf(variable.declaration)) {
        const argument = site.arguments[index];
        if (!argument || argument.type === "SpreadElement") continue;
        if (parameter?.type === "ObjectPattern") yield* propertySources(project, argument, keyIn(parameter, variable.node), 0);
        else yield argument;
      }
    } else if (variable?.declaration.type === "VariableDeclarator" && variable.declaration.init) {
      const { id, init } = variable.declaration;
      if (id === variable.node) yield init;
      else if (id.type === "ObjectPattern") yield* propertySources(project, init, keyIn(id, variable.node), 0);
    }
  } else if (isMember(node) && node.object.type === "Identifier") yield* propertySources(project, node.object, propertyName(node), 0);
  else if (isMember(node) && node.object.type === "ThisExpression") {
    const cls = thisClass(node)?.cls;
    const name = propertyName(node);
    if (!cls || name === undefined) return;
    for (const use of file.members.get(name) ?? [])
      if (use.parent?.type === "AssignmentExpression" && use.parent.left === use && use.object.type === "ThisExpression" && thisClass(use)?.cls === cls) yield use.parent.right;
  }
}

/** Values of a property of an object that is written out where it is made, or where it is handed to the function that takes it apart. */
function* propertySources(project: Project, object: Node, name: string | undefined, depth: number): Iterable<Node> {
  const node = unwrap(object);
  if (name === undefined || depth > MAX_DEPTH) return;
  if (node.type === "ObjectExpression") {
    for (const property of node.properties) if (property.type === "Property" && keyName(property.key, property.computed) === name) yield property.value;
    return;
  }
  const variable = node.type === "Identifier" ? project.fileOf(node).scopes.resolve(node) : undefined;
  if (!variable) return;
  const { declaration } = variable;
  if (declaration.type === "VariableDeclarator" && declaration.id === variable.node && declaration.init) yield* propertySources(project, declaration.init, name, depth + 1);
  else if (variable.kind === "parameter" && isFunction(declaration)) {
    const index = declaration.params.indexOf(variable.node as (typeof declaration.params)[number]);
    for (const site of index < 0 ? [] : project.calls.callersOf(declaration)) {
      const argument = site.arguments[index];
      if (argument && argument.type !== "SpreadElement") yield* propertySources(project, argument, name, depth + 1);
    }
  }
}

/** Under which key a pattern takes a name out of an object. */
function keyIn(pattern: Extract<Node, { type: "ObjectPattern" }>, name: Node): string | undefined {
  for (const property of pattern.properties) if (property.type === "Property" && isWithin(name, property.value)) return keyName(property.key, property.computed);
  return undefined;
}

/** How a class's own methods reach the object's state: `this.ctx`, `this.state`; undefined when it is kept nowhere. */
export function stateText(project: Project, cls: Class): string | undefined {
  const { classes } = project;
  const constructor = classes.constructorOf(cls);
  const body = constructor?.body;
  if (body?.type === "BlockStatement")
    for (const statement of body.body) {
      if (statement.type !== "ExpressionStatement" || statement.expression.type !== "AssignmentExpression") continue;
      const { left, right } = statement.expression;
      if (isMember(left) && left.object.type === "ThisExpression" && project.kindOf(right)?.kind === "do-state") return `this.${propertyName(left) ?? "ctx"}`;
    }
  for (const parameter of constructor?.params ?? [])
    if (parameter.type === "TSParameterProperty" && parameter.parameter.type === "Identifier" && project.fieldKind(cls, parameter.parameter.name)?.kind === "do-state") return `this.${parameter.parameter.name}`;
  return classes.knownBase(cls) ? "this.ctx" : undefined;
}
