import type { Variable } from "../../parse/scopes.ts";
import type { OtherBindingKind } from "../../wrangler/types.ts";
import type { CallExpression, Class, FunctionNode, Node, ObjectExpression } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";
import type { Circles } from "./circles.ts";
import type { Definition } from "../modules.ts";
import type { Project } from "../project.ts";
import type { RequestContexts } from "./request-context.ts";

/** A namespace: all objects of a class. */
export interface NamespaceKind {
  readonly kind: "namespace";
  /** Its name in `env`; undefined when it only came in as a typed argument. */
  readonly binding?: string;
  /** The class, when a type argument, `ctx.exports` or the configuration names it. */
  readonly className?: string;
  /** Where it was taken from. */
  readonly node: Node;
}

/** How an object is addressed. */
export interface AddressKind {
  readonly kind: "object-id";
  readonly namespace: NamespaceKind | undefined;
  readonly from: "name" | "unique" | "string" | "unknown";
  /** The argument of `idFromName` or `idFromString`. */
  readonly name?: Node;
  /** The call that made the id. */
  readonly node: Node;
}

/** The client of one object. */
export interface StubKind {
  readonly kind: "stub";
  readonly namespace: NamespaceKind | undefined;
  readonly from: AddressKind["from"];
  /** The expression of the object's name; undefined when it is not known or the helper's default is used. */
  readonly name?: Node;
  /** The name a helper uses when it is given none, e.g. `cf-singleton-container`. */
  readonly defaultName?: string;
  /** The call that made the stub. */
  readonly node: Node;
}

/** A D1 database: a binding, or a value typed `D1Database`. */
export interface DatabaseKind {
  readonly kind: "d1";
  readonly binding?: string;
  readonly node: Node;
}

export interface SessionKind {
  readonly kind: "d1-session";
  readonly database: DatabaseKind | undefined;
  /** The `withSession` call, when it is in sight. */
  readonly call?: CallExpression;
}

export interface StatementKind {
  readonly kind: "d1-statement";
  readonly database: DatabaseKind | SessionKind | undefined;
  /** The `prepare` call. */
  readonly prepare?: CallExpression;
  /** The last `bind` call. */
  readonly bind?: CallExpression;
}

/** An ORM or query builder. `target` says whose SQLite it speaks to. */
export interface OrmKind {
  readonly kind: "orm";
  readonly library: string;
  readonly target: "d1" | "do" | "other" | "unknown";
  readonly database?: DatabaseKind | SessionKind;
  readonly node: Node;
}

/**
 * What an expression is, as far as the rules care. A promise counts as what it resolves to.
 * `undefined` everywhere means: not known, and nothing may be concluded from it.
 */
export type Kind =
  | { readonly kind: "env" }
  | { readonly kind: "context" /** anything with an `.env`: Hono's `c`, a loader's args */ }
  | { readonly kind: "execution-context" }
  | { readonly kind: "loopback-exports" /** `ctx.exports` */ }
  | NamespaceKind
  | AddressKind
  | StubKind
  | DatabaseKind
  | SessionKind
  | StatementKind
  | OrmKind
  | { readonly kind: "do-state"; readonly cls?: Class }
  | { readonly kind: "do-storage" }
  | { readonly kind: "do-sql" }
  | { readonly kind: "do-sql-tag" /** an Agent's `this.sql` tagged template */ }
  | { readonly kind: "do-kv" /** the synchronous key-value API */ }
  | { readonly kind: "websocket-pair" }
  | { readonly kind: "websocket"; readonly end: "client" | "server" | "outgoing" | "hibernating" | "unknown"; readonly node: Node }
  | { readonly kind: "binding"; readonly type: OtherBindingKind; readonly binding: string }
  | { readonly kind: "request" }
  | { readonly kind: "instance"; readonly cls: Class }
  | { readonly kind: "external-instance"; readonly module: string; readonly name: string; readonly node: Node }
  | { readonly kind: "class"; readonly cls: Class }
  | { readonly kind: "function"; readonly fn: FunctionNode }
  | { readonly kind: "module"; readonly file: SourceFile }
  | { readonly kind: "external"; readonly module: string; readonly name: string }
  | { readonly kind: "object"; readonly node: ObjectExpression }
  | { readonly kind: "typed"; readonly members: Node; /** interface or type literal */ readonly file: SourceFile }
  | { readonly kind: "array"; readonly element: Kind };

export type KindName = Kind["kind"];

/** A kind of the given name, or undefined. */
export function asKind<K extends KindName>(kind: Kind | undefined, name: K): Extract<Kind, { kind: K }> | undefined {
  return kind?.kind === name ? (kind as Extract<Kind, { kind: K }>) : undefined;
}

/** Database a session or database kind stands for. */
export function databaseOf(kind: DatabaseKind | SessionKind | undefined): DatabaseKind | undefined {
  return kind?.kind === "d1-session" ? kind.database : kind;
}

/** The questions that the parts of the evaluation ask each other. All answers are kept; undefined means not known. */
export interface Kinds {
  readonly project: Project;
  readonly circles: Circles;
  readonly contexts: RequestContexts;
  /** What an expression is. */
  kindOf(node: Node): Kind | undefined;
  /** What a type annotation says a value is. */
  kindOfType(type: Node): Kind | undefined;
  /** What a variable holds. */
  kindOfVariable(file: SourceFile, variable: Variable): Kind | undefined;
  /** What something declared is when it is used as a value. */
  kindOfDefinition(definition: Definition | undefined): Kind | undefined;
  /** What `owner.name` is. `at` is the node that asks, for places and files. */
  propertyKind(owner: Kind, name: string, at: Node): Kind | undefined;
  /** What a field or method of a class's instances is, looked up through bases. */
  fieldKind(cls: Class, name: string): Kind | undefined;
  /** What a function returns: the first return whose kind is known, then its annotation. */
  returnedBy(fn: FunctionNode): Kind | undefined;
  /** What an identifier or member expression stands for. */
  definitionOf(node: Node): Definition | undefined;
}
