import type { CallExpression, MemberExpression, NewExpression, Node } from "../../parse/ast.ts";
import { isIdentifier, isMember, propertyName, unwrap } from "../../parse/ast.ts";
import type { Kind, Kinds, NamespaceKind, StubKind } from "./kinds.ts";
import { kindOfBinding } from "./members.ts";

/** What `new X(…)` makes. */
export function kindOfNew(kinds: Kinds, node: NewExpression): Kind | undefined {
  const callee = unwrap(node.callee);
  if (callee.type === "Identifier" && callee.name === "WebSocketPair") return { kind: "websocket-pair" };
  if (callee.type === "Identifier" && callee.name === "WebSocket") return { kind: "websocket", end: "outgoing", node };
  if (callee.type === "Identifier" && callee.name === "Request") return { kind: "request" };
  const kind = kinds.kindOf(callee);
  if (kind?.kind === "class") return { kind: "instance", cls: kind.cls };
  if (kind?.kind === "external") return kindOfOrm(kinds, kind.module, kind.name, node) ?? { kind: "external-instance", module: kind.module, name: kind.name, node };
  return undefined;
}

function kindOfOrm(kinds: Kinds, module: string, name: string, node: CallExpression | NewExpression): Kind | undefined {
  // Prisma's client is generated into any folder of the project: its class is known by name.
  const known = kinds.project.options.apis.orms.find((orm) => (orm.module === module && (orm.name === name || name === "default")) || (name === "PrismaClient" && orm.name === name));
  if (!known) return undefined;
  const inner = ormSource(kinds, node, 0);
  const target = known.target !== "unknown" ? known.target : inner ? (inner.kind === "do-storage" || inner.kind === "do-state" || inner.kind === "do-sql" ? "do" : inner.kind === "orm" ? inner.target : "d1") : "unknown";
  const database = inner?.kind === "d1" || inner?.kind === "d1-session" ? inner : inner?.kind === "orm" ? inner.database : undefined;
  return { kind: "orm", library: known.library, target, node, ...(database ? { database } : {}) };
}

/** The database handed to an ORM, anywhere in its arguments: `drizzle(env.DB)`, `new Kysely({ dialect: new D1Dialect({ database: env.DB }) })`. */
function ormSource(kinds: Kinds, node: Node, depth: number): Extract<Kind, { kind: "d1" | "d1-session" | "do-storage" | "do-state" | "do-sql" | "orm" }> | undefined {
  if (depth > 4) return undefined;
  const parts: Node[] =
    node.type === "CallExpression" || node.type === "NewExpression" ? node.arguments
    : node.type === "ObjectExpression" ? node.properties.map((property) => (property.type === "SpreadElement" ? property.argument : property.value))
    : [];
  for (const part of parts) {
    const value = part.type === "SpreadElement" ? part.argument : part;
    const kind = kinds.kindOf(value);
    if (kind && (kind.kind === "d1" || kind.kind === "d1-session" || kind.kind === "do-storage" || kind.kind === "do-state" || kind.kind === "do-sql" || kind.kind === "orm")) return kind;
    const inner = kind?.kind === "object" ? ormSource(kinds, kind.node, depth + 1) : ormSource(kinds, unwrap(value), depth + 1);
    if (inner) return inner;
  }
  return undefined;
}

/** What a call gives: by what it is called on, by the package it comes from, else by what the function returns. */
export function kindOfCall(kinds: Kinds, node: CallExpression): Kind | undefined {
  const callee = unwrap(node.callee);
  if (isMember(callee)) {
    const name = propertyName(callee);
    const owner = kinds.kindOf(callee.object);
    if (owner && name !== undefined) {
      const known = knownMethod(kinds, node, callee, owner, name);
      if (known) return known;
    }
    if (!owner && (name === "idFromName" || name === "idFromString" || name === "newUniqueId")) {
      // No other API has these methods.
      const namespace = unseenNamespace(kinds, callee.object);
      return namespaceCall(kinds, node, namespace, name, node.arguments[0]?.type === "SpreadElement" ? undefined : node.arguments[0]);
    }
    if (!owner && name === "get" && node.arguments[0]) {
      const id = kinds.kindOf(node.arguments[0]);
      if (id?.kind === "object-id") return { kind: "stub", namespace: id.namespace, from: id.from, node, ...(id.name ? { name: id.name } : {}) };
    }
    if (name === "values" && isIdentifier(unwrap(callee.object), "Object") && node.arguments[0]) {
      const argument = kinds.kindOf(node.arguments[0]);
      if (argument?.kind === "websocket-pair") return argument;
    }
    if (name === "all" && isIdentifier(unwrap(callee.object), "Promise") && node.arguments[0]) return kinds.kindOf(node.arguments[0]);
    if (name === "get" && node.arguments.length === 1) {
      const stored = kinds.contexts.variableOf(node);
      if (stored) return stored;
    }
  }
  // NuxtHub's, a global in server code.
  if (isIdentifier(callee, "hubDatabase") && kinds.definitionOf(callee)?.type !== "function") return { kind: "d1", node };
  const target = kinds.kindOf(callee);
  if (target?.kind === "external") {
    const known = externalCall(kinds, node, target.module, target.name);
    if (known) return known;
  }
  if (target?.kind === "function") {
    // The package itself may be part of the checkout: its helpers still are what they are.
    const { fn } = target;
    const module = fn.id ? kinds.project.classes.packageModules(kinds.project.fileOf(fn).path) : undefined;
    const known = module !== undefined && fn.id ? externalCall(kinds, node, module, fn.id.name) : undefined;
    if (known) return known;
  }
  for (const fn of kinds.project.calls.targetsOf(node)) {
    const kind = kinds.returnedBy(fn);
    if (kind) return kind;
  }
  return undefined;
}

function knownMethod(kinds: Kinds, node: CallExpression, callee: MemberExpression, owner: Kind, name: string): Kind | undefined {
  const [first] = node.arguments;
  const argument = first && first.type !== "SpreadElement" ? first : undefined;
  switch (owner.kind) {
    case "namespace":
      return namespaceCall(kinds, node, owner, name, argument);
    case "do-state":
      if (name === "getWebSockets") return { kind: "array", element: { kind: "websocket", end: "hibernating", node } };
      if (name === "blockConcurrencyWhile" && argument) {
        const callback = kinds.kindOf(argument);
        return callback?.kind === "function" ? kinds.returnedBy(callback.fn) : undefined;
      }
      return undefined;
    case "do-storage":
      if ((name === "transaction" || name === "transactionSync") && argument) {
        const callback = kinds.kindOf(argument);
        return callback?.kind === "function" ? kinds.returnedBy(callback.fn) : undefined;
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
      if ((name === "get" || name === "getByName") && kinds.project.classes.knownBase(owner.cls)?.module === "@cloudflare/actors")
        return { kind: "stub", namespace: { kind: "namespace", className: owner.cls.id?.name ?? "", node }, from: "name", node, ...(argument ? { name: argument } : {}) };
      return undefined;
    case "array":
      return ["filter", "slice", "concat", "reverse", "sort", "toSorted"].includes(name) ? owner : ["find", "at", "pop", "shift"].includes(name) ? owner.element : undefined;
    case "external": {
      const module = owner.module;
      return externalCall(kinds, node, module, name);
    }
    default:
      void callee;
      return undefined;
  }
}

/** A namespace whose origin cannot be seen; a name in capitals is taken for its binding. */
function unseenNamespace(kinds: Kinds, node: Node): NamespaceKind {
  const value = unwrap(node);
  const name = value.type === "Identifier" ? value.name : isMember(value) ? propertyName(value) : undefined;
  const known = name === undefined ? undefined : kindOfBinding(kinds, name, value, kinds.project.fileOf(value).path);
  if (known?.kind === "namespace") return known;
  return { kind: "namespace", node: value, ...(name !== undefined && /^[A-Z][A-Z0-9_]*$/.test(name) ? { binding: name } : {}) };
}

function namespaceCall(kinds: Kinds, node: CallExpression, owner: NamespaceKind, name: string, argument: Node | undefined): Kind | undefined {
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
      const id = argument ? kinds.kindOf(argument) : undefined;
      if (id?.kind === "object-id") return { kind: "stub", namespace: id.namespace?.binding === undefined ? owner : id.namespace, from: id.from, node, ...(id.name ? { name: id.name } : {}) };
      return { kind: "stub", namespace: owner, from: "unknown", node };
    }
    case "jurisdiction":
      return owner;
    default:
      return undefined;
  }
}

function externalCall(kinds: Kinds, node: CallExpression, module: string, name: string): Kind | undefined {
  const orm = kindOfOrm(kinds, module, name, node);
  if (orm) return orm;
  const [wrapped] = node.arguments;
  if (wrapped && wrapped.type !== "SpreadElement" && kinds.project.options.apis.wrappers.some((candidate) => candidate.name === name && candidate.module === module)) {
    const inner = kinds.kindOf(wrapped);
    return inner?.kind === "function" ? inner : undefined;
  }
  const helper = kinds.project.options.apis.stubHelpers.find((candidate) => candidate.name === name && candidate.module === module);
  if (!helper) {
    if (/getCloudflareContext|getRequestContext|getOptionalRequestContext|useCloudflare/.test(name)) return { kind: "context" };
    return undefined;
  }
  const namespaceNode = node.arguments[helper.namespaceArgument];
  const namespace = namespaceNode && namespaceNode.type !== "SpreadElement" ? kinds.kindOf(namespaceNode) : undefined;
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
