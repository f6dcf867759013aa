import type { AssignmentExpression, Class, FunctionNode, Node } from "../../parse/ast.ts";
import { enclosingFunction, isFunction, isMember, propertyName, thisClass, unwrap, walkOwn } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";
import type { Variable } from "../../parse/scopes.ts";
import { autoImported } from "./auto-imports.ts";
import { Circles } from "./circles.ts";
import type { Kind, Kinds } from "./kinds.ts";
import { kindOfCall, kindOfNew } from "./calls.ts";
import { kindOfField } from "./fields.ts";
import { kindOfBinding, kindOfMember, kindOfProperty } from "./members.ts";
import { kindOfParameter } from "./parameters.ts";
import { kindInPattern } from "./patterns.ts";
import { kindOfType } from "./types.ts";
import { resolveExport, resolveVariable, resolveImport, type Definition } from "../modules.ts";
import type { Project } from "../project.ts";
import { RequestContexts } from "./request-context.ts";

/**
 * Works out what expressions are, following locals, parameters, returns, fields and imports. One instance a project; answers are kept.
 * The parts, one a form of code, are in the files beside this one; they ask each other through this.
 */
export class Evaluator implements Kinds {
  readonly project: Project;
  readonly circles = new Circles();
  readonly contexts: RequestContexts;
  readonly #kinds = new Map<Node, Kind | undefined>();
  readonly #fields = new Map<Class, Map<string, Kind | undefined>>();
  readonly #returns = new Map<FunctionNode, Kind | undefined>();

  constructor(project: Project) {
    this.project = project;
    this.contexts = new RequestContexts(this);
  }

  kindOf(node: Node): Kind | undefined {
    if (this.#kinds.has(node)) return this.#kinds.get(node);
    return this.circles.answer(this.#kinds, node, () => this.#evaluate(node));
  }

  kindOfType(type: Node): Kind | undefined {
    return kindOfType(this, type);
  }

  propertyKind(owner: Kind, name: string, at: Node): Kind | undefined {
    return kindOfProperty(this, owner, name, at);
  }

  definitionOf(node: Node): Definition | undefined {
    const value = unwrap(node);
    const file = this.project.fileOf(value);
    if (value.type === "Identifier") {
      const variable = file.scopes.resolve(value);
      return variable ? resolveVariable(this.project, file, variable) : this.#autoImported(file, value.name);
    }
    if (isMember(value)) {
      const name = propertyName(value);
      if (name === undefined) return undefined;
      const object = this.definitionOf(value.object);
      if (object?.type === "module") return resolveExport(this.project, object.file, name);
      if (object?.type === "external" && (object.name === "*" || object.name === "default")) return { type: "external", module: object.module, name };
    }
    return undefined;
  }

  #autoImported(file: SourceFile, name: string): Definition | undefined {
    const path = autoImported(this.project, file.path, name);
    const offering = path === undefined ? undefined : this.project.file(path);
    return offering && offering !== file ? resolveExport(this.project, offering, name) : undefined;
  }

  #evaluate(node: Node): Kind | undefined {
    switch (node.type) {
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "TSTypeAssertion":
        return this.kindOf(node.expression) ?? this.kindOfType(node.typeAnnotation);
      case "TSNonNullExpression":
      case "ParenthesizedExpression":
      case "ChainExpression":
      case "TSInstantiationExpression":
        return this.kindOf(node.expression);
      case "AwaitExpression":
        return this.kindOf(node.argument);
      case "Identifier":
        return this.#identifier(node);
      case "ThisExpression": {
        const found = thisClass(node);
        return found ? (found.isStatic ? { kind: "class", cls: found.cls } : { kind: "instance", cls: found.cls }) : undefined;
      }
      case "Super": {
        const found = thisClass(node);
        return found ? { kind: "instance", cls: found.cls } : undefined;
      }
      case "MemberExpression":
        return kindOfMember(this, node);
      case "CallExpression":
        return kindOfCall(this, node);
      case "NewExpression":
        return kindOfNew(this, node);
      case "ConditionalExpression":
        return this.kindOf(node.consequent) ?? this.kindOf(node.alternate);
      case "LogicalExpression":
        return this.kindOf(node.left) ?? this.kindOf(node.right);
      case "AssignmentExpression":
        return this.kindOf(node.right);
      case "SequenceExpression": {
        const last = node.expressions.at(-1);
        return last ? this.kindOf(last) : undefined;
      }
      case "ArrayExpression": {
        for (const element of node.elements) {
          const kind = element && element.type !== "SpreadElement" ? this.kindOf(element) : undefined;
          if (kind) return { kind: "array", element: kind };
        }
        return undefined;
      }
      case "ObjectExpression":
        return { kind: "object", node };
      case "FunctionExpression":
      case "ArrowFunctionExpression":
      case "FunctionDeclaration":
        return { kind: "function", fn: node };
      case "ClassExpression":
      case "ClassDeclaration":
        return { kind: "class", cls: node };
      case "ImportExpression": {
        const { source } = node;
        if (source.type !== "Literal" || typeof source.value !== "string") return undefined;
        return this.kindOfDefinition(resolveImport(this.project, this.project.fileOf(node), source.value, "*"));
      }
      default:
        return undefined;
    }
  }

  #identifier(node: Extract<Node, { type: "Identifier" }>): Kind | undefined {
    const file = this.project.fileOf(node);
    const variable = file.scopes.resolve(node);
    if (variable) return this.#variable(file, variable);
    // Service-worker syntax: bindings are globals.
    const named = /^[A-Z]/.test(node.name) ? this.project.bindings.lookup(file.path, node.name) : undefined;
    return named?.config ? kindOfBinding(this, node.name, node, file.path) : this.kindOfDefinition(this.#autoImported(file, node.name));
  }

  #variable(file: SourceFile, variable: Variable): Kind | undefined {
    const definition = resolveVariable(this.project, file, variable);
    if (!definition) return undefined;
    if (definition.type === "external" && definition.module === "cloudflare:workers" && definition.name === "env") return { kind: "env" };
    if (definition.type === "external" && definition.module === "cloudflare:workers" && definition.name === "exports") return { kind: "loopback-exports" };
    return this.kindOfDefinition(definition);
  }

  kindOfDefinition(definition: Definition | undefined): Kind | undefined {
    switch (definition?.type) {
      case "function":
        return { kind: "function", fn: definition.node };
      case "class":
        return { kind: "class", cls: definition.node };
      case "module":
        return { kind: "module", file: definition.file };
      case "external":
        return { kind: "external", module: definition.module, name: definition.name };
      case "expression":
        return this.kindOf(definition.node);
      case "variable":
        return this.kindOfVariable(definition.file, definition.variable);
      default:
        return undefined;
    }
  }

  kindOfVariable(file: SourceFile, variable: Variable): Kind | undefined {
    const key = variable.node;
    if (this.#kinds.has(key)) return this.#kinds.get(key);
    return this.circles.answer(this.#kinds, key, () => {
      const declared = this.#declared(variable);
      // `let near: WebSocket, far: WebSocket; [near, far] = Object.values(pair)`: the type does not say which end it is.
      if (declared?.kind === "websocket" && declared.end === "unknown") return this.#assigned(file, variable) ?? declared;
      return declared ?? this.#assigned(file, variable);
    });
  }

  #declared(variable: Variable): Kind | undefined {
    const { declaration } = variable;
    if (variable.kind === "parameter" && isFunction(declaration)) return kindOfParameter(this, declaration, variable);
    if (declaration.type !== "VariableDeclarator") return undefined;
    const { id, init } = declaration;
    const annotated = id.type === "Identifier" && id.typeAnnotation ? this.kindOfType(id.typeAnnotation) : undefined;
    // A type says less than the value: `const id: DurableObjectId = ns.idFromName(x)`.
    if (init) return kindInPattern(this, id, variable.node, () => this.kindOf(init), init) ?? annotated;
    if (annotated) return annotated;
    const loop = declaration.parent?.parent;
    if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) {
      return kindInPattern(this, id, variable.node, () => {
        const iterated = this.kindOf(loop.right);
        return iterated?.kind === "array" ? iterated.element : undefined;
      });
    }
    return undefined;
  }

  #assigned(file: SourceFile, variable: Variable): Kind | undefined {
    for (const use of file.identifiers.get(variable.name) ?? []) {
      const assignment = assignmentTo(use);
      if (!assignment || file.scopes.resolve(use) !== variable) continue;
      const { left, right } = assignment;
      const kind = left === use ? this.kindOf(right) : kindInPattern(this, left, use, () => this.kindOf(right), right);
      if (kind) return kind;
    }
    return undefined;
  }

  fieldKind(cls: Class, name: string): Kind | undefined {
    let fields = this.#fields.get(cls);
    if (!fields) this.#fields.set(cls, (fields = new Map()));
    if (fields.has(name)) return fields.get(name);
    return this.circles.keep(fields, name, `${this.project.fileOf(cls).path}:${cls.start}:${name}`, () => kindOfField(this, cls, name));
  }

  returnedBy(fn: FunctionNode): Kind | undefined {
    if (this.#returns.has(fn)) return this.#returns.get(fn);
    return this.circles.answer(this.#returns, fn, () => {
      const typed = fn.returnType ? this.kindOfType(fn.returnType) : undefined;
      if (!fn.body) return typed;
      if (fn.type === "ArrowFunctionExpression" && fn.body.type !== "BlockStatement") return this.kindOf(fn.body) ?? typed;
      let found: Kind | undefined;
      walkOwn(fn, this.project.fileOf(fn).keys, (node) => {
        if (found) return false;
        if (node.type === "ReturnStatement" && node.argument && enclosingFunction(node) === fn) found = this.kindOf(node.argument);
        return undefined;
      });
      return found ?? typed;
    });
  }
}

/** The assignment that gives a name its value: `x = value`, `[x, y] = value`, `({ a: x } = value)`. */
function assignmentTo(use: Node): AssignmentExpression | undefined {
  let target = use;
  while (target.parent && (target.parent.type === "ArrayPattern" || target.parent.type === "ObjectPattern" || (target.parent.type === "Property" && target.parent.value === target && target.parent.parent?.type === "ObjectPattern"))) target = target.parent;
  return target.parent?.type === "AssignmentExpression" && target.parent.left === target ? target.parent : undefined;
}
