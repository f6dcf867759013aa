import type { CallExpression, FunctionNode, MemberExpression, Node } from "../../parse/ast.ts";
import { calleeMember, calleeName, isCall, isFunction, isIdentifier, isMember, propertyName, unwrap, wrapped } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";
import { isJoined, isMapper } from "./joined-lists.ts";
import type { OrmKind } from "../kinds/kinds.ts";
import type { Project } from "../project.ts";
import { preparedStatement, query, textStatement, type D1Query, type QueryStatement } from "./query.ts";
import { batchElements } from "./query-batches.ts";
import { useOf } from "../runs.ts";
import type { StatementAction } from "./statement-words.ts";

const DRIZZLE_START = new Set(["select", "selectDistinct", "insert", "update", "delete", "run", "all", "get", "values", "batch", "transaction", "$count", "execute"]);
const DRIZZLE_QUERY = new Set(["findFirst", "findMany"]);
const DRIZZLE_RUN = new Set(["get", "all", "run", "values", "execute", "then"]);
const KYSELY_START = new Set(["selectFrom", "insertInto", "replaceInto", "updateTable", "deleteFrom", "mergeInto"]);
const KYSELY_RUN = new Set(["execute", "executeTakeFirst", "executeTakeFirstOrThrow", "stream"]);
const PRISMA_READS = new Set(["findUnique", "findUniqueOrThrow", "findFirst", "findFirstOrThrow", "findMany", "count", "aggregate", "groupBy"]);
const PRISMA_WRITES = new Set(["create", "createMany", "createManyAndReturn", "update", "updateMany", "updateManyAndReturn", "upsert", "delete", "deleteMany"]);
const PRISMA_RAW = new Set(["$queryRaw", "$queryRawUnsafe", "$executeRaw", "$executeRawUnsafe"]);
const QB_METHODS: Readonly<Record<string, StatementAction>> = {
  fetchOne: "read", fetchAll: "read", select: "read", insert: "write", update: "write", delete: "write", raw: "unknown", createTable: "ddl", dropTable: "ddl", batchExecute: "unknown", lazyFetch: "read",
};
const QB_RUN = new Set(["execute", "all", "one", "count", "batchExecute"]);
const D1_ORM_METHODS: Readonly<Record<string, StatementAction>> = {
  First: "read", All: "read", Count: "read", InsertOne: "write", InsertMany: "write", Update: "write", Upsert: "write", Delete: "write", CreateTable: "ddl", DropTable: "ddl",
};

/** The query builders that some file of the project mentions: methods as common as `get` are only looked into where their library is. */
export interface Builders {
  readonly drizzle: boolean;
  readonly kysely: boolean;
  readonly prisma: boolean;
  readonly workersQb: boolean;
  readonly d1Orm: boolean;
}

/** The query to D1 that a call `member(…)` of the name begins, by the builders in use; undefined when it is none. */
export function builderQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string, has: Builders): D1Query | undefined {
  for (const form of FORMS) {
    const found = has[form.builder] && form.begins(name) ? form.query(project, file, call, member, name) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** A way in which queries of a builder begin. */
interface BuilderForm {
  readonly builder: keyof Builders;
  readonly begins: (method: string) => boolean;
  readonly query: (project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string) => D1Query | undefined;
}

const FORMS: readonly BuilderForm[] = [
  { builder: "drizzle", begins: (method) => DRIZZLE_START.has(method), query: drizzleQuery },
  { builder: "drizzle", begins: (method) => DRIZZLE_QUERY.has(method), query: drizzleRelational },
  { builder: "kysely", begins: (method) => KYSELY_START.has(method), query: kyselyQuery },
  { builder: "prisma", begins: (method) => PRISMA_READS.has(method) || PRISMA_WRITES.has(method) || PRISMA_RAW.has(method) || method === "$transaction", query: prismaQuery },
  { builder: "workersQb", begins: (method) => method in QB_METHODS, query: workersQbQuery },
  { builder: "d1Orm", begins: (method) => method in D1_ORM_METHODS, query: d1OrmQuery },
];

/** The query that Prisma's raw SQL template makes. */
export function builderTemplate(project: Project, file: SourceFile, tagged: Extract<Node, { type: "TaggedTemplateExpression" }>): D1Query | undefined {
  const tag = unwrap(tagged.tag);
  const name = isMember(tag) ? propertyName(tag) : undefined;
  if (!isMember(tag) || name === undefined || !PRISMA_RAW.has(name)) return undefined;
  const orm = ormOf(project, file, tag.object, "prisma");
  return orm && query(file, tagged, orm.database, "prisma", name, false, [textStatement(project, tagged)]);
}

/** The statements of `db.batch(list)`: elements of the list, what is pushed to it, what a callback maps to. */
export function batchStatements(project: Project, list: Node): readonly QueryStatement[] {
  return batchElements(project, list, 0).flatMap((element) => {
    const kind = project.kindOf(element);
    if (kind?.kind === "d1-statement") return [preparedStatement(project, kind, "batch")];
    const builder = builderStatement(project, element);
    return builder ? [builder] : [];
  });
}

/** The ORM an expression is, when it speaks to D1. */
function ormOf(project: Project, file: SourceFile, node: Node, library: string): OrmKind | undefined {
  const kind = project.kindOf(node);
  return kind?.kind === "orm" && kind.library === library && targetOfOrm(project, file, kind) === "d1" ? kind : undefined;
}

/** What an ORM in a file speaks to; where its database is not in sight, what its package has the adapter for. */
export function targetOfOrm(project: Project, file: SourceFile, orm: OrmKind): OrmKind["target"] {
  return orm.target === "unknown" && dependsOnD1(project, file, orm.library) ? "d1" : orm.target;
}

/** An ORM whose database is not in sight speaks to D1 when its package has the D1 adapter. */
function dependsOnD1(project: Project, file: SourceFile, library: string): boolean {
  const adapter = library === "prisma" ? /@prisma\/adapter-d1/ : library === "kysely" ? /kysely-d1/ : undefined;
  if (!adapter) return false;
  const manifests = project.checkout.packages.filter((candidate) => candidate.dir === "" || file.path.startsWith(`${candidate.dir}/`));
  return manifests.some((candidate) => adapter.test(project.checkout.read(candidate.dir === "" ? "package.json" : `${candidate.dir}/package.json`) ?? ""));
}

/** The outermost call of the chain that a call starts: `db.select().from(x).where(y)`, and the methods on the way. */
function chainOf(call: CallExpression): { last: CallExpression; methods: readonly { name: string; call: CallExpression }[] } {
  const methods: { name: string; call: CallExpression }[] = [];
  let last = call;
  for (;;) {
    const member = wrapped(last).parent;
    if (!isMember(member) || unwrap(member.object) !== last) break;
    const next = wrapped(member).parent;
    if (!isCall(next) || unwrap(next.callee) !== member) break;
    methods.push({ name: propertyName(member) ?? "", call: next });
    last = next;
  }
  return { last, methods };
}

/** Whether a lazy builder is executed where it stands, or kept in a variable that is awaited: then the node that runs it. */
function executionOf(file: SourceFile, last: CallExpression, methods: readonly { name: string; call: CallExpression }[], run: ReadonlySet<string>, lazy: boolean): CallExpression | undefined {
  // `insert(t).values(row)` only builds; `select().values()` runs.
  const first = methods.findIndex((method) => run.has(method.name) && !(method.name === "values" && method.call.arguments.length > 0));
  // What `then` is given runs after the query, and may make another one.
  if (first > 0 && methods[first]?.name === "then") return methods[first - 1]?.call ?? last;
  if (first >= 0) return last;
  if (!lazy) return undefined;
  const use = useOf(last);
  if (use === "awaited" || use === "background") return last;
  if (use === "joined" || use === "returned") {
    // A builder handed out by a function that is not async may also be a part of a batch or a subquery.
    const fn = enclosing(last);
    if (fn?.async) return last;
    return (use === "joined" || isMapper(fn)) && isJoined(file, last, 0) ? last : undefined;
  }
  if (use === "kept") {
    if (isJoined(file, last, 0)) return last;
    const declarator = keptIn(last);
    if (declarator && declarator.id.type === "Identifier") {
      const { id } = declarator;
      const awaited = (file.identifiers.get(id.name) ?? []).some((reference) => reference !== id && reference.start > declarator.end && isAwaitedReference(reference));
      return awaited ? last : undefined;
    }
  }
  return undefined;
}

function keptIn(node: Node): Extract<Node, { type: "VariableDeclarator" }> | undefined {
  const parent = wrapped(node).parent;
  return parent?.type === "VariableDeclarator" ? parent : undefined;
}

/** `await q`, `await q.where(…)`, `Promise.all([q, …])`. */
function isAwaitedReference(reference: Node): boolean {
  let current: Node = reference;
  for (;;) {
    const member = wrapped(current).parent;
    if (!isMember(member) || unwrap(member.object) !== current) break;
    const call = wrapped(member).parent;
    if (!isCall(call) || unwrap(call.callee) !== member) break;
    current = call;
  }
  const use = useOf(current);
  return use === "awaited" || use === "joined";
}

function enclosing(node: Node): FunctionNode | undefined {
  for (let current = node.parent ?? undefined; current; current = current.parent ?? undefined) if (isFunction(current)) return current;
  return undefined;
}

function drizzleQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  // `.get()`, `.all()` and `.run()` also end chains: only a start on the database itself counts here.
  const orm = ormOf(project, file, member.object, "drizzle");
  if (!orm) return undefined;
  if (name === "transaction") return undefined;
  const [argument] = call.arguments;
  if (name === "batch") return query(file, call, orm.database, "drizzle", name, true, argument ? batchStatements(project, argument) : []);
  if (name === "run" || name === "all" || name === "get" || name === "values" || name === "execute")
    return argument ? query(file, call, orm.database, "drizzle", name, false, [textStatement(project, argument)]) : undefined;
  const { last, methods } = chainOf(call);
  const run = executionOf(file, last, methods, DRIZZLE_RUN, true);
  if (!run) return undefined;
  // Not waited for it is a sub-select: `set({ posts: db.$count(post) })`.
  if (name === "$count") return query(file, run, orm.database, "drizzle", name, false, [{ action: "read", texts: [], reads: names([argument]), writes: [] }]);
  return query(file, run, orm.database, "drizzle", name, false, [drizzleStatement(call, name, methods)]);
}

function drizzleStatement(call: CallExpression, name: string, methods: readonly { name: string; call: CallExpression }[]): QueryStatement {
  const sources = methods.filter((method) => method.name === "from" || /[jJ]oin$/.test(method.name)).map((method) => method.call.arguments[0]);
  const isRead = name === "select" || name === "selectDistinct";
  return { action: isRead ? "read" : "write", texts: [], reads: names(sources), writes: isRead ? [] : names([call.arguments[0]]) };
}

function drizzleRelational(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  const table = unwrap(member.object);
  const root = isMember(table) ? unwrap(table.object) : undefined;
  if (!isMember(table) || !root || !isMember(root) || propertyName(root) !== "query") return undefined;
  const orm = ormOf(project, file, root.object, "drizzle");
  if (!orm) return undefined;
  const { last, methods } = chainOf(call);
  const run = executionOf(file, last, methods, DRIZZLE_RUN, true);
  const tableName = propertyName(table);
  return run ? query(file, run, orm.database, "drizzle", name, false, [{ action: "read", texts: [], reads: tableName === undefined ? [] : [tableName], writes: [] }]) : undefined;
}

function kyselyQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  const orm = ormOf(project, file, member.object, "kysely");
  if (!orm) return undefined;
  const { last, methods } = chainOf(call);
  if (!methods.some((method) => KYSELY_RUN.has(method.name))) return undefined;
  const [argument] = call.arguments;
  const text = argument ? project.constants.constantOf(argument)?.value.split(/\s/)[0] : undefined;
  const tables = text === undefined ? [] : [text];
  const isRead = name === "selectFrom";
  return query(file, last, orm.database, "kysely", name, false, [{ action: isRead ? "read" : "write", texts: [], reads: isRead ? tables : [], writes: isRead ? [] : tables }]);
}

function prismaQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  if (PRISMA_RAW.has(name)) {
    const orm = ormOf(project, file, member.object, "prisma");
    const [argument] = call.arguments;
    return orm && argument ? query(file, call, orm.database, "prisma", name, false, [textStatement(project, argument)]) : undefined;
  }
  if (name === "$transaction") {
    const orm = ormOf(project, file, member.object, "prisma");
    const [argument] = call.arguments;
    if (!orm || !argument || isFunction(unwrap(argument))) return undefined;
    return query(file, call, orm.database, "prisma", name, true, batchStatements(project, argument));
  }
  const model = unwrap(member.object);
  if (!isMember(model)) return undefined;
  const orm = ormOf(project, file, model.object, "prisma");
  const table = propertyName(model);
  if (!orm || table === undefined) return undefined;
  // Inside `$transaction([…])` the call makes a part of it.
  const list = wrapped(call).parent;
  const holder = list?.type === "ArrayExpression" ? list.parent : undefined;
  if (isCall(holder) && calleeName(holder) === "$transaction") return undefined;
  const isRead = PRISMA_READS.has(name);
  return query(file, call, orm.database, "prisma", name, false, [{ action: isRead ? "read" : "write", texts: [], reads: isRead ? [table] : [], writes: isRead ? [] : [table] }]);
}

function workersQbQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  const orm = ormOf(project, file, member.object, "workers-qb");
  if (!orm) return undefined;
  const { last, methods } = chainOf(call);
  if (!methods.some((method) => QB_RUN.has(method.name)) && name !== "batchExecute") return undefined;
  const action = QB_METHODS[name] ?? "unknown";
  const [argument] = call.arguments;
  const table = argument?.type === "ObjectExpression" ? argument.properties.flatMap((property) => (property.type === "Property" && isIdentifier(property.key, "tableName") ? [project.constants.constantOf(property.value)?.value] : [])).find((text) => text !== undefined)
    : argument ? project.constants.constantOf(argument)?.value : undefined;
  const tables = table === undefined ? [] : [table];
  return query(file, last, orm.database, "workers-qb", name, name === "batchExecute", [{ action, texts: [], reads: action === "read" ? tables : [], writes: action === "write" ? tables : [] }]);
}

function d1OrmQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  const kind = project.kindOf(member.object);
  if (kind?.kind !== "external-instance" || kind.module !== "d1-orm") return undefined;
  const action = D1_ORM_METHODS[name] ?? "unknown";
  return query(file, call, undefined, "d1-orm", name, false, [{ action, texts: [], reads: [], writes: [] }]);
}

/** A builder given to `batch`. */
function builderStatement(project: Project, node: Node): QueryStatement | undefined {
  const chain: { name: string; call: CallExpression }[] = [];
  let current = unwrap(node);
  while (isCall(current)) {
    const member = calleeMember(current);
    const name = member ? propertyName(member) : undefined;
    if (!member || name === undefined) return undefined;
    const kind = project.kindOf(member.object);
    if (kind?.kind === "orm" && kind.library === "drizzle") return drizzleStatement(current, name, chain);
    if (kind === undefined && isMember(unwrap(member.object)) && PRISMA_WRITES.has(name)) return { action: "write", texts: [], reads: [], writes: [(propertyName(unwrap(member.object) as MemberExpression) ?? "")] };
    chain.push({ name, call: current });
    current = unwrap(member.object);
  }
  return undefined;
}

/** Tables as the code names them: the last name of each expression. */
function names(nodes: readonly (Node | undefined)[]): readonly string[] {
  return nodes.flatMap((raw) => {
    const node = raw ? unwrap(raw) : undefined;
    const name = isIdentifier(node) ? node.name : isMember(node) ? propertyName(node) : undefined;
    return name === undefined ? [] : [name];
  });
}
