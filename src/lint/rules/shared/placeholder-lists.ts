import type { CallExpression, FunctionNode, Node } from "../../../project/parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isCall, isFunction, isIdentifier, isMember, propertyName, unwrap, wrapped } from "../../../project/parse/ast.ts";
import { nodesOf, type SourceFile } from "../../../project/parse/source-file.ts";
import type { Project } from "../../../project/graph/project.ts";
import { templateText, textsOf } from "../../../project/graph/queries/statement-text.ts";

/** Placeholders made from a list, where they stand in an SQL text. */
export interface PlaceholderList {
  /** The expression that makes them: `ids.map(() => "?").join(", ")`. */
  readonly node: Node;
  /** The list; or a number, when they are counted. */
  readonly list: Node;
  /** Whether `list` is a number of elements instead of a list. */
  readonly counted: boolean;
  /** Parameters an element. */
  readonly each: number;
  readonly position: "in" | "values";
  /** The template or concatenation that they are put into. */
  readonly text: Node;
}

/** Every list of placeholders in a file, in source order. */
export function placeholderLists(project: Project, file: SourceFile): readonly PlaceholderList[] {
  const found: PlaceholderList[] = [];
  for (const name of ["join", "repeat"])
    for (const member of file.members.get(name) ?? []) {
      const call = wrapped(member).parent;
      if (!isCall(call) || calleeMember(call) !== member || (name === "join" && !mayListParameters(call))) continue;
      const made = name === "join" ? joined(project, member.object) : repeated(project, call, member.object);
      if (made) found.push(...usesOf(project, call, made));
    }
  return found.sort((a, b) => a.node.start - b.node.start);
}

/** Whether `.join(separator)` may put commas between its parts, as every list of parameters has them. */
function mayListParameters(join: CallExpression): boolean {
  const [separator] = join.arguments;
  return separator?.type !== "Literal" || typeof separator.value !== "string" || separator.value.includes(",");
}

interface Made {
  readonly list: Node;
  readonly counted: boolean;
  readonly each: number;
  readonly isRow: boolean;
}

/** `ids.map(() => "?").join()`, `Array(n).fill("?").join()`, `Array.from({ length: n }, () => "?").join()`. */
function joined(project: Project, raw: Node, depth = 0): Made | undefined {
  const node = unwrap(raw);
  if (isIdentifier(node)) {
    const variable = project.fileOf(node).scopes.resolve(node);
    const init = variable?.declaration.type === "VariableDeclarator" && variable.declaration.id.type === "Identifier" ? variable.declaration.init : undefined;
    return init && depth < 3 ? joined(project, init, depth + 1) : undefined;
  }
  if (!isCall(node)) return undefined;
  const name = calleeName(node);
  const member = calleeMember(node);
  const [first, second] = node.arguments;
  if (name === "map" && member && first) {
    const text = callbackText(project, first);
    if (text === undefined) return undefined;
    const size = sizeOfNew(member.object);
    return size ? counted(size, text) : made(member.object, false, text);
  }
  if (name === "fill" && member && first && first.type !== "SpreadElement") {
    const text = textOf(project, first);
    const size = sizeOfNew(member.object);
    return text === undefined || !size ? undefined : counted(size, text);
  }
  if (name === "from" && first && second && first.type !== "SpreadElement") {
    const text = callbackText(project, second);
    if (text === undefined) return undefined;
    const length = lengthOf(first);
    return length ? counted(length, text) : made(unwrap(first), false, text);
  }
  return undefined;
}

/** The size of a list made for its length only: `Array(n)`, `new Array(n).fill(0)`, `Array.from({ length: n })`, `[...Array(n)]`. */
function sizeOfNew(raw: Node): Node | undefined {
  const node = unwrap(raw);
  if (node.type === "ArrayExpression") {
    const [only, second] = node.elements;
    return only?.type === "SpreadElement" && !second ? sizeOfNew(only.argument) : undefined;
  }
  if (node.type !== "NewExpression" && !isCall(node)) return undefined;
  const [size] = node.arguments;
  const callee = unwrap(node.callee);
  if (isIdentifier(callee, "Array")) return size?.type === "SpreadElement" ? undefined : size;
  const member = isCall(node) ? calleeMember(node) : undefined;
  if (!member) return undefined;
  if (/^(?:fill|keys|values)$/.test(propertyName(member) ?? "")) return sizeOfNew(member.object);
  return propertyName(member) === "from" && size ? lengthOf(size) : undefined;
}

/** `n` of `{ length: n }`. */
function lengthOf(raw: Node): Node | undefined {
  const object = unwrap(raw);
  if (object.type !== "ObjectExpression") return undefined;
  for (const property of object.properties)
    if (property.type === "Property" && property.key.type === "Identifier" && property.key.name === "length") return property.value;
  return undefined;
}

/** `"?,".repeat(ids.length)` */
function repeated(project: Project, call: CallExpression, text: Node): Made | undefined {
  const [size] = call.arguments;
  const literal = textOf(project, text);
  return literal === undefined || !size || size.type === "SpreadElement" ? undefined : counted(size, literal.replace(/^[\s,]+|[\s,]+$/g, ""));
}

function counted(size: Node, text: string): Made | undefined {
  let node = unwrap(size);
  if (node.type === "BinaryExpression" && (node.operator === "-" || node.operator === "+") && unwrap(node.right).type === "Literal") node = unwrap(node.left);
  if (isMember(node) && (propertyName(node) === "length" || propertyName(node) === "size")) return made(node.object, false, text);
  return made(node, true, text);
}

/** A text that is a placeholder, or a row of them. */
function made(list: Node, isCounted: boolean, text: string): Made | undefined {
  if (!/^\s*\(?\s*\?/.test(text)) return undefined;
  return { list, counted: isCounted, each: (text.match(/\?/g) ?? []).length, isRow: /^\s*\(/.test(text) };
}

/** The one text of an expression, with other parts of it left out. */
function textOf(project: Project, node: Node): string | undefined {
  const [text] = textsOf(project, node);
  return text && text.parts.some((part) => typeof part === "string") ? templateText(text) : undefined;
}

function callbackText(project: Project, callback: Node): string | undefined {
  const fn = unwrap(callback);
  if (!isFunction(fn) || !fn.body) return undefined;
  if (fn.body.type !== "BlockStatement") return textOf(project, fn.body);
  const returned = nodesOf(project.fileOf(fn), "ReturnStatement").find((statement) => enclosingFunction(statement) === fn);
  return returned?.argument ? textOf(project, returned.argument) : undefined;
}

/** Where placeholders are put into a text: as they are, through a variable, or through a helper that returns them. */
function usesOf(project: Project, node: Node, { list, counted: isCounted, each, isRow }: Made, depth = 0): readonly PlaceholderList[] {
  const outer = wrapped(node);
  const { parent } = outer;
  if (!parent || depth > 3) return [];
  const before = textBefore(project, outer);
  if (before !== undefined) {
    const text = wholeText(outer);
    if (/\bIN\s*\(?\s*(?:\?\s*,\s*)?$/i.test(before)) return [{ node, list, counted: isCounted, each, position: "in", text }];
    if (isRow && /\bVALUES\s*$/i.test(before)) return [{ node, list, counted: isCounted, each, position: "values", text }];
    // `const list = `(${marks})`` and the like: the whole is put in somewhere else.
    return /^\s*\(\s*$/.test(before) ? usesOf(project, text, { list, counted: isCounted, each, isRow }, depth + 1) : [];
  }
  if (parent.type === "VariableDeclarator" && parent.init === outer && parent.id.type === "Identifier") {
    const { id } = parent;
    const file = project.fileOf(node);
    const variable = file.scopes.resolve(id);
    return (file.identifiers.get(id.name) ?? []).flatMap((use) =>
      use === id || file.scopes.resolve(use) !== variable ? [] : usesOf(project, use, { list, counted: isCounted, each, isRow }, depth + 1).map((found) => ({ ...found, node })));
  }
  const fn = returnedFrom(outer);
  if (!fn) return [];
  return project.calls.callersOf(fn).flatMap((call) => {
    const argument = givenFor(project, fn, call.arguments, list);
    if (!argument) return [];
    const size = isCounted ? unwrap(argument) : undefined;
    const isLength = size !== undefined && isMember(size) && (propertyName(size) === "length" || propertyName(size) === "size");
    return usesOf(project, call, { list: isLength && isMember(size) ? size.object : argument, counted: isCounted && !isLength, each, isRow }, depth + 1);
  });
}

/** The function that returns an expression. */
function returnedFrom(node: Node): FunctionNode | undefined {
  const { parent } = node;
  if (parent?.type === "ReturnStatement") return enclosingFunction(parent);
  return parent?.type === "ArrowFunctionExpression" && parent.body === node ? parent : undefined;
}

/** What a call gives for the parameter that a helper makes placeholders from. */
function givenFor(project: Project, fn: FunctionNode, given: readonly Node[], list: Node): Node | undefined {
  const node = unwrap(list);
  const variable = isIdentifier(node) ? project.fileOf(node).scopes.resolve(node) : undefined;
  const index = fn.params.findIndex((parameter) => parameter === variable?.node);
  const argument = index < 0 ? undefined : given[index];
  return argument?.type === "SpreadElement" ? undefined : argument;
}

/** The literal text straight before an expression that is part of a template or concatenation; undefined when it is none. */
function textBefore(project: Project, node: Node): string | undefined {
  const { parent } = node;
  if (isCall(parent)) return textBeforeMark(project, parent, node);
  if (parent?.type === "TemplateLiteral") {
    const index = parent.expressions.findIndex((expression) => expression === node);
    const text = parent.quasis[index]?.value.cooked ?? "";
    return text.trim() === "" && index > 0 ? lastText(project, parent.expressions[index - 1]) + text : text;
  }
  if (parent?.type !== "BinaryExpression" || parent.operator !== "+") return undefined;
  if (parent.right === node) return lastText(project, parent.left);
  // `"… IN (" + a + ")"`: the tree leans to the left, so a left operand begins the text.
  return "";
}

/** `TEMPLATE.replace("{{ids}}", marks)`: what stands before the mark. */
function textBeforeMark(project: Project, call: CallExpression, value: Node): string | undefined {
  const member = calleeMember(call);
  const [mark, filling] = call.arguments;
  if (!member || filling !== value || !mark || mark.type === "SpreadElement" || !/^replace(?:All)?$/.test(propertyName(member) ?? "")) return undefined;
  const needle = project.constants.constantOf(mark)?.value;
  const text = needle ? textOf(project, member.object) : undefined;
  return needle !== undefined && text?.includes(needle) ? text.slice(0, text.indexOf(needle)) : undefined;
}

function lastText(project: Project, raw: Node | undefined): string {
  const node = raw && unwrap(raw);
  if (!node) return "";
  if (node.type === "Literal") return String(node.value);
  if (node.type === "TemplateLiteral") return node.quasis.at(-1)?.value.cooked ?? "";
  if (node.type === "BinaryExpression") return lastText(project, node.right);
  return project.constants.constantOf(node)?.value ?? (isCall(node) || node.type === "ConditionalExpression" ? (textOf(project, node) ?? "") : "");
}

/** The outermost template or concatenation around a part of it. */
function wholeText(node: Node): Node {
  let text = node;
  for (let parent = node.parent ?? undefined; parent; parent = parent.parent ?? undefined) {
    if (parent.type !== "TemplateLiteral" && !(parent.type === "BinaryExpression" && parent.operator === "+")) break;
    text = parent;
  }
  return text;
}
