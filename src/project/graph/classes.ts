import type { Class, FunctionNode, Node } from "../parse/ast.ts";
import { calleeMember, isClass, isFunction, isIdentifier, isMember, keyName, propertyName, typeNameText, unwrap, wrapped } from "../parse/ast.ts";
import type { SourceFile } from "../parse/source-file.ts";
import { dirOf, isInside } from "../../paths.ts";
import { environmentsOf } from "./bindings.ts";
import type { KnownBase } from "./known.ts";
import { namesPattern } from "./prefilter.ts";
import type { Project } from "./project.ts";

/** What a class extends. */
export type Base =
  | { readonly type: "project"; readonly cls: Class }
  | { readonly type: "external"; readonly module: string; readonly name: string }
  /** Something that cannot be seen: nothing may be concluded from what the class lacks. */
  | { readonly type: "unknown" };

/** Bound on the length of a chain of bases: longer ones are cycles or not worth following. */
const MAX_BASES = 12;

/** What else a Worker may export besides objects. */
function isOtherExport(base: Base | undefined): boolean {
  return base?.type === "external" && (base.name === "WorkerEntrypoint" || WORKFLOWS.has(base.name) || base.name === "RpcTarget");
}

/** The bases of Workflows: of the runtime, and of the Agents SDK (agents/workflows). */
const WORKFLOWS: ReadonlySet<string> = new Set(["WorkflowEntrypoint", "AgentWorkflow"]);

/** Stands for "whatever else uses it" while the users of recursive code are worked out. */
const CIRCULAR: ReadonlySet<Class> = new Set();

/** The classes of a project: bases, methods, which of them are Durable Objects, which code belongs to objects. */
export class ClassTable {
  readonly #project: Project;
  readonly #bases = new Map<Class, Base | undefined>();
  readonly #durable = new Map<Class, boolean>();
  readonly #owners = new Map<Node, ReadonlySet<Class> | undefined>();
  #configured: ReadonlyMap<string, readonly string[]> | undefined;
  #all: readonly Class[] | undefined;
  #subclasses: ReadonlyMap<Class, readonly Class[]> | undefined;

  constructor(project: Project) {
    this.#project = project;
  }

  /** Every DO class in the files that rules run on, in order of path and place. */
  get durableObjects(): readonly Class[] {
    return (this.#all ??= this.#project.files.flatMap((file) => file.classes.filter((cls) => this.isDurableObject(cls))));
  }

  /** The class's own name, or the name of the variable that holds it. */
  nameOf(cls: Class): string | undefined {
    if (cls.id) return cls.id.name;
    const parent = cls.parent;
    return parent?.type === "VariableDeclarator" && parent.id.type === "Identifier" ? parent.id.name : undefined;
  }

  /** What the class extends; undefined when it extends nothing. */
  baseOf(cls: Class): Base | undefined {
    if (this.#bases.has(cls)) return this.#bases.get(cls);
    this.#bases.set(cls, { type: "unknown" });
    const base = cls.superClass ? this.#resolveBase(cls.superClass) : undefined;
    this.#bases.set(cls, base);
    return base;
  }

  /** The class and the classes of the project that it extends, nearest first. */
  chain(cls: Class): readonly Class[] {
    const chain = [cls];
    for (let base = this.baseOf(cls); base?.type === "project" && chain.length < MAX_BASES && !chain.includes(base.cls); base = this.baseOf(base.cls)) chain.push(base.cls);
    return chain;
  }

  /** Classes of the project that extend this one, directly or not. */
  subclassesOf(cls: Class): readonly Class[] {
    if (!this.#subclasses) {
      const table = new Map<Class, Class[]>();
      for (const file of this.#project.files)
        for (const candidate of file.classes)
          for (const base of this.chain(candidate).slice(1)) {
            const list = table.get(base);
            if (list) list.push(candidate);
            else table.set(base, [candidate]);
          }
      this.#subclasses = table;
    }
    return this.#subclasses.get(cls) ?? [];
  }

  /** The known package class at the end of the chain, e.g. `Agent`; also when that package itself is part of the checkout. */
  knownBase(cls: Class): KnownBase | undefined {
    for (const [index, current] of this.chain(cls).entries()) {
      if (index > 0) {
        const own = this.#asPackageClass(current);
        if (own) return own;
      }
      const base = this.baseOf(current);
      if (base?.type === "external") return this.#known(base.module, base.name);
    }
    return undefined;
  }

  /** Whether some base cannot be seen and is not known, so that the class may have methods that are not in sight. */
  hasUnknownBase(cls: Class): boolean {
    for (const [index, current] of this.chain(cls).entries()) {
      if (index > 0 && this.#asPackageClass(current)) return false;
      const base = this.baseOf(current);
      if (base?.type === "unknown") return true;
      if (base?.type === "external") return this.#known(base.module, base.name) === undefined;
    }
    return false;
  }

  /** `WorkerEntrypoint`, or the base of a Workflow. */
  isEntrypoint(cls: Class): boolean {
    const last = this.chain(cls).at(-1);
    const base = last ? this.baseOf(last) : undefined;
    return base?.type === "external" && (base.name === "WorkerEntrypoint" || WORKFLOWS.has(base.name));
  }

  isWorkflow(cls: Class): boolean {
    const last = this.chain(cls).at(-1);
    const base = last ? this.baseOf(last) : undefined;
    return base?.type === "external" && WORKFLOWS.has(base.name);
  }

  /** A DO class, as the catalogue defines it. */
  isDurableObject(cls: Class): boolean {
    const known = this.#durable.get(cls);
    if (known !== undefined) return known;
    this.#durable.set(cls, false);
    const answer = this.#isDurableObject(cls);
    this.#durable.set(cls, answer);
    return answer;
  }

  /** A method of the class itself or of a base in the project. */
  method(cls: Class, name: string): FunctionNode | undefined {
    for (const current of this.chain(cls)) {
      const own = ownMethod(current, name);
      if (own) return own;
    }
    return undefined;
  }

  /** Whether the class, a base in the project, or a known base has a method (or a field holding a function) of the name. */
  hasMethod(cls: Class, name: string): boolean {
    return this.chain(cls).some((current) => hasMember(current, name)) || (this.knownBase(cls)?.handlers.includes(name) ?? false);
  }

  /** All functions of a class: methods, accessors, constructor, and functions held by fields. */
  functionsOf(cls: Class): readonly FunctionNode[] {
    return cls.body.body.flatMap((member) => {
      if (member.type === "MethodDefinition" && member.value.body) return [member.value];
      if (member.type === "PropertyDefinition" && member.value && isFunction(unwrap(member.value))) return [unwrap(member.value) as FunctionNode];
      return [];
    });
  }

  constructorOf(cls: Class): FunctionNode | undefined {
    for (const member of cls.body.body) if (member.type === "MethodDefinition" && member.kind === "constructor" && member.value.body) return member.value;
    return undefined;
  }

  /** DO classes of a name, those nearest to `path` first when several share it. */
  byName(name: string, path: string): readonly Class[] {
    const matches = this.durableObjects.filter((cls) => this.nameOf(cls) === name);
    if (matches.length < 2) return matches;
    const shared = (other: string): number => {
      const [a, b] = [path.split("/"), other.split("/")];
      let count = 0;
      while (count < a.length && a[count] === b[count]) count++;
      return count;
    };
    return matches.map((cls) => ({ cls, score: shared(this.#project.fileOf(cls).path) })).sort((a, b) => b.score - a.score).map(({ cls }) => cls);
  }

  /**
   * The DO classes whose code a node is: the class around it, or, for helper classes and functions, all DO classes that use
   * it when nothing else does. Empty when the code also runs elsewhere, or nothing uses it.
   */
  ownersOf(node: Node): ReadonlySet<Class> {
    return this.#ownersOf(node, 0) ?? new Set();
  }

  #ownersOf(node: Node, depth: number): ReadonlySet<Class> | undefined {
    if (depth > 6) return undefined;
    const unit = enclosingUnit(node);
    if (!unit) return undefined;
    if (this.#owners.has(unit)) return this.#owners.get(unit);
    this.#owners.set(unit, CIRCULAR);
    const owners = this.#unitOwners(unit, depth);
    // Only called from inside the circle: asked again once the rest of it is known.
    if (owners === CIRCULAR) this.#owners.delete(unit);
    else this.#owners.set(unit, owners);
    return owners;
  }

  #unitOwners(unit: Class | FunctionNode, depth: number): ReadonlySet<Class> | undefined {
    if (isClass(unit)) {
      if (this.isDurableObject(unit)) return new Set([unit]);
      if (this.isEntrypoint(unit)) return undefined;
    }
    const uses = isClass(unit) ? this.#project.calls.usesOfClass(unit) : this.#project.calls.callersOf(unit);
    if (uses.length === 0) return undefined;
    const owners = new Set<Class>();
    for (const use of uses) {
      const found = this.#ownersOf(use, depth + 1);
      // A function that calls itself is used by whatever else calls it.
      if (found === CIRCULAR) continue;
      if (!found || found.size === 0) return undefined;
      for (const cls of found) owners.add(cls);
    }
    return owners.size === 0 ? CIRCULAR : owners;
  }

  #isDurableObject(cls: Class): boolean {
    const base = this.baseOf(cls);
    if (isOtherExport(base)) return false;
    if (base?.type === "project" && this.isDurableObject(base.cls)) return true;
    return this.#saysDurableObject(cls) || (this.#takesState(cls) && this.#looksLikeObject(cls)) || this.#isConfigured(cls);
  }

  /** Whether a class may be a DO class, as far as can be told before the project's files are known. */
  mayBeDurableObject(cls: Class): boolean {
    return !isOtherExport(this.baseOf(cls)) && this.chain(cls).some((current) => this.#saysDurableObject(current) || this.#takesState(current) || this.#isConfigured(current));
  }

  /** A known base, or `implements DurableObject`. */
  #saysDurableObject(cls: Class): boolean {
    const base = this.baseOf(cls);
    if (base?.type === "external" && this.#known(base.module, base.name)) return true;
    if (this.#asPackageClass(cls)) return true;
    return cls.implements?.some((clause) => clause.expression.type === "Identifier" && clause.expression.name === "DurableObject") ?? false;
  }

  /** A constructor that takes the state of an object, and at most an env beside it. */
  #takesState(cls: Class): boolean {
    const first = this.constructorOf(cls)?.params[0];
    const pattern = first?.type === "TSParameterProperty" ? first.parameter : first;
    const annotation = pattern && "typeAnnotation" in pattern ? pattern.typeAnnotation?.typeAnnotation : undefined;
    return annotation?.type === "TSTypeReference" && typeNameText(annotation.typeName) === "DurableObjectState" && !takesMoreThanEnv(this.constructorOf(cls));
  }

  /** A helper that takes the state of the object it serves is no DO class: it is constructed by one, and is not exported as one. */
  #looksLikeObject(cls: Class): boolean {
    if (["fetch", "alarm", "webSocketMessage"].some((name) => ownMethod(cls, name))) return true;
    return this.#project.calls.newsOf(cls).length === 0;
  }

  /** Named as `class_name` by a configuration whose main module exports it. */
  #isConfigured(cls: Class): boolean {
    const name = this.nameOf(cls);
    if (name === undefined) return false;
    const paths = this.#configuredClasses().get(name);
    if (!paths) return false;
    const path = this.#project.fileOf(cls).path;
    return paths.some((dir) => isInside(path, dir)) && this.#isExported(cls, name);
  }

  /** Finds the declaration of a class that some configuration binds, in a text; undefined when none binds any. */
  get configuredDeclaration(): RegExp | undefined {
    const names = namesPattern(this.#configuredClasses().keys());
    return names && new RegExp(`\\bclass\\s+${names.source}`);
  }

  #isExported(cls: Class, name: string): boolean {
    const file = this.#project.fileOf(cls);
    return this.#project.exportsOf(file).has(name) || cls.parent?.type === "ExportDefaultDeclaration" || isCommonJsExport(cls);
  }

  #configuredClasses(): ReadonlyMap<string, readonly string[]> {
    if (this.#configured) return this.#configured;
    const table = new Map<string, string[]>();
    for (const config of this.#project.checkout.configs)
      for (const environment of environmentsOf(config))
        for (const binding of environment.durableObjects) {
          if (binding.scriptName) continue;
          const list = table.get(binding.className.value) ?? [];
          list.push(config.dir);
          table.set(binding.className.value, list);
        }
    return (this.#configured = table);
  }

  /** Whether a file belongs to one of the known packages themselves, whose own code is no example of their use. */
  isKnownPackage(path: string): boolean {
    return this.packageModules(path) !== undefined;
  }

  /** The name of the known package that a file of the checkout belongs to, e.g. `agents` in that package's repository. */
  packageModules(path: string): string | undefined {
    const owner = nearestPackage(this.#project, dirOf(path));
    const { bases, stubHelpers } = this.#project.options.apis;
    return owner !== undefined && [...bases, ...stubHelpers].some((known) => packageRoot(known.module) === owner) ? owner : undefined;
  }

  #resolveBase(node: Node): Base {
    const value = unwrap(node);
    const definition = this.#project.definitionOf(value);
    if (definition?.type === "class") return { type: "project", cls: definition.node };
    if (definition?.type === "external") return { type: "external", module: definition.module, name: definition.name };
    if (value.type === "CallExpression") {
      // A mixin: `class Room extends withYjs(Server)`. What it adds is not known; what it wraps is.
      for (const argument of value.arguments) {
        if (argument.type === "SpreadElement") continue;
        const inner = this.#resolveBase(argument);
        if (inner.type !== "unknown") return inner;
      }
      return { type: "unknown" };
    }
    if (definition?.type === "variable") {
      const { declaration } = definition.variable;
      if (declaration.type === "VariableDeclarator" && declaration.init && unwrap(declaration.init) !== value) return this.#resolveBase(declaration.init);
    }
    if (value.type === "Identifier" && value.name === "DurableObject") return { type: "external", module: "cloudflare:workers", name: "DurableObject" };
    return { type: "unknown" };
  }

  #known(module: string, name: string): KnownBase | undefined {
    const { bases } = this.#project.options.apis;
    const exact = bases.find((base) => base.module === module && base.name === name);
    if (exact) return exact;
    const root = packageRoot(module);
    return bases.find((base) => base.name === name && packageRoot(base.module) === root);
  }

  /** The checkout may hold the package itself: `Agent` in the agents repository. */
  #asPackageClass(cls: Class): KnownBase | undefined {
    const name = this.nameOf(cls);
    const candidates = name === undefined ? [] : this.#project.options.apis.bases.filter((base) => base.name === name);
    if (candidates.length === 0) return undefined;
    const path = this.#project.fileOf(cls).path;
    const owner = nearestPackage(this.#project, dirOf(path));
    return candidates.find((base) => owner !== undefined && packageRoot(base.module) === owner);
  }
}

const packageNames = new WeakMap<Project, Map<string, string | undefined>>();

function nearestPackage(project: Project, dir: string): string | undefined {
  let names = packageNames.get(project);
  if (!names) packageNames.set(project, (names = new Map(project.checkout.packages.map((info) => [info.dir, info.name]))));
  for (let current = dir; ; current = dirOf(current)) {
    if (names.has(current)) return names.get(current);
    if (current === "") return undefined;
  }
}

function packageRoot(module: string): string {
  const parts = module.split("/");
  return module.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? module);
}

/** The method of a name that the class itself declares with a body, or a function held by a field. */
export function ownMethod(cls: Class, name: string): FunctionNode | undefined {
  for (const member of cls.body.body) {
    if (member.type === "MethodDefinition" && member.kind === "method" && !member.static && member.value.body && keyName(member.key, member.computed) === name) return member.value;
    if (member.type === "PropertyDefinition" && !member.static && member.value && keyName(member.key, member.computed) === name) {
      const value = unwrap(member.value);
      if (isFunction(value)) return value;
    }
  }
  return undefined;
}

/** `constructor(ctx: DurableObjectState, config: Options)`: the runtime hands over `env` and nothing else, so this is made by other code. */
function takesMoreThanEnv(constructor: FunctionNode | undefined): boolean {
  const [, second, third] = (constructor?.params ?? []).map((parameter) => (parameter.type === "TSParameterProperty" ? parameter.parameter : parameter));
  const isRequired = (parameter: Node | undefined): boolean => parameter?.type === "ObjectPattern" || (parameter?.type === "Identifier" && !("optional" in parameter && Boolean(parameter.optional)));
  if (isRequired(third)) return true;
  if (second?.type !== "Identifier" || !isRequired(second) || /^_|env|binding/i.test(second.name)) return false;
  const type = second.typeAnnotation?.typeAnnotation;
  return type?.type === "TSTypeReference" && !/env|binding/i.test(typeNameText(type.typeName) ?? "");
}

/** `module.exports = class Room {…}`: the module is the class. */
function isCommonJsExport(cls: Class): boolean {
  const { parent } = cls;
  if (parent?.type !== "AssignmentExpression" || parent.right !== cls || !isMember(parent.left)) return false;
  return isIdentifier(parent.left.object, "module") && propertyName(parent.left) === "exports";
}

function hasMember(cls: Class, name: string): boolean {
  if (cls.body.body.some((member) => "key" in member && keyName(member.key, "computed" in member && member.computed) === name)) return true;
  // Handlers assigned at run time: `this.webSocketMessage = …` in the constructor.
  return cls.body.body.some((member) => member.type === "MethodDefinition" && member.kind === "constructor" && assignsMember(member.value, name));
}

function assignsMember(fn: FunctionNode, name: string): boolean {
  if (!fn.body || fn.body.type !== "BlockStatement") return false;
  return fn.body.body.some(
    (statement) =>
      statement.type === "ExpressionStatement" && statement.expression.type === "AssignmentExpression" && statement.expression.left.type === "MemberExpression" &&
      statement.expression.left.object.type === "ThisExpression" && propertyName(statement.expression.left) === name,
  );
}

/** The class around a node, else the outermost named function around it. */
function enclosingUnit(node: Node): Class | FunctionNode | undefined {
  let fn: FunctionNode | undefined;
  for (let current: Node | undefined = node; current; current = current.parent ?? undefined) {
    if (isClass(current)) return current;
    if (isFunction(current)) fn = current;
  }
  return fn;
}

/** The name of a function for people: `Room.alarm`, `getStub`, `fetch`. */
export function functionName(project: Project, fn: FunctionNode): string {
  const parent = wrapped(fn).parent;
  if (parent?.type === "MethodDefinition") {
    const owner = parent.parent?.parent;
    const name = keyName(parent.key, parent.computed) ?? "(computed)";
    return isClass(owner) ? `${project.classes.nameOf(owner) ?? "(class)"}.${name}` : name;
  }
  if (parent?.type === "PropertyDefinition") {
    const owner = parent.parent?.parent;
    const name = keyName(parent.key, parent.computed) ?? "(computed)";
    return isClass(owner) ? `${project.classes.nameOf(owner) ?? "(class)"}.${name}` : name;
  }
  if (fn.id) return fn.id.name;
  if (parent?.type === "VariableDeclarator" && parent.id.type === "Identifier") return parent.id.name;
  if (parent?.type === "Property") return keyName(parent.key, parent.computed) ?? "(computed)";
  if (parent?.type === "CallExpression") {
    const member = calleeMember(parent);
    const [path] = parent.arguments;
    const route = path?.type === "Literal" && typeof path.value === "string" ? ` ${path.value}` : "";
    const method = member && (propertyName(member) ?? "call");
    if (method === undefined) return "(callback)";
    return (GIVES_HANDLER.test(method) ? heldAs(parent) : undefined) ?? `${method}${route}`;
  }
  return "(function)";
}

/** Methods of builders that end with the function which does the work: procedures of tRPC and oRPC, server functions, actions. */
const GIVES_HANDLER = /^(?:query|mutation|subscription|handler|action)$/;

/** The name under which the result of a call is kept: `create: procedure.mutation(…)`, `const create = serverFn().handler(…)`. */
function heldAs(call: Node): string | undefined {
  const holder = wrapped(call).parent;
  if (holder?.type === "Property") return keyName(holder.key, holder.computed);
  return holder?.type === "VariableDeclarator" && holder.id.type === "Identifier" ? holder.id.name : undefined;
}

export type { SourceFile };
