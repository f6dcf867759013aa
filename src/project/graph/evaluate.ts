import type { CallExpression, Class, FunctionNode, MemberExpression, NewExpression, Node } from "../parse/ast.ts";
import { calleeMember, isClass, isFunction, isMember, keyName, propertyName, thisClass, typeNameText, unwrap, walkOwn, enclosingFunction, isIdentifier } from "../parse/ast.ts";
import { nodesOf, type SourceFile } from "../parse/source-file.ts";
import type { Variable } from "../parse/scopes.ts";
import type { DatabaseKind, Kind, NamespaceKind, SessionKind, StubKind } from "./kinds.ts";
import { autoImported } from "./auto-imports.ts";
import { resolveExport, resolveVariable, resolveImport, type Definition } from "./modules.ts";
import type { Project } from "./project.ts";

/** How deep one answer may lead to others: values through about this many locals, parameters, returns and fields. */
const MAX_DEPTH = 40;

const ENV_NAME = /^(?:_?env|ENV|.*Env|bindings)$/;
const ENV_TYPE = /(?:^|\.)(?:Env|Bindings|CloudflareEnv|CloudflareBindings|WorkerEnv|.*Env|.*Bindings)$/;

/** Types of the platform by name. A type of the project with the same name wins. */
const PLATFORM_TYPES: Readonly<Record<string, (node: Node) => Kind>> = {
  D1Database: (node) => ({ kind: "d1", node }),
  D1DatabaseSession: () => ({ kind: "d1-session", database: undefined }),
  D1PreparedStatement: () => ({ kind: "d1-statement", database: undefined }),
  DurableObjectNamespace: (node) => ({ kind: "namespace", node }),
  DurableObjectStub: (node) => ({ kind: "stub", namespace: undefined, from: "unknown", node }),
  DurableObjectId: (node) => ({ kind: "object-id", namespace: undefined, from: "unknown", node }),
  DurableObjectState: () => ({ kind: "do-state" }),
  DurableObjectStorage: () => ({ kind: "do-storage" }),
  DurableObjectTransaction: () => ({ kind: "do-storage" }),
  SqlStorage: () => ({ kind: "do-sql" }),
  SyncKvStorage: () => ({ kind: "do-kv" }),
  ExecutionContext: () => ({ kind: "execution-context" }),
  WebSocket: (node) => ({ kind: "websocket", end: "unknown", node }),
  Request: () => ({ kind: "request" }),
  KVNamespace: () => ({ kind: "binding", type: "kv", binding: "" }),
  R2Bucket: () => ({ kind: "binding", type: "r2", binding: "" }),
  Queue: () => ({ kind: "binding", type: "queue", binding: "" }),
  Fetcher: () => ({ kind: "binding", type: "service", binding: "" }),
  Service: () => ({ kind: "binding", type: "service", binding: "" }),
  Ai: () => ({ kind: "binding", type: "ai", binding: "" }),
  VectorizeIndex: () => ({ kind: "binding", type: "vectorize", binding: "" }),
  Vectorize: () => ({ kind: "binding", type: "vectorize", binding: "" }),
  DrizzleD1Database: (node) => ({ kind: "orm", library: "drizzle", target: "d1", node }),
  DrizzleSqliteDODatabase: (node) => ({ kind: "orm", library: "drizzle", target: "do", node }),
  PrismaClient: (node) => ({ kind: "orm", library: "prisma", target: "unknown", node }),
  Kysely: (node) => ({ kind: "orm", library: "kysely", target: "unknown", node }),
};

/** Type wrappers that count as their first argument. */
const TRANSPARENT_TYPES = new Set(["Promise", "PromiseLike", "Awaited", "Readonly", "Required", "Partial", "NonNullable", "Pick", "Omit", "MaybePromise"]);

/** Works out what expressions are, following locals, parameters, returns, fields and imports. One instance a project; answers are kept. */
export class Evaluator {
  readonly #project: Project;
  readonly #kinds = new Map<Node, Kind | undefined>();
  readonly #fields = new Map<Class, Map<string, Kind | undefined>>();
  /** What is being worked out, with its level: how many questions deep it was asked. */
  readonly #active = new Map<Node, number>();
  readonly #returns = new Map<FunctionNode, Kind | undefined>();
  readonly #openFields = new Map<string, number>();
  /** The outermost level that the answer being worked out was cut short for, by a cycle or the bound. */
  #cutAt = Number.POSITIVE_INFINITY;
  readonly #spreads = new Map<Node, Set<string>>();
  #contextVariables: ReadonlyMap<string, readonly Node[]> | undefined;
  #contextMembers: ReadonlyMap<string, readonly Node[]> | undefined;
  #depth = 0;

  constructor(project: Project) {
    this.#project = project;
  }

  kindOf(node: Node): Kind | undefined {
    if (this.#kinds.has(node)) return this.#kinds.get(node);
    return this.#work(node, this.#kinds, () => this.#evaluate(node));
  }

  /** How many questions deep the one being asked is; for `cut`. */
  get level(): number {
    return this.#active.size;
  }

  /** Notes that what is being worked out was cut short by a cycle that began at `level`. */
  cut(level: number): void {
    this.#cutAt = Math.min(this.#cutAt, level);
  }

  /**
   * Works out an answer and keeps it in `answers`. "Not known" is kept too, unless the reason is a cycle through a question that is still
   * open further out, or the bound: asked on its own, the same node may be known.
   */
  #work<K extends Node>(node: K, answers: Map<K, Kind | undefined>, answer: () => Kind | undefined): Kind | undefined {
    const open = this.#active.get(node);
    if (open !== undefined || this.#depth > MAX_DEPTH) {
      this.cut(open ?? 0);
      return undefined;
    }
    const level = this.#active.size;
    const outer = this.#cutAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.#active.set(node, level);
    this.#depth++;
    const kind = answer();
    this.#depth--;
    this.#active.delete(node);
    const isFinal = this.#cutAt >= level;
    if (kind !== undefined || isFinal) answers.set(node, kind);
    this.#cutAt = isFinal ? outer : Math.min(outer, this.#cutAt);
    return kind;
  }

  /** What an identifier or member expression stands for. */
  definitionOf(node: Node): Definition | undefined {
    const value = unwrap(node);
    const file = this.#project.fileOf(value);
    if (value.type === "Identifier") {
      const variable = file.scopes.resolve(value);
      return variable ? resolveVariable(this.#project, file, variable) : this.#autoImported(file, value.name);
    }
    if (isMember(value)) {
      const name = propertyName(value);
      if (name === undefined) return undefined;
      const object = this.definitionOf(value.object);
      if (object?.type === "module") return resolveExport(this.#project, object.file, name);
      if (object?.type === "external" && (object.name === "*" || object.name === "default")) return { type: "external", module: object.module, name };
    }
    return undefined;
  }

  #autoImported(file: SourceFile, name: string): Definition | undefined {
    const path = autoImported(this.#project, file.path, name);
    const offering = path === undefined ? undefined : this.#project.file(path);
    return offering && offering !== file ? resolveExport(this.#project, offering, name) : undefined;
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
        return this.#member(node);
      case "CallExpression":
        return this.#call(node);
      case "NewExpression":
        return this.#new(node);
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
        return this.#definitionKind(resolveImport(this.#project, this.#project.fileOf(node), source.value, "*"));
      }
      default:
        return undefined;
    }
  }

  #identifier(node: Extract<Node, { type: "Identifier" }>): Kind | undefined {
    const file = this.#project.fileOf(node);
    const variable = file.scopes.resolve(node);
    if (variable) return this.#variable(file, variable);
    // Service-worker syntax: bindings are globals.
    const named = /^[A-Z]/.test(node.name) ? this.#project.bindings.lookup(file.path, node.name) : undefined;
    return named?.config ? this.#binding(node.name, node, file.path) : this.#definitionKind(this.#autoImported(file, node.name));
  }

  #variable(file: SourceFile, variable: Variable): Kind | undefined {
    const definition = resolveVariable(this.#project, file, variable);
    if (!definition) return undefined;
    if (definition.type === "external" && definition.module === "cloudflare:workers" && definition.name === "env") return { kind: "env" };
    if (definition.type === "external" && definition.module === "cloudflare:workers" && definition.name === "exports") return { kind: "loopback-exports" };
    return this.#definitionKind(definition);
  }

  #definitionKind(definition: Definition | undefined): Kind | undefined {
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
        return this.#local(definition.file, definition.variable);
      default:
        return undefined;
    }
  }

  #local(file: SourceFile, variable: Variable): Kind | undefined {
    const key = variable.node;
    if (this.#kinds.has(key)) return this.#kinds.get(key);
    return this.#work(key, this.#kinds, () => this.#declared(variable) ?? this.#assigned(file, variable));
  }

  #declared(variable: Variable): Kind | undefined {
    const { declaration } = variable;
    if (variable.kind === "parameter" && isFunction(declaration)) return this.#parameter(declaration, variable);
    if (declaration.type !== "VariableDeclarator") return undefined;
    const { id, init } = declaration;
    const annotated = id.type === "Identifier" && id.typeAnnotation ? this.kindOfType(id.typeAnnotation) : undefined;
    // A type says less than the value: `const id: DurableObjectId = ns.idFromName(x)`.
    if (init) return this.#through(id, variable.node, () => this.kindOf(init), init) ?? annotated;
    if (annotated) return annotated;
    const loop = declaration.parent?.parent;
    if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) {
      return this.#through(id, variable.node, () => {
        const iterated = this.kindOf(loop.right);
        return iterated?.kind === "array" ? iterated.element : undefined;
      });
    }
    return undefined;
  }

  /** The kind of the value that reaches `target` inside a binding pattern whose whole value `whole` gives. */
  #through(pattern: Node, target: Node, whole: () => Kind | undefined, source?: Node): Kind | undefined {
    switch (pattern.type) {
      case "Identifier":
        return pattern === target ? whole() : undefined;
      case "AssignmentPattern":
        return this.#through(pattern.left, target, () => whole() ?? this.kindOf(pattern.right), source);
      case "RestElement":
        return undefined;
      case "ObjectPattern": {
        for (const property of pattern.properties) {
          if (property.type === "RestElement") {
            // `const { a, ...env } = this.env`: what is left is still an env.
            if (property.argument === target) return whole();
            continue;
          }
          if (!contains(property.value, target)) continue;
          const name = keyName(property.key, property.computed);
          if (name === undefined) return undefined;
          return this.#through(property.value, target, () => {
            const owner = whole();
            const found = owner ? this.propertyKind(owner, name, property) : undefined;
            return found ?? this.#envByName(name, source ?? pattern, property) ?? this.#heldBy(holderOf(pattern, source), name);
          });
        }
        return undefined;
      }
      case "ArrayPattern": {
        for (const [index, element] of pattern.elements.entries()) {
          if (!element || !contains(element, target)) continue;
          return this.#through(element, target, () => {
            const items = source ? arrayItems(source) : undefined;
            const item = items?.[index];
            if (item && item.type !== "SpreadElement") return this.kindOf(item);
            const owner = whole();
            if (owner?.kind === "websocket-pair") return { kind: "websocket", end: index === 0 ? "client" : "server", node: element };
            return owner?.kind === "array" ? owner.element : undefined;
          });
        }
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** `{ DB } = c.env` where what `c.env` is cannot be seen but its name says it. */
  #envByName(name: string, source: Node, at: Node): Kind | undefined {
    if (!/^[A-Z]/.test(name)) return undefined;
    return this.#isEnvLike(source) ? this.#binding(name, at, this.#project.fileOf(at).path) : undefined;
  }

  #assigned(file: SourceFile, variable: Variable): Kind | undefined {
    for (const use of file.identifiers.get(variable.name) ?? []) {
      const parent = use.parent;
      if (parent?.type !== "AssignmentExpression" || parent.left !== use || file.scopes.resolve(use) !== variable) continue;
      const kind = this.kindOf(parent.right);
      if (kind) return kind;
    }
    return undefined;
  }

  #parameter(fn: FunctionNode, variable: Variable): Kind | undefined {
    for (const [index, raw] of fn.params.entries()) {
      const parameter: Node = raw.type === "TSParameterProperty" ? raw.parameter : raw;
      if (!contains(parameter, variable.node)) continue;
      const pattern = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
      const annotation = "typeAnnotation" in pattern ? pattern.typeAnnotation : undefined;
      const whole = (): Kind | undefined => {
        const typed = annotation ? this.kindOfType(annotation) : undefined;
        if (typed?.kind === "namespace" || typed?.kind === "d1") return this.#refined(typed, this.#argumentKind(fn, index, pattern));
        if (typed && typed.kind !== "typed") return typed;
        return this.#argumentKind(fn, index, pattern) ?? typed ?? (parameter.type === "AssignmentPattern" ? this.kindOf(parameter.right) : undefined);
      };
      const kind = this.#through(pattern, variable.node, whole);
      if (kind) return kind;
      if (ENV_NAME.test(variable.name)) return { kind: "env" };
      return undefined;
    }
    return undefined;
  }

  /** `ns: DurableObjectNamespace` says what it is; the calls in sight say which binding it is. */
  #refined(typed: NamespaceKind | DatabaseKind, argument: Kind | undefined): Kind {
    if (typed.kind === "namespace" && argument?.kind === "namespace") return { ...argument, ...(typed.className === undefined ? {} : { className: typed.className }) };
    return typed.kind === "d1" && argument?.kind === "d1" ? argument : typed;
  }

  /** What is passed as a function's argument: by the caller that calls it back, by convention, or at the calls in sight. */
  #argumentKind(fn: FunctionNode, index: number, pattern: Node): Kind | undefined {
    const byConvention = this.#conventionalArgument(fn, index, pattern);
    if (byConvention) return byConvention;
    const callback = callbackOf(fn);
    if (callback) {
      const called = this.#callbackArgument(callback.call, callback.index, index);
      if (called) return called;
    }
    if (this.#depth > MAX_DEPTH / 2) {
      this.cut(0);
      return undefined;
    }
    for (const site of this.#project.calls.callersOf(fn)) {
      const argument = site.arguments[index];
      if (!argument || argument.type === "SpreadElement") continue;
      const kind = this.kindOf(argument);
      if (kind) return kind;
    }
    return undefined;
  }

  #conventionalArgument(fn: FunctionNode, index: number, pattern: Node): Kind | undefined {
    const method = fn.parent;
    const name = pattern.type === "Identifier" ? pattern.name : undefined;
    if (method?.type === "MethodDefinition" && method.kind === "constructor" && isClass(method.parent?.parent)) {
      const cls = method.parent.parent;
      if (this.#project.classes.isDurableObject(cls)) {
        if (index === 0) return { kind: "do-state", cls };
        if (index === 1) return { kind: "env" };
      }
      if (this.#project.classes.isEntrypoint(cls)) return index === 0 ? { kind: "execution-context" } : index === 1 ? { kind: "env" } : undefined;
    }
    if (method?.type === "Property" && ["fetch", "scheduled", "queue", "email", "tail", "trace"].includes(keyName(method.key, method.computed) ?? "")) {
      if (index === 1) return { kind: "env" };
      if (index === 2) return { kind: "execution-context" };
      if (index === 0 && keyName(method.key, method.computed) === "fetch") return { kind: "request" };
    }
    if (name !== undefined && ENV_NAME.test(name)) return { kind: "env" };
    if (name !== undefined && /^(?:request|req)$/.test(name)) return { kind: "request" };
    return undefined;
  }

  /** Callbacks whose arguments the called function decides. */
  #callbackArgument(call: CallExpression, callbackIndex: number, index: number): Kind | undefined {
    const member = calleeMember(call);
    const name = member ? propertyName(member) : undefined;
    if (!member || name === undefined) return undefined;
    if (index === 0 && callbackIndex === 0) {
      if (name === "transaction") {
        const owner = this.kindOf(member.object);
        if (owner?.kind === "do-storage") return { kind: "do-storage" };
        if (owner?.kind === "orm") return owner;
      }
      if (["map", "forEach", "filter", "flatMap", "find", "some", "every"].includes(name)) {
        const owner = this.kindOf(member.object);
        if (owner?.kind === "array") return owner.element;
      }
      if (name === "then") return this.kindOf(member.object);
    }
    return undefined;
  }

  #member(node: MemberExpression): Kind | undefined {
    const name = propertyName(node);
    if (name === undefined) {
      const owner = this.kindOf(node.object);
      if (owner?.kind === "websocket-pair" && node.computed) {
        const index = node.property.type === "Literal" ? Number(node.property.value) : Number.NaN;
        return { kind: "websocket", end: index === 0 ? "client" : index === 1 ? "server" : "unknown", node };
      }
      if (owner?.kind === "array") return owner.element;
      // env[name] with a computed name: a binding chosen at run time, unless the name is a constant.
      const constant = owner?.kind === "env" ? this.#project.constants.constantOf(node.property) : undefined;
      return constant ? this.#binding(constant.value, node, this.#project.fileOf(node).path) : undefined;
    }
    const definition = this.definitionOf(node);
    if (definition) {
      const kind = this.#definitionKind(definition);
      if (kind) return kind;
    }
    const owner = this.kindOf(node.object);
    const kind = owner ? this.propertyKind(owner, name, node) : undefined;
    if (kind) return kind;
    if (/^[A-Z]/.test(name) && this.#isEnvLike(node.object)) return this.#binding(name, node, this.#project.fileOf(node).path);
    const ambient = this.#ambientProperty(node, name);
    if (ambient) return ambient;
    if (name === "env" && !owner) return isIdentifier(unwrap(node.object)) || isMember(unwrap(node.object)) ? { kind: "env" } : undefined;
    return undefined;
  }

  /** Whether an expression of unknown kind is an `env` by its name: `env`, `c.env`, `context.cloudflare.env`, `process.env`. */
  #isEnvLike(node: Node): boolean {
    const value = unwrap(node);
    const kind = this.kindOf(value);
    if (kind) return kind.kind === "env" || (kind.kind === "typed" && (value.type === "Identifier" || isMember(value)));
    if (value.type === "Identifier") return ENV_NAME.test(value.name);
    if (isMember(value)) return ENV_NAME.test(propertyName(value) ?? "");
    if (value.type === "CallExpression") {
      const callee = unwrap(value.callee);
      const name = callee.type === "Identifier" ? callee.name : isMember(callee) ? propertyName(callee) : undefined;
      return name !== undefined && /^(?:get)?(?:Env|Bindings|env)$/.test(name);
    }
    return false;
  }

  #binding(name: string, node: Node, path: string): Kind | undefined {
    const found = this.#project.bindings.lookup(path, name);
    switch (found?.type) {
      case "namespace":
        return { kind: "namespace", binding: name, node, ...(found.className === undefined ? {} : { className: found.className }) };
      case "d1":
        return { kind: "d1", binding: name, node };
      case "other":
        return { kind: "binding", type: found.other, binding: name };
      default:
        return undefined;
    }
  }

  /** What `owner.name` is. `at` is the node that asks, for places and files. */
  propertyKind(owner: Kind, name: string, at: Node): Kind | undefined {
    switch (owner.kind) {
      case "env":
        return this.#binding(name, at, this.#project.fileOf(at).path) ?? (name === "env" ? owner : undefined);
      case "context":
        return name === "env" ? { kind: "env" } : undefined;
      case "request":
        return name === "env" ? { kind: "env" } : undefined;
      case "execution-context":
        return name === "exports" ? { kind: "loopback-exports" } : name === "env" ? { kind: "env" } : undefined;
      case "loopback-exports":
        return { kind: "namespace", binding: name, className: name, node: at };
      case "do-state":
        if (name === "storage") return { kind: "do-storage" };
        if (name === "exports") return { kind: "loopback-exports" };
        if (name === "env") return { kind: "env" };
        return undefined;
      case "do-storage":
        return name === "sql" ? { kind: "do-sql" } : name === "kv" ? { kind: "do-kv" } : undefined;
      case "instance":
        return this.fieldKind(owner.cls, name);
      case "class":
        return this.#staticMember(owner.cls, name);
      case "module": {
        const definition = resolveExport(this.#project, owner.file, name);
        return this.#definitionKind(definition);
      }
      case "external":
        if (owner.module === "cloudflare:workers" && owner.name === "*" && name === "env") return { kind: "env" };
        return undefined;
      case "object":
        return this.#objectMember(owner.node, name);
      case "typed":
        return this.#typedMember(owner, name, at);
      case "websocket-pair":
        return name === "0" || name === "1" ? { kind: "websocket", end: name === "0" ? "client" : "server", node: at } : undefined;
      default:
        return undefined;
    }
  }

  #objectMember(object: Extract<Node, { type: "ObjectExpression" }>, name: string): Kind | undefined {
    // `state = { ...state, x }`: an object spread into itself.
    const asked = this.#spreads.get(object);
    if (asked?.has(name)) return undefined;
    if (asked) asked.add(name);
    else this.#spreads.set(object, new Set([name]));
    const kind = this.#memberOfObject(object, name);
    this.#spreads.get(object)?.delete(name);
    return kind;
  }

  #memberOfObject(object: Extract<Node, { type: "ObjectExpression" }>, name: string): Kind | undefined {
    for (const property of object.properties) {
      if (property.type === "SpreadElement") {
        const spread = this.kindOf(property.argument);
        const found = spread ? this.propertyKind(spread, name, property) : undefined;
        if (found) return found;
      } else if (keyName(property.key, property.computed) === name) return this.kindOf(property.value);
    }
    return undefined;
  }

  #typedMember(owner: Extract<Kind, { kind: "typed" }>, name: string, at: Node): Kind | undefined {
    const members = owner.members.type === "TSInterfaceDeclaration" ? owner.members.body.body : owner.members.type === "TSTypeLiteral" ? owner.members.members : [];
    for (const member of members) {
      if (member.type === "TSPropertySignature" && keyName(member.key, member.computed) === name) {
        const kind = member.typeAnnotation ? this.kindOfType(member.typeAnnotation) : undefined;
        if (kind?.kind === "namespace" || kind?.kind === "d1") return this.#binding(name, at, this.#project.fileOf(at).path) ?? { ...kind, ...(/^[A-Z]/.test(name) ? { binding: name } : {}), node: at };
        // A hand-written slice of the binding's type: `DB: { prepare: … }`.
        if (kind?.kind === "typed" && /^[A-Z]/.test(name)) return this.#binding(name, at, this.#project.fileOf(at).path) ?? kind;
        if (kind) return kind;
        if (name === "env" || ENV_NAME.test(name)) return { kind: "env" };
        return this.#isEnvInterface(owner.members) ? this.#binding(name, at, this.#project.fileOf(at).path) : undefined;
      }
    }
    if (owner.members.type === "TSInterfaceDeclaration")
      for (const base of owner.members.extends) {
        const kind = base.expression.type === "Identifier" ? this.#namedType(base.expression.name, base, owner.file) : undefined;
        const found = kind ? this.propertyKind(kind, name, at) : undefined;
        if (found) return found;
      }
    return this.#isEnvInterface(owner.members) ? this.#binding(name, at, this.#project.fileOf(at).path) : undefined;
  }

  #isEnvInterface(node: Node): boolean {
    if (node.type === "TSInterfaceDeclaration") return ENV_TYPE.test(node.id.name);
    return node.parent?.type === "TSTypeAliasDeclaration" && ENV_TYPE.test(node.parent.id.name);
  }

  #staticMember(cls: Class, name: string): Kind | undefined {
    for (const member of cls.body.body) {
      if (member.type === "PropertyDefinition" && member.static && keyName(member.key, member.computed) === name)
        return (member.value ? this.kindOf(member.value) : undefined) ?? (member.typeAnnotation ? this.kindOfType(member.typeAnnotation) : undefined);
      if (member.type === "MethodDefinition" && member.static && keyName(member.key, member.computed) === name)
        return member.kind === "get" ? this.#returned(member.value) : { kind: "function", fn: member.value };
    }
    return undefined;
  }

  /** What a field or method of a class's instances is, looked up through bases. */
  fieldKind(cls: Class, name: string): Kind | undefined {
    let fields = this.#fields.get(cls);
    if (!fields) this.#fields.set(cls, (fields = new Map()));
    if (fields.has(name)) return fields.get(name);
    const key = `${this.#project.fileOf(cls).path}:${cls.start}:${name}`;
    const open = this.#openFields.get(key);
    if (open !== undefined) {
      this.cut(open);
      return undefined;
    }
    const level = this.#active.size;
    const outer = this.#cutAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.#openFields.set(key, level);
    const kind = this.#field(cls, name);
    this.#openFields.delete(key);
    const isFinal = this.#cutAt >= level;
    if (kind !== undefined || isFinal) fields.set(name, kind);
    this.#cutAt = isFinal ? outer : Math.min(outer, this.#cutAt);
    return kind;
  }

  #field(cls: Class, name: string): Kind | undefined {
    const { classes } = this.#project;
    let typed: Kind | undefined;
    let stated: Kind | undefined;
    for (const member of cls.body.body) {
      if (member.type === "MethodDefinition" && !member.static && keyName(member.key, member.computed) === name && member.kind !== "constructor") {
        if (member.kind === "method") return { kind: "function", fn: member.value };
        if (member.kind === "get") return this.#returned(member.value);
      }
      if ((member.type === "PropertyDefinition" || member.type === "AccessorProperty") && !member.static && keyName(member.key, member.computed) === name) {
        // `declare sql: Executor` only types what the base class provides: what that is goes first.
        const annotated = member.typeAnnotation ? this.kindOfType(member.typeAnnotation) : undefined;
        if (member.declare) stated = annotated;
        else typed = annotated;
        const value = member.value ? this.kindOf(member.value) : undefined;
        if (value && !(value.kind === "object" && typed)) return value;
      }
      if (member.type === "MethodDefinition" && member.kind === "constructor")
        for (const parameter of member.value.params)
          if (parameter.type === "TSParameterProperty") {
            const pattern = parameter.parameter.type === "AssignmentPattern" ? parameter.parameter.left : parameter.parameter;
            if (pattern.type === "Identifier" && pattern.name === name) {
              const variable = this.#project.fileOf(pattern).scopes.lookup(name, member.value);
              const kind = variable ? this.#local(this.#project.fileOf(pattern), variable) : undefined;
              if (kind) return kind;
            }
          }
    }
    const assigned = this.#fieldAssigned(cls, name);
    if (assigned) return assigned;
    if (typed) return typed;
    const base = classes.baseOf(cls);
    if (base?.type === "project") {
      const inherited = this.fieldKind(base.cls, name);
      if (inherited) return inherited;
    }
    if (classes.isDurableObject(cls)) {
      if (name === "ctx") return { kind: "do-state", cls };
      if (name === "env") return { kind: "env" };
      if (name === "storage" && classes.knownBase(cls)?.module === "@cloudflare/actors") return { kind: "do-storage" };
      if (name === "sql" && classes.knownBase(cls)?.ownsAlarm) return { kind: "do-sql-tag" };
    } else if (classes.isEntrypoint(cls)) {
      if (name === "env") return { kind: "env" };
      if (name === "ctx") return { kind: "execution-context" };
    }
    return stated;
  }

  #fieldAssigned(cls: Class, name: string): Kind | undefined {
    const file = this.#project.fileOf(cls);
    for (const member of file.members.get(name) ?? []) {
      const parent = member.parent;
      if (parent?.type !== "AssignmentExpression" || parent.left !== member || member.object.type !== "ThisExpression") continue;
      if (thisClass(member)?.cls !== cls) continue;
      const kind = this.kindOf(parent.right);
      if (kind) return kind;
    }
    return undefined;
  }

  #new(node: NewExpression): Kind | undefined {
    const callee = unwrap(node.callee);
    if (callee.type === "Identifier" && callee.name === "WebSocketPair") return { kind: "websocket-pair" };
    if (callee.type === "Identifier" && callee.name === "WebSocket") return { kind: "websocket", end: "outgoing", node };
    if (callee.type === "Identifier" && callee.name === "Request") return { kind: "request" };
    const kind = this.kindOf(callee);
    if (kind?.kind === "class") return { kind: "instance", cls: kind.cls };
    if (kind?.kind === "external") return this.#orm(kind.module, kind.name, node) ?? { kind: "external-instance", module: kind.module, name: kind.name, node };
    return undefined;
  }

  #orm(module: string, name: string, node: CallExpression | NewExpression): Kind | undefined {
    // Prisma's client is generated into any folder of the project: its class is known by name.
    const known = this.#project.options.apis.orms.find((orm) => (orm.module === module && (orm.name === name || name === "default")) || (name === "PrismaClient" && orm.name === name));
    if (!known) return undefined;
    const inner = this.#ormSource(node, 0);
    const target = known.target !== "unknown" ? known.target : inner ? (inner.kind === "do-storage" || inner.kind === "do-state" || inner.kind === "do-sql" ? "do" : inner.kind === "orm" ? inner.target : "d1") : "unknown";
    const database = inner?.kind === "d1" || inner?.kind === "d1-session" ? inner : inner?.kind === "orm" ? inner.database : undefined;
    return { kind: "orm", library: known.library, target, node, ...(database ? { database } : {}) };
  }

  /** The database handed to an ORM, anywhere in its arguments: `drizzle(env.DB)`, `new Kysely({ dialect: new D1Dialect({ database: env.DB }) })`. */
  #ormSource(node: Node, depth: number): Extract<Kind, { kind: "d1" | "d1-session" | "do-storage" | "do-state" | "do-sql" | "orm" }> | undefined {
    if (depth > 4) return undefined;
    const parts: Node[] =
      node.type === "CallExpression" || node.type === "NewExpression" ? node.arguments
      : node.type === "ObjectExpression" ? node.properties.map((property) => (property.type === "SpreadElement" ? property.argument : property.value))
      : [];
    for (const part of parts) {
      const value = part.type === "SpreadElement" ? part.argument : part;
      const kind = this.kindOf(value);
      if (kind && (kind.kind === "d1" || kind.kind === "d1-session" || kind.kind === "do-storage" || kind.kind === "do-state" || kind.kind === "do-sql" || kind.kind === "orm")) return kind;
      const inner = kind?.kind === "object" ? this.#ormSource(kind.node, depth + 1) : this.#ormSource(unwrap(value), depth + 1);
      if (inner) return inner;
    }
    return undefined;
  }

  #call(node: CallExpression): Kind | undefined {
    const callee = unwrap(node.callee);
    if (isMember(callee)) {
      const name = propertyName(callee);
      const owner = this.kindOf(callee.object);
      if (owner && name !== undefined) {
        const known = this.#knownMethod(node, callee, owner, name);
        if (known) return known;
      }
      if (!owner && (name === "idFromName" || name === "idFromString" || name === "newUniqueId")) {
        // No other API has these methods.
        const namespace = this.#unseenNamespace(callee.object);
        return this.#namespaceCall(node, namespace, name, node.arguments[0]?.type === "SpreadElement" ? undefined : node.arguments[0]);
      }
      if (!owner && name === "get" && node.arguments[0]) {
        const id = this.kindOf(node.arguments[0]);
        if (id?.kind === "object-id") return { kind: "stub", namespace: id.namespace, from: id.from, node, ...(id.name ? { name: id.name } : {}) };
      }
      if (name === "values" && isIdentifier(unwrap(callee.object), "Object") && node.arguments[0]) {
        const argument = this.kindOf(node.arguments[0]);
        if (argument?.kind === "websocket-pair") return argument;
      }
      if (name === "all" && isIdentifier(unwrap(callee.object), "Promise") && node.arguments[0]) return this.kindOf(node.arguments[0]);
      if (name === "get" && node.arguments.length === 1) {
        const stored = this.#contextVariable(node);
        if (stored) return stored;
      }
    }
    // NuxtHub's, a global in server code.
    if (isIdentifier(callee, "hubDatabase") && this.definitionOf(callee)?.type !== "function") return { kind: "d1", node };
    const target = this.kindOf(callee);
    if (target?.kind === "external") {
      const known = this.#externalCall(node, target.module, target.name);
      if (known) return known;
    }
    if (target?.kind === "function") {
      // The package itself may be part of the checkout: its helpers still are what they are.
      const { fn } = target;
      const module = fn.id ? this.#project.classes.packageModules(this.#project.fileOf(fn).path) : undefined;
      const known = module !== undefined && fn.id ? this.#externalCall(node, module, fn.id.name) : undefined;
      if (known) return known;
    }
    for (const fn of this.#project.calls.targetsOf(node)) {
      const kind = this.#returned(fn);
      if (kind) return kind;
    }
    return undefined;
  }

  #knownMethod(node: CallExpression, callee: MemberExpression, owner: Kind, name: string): Kind | undefined {
    const [first] = node.arguments;
    const argument = first && first.type !== "SpreadElement" ? first : undefined;
    switch (owner.kind) {
      case "namespace":
        return this.#namespaceCall(node, owner, name, argument);
      case "do-state":
        if (name === "getWebSockets") return { kind: "array", element: { kind: "websocket", end: "hibernating", node } };
        if (name === "blockConcurrencyWhile" && argument) {
          const callback = this.kindOf(argument);
          return callback?.kind === "function" ? this.#returned(callback.fn) : undefined;
        }
        return undefined;
      case "do-storage":
        if ((name === "transaction" || name === "transactionSync") && argument) {
          const callback = this.kindOf(argument);
          return callback?.kind === "function" ? this.#returned(callback.fn) : undefined;
        }
        return undefined;
      case "d1":
      case "d1-session":
        if (name === "prepare") return { kind: "d1-statement", database: owner, prepare: node };
        if (name === "withSession") return { kind: "d1-session", database: owner.kind === "d1" ? owner : owner.database, call: node };
        return undefined;
      case "d1-statement":
        return name === "bind" ? { ...owner, bind: node } : undefined;
      case "orm":
        // The builder's chains are worked out where queries are collected.
        return name === "$extends" || name === "with" || name === "withSchema" || name === "withTables" ? owner : undefined;
      case "class":
        if ((name === "get" || name === "getByName") && this.#project.classes.knownBase(owner.cls)?.module === "@cloudflare/actors")
          return { kind: "stub", namespace: { kind: "namespace", className: owner.cls.id?.name ?? "", node }, from: "name", node, ...(argument ? { name: argument } : {}) };
        return undefined;
      case "array":
        return ["filter", "slice", "concat", "reverse", "sort", "toSorted"].includes(name) ? owner : ["find", "at", "pop", "shift"].includes(name) ? owner.element : undefined;
      case "external": {
        const module = owner.module;
        return this.#externalCall(node, module, name);
      }
      default:
        void callee;
        return undefined;
    }
  }

  /** A namespace whose origin cannot be seen; a name in capitals is taken for its binding. */
  #unseenNamespace(node: Node): NamespaceKind {
    const value = unwrap(node);
    const name = value.type === "Identifier" ? value.name : isMember(value) ? propertyName(value) : undefined;
    const known = name === undefined ? undefined : this.#binding(name, value, this.#project.fileOf(value).path);
    if (known?.kind === "namespace") return known;
    return { kind: "namespace", node: value, ...(name !== undefined && /^[A-Z][A-Z0-9_]*$/.test(name) ? { binding: name } : {}) };
  }

  #namespaceCall(node: CallExpression, owner: NamespaceKind, name: string, argument: Node | undefined): Kind | undefined {
    switch (name) {
      case "idFromName":
        return { kind: "object-id", namespace: owner, from: "name", node, ...(argument ? { name: argument } : {}) };
      case "idFromString":
        return { kind: "object-id", namespace: owner, from: "string", node, ...(argument ? { name: argument } : {}) };
      case "newUniqueId":
        return { kind: "object-id", namespace: owner, from: "unique", node };
      case "getByName":
        return { kind: "stub", namespace: owner, from: "name", node, ...(argument ? { name: argument } : {}) };
      case "get":
      case "getExisting": {
        const id = argument ? this.kindOf(argument) : undefined;
        if (id?.kind === "object-id") return { kind: "stub", namespace: id.namespace?.binding === undefined ? owner : id.namespace, from: id.from, node, ...(id.name ? { name: id.name } : {}) };
        return { kind: "stub", namespace: owner, from: "unknown", node };
      }
      case "jurisdiction":
        return owner;
      default:
        return undefined;
    }
  }

  #externalCall(node: CallExpression, module: string, name: string): Kind | undefined {
    const orm = this.#orm(module, name, node);
    if (orm) return orm;
    const helper = this.#project.options.apis.stubHelpers.find((candidate) => candidate.name === name && candidate.module === module);
    if (!helper) {
      if (/getCloudflareContext|getRequestContext|getOptionalRequestContext|useCloudflare/.test(name)) return { kind: "context" };
      return undefined;
    }
    const namespaceNode = node.arguments[helper.namespaceArgument];
    const namespace = namespaceNode && namespaceNode.type !== "SpreadElement" ? this.kindOf(namespaceNode) : undefined;
    const nameNode = helper.nameArgument === undefined ? undefined : node.arguments[helper.nameArgument];
    const stub: StubKind = {
      kind: "stub",
      namespace: namespace?.kind === "namespace" ? namespace : undefined,
      from: helper.spreads ? "unknown" : "name",
      node,
      ...(nameNode && nameNode.type !== "SpreadElement" ? { name: nameNode } : {}),
      ...(!nameNode && helper.defaultName !== undefined ? { defaultName: helper.defaultName } : {}),
    };
    return stub;
  }

  /**
   * `event.locals.db` (SvelteKit, Astro) is what some hook assigned to `event.locals.db`; Hono's `c.var.db` what was given to `c.set("db", …)`;
   * `ctx.db` of a tRPC procedure and `context.db` of a loader what the function that makes the context put there, or what its type says.
   */
  #ambientProperty(node: MemberExpression, name: string): Kind | undefined {
    const holder = unwrap(node.object);
    const holderName = isIdentifier(holder) ? holder.name : isMember(holder) ? propertyName(holder) : undefined;
    return holderName === "var" && !isMember(holder) ? undefined : this.#heldBy(holderName, name);
  }

  /** What `name` is in the per-request object that a framework hands on as `holder`. */
  #heldBy(holder: string | undefined, name: string): Kind | undefined {
    switch (holder) {
      case "var":
        return this.#storedVariable(name);
      case "locals":
        return this.#assignedToLocals(name) ?? this.#inContext(name);
      case "ctx":
      case "context":
        return this.#inContext(name);
      default:
        return undefined;
    }
  }

  #assignedToLocals(name: string): Kind | undefined {
    for (const file of this.#project.files)
      for (const member of file.members.get(name) ?? []) {
        const assignment = member.parent;
        if (assignment?.type !== "AssignmentExpression" || assignment.left !== member) continue;
        const target = unwrap(member.object);
        if ((isIdentifier(target) ? target.name : isMember(target) ? propertyName(target) : undefined) !== "locals") continue;
        const kind = this.kindOf(assignment.right);
        if (kind) return kind;
      }
    return undefined;
  }

  /** The database that contexts hold under a name, by their types or by the functions that make them; undefined when these differ. */
  #inContext(name: string): Kind | undefined {
    const found: Kind[] = [];
    for (const node of (this.#contextMembers ??= contextMembers(this.#project)).get(name) ?? []) {
      const kind = node.type === "TSTypeAnnotation" ? this.kindOfType(node) : this.kindOf(node);
      if (kind?.kind === "orm" || kind?.kind === "d1" || kind?.kind === "d1-session") found.push(kind);
    }
    const differs = found.some((kind) => kind.kind !== found[0]?.kind || (kind.kind === "orm" && found[0]?.kind === "orm" && (kind.library !== found[0].library || kind.target !== found[0].target)));
    return differs ? undefined : (found.find((kind) => kind.kind !== "orm" || kind.database) ?? found[0]);
  }

  /** Hono: `c.get("db")` is what some middleware gave to `c.set("db", …)`. */
  #contextVariable(node: CallExpression): Kind | undefined {
    const [key] = node.arguments;
    if (key?.type !== "Literal" || typeof key.value !== "string") return undefined;
    const member = calleeMember(node);
    return member && isIdentifier(unwrap(member.object)) ? this.#storedVariable(key.value) : undefined;
  }

  #storedVariable(key: string): Kind | undefined {
    if (!this.#contextVariables) {
      const table = new Map<string, Node[]>();
      for (const file of this.#project.files)
        for (const call of file.calls) {
          const member = calleeMember(call);
          const [name, value] = call.arguments;
          if (!member || propertyName(member) !== "set" || call.arguments.length !== 2 || !value || value.type === "SpreadElement") continue;
          if (name?.type !== "Literal" || typeof name.value !== "string" || !isIdentifier(unwrap(member.object))) continue;
          const list = table.get(name.value);
          if (list) list.push(value);
          else table.set(name.value, [value]);
        }
      this.#contextVariables = table;
    }
    for (const value of this.#contextVariables.get(key) ?? []) {
      const kind = this.kindOf(value);
      if (kind) return kind;
    }
    return this.#inContext(key);
  }

  /** What a function returns: the first return whose kind is known, then its annotation. */
  #returned(fn: FunctionNode): Kind | undefined {
    if (this.#returns.has(fn)) return this.#returns.get(fn);
    return this.#work(fn, this.#returns, () => {
      const typed = fn.returnType ? this.kindOfType(fn.returnType) : undefined;
      if (!fn.body) return typed;
      if (fn.type === "ArrowFunctionExpression" && fn.body.type !== "BlockStatement") return this.kindOf(fn.body) ?? typed;
      let found: Kind | undefined;
      walkOwn(fn, this.#project.fileOf(fn).keys, (node) => {
        if (found) return false;
        if (node.type === "ReturnStatement" && node.argument && enclosingFunction(node) === fn) found = this.kindOf(node.argument);
        return undefined;
      });
      return found ?? typed;
    });
  }

  /** What a type annotation says a value is. */
  kindOfType(type: Node): Kind | undefined {
    switch (type.type) {
      case "TSTypeAnnotation":
        return this.kindOfType(type.typeAnnotation);
      case "TSUnionType":
      case "TSIntersectionType":
        for (const part of type.types) {
          const kind = this.kindOfType(part);
          if (kind) return kind;
        }
        return undefined;
      case "TSTypeLiteral":
        return { kind: "typed", members: type, file: this.#project.fileOf(type) };
      case "TSArrayType": {
        const element = this.kindOfType(type.elementType);
        return element ? { kind: "array", element } : undefined;
      }
      case "TSTypeOperator":
        return type.typeAnnotation ? this.kindOfType(type.typeAnnotation) : undefined;
      case "TSIndexedAccessType": {
        const owner = this.kindOfType(type.objectType);
        const index = type.indexType.type === "TSLiteralType" && type.indexType.literal.type === "Literal" ? String(type.indexType.literal.value) : undefined;
        return owner && index !== undefined ? this.propertyKind(owner, index, type) : undefined;
      }
      case "TSTypeQuery":
        return type.exprName.type === "Identifier" ? this.kindOf(type.exprName) : undefined;
      case "TSTypeReference":
        return this.#typeReference(type);
      default:
        return undefined;
    }
  }

  #typeReference(type: Extract<Node, { type: "TSTypeReference" }>): Kind | undefined {
    const name = typeNameText(type.typeName);
    if (name === undefined) return undefined;
    const [argument] = type.typeArguments?.params ?? [];
    if (TRANSPARENT_TYPES.has(name)) return argument ? this.kindOfType(argument) : undefined;
    if ((name === "Array" || name === "ReadonlyArray") && argument) {
      const element = this.kindOfType(argument);
      return element ? { kind: "array", element } : undefined;
    }
    if (name === "ReturnType" && argument) {
      const kind = this.kindOfType(argument);
      if (kind?.kind === "function") return this.#returned(kind.fn);
      if (kind?.kind === "external") {
        const orm = this.#project.options.apis.orms.find((known) => known.module === kind.module && known.name === kind.name);
        return orm ? { kind: "orm", library: orm.library, target: orm.target, node: type } : undefined;
      }
      return undefined;
    }
    if (name === "InstanceType" && argument) {
      const kind = this.kindOfType(argument);
      return kind?.kind === "class" ? { kind: "instance", cls: kind.cls } : undefined;
    }
    const file = this.#project.fileOf(type);
    const kind = this.#namedType(name, type, file);
    if (kind?.kind === "namespace" && argument) {
      const className = argument.type === "TSTypeReference" ? typeNameText(argument.typeName) : argument.type === "TSTypeQuery" && argument.exprName.type === "Identifier" ? argument.exprName.name : undefined;
      return className === undefined ? kind : { ...kind, className };
    }
    return kind;
  }

  #namedType(name: string, at: Node, file: SourceFile): Kind | undefined {
    const own = file.scopes.type(name);
    if (own) {
      if (isClass(own.declaration)) return { kind: "instance", cls: own.declaration };
      return this.#declaredType(own.declaration, name, file);
    }
    const variable = file.scopes.lookup(name.split(".")[0] ?? name, at);
    if (variable) {
      const definition = resolveVariable(this.#project, file, variable);
      if (definition?.type === "class") return { kind: "instance", cls: definition.node };
      if (definition?.type === "type") return this.#declaredType(definition.node, name, definition.file);
      if (definition?.type === "external") {
        const platform = PLATFORM_TYPES[name];
        if (platform) return platform(at);
        if (/^(?:Context|HonoContext|AppContext)$/.test(name)) return { kind: "context" };
        return ENV_TYPE.test(name) ? { kind: "env" } : undefined;
      }
      // A type that its own module does not define, e.g. from a generated file.
    }
    const platform = PLATFORM_TYPES[name] ?? PLATFORM_TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (platform) return platform(at);
    if (/(?:^|\.)(?:Context|AppContext|HonoContext|LoaderFunctionArgs|ActionFunctionArgs|LoaderArgs|ActionArgs|EventContext|PagesFunction|RequestEvent|APIContext)$/.test(name)) return { kind: "context" };
    if (ENV_TYPE.test(name)) return { kind: "env" };
    return undefined;
  }

  #declaredType(declaration: Node, name: string, file: SourceFile): Kind | undefined {
    if (declaration.type === "TSInterfaceDeclaration") return d1Shape(declaration) ?? { kind: "typed", members: declaration, file };
    if (declaration.type === "TSTypeAliasDeclaration") {
      const open = this.#active.get(declaration);
      if (open !== undefined) {
        this.cut(open);
        return undefined;
      }
      this.#active.set(declaration, this.#active.size);
      const kind = this.kindOfType(declaration.typeAnnotation);
      this.#active.delete(declaration);
      // `type D1Database = any`: meant to be what its name says.
      const isNamedOnly = declaration.typeAnnotation.type === "TSAnyKeyword" || declaration.typeAnnotation.type === "TSUnknownKeyword";
      return kind ?? (isNamedOnly ? PLATFORM_TYPES[name]?.(declaration) : undefined) ?? (ENV_TYPE.test(name) ? { kind: "env" } : undefined);
    }
    return undefined;
  }
}

/** A project's own interface over D1: what has `prepare` and `batch` is a database, what has `bind` and `first` or `run` a statement. */
function d1Shape(declaration: Extract<Node, { type: "TSInterfaceDeclaration" }>): Kind | undefined {
  const methods = new Set(declaration.body.body.flatMap((member) => (member.type === "TSMethodSignature" || member.type === "TSPropertySignature" ? (keyName(member.key, member.computed) ?? []) : [])));
  const bases = declaration.extends.flatMap((base) => (base.expression.type === "Identifier" ? [base.expression.name] : []));
  if (methods.has("prepare") && (methods.has("batch") || methods.has("getBookmark") || /D1/.test(declaration.id.name))) return methods.has("getBookmark") || /Session/.test(declaration.id.name) ? { kind: "d1-session", database: undefined } : { kind: "d1", node: declaration };
  if (methods.has("bind") && (methods.has("first") || (methods.has("run") && methods.has("all")))) return { kind: "d1-statement", database: undefined };
  return bases.includes("D1Database") ? { kind: "d1", node: declaration } : undefined;
}

/** Database a session or database kind stands for. */
export function databaseOf(kind: DatabaseKind | SessionKind | undefined): DatabaseKind | undefined {
  return kind?.kind === "d1-session" ? kind.database : kind;
}

const CONTEXT_TYPE = /(?:Locals|Context|Ctx|Variables|Vars)$/i;
const NAMES_CONTEXT_TYPE = /\b(?:interface|type)\s+\w*(?:Locals|Context|Ctx|Variables|Vars)\b|\bVariables\??\s*:\s*\{/;
const MAKES_CONTEXT = /(?:Context|Ctx)$/i;

/** By name: the members of types that describe a per-request context, and the values that the functions which make one put into it. */
function contextMembers(project: Project): ReadonlyMap<string, readonly Node[]> {
  const table = new Map<string, Node[]>();
  const add = (name: string | undefined, node: Node): void => {
    if (name === undefined) return;
    const list = table.get(name);
    if (list) list.push(node);
    else table.set(name, [node]);
  };
  // Types may stand in files that hold nothing else; the generated types of the runtime are too long to be one of them.
  const paths = new Set(project.files.map((file) => file.path));
  for (const path of project.checkout.sources) {
    const text = paths.has(path) || !/\.[cm]?ts$/.test(path) || project.options.isTest(path) ? "" : (project.checkout.read(path) ?? "");
    if (text.length < 50_000 && NAMES_CONTEXT_TYPE.test(text)) paths.add(path);
  }
  for (const path of paths) {
    const file = project.file(path);
    if (!file) continue;
    for (const member of nodesOf(file, "TSPropertySignature")) if (member.typeAnnotation && isContextType(member)) add(keyName(member.key, member.computed), member.typeAnnotation);
    for (const object of nodesOf(file, "ObjectExpression")) {
      if (!isMadeContext(object)) continue;
      for (const property of object.properties) if (property.type === "Property") add(keyName(property.key, property.computed), property.value);
    }
  }
  return table;
}

/** Whether a member stands in `interface AppLoadContext`, `interface Locals`, `Variables: { … }` and the like. */
function isContextType(member: Node): boolean {
  const owner = member.parent?.type === "TSInterfaceBody" ? member.parent.parent : member.parent?.parent;
  if (owner?.type === "TSInterfaceDeclaration" || owner?.type === "TSTypeAliasDeclaration") return CONTEXT_TYPE.test(owner.id.name);
  const holder = owner?.type === "TSTypeAnnotation" ? owner.parent : undefined;
  return holder?.type === "TSPropertySignature" && CONTEXT_TYPE.test(keyName(holder.key, holder.computed) ?? "");
}

/** Whether an object is what a function named for it gives back: `createContext: () => ({ db })`, `export async function createTRPCContext() { return { db } }`. */
function isMadeContext(object: Node): boolean {
  let returned = object.parent;
  while (returned && (returned.type === "ParenthesizedExpression" || returned.type === "TSAsExpression" || returned.type === "TSSatisfiesExpression")) returned = returned.parent ?? null;
  if (returned?.type !== "ReturnStatement" && returned?.type !== "ArrowFunctionExpression") return false;
  const fn = returned.type === "ArrowFunctionExpression" ? returned : enclosingFunction(object);
  if (!fn) return false;
  const named = fn.type !== "ArrowFunctionExpression" && fn.id ? fn.id.name : namedBy(fn.parent);
  return named !== undefined && MAKES_CONTEXT.test(named);
}

function namedBy(node: Node | null | undefined): string | undefined {
  if (node?.type === "VariableDeclarator") return node.id.type === "Identifier" ? node.id.name : undefined;
  return node?.type === "Property" || node?.type === "MethodDefinition" ? keyName(node.key, node.computed) : undefined;
}

/** What a pattern takes apart, by name: `locals` in `({ locals: { db } })`, `ctx` in `const { db } = ctx`. */
function holderOf(pattern: Node, source: Node | undefined): string | undefined {
  const { parent } = pattern;
  if (parent?.type === "Property" && parent.value === pattern) return keyName(parent.key, parent.computed);
  const value = source && unwrap(source);
  return value && (isIdentifier(value) ? value.name : isMember(value) ? propertyName(value) : undefined);
}

/** The call a function is handed to as an argument, directly. */
export function callbackOf(fn: FunctionNode): { call: CallExpression; index: number } | undefined {
  const parent = fn.parent;
  if (parent?.type !== "CallExpression") return undefined;
  const index = parent.arguments.indexOf(fn as CallExpression["arguments"][number]);
  return index < 0 ? undefined : { call: parent, index };
}

function contains(pattern: Node, target: Node): boolean {
  for (let current: Node | undefined = target; current; current = current.parent ?? undefined) if (current === pattern) return true;
  return false;
}

/** The items of `[a, b]` or `await Promise.all([a, b])`. */
function arrayItems(node: Node): readonly (Node | null)[] | undefined {
  let value = unwrap(node);
  if (value.type === "AwaitExpression") value = unwrap(value.argument);
  if (value.type === "ArrayExpression") return value.elements;
  if (value.type === "CallExpression") {
    const member = calleeMember(value);
    if (member && isIdentifier(unwrap(member.object), "Promise") && value.arguments[0]) return arrayItems(value.arguments[0]);
  }
  return undefined;
}
