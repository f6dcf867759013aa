import type { CallExpression, Class, FunctionNode, Node } from "../../parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isFunction, isIdentifier, isMember, keyName, propertyName, unwrap, walkOwn } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";
import type { Variable } from "../../parse/scopes.ts";
import type { Project } from "../project.ts";

/** A text put together in code. What is only known at run time is a hole: the expression that fills it. */
export interface TextTemplate {
  readonly parts: readonly (string | Node)[];
}

/** Stands for a hole in `templateText`: one character that no SQL contains. */
export const HOLE = "\uFFFC";

const MAX_DEPTH = 8;
const MAX_ALTERNATIVES = 8;

/** The text of a template with `HOLE` in the place of each hole. */
export function templateText(template: TextTemplate): string {
  return template.parts.map((part) => (typeof part === "string" ? part : HOLE)).join("");
}

/**
 * The texts that an expression may be: literals, templates, concatenations, joined arrays, tagged templates, constants and helpers
 * across files, arguments of the callers in sight. An expression of which nothing is known gives one hole.
 */
export function textsOf(project: Project, node: Node): readonly TextTemplate[] {
  return new Texts(project, false).of(node, 0).slice(0, MAX_ALTERNATIVES);
}

/**
 * Like `textsOf`, but what is put into a text (`${column}`, `+ value +`) is a hole as it stands there, unless it is a constant:
 * for questions about the expression that is put in.
 */
export function writtenTextsOf(project: Project, node: Node): readonly TextTemplate[] {
  return new Texts(project, true).of(node, 0).slice(0, MAX_ALTERNATIVES);
}

class Texts {
  readonly #project: Project;
  readonly #active = new Set<Node>();
  /** Whether parts that are put into a text stay as they are written. */
  readonly #asWritten: boolean;

  constructor(project: Project, asWritten: boolean) {
    this.#project = project;
    this.#asWritten = asWritten;
  }

  /** What an expression within a text may be. */
  #part(raw: Node, depth: number): readonly TextTemplate[] {
    const node = unwrap(raw);
    const isText = node.type === "Literal" || node.type === "TemplateLiteral" || (node.type === "BinaryExpression" && node.operator === "+");
    if (!this.#asWritten || isText) return this.of(raw, depth);
    const constant = this.#project.constants.constantOf(node);
    return [constant ? { parts: [constant.value] } : hole(node)];
  }

  of(raw: Node, depth: number): readonly TextTemplate[] {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH || this.#active.has(node)) return [hole(node)];
    this.#active.add(node);
    const found = this.#evaluate(node, depth);
    this.#active.delete(node);
    return found.length === 0 ? [hole(node)] : found;
  }

  #evaluate(node: Node, depth: number): readonly TextTemplate[] {
    switch (node.type) {
      case "Literal":
        return typeof node.value === "string" || typeof node.value === "number" ? [{ parts: [String(node.value)] }] : [];
      case "TemplateLiteral":
        return this.#template(node, depth);
      case "TaggedTemplateExpression":
        return [{ parts: node.quasi.quasis.flatMap((quasi, index) => [quasi.value.cooked ?? quasi.value.raw, ...optional(node.quasi.expressions[index])]) }];
      case "BinaryExpression":
        return node.operator === "+" ? product([this.#part(node.left, depth + 1), this.#part(node.right, depth + 1)]) : [];
      case "ConditionalExpression":
        return [...this.of(node.consequent, depth + 1), ...this.of(node.alternate, depth + 1)];
      case "LogicalExpression":
        return node.operator === "&&" ? this.of(node.right, depth + 1) : [...this.of(node.left, depth + 1), ...this.of(node.right, depth + 1)];
      case "AwaitExpression":
        return this.of(node.argument, depth + 1);
      case "Identifier": {
        const file = this.#project.fileOf(node);
        const variable = file.scopes.resolve(node);
        return variable ? this.#variable(file, variable, node, depth) : [];
      }
      case "MemberExpression":
        return this.#member(node, depth);
      case "CallExpression":
        return this.#call(node, depth);
      default:
        return [];
    }
  }

  #template(node: Extract<Node, { type: "TemplateLiteral" }>, depth: number): readonly TextTemplate[] {
    const parts: (readonly TextTemplate[])[] = [];
    for (const [index, quasi] of node.quasis.entries()) {
      parts.push([{ parts: [quasi.value.cooked ?? quasi.value.raw] }]);
      const expression = node.expressions[index];
      if (expression) parts.push(this.#part(expression, depth + 1));
    }
    return product(parts);
  }

  #variable(file: SourceFile, variable: Variable, at: Node, depth: number): readonly TextTemplate[] {
    const { declaration } = variable;
    if (variable.kind === "import") {
      const definition = this.#project.definitionOf(variable.node);
      if (definition?.type === "variable" && definition.variable !== variable) return this.#variable(definition.file, definition.variable, definition.variable.node, depth + 1);
      return definition?.type === "expression" ? this.of(definition.node, depth + 1) : [];
    }
    if (variable.kind === "parameter" && isFunction(declaration)) return this.#parameter(variable, declaration, depth);
    if (declaration.type !== "VariableDeclarator" || declaration.id.type !== "Identifier") return [];
    const loop = declaration.parent?.parent;
    if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) return this.#elements(loop.right, depth + 1);
    const initial = declaration.init ? this.of(declaration.init, depth + 1) : [];
    if (variable.kind === "const") return initial;
    const replaced: TextTemplate[] = [];
    let appended: readonly TextTemplate[] = initial;
    for (const use of file.identifiers.get(variable.name) ?? []) {
      const parent = use.parent;
      if (parent?.type !== "AssignmentExpression" || parent.left !== use || file.scopes.resolve(use) !== variable || use.start > at.start) continue;
      if (parent.operator === "=") replaced.push(...this.of(parent.right, depth + 1));
      // Whether a clause is appended depends on the request: what is in it counts, in the order of the code.
      else if (parent.operator === "+=") appended = product([appended.length > 0 ? appended : [{ parts: [] }], this.of(parent.right, depth + 1)]);
    }
    const useful = replaced.filter((candidate) => typeof candidate.parts[0] === "string");
    return [...appended, ...useful];
  }

  #parameter(variable: Variable, fn: FunctionNode, depth: number): readonly TextTemplate[] {
    const index = fn.params.findIndex((parameter) => {
      const pattern = parameter.type === "TSParameterProperty" ? parameter.parameter : parameter;
      return pattern === variable.node || (pattern.type === "AssignmentPattern" && pattern.left === variable.node);
    });
    if (index < 0) return [];
    const found: TextTemplate[] = [];
    const callback = index === 0 ? callbackOf(fn) : undefined;
    const list = callback && /^(?:map|forEach|flatMap)$/.test(calleeName(callback.call) ?? "") ? calleeMember(callback.call)?.object : undefined;
    if (list) return this.#elements(list, depth);
    for (const site of this.#project.calls.callersOf(fn)) {
      const argument = site.arguments[index];
      if (argument && argument.type !== "SpreadElement") found.push(...this.of(argument, depth + 1));
      if (found.length > MAX_ALTERNATIVES) break;
    }
    return found;
  }

  #member(node: Extract<Node, { type: "MemberExpression" }>, depth: number): readonly TextTemplate[] {
    const constant = this.#project.constants.constantOf(node);
    if (constant) return [{ parts: [constant.value] }];
    const name = propertyName(node);
    if (name === undefined) return [];
    const owner = this.#project.kindOf(node.object);
    if (owner?.kind === "class" || owner?.kind === "instance") return this.#field(owner.cls, name, owner.kind === "class", depth);
    const definition = this.#project.definitionOf(node.object);
    const holder = definition?.type === "expression" ? definition.node : definition?.type === "variable" && definition.variable.declaration.type === "VariableDeclarator" ? definition.variable.declaration.init : undefined;
    const object = holder ? unwrap(holder) : undefined;
    if (object?.type !== "ObjectExpression") return [];
    for (const property of object.properties)
      if (property.type === "Property" && keyName(property.key, property.computed) === name) return this.of(property.value, depth + 1);
    return [];
  }

  /** A field that only its declaration gives a value. */
  #field(cls: Class, name: string, isStatic: boolean, depth: number): readonly TextTemplate[] {
    for (const member of cls.body.body)
      if (member.type === "PropertyDefinition" && member.static === isStatic && member.value && keyName(member.key, member.computed) === name && (isStatic || member.readonly)) return this.of(member.value, depth + 1);
    return [];
  }

  /** `TEMPLATE.replace("{{columns}}", columns)`: what stands for the mark in the text. */
  #filledIn(object: Node, [mark, value]: readonly Node[], everywhere: boolean, depth: number): readonly TextTemplate[] {
    const needle = mark && mark.type !== "SpreadElement" ? this.#project.constants.constantOf(mark)?.value : undefined;
    if (!needle || !value || value.type === "SpreadElement" || isFunction(unwrap(value))) return [];
    const texts = this.of(object, depth + 1);
    const filling = this.#part(value, depth + 1);
    return texts.flatMap(({ parts }) => {
      const pieces: (readonly TextTemplate[])[] = [];
      let found = false;
      for (const part of parts) {
        if (typeof part !== "string" || !part.includes(needle) || (found && !everywhere)) {
          pieces.push([{ parts: [part] }]);
          continue;
        }
        found = true;
        const [first = "", ...rest] = part.split(needle);
        const later = everywhere ? rest : [rest.join(needle)];
        pieces.push([{ parts: [first] }]);
        for (const piece of later) pieces.push(filling, [{ parts: [piece] }]);
      }
      return found ? product(pieces) : [];
    });
  }

  #call(node: CallExpression, depth: number): readonly TextTemplate[] {
    const member = calleeMember(node);
    const name = member ? propertyName(member) : undefined;
    if (member && (name === "replace" || name === "replaceAll")) {
      const filled = this.#filledIn(member.object, node.arguments, name === "replaceAll", depth);
      if (filled.length > 0) return filled;
    }
    if (member && (name === "trim" || name === "toString" || name === "trimEnd" || (!this.#asWritten && (name === "replace" || name === "replaceAll")))) return this.of(member.object, depth + 1);
    if (member && name === "concat") return product([this.of(member.object, depth + 1), ...node.arguments.map((argument) => this.of(argument, depth + 1))]);
    if (member && name === "join") {
      const list = unwrap(member.object);
      const array = list.type === "ArrayExpression" ? list : this.#arrayOf(list);
      if (!array) return [];
      const separator = node.arguments[0] ? this.of(node.arguments[0], depth + 1)[0] : { parts: [","] };
      const parts: (readonly TextTemplate[])[] = [];
      for (const element of array.elements) {
        if (!element) continue;
        if (parts.length > 0) parts.push([separator ?? { parts: [","] }]);
        parts.push(element.type === "SpreadElement" ? [hole(element)] : this.#part(element, depth + 1));
      }
      return product(parts);
    }
    return this.#project.targetsOf(node).flatMap((fn) => this.#returned(fn, depth));
  }

  /** The texts of a list written down in the code, for the variable of a loop over it. */
  #elements(raw: Node, depth: number): readonly TextTemplate[] {
    const node = unwrap(raw);
    const array = node.type === "ArrayExpression" ? node : this.#arrayOf(node);
    return (array?.elements ?? []).flatMap((element) => (element && element.type !== "SpreadElement" ? this.of(element, depth + 1) : []));
  }

  #arrayOf(node: Node): Extract<Node, { type: "ArrayExpression" }> | undefined {
    const definition = isIdentifier(node) || isMember(node) ? this.#project.definitionOf(node) : undefined;
    const { declaration } = definition?.type === "variable" ? definition.variable : { declaration: undefined };
    const init = declaration?.type === "VariableDeclarator" && declaration.init ? unwrap(declaration.init) : undefined;
    return init?.type === "ArrayExpression" ? init : undefined;
  }

  #returned(fn: FunctionNode, depth: number): readonly TextTemplate[] {
    if (!fn.body) return [];
    if (fn.body.type !== "BlockStatement") return this.of(fn.body, depth + 1);
    const found: TextTemplate[] = [];
    walkOwn(fn, this.#project.fileOf(fn).keys, (node) => {
      if (node.type === "ReturnStatement" && node.argument && enclosingFunction(node) === fn) found.push(...this.of(node.argument, depth + 1));
    });
    return found;
  }
}

function hole(node: Node): TextTemplate {
  return { parts: [node] };
}

function optional(node: Node | undefined): readonly Node[] {
  return node ? [node] : [];
}

/** Every concatenation of one alternative of each part; the first alternatives only when there are too many. */
function product(parts: readonly (readonly TextTemplate[])[]): readonly TextTemplate[] {
  let found: readonly TextTemplate[] = [{ parts: [] }];
  for (const alternatives of parts) {
    const wide = found.length * alternatives.length > MAX_ALTERNATIVES;
    found = found.flatMap((left) => (wide ? alternatives.slice(0, 1) : alternatives).map((right) => ({ parts: joined(left.parts, right.parts) })));
  }
  return found;
}

function joined(left: readonly (string | Node)[], right: readonly (string | Node)[]): readonly (string | Node)[] {
  const last = left.at(-1);
  const [first, ...rest] = right;
  return typeof last === "string" && typeof first === "string" ? [...left.slice(0, -1), last + first, ...rest] : [...left, ...right];
}
