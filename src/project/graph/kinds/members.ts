import type { Class, MemberExpression, Node } from "../../parse/ast.ts";
import { isIdentifier, isMember, keyName, propertyName, unwrap } from "../../parse/ast.ts";
import type { Kind, Kinds } from "./kinds.ts";
import { ENV_TYPE, kindOfNamedType } from "./types.ts";
import { resolveExport } from "../modules.ts";

/** Names that projects give to the object of their bindings. */
export const ENV_NAME = /^(?:_?env|ENV|.*Env|bindings)$/;

/** What `a.b` and `a[b]` are. */
export function kindOfMember(kinds: Kinds, node: MemberExpression): Kind | undefined {
  const name = propertyName(node);
  if (name === undefined) {
    const owner = kinds.kindOf(node.object);
    if (owner?.kind === "websocket-pair" && node.computed) {
      const index = node.property.type === "Literal" ? Number(node.property.value) : Number.NaN;
      return { kind: "websocket", end: index === 0 ? "client" : index === 1 ? "server" : "unknown", node };
    }
    if (owner?.kind === "array") return owner.element;
    // env[name] with a computed name: a binding chosen at run time, unless the name is a constant.
    const constant = owner?.kind === "env" ? kinds.project.constants.constantOf(node.property) : undefined;
    return constant ? kindOfBinding(kinds, constant.value, node, kinds.project.fileOf(node).path) : undefined;
  }
  const definition = kinds.definitionOf(node);
  if (definition) {
    const kind = kinds.kindOfDefinition(definition);
    if (kind) return kind;
  }
  const owner = kinds.kindOf(node.object);
  const kind = owner ? kinds.propertyKind(owner, name, node) : undefined;
  if (kind) return kind;
  if (/^[A-Z]/.test(name) && isEnvLike(kinds, node.object)) return kindOfBinding(kinds, name, node, kinds.project.fileOf(node).path);
  const ambient = kinds.contexts.propertyOf(node, name);
  if (ambient) return ambient;
  if (name === "env" && !owner) return isIdentifier(unwrap(node.object)) || isMember(unwrap(node.object)) ? { kind: "env" } : undefined;
  return undefined;
}

/** Whether an expression of unknown kind is an `env` by its name: `env`, `c.env`, `context.cloudflare.env`, `process.env`. */
export function isEnvLike(kinds: Kinds, node: Node): boolean {
  const value = unwrap(node);
  const kind = kinds.kindOf(value);
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

/** What a name in `env` is bound to, by the configurations and types near a file. */
export function kindOfBinding(kinds: Kinds, name: string, node: Node, path: string): Kind | undefined {
  const found = kinds.project.bindings.lookup(path, name);
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
export function kindOfProperty(kinds: Kinds, owner: Kind, name: string, at: Node): Kind | undefined {
  switch (owner.kind) {
    case "env":
      return kindOfBinding(kinds, name, at, kinds.project.fileOf(at).path) ?? (name === "env" ? owner : undefined);
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
      return kinds.fieldKind(owner.cls, name);
    case "class":
      return staticMember(kinds, owner.cls, name);
    case "module": {
      const definition = resolveExport(kinds.project, owner.file, name);
      return kinds.kindOfDefinition(definition);
    }
    case "external":
      if (owner.module === "cloudflare:workers" && owner.name === "*" && name === "env") return { kind: "env" };
      return undefined;
    case "object":
      return objectMember(kinds, owner.node, name);
    case "typed":
      return typedMember(kinds, owner, name, at);
    case "websocket-pair":
      return name === "0" || name === "1" ? { kind: "websocket", end: name === "0" ? "client" : "server", node: at } : undefined;
    default:
      return undefined;
  }
}

function objectMember(kinds: Kinds, object: Extract<Node, { type: "ObjectExpression" }>, name: string): Kind | undefined {
  // `state = { ...state, x }`: an object spread into itself.
  return kinds.circles.guard(`${kinds.project.fileOf(object).path}:${object.start}.${name}`, () => memberOfObject(kinds, object, name));
}

function memberOfObject(kinds: Kinds, object: Extract<Node, { type: "ObjectExpression" }>, name: string): Kind | undefined {
  for (const property of object.properties) {
    if (property.type === "SpreadElement") {
      const spread = kinds.kindOf(property.argument);
      const found = spread ? kinds.propertyKind(spread, name, property) : undefined;
      if (found) return found;
    } else if (keyName(property.key, property.computed) === name) return kinds.kindOf(property.value);
  }
  return undefined;
}

function typedMember(kinds: Kinds, owner: Extract<Kind, { kind: "typed" }>, name: string, at: Node): Kind | undefined {
  const members = owner.members.type === "TSInterfaceDeclaration" ? owner.members.body.body : owner.members.type === "TSTypeLiteral" ? owner.members.members : [];
  for (const member of members) {
    if (member.type === "TSPropertySignature" && keyName(member.key, member.computed) === name) {
      const kind = member.typeAnnotation ? kinds.kindOfType(member.typeAnnotation) : undefined;
      if (kind?.kind === "namespace" || kind?.kind === "d1") return kindOfBinding(kinds, name, at, kinds.project.fileOf(at).path) ?? { ...kind, ...(/^[A-Z]/.test(name) ? { binding: name } : {}), node: at };
      // A hand-written slice of the binding's type: `DB: { prepare: … }`.
      if (kind?.kind === "typed" && /^[A-Z]/.test(name)) return kindOfBinding(kinds, name, at, kinds.project.fileOf(at).path) ?? kind;
      if (kind) return kind;
      if (name === "env" || ENV_NAME.test(name)) return { kind: "env" };
      return isEnvInterface(owner.members) ? kindOfBinding(kinds, name, at, kinds.project.fileOf(at).path) : undefined;
    }
  }
  if (owner.members.type === "TSInterfaceDeclaration")
    for (const base of owner.members.extends) {
      const kind = base.expression.type === "Identifier" ? kindOfNamedType(kinds, base.expression.name, base, owner.file) : undefined;
      const found = kind ? kinds.propertyKind(kind, name, at) : undefined;
      if (found) return found;
    }
  return isEnvInterface(owner.members) ? kindOfBinding(kinds, name, at, kinds.project.fileOf(at).path) : undefined;
}

function isEnvInterface(node: Node): boolean {
  if (node.type === "TSInterfaceDeclaration") return ENV_TYPE.test(node.id.name);
  return node.parent?.type === "TSTypeAliasDeclaration" && ENV_TYPE.test(node.parent.id.name);
}

function staticMember(kinds: Kinds, cls: Class, name: string): Kind | undefined {
  for (const member of cls.body.body) {
    if (member.type === "PropertyDefinition" && member.static && keyName(member.key, member.computed) === name)
      return (member.value ? kinds.kindOf(member.value) : undefined) ?? (member.typeAnnotation ? kinds.kindOfType(member.typeAnnotation) : undefined);
    if (member.type === "MethodDefinition" && member.static && keyName(member.key, member.computed) === name)
      return member.kind === "get" ? kinds.returnedBy(member.value) : { kind: "function", fn: member.value };
  }
  return undefined;
}
