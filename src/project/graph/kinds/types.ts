import type { Node } from "../../parse/ast.ts";
import { isClass, keyName, typeNameText } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";
import type { Kind, Kinds } from "./kinds.ts";
import { resolveVariable } from "../modules.ts";

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

/** Names that projects give to the type of their bindings. */
export const ENV_TYPE = /(?:^|\.)(?:Env|Bindings|CloudflareEnv|CloudflareBindings|WorkerEnv|.*Env|.*Bindings)$/;

/** What a type annotation says a value is. */
export function kindOfType(kinds: Kinds, type: Node): Kind | undefined {
  switch (type.type) {
    case "TSTypeAnnotation":
      return kindOfType(kinds, type.typeAnnotation);
    case "TSUnionType":
    case "TSIntersectionType":
      for (const part of type.types) {
        const kind = kindOfType(kinds, part);
        if (kind) return kind;
      }
      return undefined;
    case "TSTypeLiteral":
      return { kind: "typed", members: type, file: kinds.project.fileOf(type) };
    case "TSArrayType": {
      const element = kindOfType(kinds, type.elementType);
      return element ? { kind: "array", element } : undefined;
    }
    case "TSTypeOperator":
      return type.typeAnnotation ? kindOfType(kinds, type.typeAnnotation) : undefined;
    case "TSIndexedAccessType": {
      const owner = kindOfType(kinds, type.objectType);
      const index = type.indexType.type === "TSLiteralType" && type.indexType.literal.type === "Literal" ? String(type.indexType.literal.value) : undefined;
      return owner && index !== undefined ? kinds.propertyKind(owner, index, type) : undefined;
    }
    case "TSTypeQuery":
      return type.exprName.type === "Identifier" ? kinds.kindOf(type.exprName) : undefined;
    case "TSTypeReference":
      return typeReference(kinds, type);
    default:
      return undefined;
  }
}

function typeReference(kinds: Kinds, type: Extract<Node, { type: "TSTypeReference" }>): Kind | undefined {
  const name = typeNameText(type.typeName);
  if (name === undefined) return undefined;
  const [argument] = type.typeArguments?.params ?? [];
  if (TRANSPARENT_TYPES.has(name)) return argument ? kindOfType(kinds, argument) : undefined;
  if ((name === "Array" || name === "ReadonlyArray") && argument) {
    const element = kindOfType(kinds, argument);
    return element ? { kind: "array", element } : undefined;
  }
  if (name === "ReturnType" && argument) {
    const result = argument.type === "TSIndexedAccessType" ? kindOfResult(kinds, argument) : undefined;
    if (result) return result;
    const kind = kindOfType(kinds, argument);
    if (kind?.kind === "function") return kinds.returnedBy(kind.fn);
    if (kind?.kind === "external") {
      const orm = kinds.project.options.apis.orms.find((known) => known.module === kind.module && known.name === kind.name);
      return orm ? { kind: "orm", library: orm.library, target: orm.target, node: type } : undefined;
    }
    return undefined;
  }
  if (name === "InstanceType" && argument) {
    const kind = kindOfType(kinds, argument);
    return kind?.kind === "class" ? { kind: "instance", cls: kind.cls } : undefined;
  }
  const file = kinds.project.fileOf(type);
  const kind = kindOfNamedType(kinds, name, type, file);
  if (kind?.kind === "namespace" && argument) {
    const className = argument.type === "TSTypeReference" ? typeNameText(argument.typeName) : argument.type === "TSTypeQuery" && argument.exprName.type === "Identifier" ? argument.exprName.name : undefined;
    return className === undefined ? kind : { ...kind, className };
  }
  return kind;
}

/** `ReturnType<DurableObjectNamespace<Room>["get"]>`, `ReturnType<D1Database["prepare"]>`: what a method of the platform gives. */
function kindOfResult(kinds: Kinds, type: Extract<Node, { type: "TSIndexedAccessType" }>): Kind | undefined {
  const method = type.indexType.type === "TSLiteralType" && type.indexType.literal.type === "Literal" ? String(type.indexType.literal.value) : undefined;
  const owner = method === undefined ? undefined : kindOfType(kinds, type.objectType);
  if (owner?.kind === "namespace") {
    if (method === "get" || method === "getByName" || method === "getExisting") return { kind: "stub", namespace: owner, from: "unknown", node: type };
    return method === "idFromName" || method === "idFromString" || method === "newUniqueId" ? { kind: "object-id", namespace: owner, from: "unknown", node: type } : undefined;
  }
  if (owner?.kind === "d1") return method === "prepare" ? { kind: "d1-statement", database: owner } : method === "withSession" ? { kind: "d1-session", database: owner } : undefined;
  return undefined;
}

/** What a type of a name is, seen from `at`: the file's own, an imported one, or one of the platform. */
export function kindOfNamedType(kinds: Kinds, name: string, at: Node, file: SourceFile): Kind | undefined {
  const own = file.scopes.type(name);
  if (own) {
    if (isClass(own.declaration)) return { kind: "instance", cls: own.declaration };
    return declaredType(kinds, own.declaration, name, file);
  }
  const variable = file.scopes.lookup(name.split(".")[0] ?? name, at);
  if (variable) {
    const definition = resolveVariable(kinds.project, file, variable);
    if (definition?.type === "class") return { kind: "instance", cls: definition.node };
    if (definition?.type === "type") return declaredType(kinds, definition.node, name, definition.file);
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

function declaredType(kinds: Kinds, declaration: Node, name: string, file: SourceFile): Kind | undefined {
  if (declaration.type === "TSInterfaceDeclaration") return d1Shape(declaration) ?? { kind: "typed", members: declaration, file };
  if (declaration.type === "TSTypeAliasDeclaration") {
    const kind = kinds.circles.guard(declaration, () => kindOfType(kinds, declaration.typeAnnotation));
    // `type D1Database = any`: meant to be what its name says.
    const isNamedOnly = declaration.typeAnnotation.type === "TSAnyKeyword" || declaration.typeAnnotation.type === "TSUnknownKeyword";
    return kind ?? (isNamedOnly ? PLATFORM_TYPES[name]?.(declaration) : undefined) ?? (ENV_TYPE.test(name) ? { kind: "env" } : undefined);
  }
  return undefined;
}

/** A project's own interface over D1: what has `prepare` and `batch` is a database, what has `bind` and `first` or `run` a statement. */
function d1Shape(declaration: Extract<Node, { type: "TSInterfaceDeclaration" }>): Kind | undefined {
  const methods = new Set(declaration.body.body.flatMap((member) => (member.type === "TSMethodSignature" || member.type === "TSPropertySignature" ? (keyName(member.key, member.computed) ?? []) : [])));
  const bases = declaration.extends.flatMap((base) => (base.expression.type === "Identifier" ? [base.expression.name] : []));
  if (methods.has("prepare") && (methods.has("batch") || methods.has("getBookmark") || /D1/.test(declaration.id.name))) return methods.has("getBookmark") || /Session/.test(declaration.id.name) ? { kind: "d1-session", database: undefined } : { kind: "d1", node: declaration };
  if (methods.has("bind") && (methods.has("first") || (methods.has("run") && methods.has("all")))) return { kind: "d1-statement", database: undefined };
  return bases.includes("D1Database") ? { kind: "d1", node: declaration } : undefined;
}
