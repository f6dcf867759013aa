import type { FunctionNode, Node } from "../parse/ast.ts";
import { isFunction, isMember, keyName, propertyName, thisClass, unwrap, walkOwn, enclosingFunction } from "../parse/ast.ts";
import type { SourceFile } from "../parse/source-file.ts";
import type { Variable } from "../parse/scopes.ts";
import type { Project } from "./project.ts";

/** A text known before the program runs. */
export interface Constant {
  readonly value: string;
  /** The literal (or template) that holds it. */
  readonly origin: Node;
}

/** All texts an expression may have. `dynamic`: some of its values are only known at run time. */
export interface ConstantSet {
  readonly constants: readonly Constant[];
  readonly dynamic: boolean;
  /** Reached through a call's argument: the call sites that passed the constants, in the order of `constants`. */
  readonly via?: readonly Node[];
}

const DYNAMIC: ConstantSet = { constants: [], dynamic: true };
const MAX_DEPTH = 8;

/** Texts known before the program runs, followed across files: literals, constants, enums, static fields, defaults, helpers. */
export class Constants {
  readonly #project: Project;

  constructor(project: Project) {
    this.#project = project;
  }

  /** The one text an expression always has, or undefined. */
  constantOf(node: Node): Constant | undefined {
    const { constants, dynamic } = this.valuesOf(node);
    const [first] = constants;
    return !dynamic && first && constants.every((constant) => constant.value === first.value) ? first : undefined;
  }

  /** Every text an expression may have, as far as it can be seen. */
  valuesOf(node: Node): ConstantSet {
    return this.#values(node, 0, new Set());
  }

  #values(raw: Node, depth: number, seen: Set<Node>): ConstantSet {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH || seen.has(node)) return DYNAMIC;
    seen.add(node);
    const result = this.#evaluate(node, depth, seen);
    seen.delete(node);
    return result;
  }

  #evaluate(node: Node, depth: number, seen: Set<Node>): ConstantSet {
    switch (node.type) {
      case "Literal":
        return typeof node.value === "string" || typeof node.value === "number" || typeof node.value === "boolean" ? one(String(node.value), node) : DYNAMIC;
      case "TemplateLiteral":
        return this.#concat(node, [...interleave(node)], depth, seen);
      case "BinaryExpression":
        return node.operator === "+" ? this.#concat(node, [node.left, node.right], depth, seen) : DYNAMIC;
      case "ConditionalExpression":
        return union(this.#values(node.consequent, depth + 1, seen), this.#values(node.alternate, depth + 1, seen));
      case "LogicalExpression":
        return union(this.#values(node.left, depth + 1, seen), this.#values(node.right, depth + 1, seen));
      case "Identifier": {
        const file = this.#project.fileOf(node);
        const variable = file.scopes.resolve(node);
        return variable ? this.#variable(file, variable, depth, seen) : DYNAMIC;
      }
      case "MemberExpression":
        return this.#member(node, depth, seen);
      case "CallExpression": {
        const targets = this.#project.targetsOf(node);
        if (targets.length === 0) return DYNAMIC;
        return targets.map((fn) => this.#returned(fn, depth, seen)).reduce(union);
      }
      case "AwaitExpression":
        return this.#values(node.argument, depth + 1, seen);
      default:
        return DYNAMIC;
    }
  }

  #concat(whole: Node, parts: readonly (Node | string)[], depth: number, seen: Set<Node>): ConstantSet {
    let text = "";
    for (const part of parts) {
      if (typeof part === "string") {
        text += part;
        continue;
      }
      const { constants, dynamic } = this.#values(part, depth + 1, seen);
      const [first] = constants;
      if (dynamic || constants.length !== 1 || !first) return DYNAMIC;
      text += first.value;
    }
    return one(text, whole);
  }

  #variable(file: SourceFile, variable: Variable, depth: number, seen: Set<Node>): ConstantSet {
    const { declaration } = variable;
    if (variable.kind === "import") {
      const definition = this.#project.definitionOf(variable.node);
      if (definition?.type === "variable" && definition.variable !== variable) return this.#variable(definition.file, definition.variable, depth + 1, seen);
      if (definition?.type === "expression") return this.#values(definition.node, depth + 1, seen);
      return DYNAMIC;
    }
    if (variable.kind === "parameter" && isFunction(declaration)) return this.#parameter(variable, declaration, depth, seen);
    if (declaration.type !== "VariableDeclarator" || !declaration.init) return DYNAMIC;
    if (declaration.id.type === "ObjectPattern") return variable.kind === "const" ? this.#picked(declaration.id, variable.node, declaration.init, depth, seen) : DYNAMIC;
    if (declaration.id.type !== "Identifier") return DYNAMIC;
    if (variable.kind !== "const" && isReassigned(file, variable)) return DYNAMIC;
    const loop = declaration.parent?.parent;
    if (loop?.type === "ForOfStatement" || loop?.type === "ForInStatement") return DYNAMIC;
    return this.#values(declaration.init, depth + 1, seen);
  }

  /** `const { LIMIT } = config`, where `config` is a module or an object of constants. */
  #picked(pattern: Extract<Node, { type: "ObjectPattern" }>, name: Node, source: Node, depth: number, seen: Set<Node>): ConstantSet {
    const property = pattern.properties.find((candidate) => candidate.type === "Property" && candidate.value === name);
    const key = property?.type === "Property" ? keyName(property.key, property.computed) : undefined;
    if (key === undefined) return DYNAMIC;
    const definition = this.#project.definitionOf(source);
    if (definition?.type === "module") {
      const exported = this.#project.exported(definition.file, key);
      if (exported?.type === "variable") return this.#variable(exported.file, exported.variable, depth + 1, seen);
      return exported?.type === "expression" ? this.#values(exported.node, depth + 1, seen) : DYNAMIC;
    }
    if (definition?.type === "expression") return this.#objectMember(definition.node, key, depth, seen);
    const declaration = definition?.type === "variable" && definition.variable.kind === "const" ? definition.variable.declaration : undefined;
    return this.#objectMember(declaration?.type === "VariableDeclarator" && declaration.init ? declaration.init : source, key, depth, seen);
  }

  /** A parameter's values are its callers' arguments and, where one is left out, its default. */
  #parameter(variable: Variable, fn: FunctionNode, depth: number, seen: Set<Node>): ConstantSet {
    const index = fn.params.findIndex((parameter) => {
      const pattern = parameter.type === "TSParameterProperty" ? parameter.parameter : parameter;
      return pattern === variable.node || (pattern.type === "AssignmentPattern" && pattern.left === variable.node);
    });
    const parameter = fn.params[index];
    if (!parameter || isReassigned(this.#project.fileOf(fn), variable)) return DYNAMIC;
    const pattern = parameter.type === "TSParameterProperty" ? parameter.parameter : parameter;
    const fallback = pattern.type === "AssignmentPattern" ? pattern.right : undefined;
    const callers = this.#project.calls.callersOf(fn);
    if (callers.length === 0) return fallback && !isPublic(fn) ? this.#values(fallback, depth + 1, seen) : DYNAMIC;
    let result: ConstantSet = { constants: [], dynamic: false };
    for (const call of callers) {
      const argument = call.arguments[index];
      const spread = call.arguments.slice(0, index + 1).some((candidate) => candidate.type === "SpreadElement");
      if (spread) result = union(result, DYNAMIC);
      else if (argument) result = union(result, this.#values(argument, depth + 1, seen));
      else result = union(result, fallback ? this.#values(fallback, depth + 1, seen) : DYNAMIC);
    }
    return result;
  }

  #member(node: Extract<Node, { type: "MemberExpression" }>, depth: number, seen: Set<Node>): ConstantSet {
    const name = propertyName(node);
    if (name === undefined) return DYNAMIC;
    const object = unwrap(node.object);
    const owner = thisClass(node);
    if (object.type === "ThisExpression" && owner) return this.#field(owner.cls, name, owner.isStatic, depth, seen);
    const definition = this.#project.definitionOf(object);
    if (definition?.type === "class") return this.#field(definition.node, name, true, depth, seen);
    if (definition?.type === "variable") {
      const { declaration } = definition.variable;
      if (declaration.type === "TSEnumDeclaration") {
        const member = declaration.body.members.find((candidate) => keyName(candidate.id, false) === name);
        return member?.initializer ? this.#values(member.initializer, depth + 1, seen) : DYNAMIC;
      }
      if (declaration.type === "VariableDeclarator" && declaration.init && definition.variable.kind === "const")
        return isPropertyAssigned(definition.file, definition.variable, name) ? DYNAMIC : this.#objectMember(declaration.init, name, depth, seen);
    }
    if (definition?.type === "expression") return this.#objectMember(definition.node, name, depth, seen);
    const exported = this.#project.definitionOf(node);
    if (exported?.type === "variable") return this.#variable(exported.file, exported.variable, depth + 1, seen);
    return DYNAMIC;
  }

  #objectMember(node: Node, name: string, depth: number, seen: Set<Node>): ConstantSet {
    let value = unwrap(node);
    if (value.type === "CallExpression" && isMember(value.callee) && propertyName(value.callee) === "freeze" && value.arguments[0]) value = unwrap(value.arguments[0]);
    if (value.type !== "ObjectExpression") return DYNAMIC;
    for (const property of value.properties)
      if (property.type === "Property" && keyName(property.key, property.computed) === name) return this.#values(property.value, depth + 1, seen);
    return DYNAMIC;
  }

  #field(cls: Parameters<Project["fieldKind"]>[0], name: string, isStatic: boolean, depth: number, seen: Set<Node>): ConstantSet {
    for (const current of this.#project.classes.chain(cls))
      for (const member of current.body.body)
        if (member.type === "PropertyDefinition" && member.static === isStatic && member.value && keyName(member.key, member.computed) === name) {
          const file = this.#project.fileOf(current);
          const assigned = (file.members.get(name) ?? []).some((use) => use.parent?.type === "AssignmentExpression" && use.parent.left === use);
          return assigned ? DYNAMIC : this.#values(member.value, depth + 1, seen);
        }
    return DYNAMIC;
  }

  #returned(fn: FunctionNode, depth: number, seen: Set<Node>): ConstantSet {
    if (!fn.body) return DYNAMIC;
    if (fn.body.type !== "BlockStatement") return this.#values(fn.body, depth + 1, seen);
    let result: ConstantSet | undefined;
    walkOwn(fn, this.#project.fileOf(fn).keys, (node) => {
      if (node.type !== "ReturnStatement" || enclosingFunction(node) !== fn) return;
      const value = node.argument ? this.#values(node.argument, depth + 1, seen) : DYNAMIC;
      result = result ? union(result, value) : value;
    });
    return result ?? DYNAMIC;
  }
}

/** Whether a variable is assigned anywhere after its declaration. */
export function isReassigned(file: SourceFile, variable: Variable): boolean {
  return (file.identifiers.get(variable.name) ?? []).some((use) => {
    const parent = use.parent;
    const written = (parent?.type === "AssignmentExpression" && parent.left === use) || (parent?.type === "UpdateExpression" && parent.argument === use);
    return written && file.scopes.resolve(use) === variable;
  });
}

/** Whether `variable.name = …` stands anywhere in the file that declares the variable. */
function isPropertyAssigned(file: SourceFile, variable: Variable, name: string): boolean {
  return (file.members.get(name) ?? []).some((member) => {
    const object = unwrap(member.object);
    return member.parent?.type === "AssignmentExpression" && member.parent.left === member && object.type === "Identifier" && file.scopes.resolve(object) === variable;
  });
}

/** Public API of a package may be called from where we cannot see. */
function isPublic(fn: FunctionNode): boolean {
  return fn.parent?.type === "MethodDefinition" && fn.parent.kind !== "constructor" && fn.parent.accessibility !== "private" && !(keyName(fn.parent.key, fn.parent.computed) ?? "").startsWith("#");
}

function one(value: string, origin: Node): ConstantSet {
  return { constants: [{ value, origin }], dynamic: false };
}

function union(a: ConstantSet, b: ConstantSet): ConstantSet {
  const constants = [...a.constants, ...b.constants.filter((candidate) => !a.constants.some((known) => known.value === candidate.value && known.origin === candidate.origin))];
  return { constants, dynamic: a.dynamic || b.dynamic };
}

function* interleave(node: Extract<Node, { type: "TemplateLiteral" }>): Iterable<Node | string> {
  for (const [index, quasi] of node.quasis.entries()) {
    yield quasi.value.cooked ?? quasi.value.raw;
    const expression = node.expressions[index];
    if (expression) yield expression;
  }
}
