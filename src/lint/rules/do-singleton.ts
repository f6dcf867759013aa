// One object runs on one thread in one place: a constant name sends every request of every user there.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#do-not-use-a-single-durable-object-as-a-global-singleton
import type { CallExpression, Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, isFunction, isWithin, unwrap } from "../../project/parse/ast.ts";
import type { Constant } from "../../project/graph/constants.ts";
import { valueBehind } from "../../project/graph/objects/delays.ts";
import { asKind, type NamespaceKind } from "../../project/graph/kinds/kinds.ts";
import type { Project } from "../../project/graph/project.ts";
import { isInside } from "../../paths.ts";
import { requireFact } from "../facts.ts";
import type { Confidence, Report } from "../finding.ts";
import { defineRule, type RuleSettings } from "../rule.ts";
import { holdingsOf } from "./shared/holdings.ts";
import { count, listed } from "./shared/words.ts";

/** A place that names one object by a constant. */
interface Place {
  readonly node: Node;
  readonly constant: Constant | undefined;
  /** The call that turns the name into an id or a stub, when that stands in a helper. */
  readonly helper: Node;
}

/** One binding and name. */
interface Singleton {
  readonly namespace: NamespaceKind;
  readonly name: string;
  readonly places: Place[];
  /** The name is one that a package's helper uses when it is given none. */
  readonly isDefault: boolean;
}

export default defineRule({
  id: "do-singleton",
  *check({ project, settings }) {
    const { singletons, dynamic } = collect(project);
    const routed = routedNamespaces(project);
    for (const singleton of [...singletons.values()].sort((a, b) => comparePlaces(project, a.places[0], b.places[0]))) {
      const cls = classOf(project, singleton);
      const className = cls ? project.classes.nameOf(cls) : configuredClass(project, singleton);
      if (isAllowed(settings, singleton, className)) continue;
      const isDynamic = keysOf(project, singleton.namespace, singleton.places[0]?.node).some((key) => dynamic.has(key)) || routed(singleton, cls);
      const isBackground = singleton.places.every(({ node }) => project.calls.isBackgroundOnly(node));
      const report = reportOf(project, singleton, cls, className, isDynamic || isBackground ? "low" : confidenceIn(singleton.namespace));
      if (report) yield report;
    }
  },
});

function collect(project: Project): { singletons: ReadonlyMap<string, Singleton>; dynamic: ReadonlySet<string> } {
  const singletons = new Map<string, Singleton>();
  const dynamic = new Set<string>();
  for (const file of project.files)
    for (const call of file.calls)
      for (const address of addressesOf(project, call)) {
        const keys = keysOf(project, address.namespace, address.place);
        const constant = address.defaultName === undefined && address.name ? project.constants.constantOf(address.name) : undefined;
        const name = address.defaultName ?? constant?.value;
        if (name === undefined) for (const key of keys) dynamic.add(key);
        else if (!isSideCode(project.fileOf(address.place).path)) add(singletons, `${keys[0]}\0${name}`, name, address, constant);
      }
  const named = new Set([...singletons.values()].filter(({ namespace }) => isKnown(namespace)).flatMap(({ places }) => places.map(({ node }) => node)));
  for (const [key, singleton] of singletons) {
    singleton.places.sort((a, b) => comparePlaces(project, a, b));
    if (!isKnown(singleton.namespace) && singleton.places.some(({ node }) => named.has(node))) singletons.delete(key);
  }
  return { singletons, dynamic };
}

/** Whether it is known which namespace it is. */
function isKnown({ binding, className }: NamespaceKind): boolean {
  return binding !== undefined || className !== undefined;
}

function add(singletons: Map<string, Singleton>, key: string, name: string, address: Address, constant: Constant | undefined): void {
  let singleton = singletons.get(key);
  if (!singleton) singletons.set(key, (singleton = { namespace: address.namespace, name, places: [], isDefault: address.defaultName !== undefined }));
  if (!singleton.places.some(({ node }) => node === address.place)) singleton.places.push({ node: address.place, constant, helper: address.call });
}

/** One way in which a call addresses an object. */
interface Address {
  readonly namespace: NamespaceKind;
  /** The expression of the name; undefined when the object is addressed by something else. */
  readonly name: Node | undefined;
  readonly defaultName: string | undefined;
  /** The call that turns the name into an id or a stub. */
  readonly call: CallExpression;
  /** Where the name is decided: the call itself, or the call of the helper that it stands in. */
  readonly place: Node;
}

/** How a call addresses objects: once, or, where it stands in a helper that is given the namespace or the name, once for each use of the helper. */
function addressesOf(project: Project, call: CallExpression): readonly Address[] {
  if (!mayAddress(project, call)) return [];
  const kind = project.kindOf(call);
  if ((kind?.kind !== "object-id" && kind?.kind !== "stub") || kind.node !== call || !kind.namespace) return [];
  const isGet = calleeName(call) === "get" || calleeName(call) === "getExisting";
  // Of `namespace.get(id)` the call that made the id is the place, unless that is not in sight.
  if (kind.kind === "stub" && isGet && kind.from !== "unknown" && !(kind.name && isWithin(kind.name, call) && call.arguments[0] === kind.name)) return [];
  const name = kind.from === "name" ? kind.name : undefined;
  const defaultName = kind.kind === "stub" && kind.from === "name" && !name ? kind.defaultName : undefined;
  const address: Address = { namespace: kind.namespace, name, defaultName, call, place: call };
  const namespaceNode = calleeMember(call)?.object ?? call.arguments.find((argument) => argument.type !== "SpreadElement" && project.kindOf(argument)?.kind === "namespace");
  return atCallers(project, address, namespaceNode, 0);
}

const ADDRESSING: ReadonlySet<string> = new Set(["get", "getByName", "getExisting", "idFromName", "idFromString", "newUniqueId"]);

/** By its name alone; what the many other calls give need not be worked out. */
function mayAddress(project: Project, call: CallExpression): boolean {
  const name = calleeName(call);
  if (name === undefined) return false;
  const isHelper = (candidate: string): boolean => project.options.apis.stubHelpers.some((helper) => helper.name === candidate);
  if (ADDRESSING.has(name) || isHelper(name)) return true;
  const declaration = call.callee.type === "Identifier" ? project.fileOf(call).scopes.resolve(call.callee)?.declaration : undefined;
  return declaration?.type === "ImportSpecifier" && declaration.imported.type === "Identifier" && isHelper(declaration.imported.name);
}

const MAX_HELPERS = 3;

function atCallers(project: Project, address: Address, namespaceNode: Node | undefined, depth: number): readonly Address[] {
  const [nameParameter, namespaceParameter] = [parameterOf(project, address.name), parameterOf(project, namespaceNode && sourceOf(project, namespaceNode))];
  const fn = nameParameter?.fn ?? namespaceParameter?.fn;
  if (!fn || depth >= MAX_HELPERS) return [address];
  const nameIndex = nameParameter?.index ?? -1;
  const namespaceIndex = namespaceParameter?.fn === fn ? namespaceParameter.index : -1;
  const callers = project.calls.callersOf(fn);
  if (callers.length === 0) return [address];
  // A default that nobody overrides is decided in the helper; one that some callers override, by those who do not.
  const isOverridden = nameIndex >= 0 && callers.some((site) => site.arguments.length > nameIndex);
  return callers.flatMap((site) => {
    const passed = nameIndex < 0 ? undefined : site.arguments[nameIndex];
    const given = namespaceIndex < 0 ? undefined : site.arguments[namespaceIndex];
    if (passed?.type === "SpreadElement" || given?.type === "SpreadElement") return [{ ...address, name: undefined }];
    const namespace = given && (asKind(project.kindOf(given), "namespace") ?? { kind: "namespace" as const, node: given });
    const name = passed ?? (nameIndex < 0 ? address.name : defaultOf(fn, nameIndex));
    const next: Address = { ...address, name, ...(namespace ? { namespace } : {}) };
    if (passed) return atCallers(project, { ...next, place: site }, given ?? namespaceNode, depth + 1);
    return isOverridden ? [{ ...next, place: site }] : [next];
  });
}

/** Where a namespace comes from: `namespace` of `const target = hint ? namespace.jurisdiction(hint) : namespace`. */
function sourceOf(project: Project, raw: Node): Node {
  let node = unwrap(raw);
  for (let depth = 0; depth < 4; depth++) {
    if (node.type === "ConditionalExpression") node = unwrap(node.alternate);
    else if (node.type === "CallExpression" && calleeName(node) === "jurisdiction") node = unwrap(calleeMember(node)?.object ?? node);
    else {
      const behind = node.type === "Identifier" && !parameterOf(project, node) ? valueBehind(project, node) : undefined;
      if (!behind) return node;
      node = unwrap(behind);
    }
  }
  return node;
}

/** The parameter that an expression is, of whichever function around it. */
function parameterOf(project: Project, raw: Node | undefined): { fn: FunctionNode; index: number } | undefined {
  const node = raw && unwrap(raw);
  const variable = node?.type === "Identifier" ? project.fileOf(node).scopes.resolve(node) : undefined;
  if (variable?.kind !== "parameter" || !isFunction(variable.declaration)) return undefined;
  const fn = variable.declaration;
  const index = fn.params.findIndex((parameter) => parameterPattern(parameter) === variable.node);
  return index < 0 ? undefined : { fn, index };
}

function parameterPattern(raw: FunctionNode["params"][number]): Node {
  const parameter = raw.type === "TSParameterProperty" ? raw.parameter : raw;
  return parameter.type === "AssignmentPattern" ? parameter.left : parameter;
}

function defaultOf(fn: FunctionNode, index: number): Node | undefined {
  const raw = fn.params[index];
  const parameter = raw?.type === "TSParameterProperty" ? raw.parameter : raw;
  return parameter?.type === "AssignmentPattern" ? parameter.right : undefined;
}

/** What stands for a namespace: its binding in a Worker, and its class. */
function keysOf(project: Project, namespace: NamespaceKind, at: Node | undefined): string[] {
  const path = project.fileOf(at ?? namespace.node).path;
  const [config] = project.bindings.configsFor(path);
  const dir = config?.dir ?? "";
  const className = namespace.className ?? (namespace.binding === undefined ? undefined : project.bindings.classNameOf(path, namespace.binding));
  const named = namespace.binding === undefined ? undefined : project.bindings.lookup(path, namespace.binding);
  const script = named?.type === "namespace" ? named.scriptName : undefined;
  const worker = project.bindings.workerOf(path, namespace.binding);
  const cls = className === undefined ? undefined : project.bindings.classesOf(className, path, namespace.binding).find((found) => (script !== undefined && !worker) || isInside(project.fileOf(found).path, worker?.dir ?? dir));
  return [
    ...(namespace.binding === undefined ? [] : [`binding:${dir}:${namespace.binding}`]),
    ...(className === undefined ? [] : [`class:${dir}:${script ?? ""}:${className}`]),
    // Workers that share a namespace by `script_name` share its objects.
    ...(cls ? [`object:${project.fileOf(cls).path}:${cls.start}`] : []),
    ...(namespace.binding === undefined && className === undefined ? [`place:${path}:${project.text(namespace.node)}`] : []),
  ];
}

/**
 * Packages' routers address objects by what a request says: every namespace of the Worker that calls one. `McpAgent.serve()` makes an
 * object a session.
 */
function routedNamespaces(project: Project): (singleton: Singleton, cls: Class | undefined) => boolean {
  const { routers } = project.options.apis;
  const names = new Set(routers.map((router) => router.name));
  const dirs = new Set<string>();
  const served = new Set<Class>();
  const dirOf = (path: string): string => project.bindings.configsFor(path)[0]?.dir ?? "";
  for (const file of project.files)
    for (const call of file.calls) {
      const name = calleeName(call);
      if (name === undefined) continue;
      if (names.has(name)) {
        const definition = project.definitionOf(unwrap(call.callee));
        if (definition?.type === "external" ? routers.some((router) => router.name === name && router.module === definition.module) : definition?.type === "function") dirs.add(dirOf(file.path));
      } else if (/^(?:serve|serveSSE|mount)$/.test(name) && call.callee.type === "MemberExpression") {
        const owner = project.kindOf(call.callee.object);
        if (owner?.kind === "class") served.add(owner.cls);
      }
    }
  return ({ places }, cls) => {
    if (cls && served.has(cls)) return true;
    const [place] = places;
    if (!place || !dirs.has(dirOf(project.fileOf(place.node).path))) return false;
    // Routers only reach classes that speak their package's protocol; one that cannot be seen may.
    return !cls || project.classes.knownBase(cls) === undefined || project.classes.knownBase(cls)?.module !== "cloudflare:workers";
  };
}

/** A parameter typed as a namespace is one; `env[name]` may be another one each time. */
function confidenceIn(namespace: NamespaceKind): Confidence {
  if (namespace.binding !== undefined) return "high";
  if (namespace.className !== undefined) return "medium";
  for (let node: Node | undefined = namespace.node; node; node = node.parent ?? undefined) {
    const { parent } = node;
    if (isFunction(parent)) return parent.params.some((parameter) => parameter === node) ? "medium" : "low";
  }
  return "low";
}

/** Scripts, documentation and fixtures run by hand, once. */
function isSideCode(path: string): boolean {
  return /(?:^|\/)(?:scripts?|docs?|fixtures?|test-fixtures|tests?-[\w-]+|[\w-]+-tests?|e2e|benchmarks?|bench|mocks?|__mocks__)\//i.test(path);
}

function isAllowed(settings: RuleSettings, singleton: Singleton, className: string | undefined): boolean {
  return settings.allowedSingletons.some(
    (allowed) =>
      (allowed.class !== undefined || allowed.binding !== undefined || allowed.name !== undefined) &&
      (allowed.class === undefined || allowed.class === className) &&
      (allowed.binding === undefined || allowed.binding === singleton.namespace.binding) &&
      (allowed.name === undefined || allowed.name === singleton.name),
  );
}

function classOf(project: Project, { namespace, places }: Singleton): Class | undefined {
  const path = project.fileOf(places[0]?.node ?? namespace.node).path;
  const name = namespace.className ?? (namespace.binding === undefined ? undefined : project.bindings.classNameOf(path, namespace.binding));
  return name === undefined ? undefined : project.bindings.classesOf(name, path, namespace.binding)[0];
}

/** The class that the configuration names; a type argument may be a mere type parameter. */
function configuredClass(project: Project, { namespace, places }: Singleton): string | undefined {
  return namespace.binding === undefined ? undefined : project.bindings.classNameOf(project.fileOf(places[0]?.node ?? namespace.node).path, namespace.binding);
}

function reportOf(project: Project, singleton: Singleton, cls: Class | undefined, className: string | undefined, confidence: Confidence): Report | undefined {
  const [first, ...others] = singleton.places;
  if (!first) return undefined;
  const { binding } = singleton.namespace;
  const capacity = requireFact("rule-do-throughput-range").value;
  const range = String(capacity ?? "").replace(/(\d+)-(\d)(\d{3})/, "$1–$2,$3");
  const owned = cls ? holdingsOf(project, cls) : undefined;
  const holdings = owned ? [owned.tables.length > 0 && count(owned.tables.length, "SQL table"), owned.sockets && "its WebSockets", owned.alarm && "an alarm"].filter((item) => item !== false) : [];
  const who = className === undefined ? "one object" : `one \`${className}\` object`;
  const namespace = binding === undefined ? (className === undefined ? "This namespace" : `\`${className}\``) : `\`${binding}\``;
  const named = singleton.isDefault ? `the helper's default name "${singleton.name}"` : `the constant name "${singleton.name}"`;
  const origin = first.constant && !isWithin(first.constant.origin, first.node) ? [{ span: project.span(first.constant.origin), message: `the name "${singleton.name}" comes from here` }] : [];
  return {
    span: project.span(first.node),
    message:
      `${namespace} is addressed by ${named}, so every request that comes here, from every user and region, waits for ${who}` +
      `${holdings.length > 0 ? ` (with ${listed(holdings)})` : ""}: a single thread in one location, good for about ${range} simple requests a second, and everything fails together when it is overloaded.`,
    confidence,
    related: [
      ...origin,
      ...(first.helper === first.node ? [] : [{ span: project.span(first.helper), message: "the helper that addresses the object" }]),
      ...others.map(({ node }) => ({ span: project.span(node), message: `also addressed as "${singleton.name}" here` })),
      ...(cls ? [{ span: project.span(cls.id ?? cls), message: `the class of this object${owned && owned.tables.length > 0 ? `; its tables: ${owned.tables.join(", ")}` : ""}` }] : []),
    ],
    subject: { ...(className === undefined ? {} : { class: className }), ...(binding === undefined ? {} : { binding }) },
  };
}

function comparePlaces(project: Project, a: Place | undefined, b: Place | undefined): number {
  if (!a || !b) return 0;
  const [left, right] = [project.fileOf(a.node).path, project.fileOf(b.node).path];
  return left === right ? a.node.start - b.node.start : left < right ? -1 : 1;
}
