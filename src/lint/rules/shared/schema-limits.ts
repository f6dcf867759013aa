import type { CallExpression, Node } from "../../../project/parse/ast.ts";
import { calleeMember, calleeName, isCall, isFunction, isIdentifier, isWithin, keyName, unwrap, walk } from "../../../project/parse/ast.ts";
import type { Project } from "../../../project/graph/project.ts";

/** Methods that say how long a list may be: zod's `.max(50)`, valibot's `maxLength(50)`. */
const LIMITS = /^(?:max|maxLength|length)$/;

/**
 * The most elements that a schema lets the list called `name` have, where `at` uses what the schema checked: one that a call
 * around the handler is given (`app.get("/x", zValidator("query", schema), handler)`, `procedure.input(schema).query(handler)`),
 * or that parses the value itself (`schema.parse(body)`). The schema may stand in another file.
 * @param highest the highest value that a number in the schema can have
 */
export function schemaLimit(project: Project, at: Node, source: Node, name: string, highest: (node: Node) => number | undefined): number | undefined {
  for (const schema of [...schemasIn(project, source), ...schemasAround(project, at)]) {
    const property = propertyOf(project, schema, name);
    const limits = property ? limitsIn(project, property, highest) : [];
    if (limits.length > 0) return Math.min(...limits);
  }
  return undefined;
}

/** Schemas named in the calls that a handler is part of, from the inside out. */
function* schemasAround(project: Project, at: Node): Iterable<Node> {
  for (let node: Node = at; node.parent; node = node.parent) {
    const call = node.parent;
    if (!isCall(call) || !isFunction(node)) continue;
    for (const argument of call.arguments) if (argument !== node) yield* schemasIn(project, argument);
    for (let link = calleeMember(call)?.object; link; link = isCall(link) ? calleeMember(link)?.object : undefined) {
      const inner = unwrap(link);
      if (isCall(inner)) for (const argument of inner.arguments) yield* schemasIn(project, argument);
    }
  }
}

/** What the names in an expression stand for, and objects written out in it. */
function* schemasIn(project: Project, raw: Node): Iterable<Node> {
  const node = unwrap(raw);
  if (isFunction(node)) return;
  const file = project.fileOf(node);
  const names: Node[] = [];
  let hasObject = false;
  walk(node, file.keys, (part) => {
    if (isFunction(part)) return false;
    if (part.type === "Identifier") names.push(part);
    hasObject ||= part.type === "ObjectExpression";
    return undefined;
  });
  if (hasObject) yield node;
  for (const name of names) {
    const definition = isIdentifier(name) && file.scopes.resolve(name) ? project.definitionOf(name) : undefined;
    if (definition?.type === "expression") yield definition.node;
    const declaration = definition?.type === "variable" ? definition.variable.declaration : undefined;
    if (declaration?.type === "VariableDeclarator" && declaration.init) yield* schemaOf(project, declaration.init);
  }
}

/** A schema, or the one that a value was parsed with: `const body = schema.parse(await request.json())`. */
function* schemaOf(project: Project, raw: Node): Iterable<Node> {
  let node = unwrap(raw);
  if (node.type === "AwaitExpression") node = unwrap(node.argument);
  yield node;
  const member = isCall(node) ? calleeMember(node) : undefined;
  const owner = member && /^(?:safe)?parse(?:Async)?$/i.test(calleeName(node as CallExpression) ?? "") ? unwrap(member.object) : undefined;
  const definition = isIdentifier(owner) ? project.definitionOf(owner) : undefined;
  const declaration = definition?.type === "variable" ? definition.variable.declaration : undefined;
  if (declaration?.type === "VariableDeclarator" && declaration.init) yield unwrap(declaration.init);
}

/** The value of a property in an object that a schema is made of. */
function propertyOf(project: Project, schema: Node, name: string): Node | undefined {
  let found: Node | undefined;
  walk(schema, project.fileOf(schema).keys, (node) => {
    if (found || isFunction(node)) return false;
    if (node.type === "Property" && keyName(node.key, node.computed) === name) found = node.value;
    return undefined;
  });
  return found;
}

/** The limits that a property's schema puts on the list itself, not on its elements. */
function limitsIn(project: Project, property: Node, highest: (node: Node) => number | undefined): number[] {
  const found: number[] = [];
  walk(property, project.fileOf(property).keys, (node) => {
    const [limit] = isCall(node) && LIMITS.test(calleeName(node) ?? "") ? node.arguments : [];
    if (!isCall(node) || !limit || limit.type === "SpreadElement" || !isOfList(node, property)) return undefined;
    const value = highest(limit);
    if (value !== undefined) found.push(value);
    return undefined;
  });
  return found;
}

/** `z.array(…).min(1).max(50)`: further up the chain the list begins; or a step of a pipe after one, `v.pipe(v.array(…), v.maxLength(50))`. */
function isOfList(call: CallExpression, property: Node): boolean {
  for (let node: Node | undefined = calleeMember(call)?.object; node; ) {
    const link: Node = unwrap(node);
    if (isCall(link) && calleeName(link) === "array") return true;
    node = isCall(link) ? calleeMember(link)?.object : undefined;
  }
  const pipe = call.parent;
  if (!isCall(pipe) || calleeName(pipe) !== "pipe" || !isWithin(pipe, property)) return false;
  return pipe.arguments.some((argument) => isCall(argument) && argument !== call && calleeName(argument) === "array");
}
