import type { CallExpression, Class, FunctionNode, NewExpression, Node } from "../parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isClass, isFunction, isMember, keyName, propertyName, thisClass, unwrap, wrapped } from "../parse/ast.ts";
import { nodesOf, nodesWithin, type SourceFile } from "../parse/source-file.ts";
import { ownMethod } from "./classes.ts";
import type { Project } from "./project.ts";

export type CallSite = CallExpression | NewExpression;

/** Where code starts running. `route` is a handler given to a router, `export` an exported function that nothing in sight calls. */
export type Entry =
  | "fetch" | "queue" | "scheduled" | "email" | "tail" | "route" | "loader" | "workflow" | "entrypoint"
  | "object-method" | "object-alarm" | "object-constructor" | "module" | "export" | "unknown";

/** Entries whose code answers somebody or runs for an event: a request path. */
export const REQUEST_ENTRIES: ReadonlySet<Entry> = new Set(["fetch", "queue", "scheduled", "email", "tail", "route", "loader", "workflow", "entrypoint", "object-method", "object-alarm"]);

const HANDLERS: ReadonlySet<string> = new Set(["fetch", "queue", "scheduled", "email", "tail"]);
const ROUTE_METHODS = /^(?:get|post|put|patch|delete|del|options|head|all|use|on|route|openapi|basePath|notFound|onError|query|mutation|handle|handler|action|loader|add|middleware|subscription|createHandler|createServerFn|tool|registerTool|resource|prompt)$/;
/** Keys under which objects that describe a route, a procedure or a tool keep what runs for it. */
const ROUTE_KEYS = /^(?:resolve|handler|loader|action|execute|beforeLoad|GET|POST|PUT|PATCH|DELETE)$/;
const LOADER_EXPORTS = /^(?:loader|action|clientLoader|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ALL|onRequest\w*|load|actions|handle|middleware|getServerSideProps|generateMetadata|entry|handler|default)$/;
const MAX_CALLER_DEPTH = 12;

/** Who calls what. Calls are resolved through imports, locals, fields and classes; calls over RPC have their own query. */
export class CallGraph {
  readonly #project: Project;
  readonly #targets = new Map<CallSite, readonly FunctionNode[]>();
  readonly #callers = new Map<FunctionNode, readonly CallSite[]>();
  readonly #active = new Map<CallSite, number>();
  readonly #openCallers = new Map<FunctionNode, number>();
  readonly #inside = new Map<FunctionNode, readonly CallSite[]>();
  readonly #callees = new Map<FunctionNode, ReadonlyMap<FunctionNode, CallSite>>();
  readonly #reaches = new Map<FunctionNode, Map<number, ReadonlyMap<FunctionNode, readonly CallSite[]>>>();
  readonly #sites = new Map<SourceFile, readonly CallSite[]>();
  readonly #entries = new Map<FunctionNode, ReadonlySet<Entry>>();
  #byName: ReadonlyMap<string, readonly CallSite[]> | undefined;
  #valuesUsed: { readonly names: ReadonlyMap<string, readonly Node[]>; readonly members: ReadonlyMap<string, readonly Node[]> } | undefined;
  #implementing: ReadonlyMap<string, readonly Class[]> | undefined;
  #aliases: ReadonlyMap<string, ReadonlySet<string>> | undefined;

  constructor(project: Project) {
    this.#project = project;
  }

  /** The functions that a call may run, with bodies, in the project. */
  targetsOf(call: CallSite): readonly FunctionNode[] {
    const known = this.#targets.get(call);
    if (known) return known;
    const open = this.#active.get(call);
    if (open !== undefined) {
      this.#project.circles.cut(open);
      return [];
    }
    this.#active.set(call, this.#project.circles.level);
    const targets = call.type === "NewExpression" ? this.#constructed(call) : this.#called(call);
    this.#active.delete(call);
    if (targets.length > 0 || this.#active.size === 0) this.#targets.set(call, targets);
    return targets;
  }

  /** The calls in sight that run a function. Its name being used as a value (a callback) is no call. */
  callersOf(fn: FunctionNode): readonly CallSite[] {
    const known = this.#callers.get(fn);
    if (known) return known;
    const open = this.#openCallers.get(fn);
    if (open !== undefined) {
      this.#project.circles.cut(open);
      return [];
    }
    this.#openCallers.set(fn, this.#project.circles.level);
    const found = this.#findCallers(fn);
    this.#openCallers.delete(fn);
    this.#callers.set(fn, found);
    return found;
  }

  /** The names under which a function is known where it is called or handed on: its own, and those that importers give it. */
  namesOf(fn: FunctionNode): ReadonlySet<string> {
    const parent = holderOf(fn);
    const declared = declaredName(fn);
    if (declared !== undefined) return this.#namesFor(declared, this.#project.fileOf(fn), fn);
    if (parent?.type === "ExportDefaultDeclaration") return this.#namesFor("default", this.#project.fileOf(fn), fn);
    const key = parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition" || parent?.type === "Property" ? keyName(parent.key, parent.computed) : undefined;
    return new Set(key === undefined ? [] : [key]);
  }

  /** `new Cls()` sites of a class, subclasses not included. */
  newsOf(cls: Class): readonly NewExpression[] {
    const name = this.#project.classes.nameOf(cls);
    if (name === undefined) return [];
    return this.#sitesNamed(this.#namesFor(name, this.#project.fileOf(cls), cls)).filter((site): site is NewExpression => {
      if (site.type !== "NewExpression") return false;
      const definition = this.#project.definitionOf(unwrap(site.callee));
      return definition?.type === "class" && definition.node === cls;
    });
  }

  /** Places that construct a class or call one of its static methods. */
  usesOfClass(cls: Class): readonly Node[] {
    const name = this.#project.classes.nameOf(cls);
    const statics = cls.body.body.flatMap((member) => {
      if (member.type !== "MethodDefinition" || !member.static || name === undefined) return [];
      return this.callersOf(member.value).filter((site) => thisClass(site)?.cls !== cls);
    });
    // A class built on this one is a use of it wherever it is used itself.
    const built = this.#project.classes.subclassesOf(cls).filter((sub) => this.#project.classes.isDurableObject(sub) || this.newsOf(sub).length > 0);
    return [...this.newsOf(cls), ...statics, ...built.map((sub) => sub.body)];
  }

  /** The methods that a call on a stub runs in the object: `stub.addMessage()`, `stub.fetch()`. */
  rpcTargetsOf(call: CallExpression): readonly FunctionNode[] {
    const member = calleeMember(call);
    const name = member ? propertyName(member) : undefined;
    if (!member || name === undefined) return [];
    const stub = this.#project.kindOf(member.object);
    if (stub?.kind !== "stub") return [];
    const className = stub.namespace?.className;
    if (className === undefined) return [];
    const [cls] = this.#project.bindings.classesOf(className, this.#project.fileOf(call).path, stub.namespace?.binding);
    const method = cls ? this.#project.classes.method(cls, name) : undefined;
    return method ? [method] : [];
  }

  /** Calls on stubs that run a method of a DO class. */
  rpcCallersOf(fn: FunctionNode): readonly CallExpression[] {
    const parent = fn.parent;
    const name = parent?.type === "MethodDefinition" ? keyName(parent.key, parent.computed) : undefined;
    if (name === undefined) return [];
    return this.#sitesNamed([name]).filter((site): site is CallExpression => site.type === "CallExpression" && this.rpcTargetsOf(site).includes(fn));
  }

  /** Calls in a function's code, callbacks nested in it included, those of classes nested in it not; in source order. */
  callsIn(fn: FunctionNode): readonly CallSite[] {
    let found = this.#inside.get(fn);
    if (!found) this.#inside.set(fn, (found = this.#callsWithin(fn)));
    return found;
  }

  /** The functions that the code of a function calls, each with the first call that does. */
  calleesOf(fn: FunctionNode): ReadonlyMap<FunctionNode, CallSite> {
    const known = this.#callees.get(fn);
    if (known) return known;
    const found = new Map<FunctionNode, CallSite>();
    for (const call of this.callsIn(fn)) for (const target of this.targetsOf(call)) if (!found.has(target)) found.set(target, call);
    this.#callees.set(fn, found);
    return found;
  }

  #callsWithin(fn: FunctionNode): readonly CallSite[] {
    const file = this.#project.fileOf(fn);
    let sites = this.#sites.get(file);
    if (!sites) this.#sites.set(file, (sites = [...file.calls, ...file.news].sort((a, b) => a.start - b.start || b.end - a.end)));
    const inside = nodesWithin(sites, fn);
    const classes = nodesWithin(file.classes, fn);
    return classes.length === 0 ? inside : inside.filter((site) => !classes.some((cls) => cls.start <= site.start && site.end <= cls.end));
  }

  /**
   * Functions that run when `fn` runs: itself and, through calls, others, up to `depth` calls away, each with the calls that
   * lead to it. Nested callbacks belong to the function around them.
   */
  reach(fn: FunctionNode, depth = 5): ReadonlyMap<FunctionNode, readonly CallSite[]> {
    let byDepth = this.#reaches.get(fn);
    if (!byDepth) this.#reaches.set(fn, (byDepth = new Map()));
    const known = byDepth.get(depth);
    if (known) return known;
    const reached = new Map<FunctionNode, readonly CallSite[]>([[fn, []]]);
    let frontier: FunctionNode[] = [fn];
    for (let level = 0; level < depth && frontier.length > 0; level++) {
      const next: FunctionNode[] = [];
      for (const current of frontier)
        for (const [target, call] of this.calleesOf(current))
          if (!reached.has(target)) {
            reached.set(target, [...(reached.get(current) ?? []), call]);
            next.push(target);
          }
      frontier = next;
    }
    byDepth.set(depth, reached);
    return reached;
  }

  /** Where the code of a function starts running, followed up through its callers. */
  entriesOf(fn: FunctionNode): ReadonlySet<Entry> {
    const known = this.#entries.get(fn);
    if (known) return known;
    const entries = this.#entriesOf(fn, new Set(), 0);
    this.#entries.set(fn, entries);
    return entries;
  }

  /** Whether a function is one that something outside the project runs: a handler, a route, a method of an object. */
  isEntry(fn: FunctionNode): boolean {
    return this.#ownEntry(fn) !== undefined;
  }

  /** Whether a node's code runs for a request, a message, an alarm or another event. */
  isOnRequestPath(node: Node): boolean {
    const fn = isFunction(node) ? node : enclosingFunction(node);
    if (!fn) return false;
    for (const entry of this.entriesOf(fn)) if (REQUEST_ENTRIES.has(entry)) return true;
    return false;
  }

  /** Whether a node's code runs only on schedules and queues: nobody waits for it. */
  isBackgroundOnly(node: Node): boolean {
    const fn = isFunction(node) ? node : enclosingFunction(node);
    if (!fn) return false;
    const entries = this.entriesOf(fn);
    return entries.size > 0 && [...entries].every((entry) => entry === "scheduled" || entry === "queue");
  }

  #entriesOf(fn: FunctionNode, seen: Set<FunctionNode>, depth: number): Set<Entry> {
    const found = new Set<Entry>();
    if (seen.has(fn) || depth > MAX_CALLER_DEPTH) return found;
    seen.add(fn);
    const add = (entries: Iterable<Entry>): void => {
      for (const entry of entries) found.add(entry);
    };
    const own = this.#ownEntry(fn);
    if (own) found.add(own);
    const callback = callbackOf(fn);
    if (callback) {
      const outer = enclosingFunction(fn);
      const name = calleeName(callback.call);
      if (!outer) found.add(name !== undefined && (ROUTE_METHODS.test(name) || /handler|route|action|loader|middleware|serve|withSentry|server/i.test(name)) ? "route" : "module");
      else {
        if (name !== undefined && ROUTE_METHODS.test(name) && callback.index > 0) found.add("route");
        add(this.#entriesOf(outer, seen, depth + 1));
      }
    } else if (!own) {
      // A function used as a value inside another one runs, as far as can be seen, for it.
      const outer = enclosingFunction(fn);
      if (outer && holderOf(fn)?.type !== "VariableDeclarator" && fn.type !== "FunctionDeclaration") add(this.#entriesOf(outer, seen, depth + 1));
    }
    for (const site of this.callersOf(fn)) {
      const caller = enclosingFunction(site);
      if (caller) add(this.#entriesOf(caller, seen, depth + 1));
      else found.add(thisClass(site) ? "object-constructor" : "module");
    }
    if (found.size === 0) {
      for (const user of this.#valueUses(fn, seen, depth)) add(user);
      if (found.size === 0) found.add(this.#isExported(fn) ? "export" : "unknown");
    }
    return found;
  }

  #ownEntry(fn: FunctionNode): Entry | undefined {
    const parent = holderOf(fn);
    if (parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition") {
      const cls = parent.parent?.parent;
      const name = keyName(parent.key, parent.computed);
      if (!isClass(cls)) return undefined;
      if (this.#project.classes.isDurableObject(cls)) {
        if (parent.type === "MethodDefinition" && parent.kind === "constructor") return "object-constructor";
        if (name === "alarm" || name === "onAlarm") return "object-alarm";
        const isPrivate = name?.startsWith("#") || parent.accessibility === "private" || parent.accessibility === "protected";
        if (this.#project.classes.knownBase(cls)?.wakeHooks.includes(name ?? "")) return "object-constructor";
        return isPrivate ? undefined : "object-method";
      }
      if (this.#project.classes.isWorkflow(cls)) return name === "run" ? "workflow" : undefined;
      if (this.#project.classes.isEntrypoint(cls)) return HANDLERS.has(name ?? "") ? (name as Entry) : parent.accessibility === "private" || name?.startsWith("#") ? undefined : "entrypoint";
      return undefined;
    }
    if (parent?.type === "Property") {
      const name = keyName(parent.key, parent.computed);
      const object = parent.parent;
      if (name !== undefined && HANDLERS.has(name) && object && isHandlerObject(object)) return name as Entry;
      if (name !== undefined && ROUTE_KEYS.test(name)) return "route";
      // SvelteKit: `export const actions = { login: async (event) => … }`, each the answer to one form.
      return object && this.#isActions(object) ? "loader" : undefined;
    }
    const name = declaredName(fn);
    if (name !== undefined && LOADER_EXPORTS.test(name) && this.#isExported(fn)) return "loader";
    if (parent?.type === "ExportDefaultDeclaration") return /(?:^|\/)(?:routes|api|pages|server|functions|app)\//.test(this.#project.fileOf(fn).path) ? "loader" : "export";
    return undefined;
  }

  #isActions(object: Node): boolean {
    const holder = wrapped(object).parent;
    if (holder?.type !== "VariableDeclarator" || holder.id.type !== "Identifier" || holder.id.name !== "actions") return false;
    return this.#project.exportsOf(this.#project.fileOf(object)).has("actions");
  }

  /** Entries through uses of a function as a value: `app.get("/", handler)`, `{ fetch: handler }`. */
  *#valueUses(fn: FunctionNode, seen: Set<FunctionNode>, depth: number): Iterable<Iterable<Entry>> {
    const parent = holderOf(fn);
    const name = declaredName(fn);
    if (name === undefined) {
      // `{ initialize: async (c) => … }`, given to a router as `api.initialize` from wherever the object is imported.
      const key = parent?.type === "Property" || parent?.type === "PropertyDefinition" || parent?.type === "MethodDefinition" ? keyName(parent.key, parent.computed) : undefined;
      if (key !== undefined) yield* this.#memberUses(fn, key, seen, depth);
      return;
    }
    const file = this.#project.fileOf(fn);
    for (const local of this.#namesFor(name, file, fn))
      for (const use of this.#uses().names.get(local) ?? []) {
        const definition = this.#project.definitionOf(use);
        if (definition?.type !== "function" || definition.node !== fn) continue;
        const holder = use.parent;
        if (holder?.type === "CallExpression") {
          const method = calleeName(holder);
          if (method !== undefined && ROUTE_METHODS.test(method)) yield ["route"];
          else {
            const outer = enclosingFunction(holder);
            if (outer) yield this.#entriesOf(outer, seen, depth + 1);
          }
        } else if (holder?.type === "Property") {
          const key = keyName(holder.key, holder.computed);
          yield [key !== undefined && HANDLERS.has(key) ? (key as Entry) : key !== undefined && ROUTE_KEYS.test(key) ? "route" : "export"];
        }
      }
  }

  /** Places where something of a name, a variable or a member, is used as a value. */
  valuesNamed(name: string): readonly Node[] {
    const { names, members } = this.#uses();
    return [...(names.get(name) ?? []), ...(members.get(name) ?? [])];
  }

  /** Names and members used as values: given to a call, or (names) held by an object. In order of path and place. */
  #uses(): { readonly names: ReadonlyMap<string, readonly Node[]>; readonly members: ReadonlyMap<string, readonly Node[]> } {
    if (this.#valuesUsed) return this.#valuesUsed;
    const names = new Map<string, Node[]>();
    const members = new Map<string, Node[]>();
    const add = (table: Map<string, Node[]>, name: string, use: Node): void => {
      const list = table.get(name);
      if (list) list.push(use);
      else table.set(name, [use]);
    };
    for (const file of this.#project.files) {
      for (const call of file.calls)
        for (const argument of call.arguments) {
          // `this.load.bind(this)` hands over what it binds.
          const value = isCall(argument) && calleeName(argument) === "bind" ? (calleeMember(argument)?.object ?? argument) : argument;
          if (value.type === "Identifier") add(names, value.name, value);
          else if (isMember(value)) {
            const name = propertyName(value);
            if (name !== undefined) add(members, name, value);
          }
        }
      for (const object of nodesOf(file, "ObjectExpression"))
        for (const property of object.properties) if (property.type === "Property" && property.value.type === "Identifier") add(names, property.value.name, property.value);
    }
    return (this.#valuesUsed = { names, members });
  }

  *#memberUses(fn: FunctionNode, key: string, seen: Set<FunctionNode>, depth: number): Iterable<Iterable<Entry>> {
    for (const use of this.#uses().members.get(key) ?? []) {
      const kind = this.#project.kindOf(use);
      if (use.parent?.type !== "CallExpression" || kind?.kind !== "function" || kind.fn !== fn) continue;
      const method = calleeName(use.parent);
      if (method !== undefined && ROUTE_METHODS.test(method)) yield ["route"];
      else {
        const outer = enclosingFunction(use.parent);
        if (outer) yield this.#entriesOf(outer, seen, depth + 1);
      }
    }
  }

  #isExported(fn: FunctionNode): boolean {
    const holder = holderOf(fn);
    const top = holder?.type === "VariableDeclarator" ? holder.parent : wrapped(fn);
    const parent = top?.parent;
    if (parent?.type === "ExportNamedDeclaration" || parent?.type === "ExportDefaultDeclaration") return true;
    const name = declaredName(fn);
    return name !== undefined && this.#project.exportsOf(this.#project.fileOf(fn)).has(name);
  }

  #called(call: CallExpression): readonly FunctionNode[] {
    const callee = unwrap(call.callee);
    if (callee.type === "Super") {
      const found = thisClass(call);
      const base = found ? this.#project.classes.baseOf(found.cls) : undefined;
      const constructor = base?.type === "project" ? this.#constructorOf(base.cls) : undefined;
      return constructor ? [constructor] : [];
    }
    if (isFunction(callee)) return [callee];
    const definition = this.#project.definitionOf(callee);
    if (definition?.type === "function") return withBody(definition.node);
    if (definition?.type === "expression" && isFunction(definition.node)) return withBody(definition.node);
    if (isMember(callee)) {
      const name = propertyName(callee);
      if (name === undefined) return [];
      if (callee.object.type === "Super") {
        const found = thisClass(call);
        const base = found ? this.#project.classes.baseOf(found.cls) : undefined;
        const method = base?.type === "project" ? this.#project.classes.method(base.cls, name) : undefined;
        return method ? [method] : [];
      }
      const owner = this.#project.kindOf(callee.object);
      if (owner?.kind === "instance") return this.#methodsOf(owner.cls, name);
      if (owner?.kind === "typed") return this.#implementations(owner.members, name);
    }
    const kind = this.#project.kindOf(callee);
    return kind?.kind === "function" && !this.#isOneOfSeveral(callee, kind.fn) ? withBody(kind.fn) : [];
  }

  /**
   * Whether a function is what one of several callers gives for the parameter that is called: `guarded(() => this.save())` here,
   * `guarded(() => this.load())` there. Each stands in its caller's code and counts as part of that; none is run by the others.
   */
  #isOneOfSeveral(callee: Node, target: FunctionNode): boolean {
    if (!callbackOf(target)) return false;
    let root = callee;
    while (isMember(root)) root = unwrap(root.object);
    const variable = root.type === "Identifier" ? this.#project.fileOf(root).scopes.resolve(root) : undefined;
    if (variable?.kind !== "parameter" || !isFunction(variable.declaration)) return false;
    return this.callersOf(variable.declaration).length > 1;
  }

  /** A method, or, where the class only declares it, what its subclasses have. */
  #methodsOf(cls: Class, name: string): readonly FunctionNode[] {
    const own = this.#project.classes.method(cls, name);
    if (own) return [own];
    const overrides = this.#project.classes.subclassesOf(cls).flatMap((sub) => ownMethod(sub, name) ?? []);
    if (overrides.length > 0) return overrides;
    const field = this.#project.fieldKind(cls, name);
    return field?.kind === "function" ? withBody(field.fn) : [];
  }

  /** Methods of the classes that implement an interface. */
  #implementations(members: Node, name: string): readonly FunctionNode[] {
    if (members.type !== "TSInterfaceDeclaration") return [];
    return (this.#implementers().get(members.id.name) ?? []).flatMap((cls) => this.#project.classes.method(cls, name) ?? []);
  }

  #implementers(): ReadonlyMap<string, readonly Class[]> {
    if (this.#implementing) return this.#implementing;
    const table = new Map<string, Class[]>();
    for (const file of this.#project.files)
      for (const cls of file.classes)
        for (const clause of cls.implements ?? []) {
          if (clause.expression.type !== "Identifier") continue;
          const list = table.get(clause.expression.name);
          if (list) list.push(cls);
          else table.set(clause.expression.name, [cls]);
        }
    return (this.#implementing = table);
  }

  #constructed(call: NewExpression): readonly FunctionNode[] {
    const definition = this.#project.definitionOf(unwrap(call.callee));
    const constructor = definition?.type === "class" ? this.#constructorOf(definition.node) : undefined;
    return constructor ? [constructor] : [];
  }

  #constructorOf(cls: Class): FunctionNode | undefined {
    for (const current of this.#project.classes.chain(cls)) {
      const found = this.#project.classes.constructorOf(current);
      if (found) return found;
    }
    return undefined;
  }

  #findCallers(fn: FunctionNode): readonly CallSite[] {
    const file = this.#project.fileOf(fn);
    const parent = holderOf(fn);
    const names = new Set<string>();
    if (parent?.type === "MethodDefinition" && parent.kind === "constructor") {
      const cls = parent.parent?.parent;
      if (!isClass(cls)) return [];
      for (const sub of [cls, ...this.#project.classes.subclassesOf(cls)]) {
        const name = this.#project.classes.nameOf(sub);
        if (name !== undefined) for (const alias of this.#namesFor(name, this.#project.fileOf(sub), sub)) names.add(alias);
      }
      return this.#sitesNamed(names).filter((site) => site.type === "NewExpression" && this.targetsOf(site).includes(fn));
    }
    if (fn.id) for (const alias of this.#namesFor(fn.id.name, file, fn)) names.add(alias);
    switch (parent?.type) {
      case "MethodDefinition":
      case "PropertyDefinition":
      case "Property": {
        const name = keyName(parent.key, parent.computed);
        if (name !== undefined) names.add(name);
        break;
      }
      case "VariableDeclarator":
        if (parent.id.type === "Identifier") for (const alias of this.#namesFor(parent.id.name, file, fn)) names.add(alias);
        break;
      case "AssignmentExpression":
        if (isMember(parent.left)) names.add(propertyName(parent.left) ?? "");
        break;
      case "ExportDefaultDeclaration":
        for (const alias of this.#namesFor("default", file, fn)) names.add(alias);
        break;
      case "CallExpression": {
        // `const load = cache(async () => …)`: the variable's calls run the function.
        const holder = parent.parent;
        if (holder?.type === "VariableDeclarator" && holder.id.type === "Identifier") return this.#wrapperCallers(holder.id.name, file);
        if (parent.callee === fn) return [parent];
        break;
      }
      default:
    }
    const sites = this.#sitesNamed(names);
    // A name that half the project uses (get, query…) would cost more to resolve than it tells.
    return sites.filter((site) => this.targetsOf(site).includes(fn));
  }

  #wrapperCallers(name: string, file: SourceFile): readonly CallSite[] {
    const variable = file.scopes.lookup(name, file.program);
    if (!variable) return [];
    return this.#sitesNamed(this.#namesFor(name, file, variable.node)).filter((site) => {
      const definition = this.#project.definitionOf(unwrap(site.callee));
      return definition?.type === "variable" && definition.variable === variable;
    });
  }

  #sitesNamed(names: Iterable<string>): readonly CallSite[] {
    if (!this.#byName) {
      const table = new Map<string, CallSite[]>();
      for (const file of this.#project.files)
        for (const site of [...file.calls, ...file.news]) {
          const name = site.type === "CallExpression" ? calleeName(site) : newName(site);
          if (name === undefined) continue;
          const list = table.get(name);
          if (list) list.push(site);
          else table.set(name, [site]);
        }
      this.#byName = table;
    }
    const table = this.#byName;
    return [...names].flatMap((name) => table.get(name) ?? []);
  }

  /** The names under which importers know an export: itself and its aliases. */
  #namesFor(name: string, file: SourceFile, node: Node): ReadonlySet<string> {
    const names = new Set([name]);
    const aliases = this.#importAliases();
    for (const alias of aliases.get(name) ?? []) names.add(alias);
    const isDefault = node.parent?.type === "ExportDefaultDeclaration" || this.#project.exported(file, "default") !== undefined;
    if (isDefault) for (const alias of aliases.get(`default:${file.path}`) ?? []) names.add(alias);
    return names;
  }

  #importAliases(): ReadonlyMap<string, ReadonlySet<string>> {
    if (this.#aliases) return this.#aliases;
    const table = new Map<string, Set<string>>();
    const add = (key: string, alias: string): void => {
      const set = table.get(key);
      if (set) set.add(alias);
      else table.set(key, new Set([alias]));
    };
    for (const file of this.#project.files) {
      for (const statement of nodesOf(file, "ImportDeclaration"))
        for (const specifier of statement.specifiers) {
          if (specifier.type === "ImportSpecifier") {
            const imported = specifier.imported.type === "Identifier" ? specifier.imported.name : String(specifier.imported.value);
            if (imported !== specifier.local.name && imported !== "default") add(imported, specifier.local.name);
            if (imported === "default") this.#addDefault(file, statement.source.value, specifier.local.name, add);
          } else if (specifier.type === "ImportDefaultSpecifier") this.#addDefault(file, statement.source.value, specifier.local.name, add);
        }
      for (const statement of nodesOf(file, "ExportNamedDeclaration"))
        for (const specifier of statement.specifiers) {
          const local = specifier.local.type === "Identifier" ? specifier.local.name : undefined;
          const exported = specifier.exported.type === "Identifier" ? specifier.exported.name : undefined;
          if (local !== undefined && exported !== undefined && local !== exported && exported !== "default") add(local, exported);
        }
    }
    return (this.#aliases = table);
  }

  #addDefault(file: SourceFile, specifier: string, local: string, add: (key: string, alias: string) => void): void {
    const path = this.#project.resolve(file.path, specifier);
    if (path !== undefined) add(`default:${path}`, local);
  }
}

function withBody(fn: FunctionNode): readonly FunctionNode[] {
  return fn.body ? [fn] : [];
}

function newName(site: NewExpression): string | undefined {
  const callee = unwrap(site.callee);
  if (callee.type === "Identifier") return callee.name;
  return isMember(callee) ? propertyName(callee) : undefined;
}

/** What holds a function: a declarator, a property, a call… `satisfies` and `as` around it say nothing about that. */
function holderOf(fn: FunctionNode): Node | undefined {
  return wrapped(fn).parent ?? undefined;
}

/** The name under which a file declares a function: its own, or that of its variable. */
function declaredName(fn: FunctionNode): string | undefined {
  const holder = holderOf(fn);
  return fn.id?.name ?? (holder?.type === "VariableDeclarator" && holder.id.type === "Identifier" ? holder.id.name : undefined);
}

/** The object of `export default { fetch }`, perhaps wrapped in a call, a type assertion, or a variable. */
function isHandlerObject(object: Node): boolean {
  let current: Node | undefined = object.parent ?? undefined;
  for (let steps = 0; current && steps < 6; steps++, current = current.parent ?? undefined) {
    if (current.type === "ExportDefaultDeclaration") return true;
    if (current.type === "VariableDeclarator" || current.type === "AssignmentExpression") return true;
    if (isFunction(current) || current.type === "Property" || current.type === "JSXExpressionContainer") return false;
  }
  return false;
}
