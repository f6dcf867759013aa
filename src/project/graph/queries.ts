import type { CallExpression, FunctionNode, MemberExpression, Node } from "../parse/ast.ts";
import { callbackOf, calleeMember, calleeName, isCall, isClass, isFunction, isIdentifier, isMember, propertyName, unwrap, wrapped } from "../parse/ast.ts";
import type { Variable } from "../parse/scopes.ts";
import { nodesOf, type SourceFile } from "../parse/source-file.ts";
import { controlFlow } from "../flow/flow.ts";
import type { CallSite } from "./calls.ts";
import type { DatabaseKind, OrmKind, SessionKind, StatementKind } from "./kinds.ts";
import { falsified, type KnownArguments, knownArguments } from "./known-arguments.ts";
import type { Project } from "./project.ts";
import { templateText, textsOf, type TextTemplate } from "./statement-text.ts";
import { readStatement, type StatementAction } from "./statement-words.ts";

/** One SQL statement of a query, or what a query builder makes one of. */
export interface QueryStatement {
  readonly action: StatementAction;
  /** The texts it may have, with holes; empty for builders. */
  readonly texts: readonly TextTemplate[];
  /** Tables read, as the code names them; compare them with `sameTable`. */
  readonly reads: readonly string[];
  /** Tables written. */
  readonly writes: readonly string[];
  /** The `prepare` call. */
  readonly prepare?: CallExpression;
  /** Arguments of `bind`, spreads included; undefined when there is no `bind`. */
  readonly bound?: readonly Node[];
}

/** What becomes of a query's promise. */
export type QueryUse =
  /** `await` at the query itself. */
  | "awaited"
  /** Joined with others: an element of `Promise.all([…])`, or returned by a callback of `map`. */
  | "joined"
  /** Handed to the caller. */
  | "returned"
  /** Kept in a variable, a field or a list, to be awaited later. */
  | "kept"
  /** Given to `waitUntil`, `after` and the like. */
  | "background"
  /** Nobody waits for it. */
  | "dropped";

/** A place where D1 is asked. */
export interface D1Query {
  /** The call that executes: `.first()`, `db.batch()`, or the last call of a builder's chain. */
  readonly node: CallExpression | Extract<Node, { type: "TaggedTemplateExpression" }>;
  readonly file: SourceFile;
  /** The database or session asked, when it is in sight. */
  readonly database: DatabaseKind | SessionKind | undefined;
  /** Whether it runs on a session of `withSession`. */
  readonly session: boolean;
  readonly via: "d1" | "drizzle" | "kysely" | "prisma" | "workers-qb" | "d1-orm";
  /** `first`, `all`, `run`, `raw`, `batch`, `exec`; a builder's method: `select`, `findMany`, … */
  readonly method: string;
  /** Several statements in one round trip. */
  readonly batch: boolean;
  readonly action: StatementAction;
  /** One; for a batch those in sight. */
  readonly statements: readonly QueryStatement[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly use: QueryUse;
}

/** A query that a call leads to. */
export interface ReachedQuery {
  readonly query: D1Query;
  /** The calls on the way, the asked one first; empty for a query in the code itself. */
  readonly path: readonly CallSite[];
}

/** How many calls away a query is still seen. */
const REACH_DEPTH = 5;
const REACH_LIMIT = 60;

const D1_METHODS = new Set(["first", "all", "run", "raw"]);
const DATABASE_METHODS = new Set(["batch", "exec"]);
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

/** Calls that keep a callback for later instead of running it before they return. */
const LATER = /^(?:addEventListener|on|once|off|setTimeout|setInterval|queueMicrotask|get|post|put|patch|delete|del|options|head|use|route|all|notFound|onError|subscribe|effect|useEffect|useCallback|useMemo|tool|registerTool|resource|prompt|createServerFn|handler|command|action|query|mutation|middleware|callbackQuery|hears|defineEventHandler|eventHandler)$/;

const tables = new WeakMap<Project, QueryTable>();

/** The D1 queries of a project. Worked out once, when first asked. */
export function queriesOf(project: Project): QueryTable {
  let table = tables.get(project);
  if (!table) tables.set(project, (table = new QueryTable(project)));
  return table;
}

/** Every place where D1 is asked, and which calls lead there. Receivers that are not known give nothing. */
export class QueryTable {
  readonly #project: Project;
  #all: readonly D1Query[] | undefined;
  readonly #byFile = new Map<SourceFile, readonly D1Query[]>();
  readonly #byRoot = new Map<SourceFile, ReadonlyMap<Node, readonly D1Query[]>>();
  readonly #reachedBy = new Map<CallSite, readonly ReachedQuery[]>();
  readonly #runs = new Map<FunctionNode, readonly ReachedQuery[]>();
  readonly #calls = new Map<SourceFile, ReadonlyMap<Node, readonly CallSite[]>>();
  #leading: ReadonlySet<CallSite> | undefined;
  readonly #leadingNames = new Set<string>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** The queries of every file that rules run on, in order of path and place. */
  get all(): readonly D1Query[] {
    return (this.#all ??= this.#project.files.flatMap((file) => this.in(file)));
  }

  /** The queries in a file, in source order. */
  in(file: SourceFile): readonly D1Query[] {
    const known = this.#byFile.get(file);
    if (known) return known;
    this.#byFile.set(file, []);
    const found = collect(this.#project, file);
    this.#byFile.set(file, found);
    const tagged = this.#tagged(file);
    if (tagged.length === 0) return found;
    const all = [...found, ...tagged].sort((a, b) => a.node.start - b.node.start);
    this.#byFile.set(file, all);
    this.#byRoot.delete(file);
    return all;
  }

  /** Statements of a project's own tag that runs them: `` await sql`SELECT …` ``. */
  #tagged(file: SourceFile): readonly D1Query[] {
    return nodesOf(file, "TaggedTemplateExpression").flatMap((node) => {
      const definition = node.tag.type === "Identifier" ? this.#project.definitionOf(node.tag) : undefined;
      if (definition?.type !== "function") return [];
      const inner = this.inFunction(definition.node).find((candidate) => candidate.via === "d1" && !candidate.batch);
      return inner ? [query(file, node, inner.database, "d1", "sql", false, [textStatement(this.#project, node)])] : [];
    });
  }

  /** Queries that run as part of a function's own code, callbacks that run in place included. */
  inFunction(fn: FunctionNode): readonly D1Query[] {
    const file = this.#project.fileOf(fn);
    let byRoot = this.#byRoot.get(file);
    if (!byRoot) {
      const table = new Map<Node, D1Query[]>();
      for (const query of this.in(file)) {
        const root = runRoot(query.node);
        if (!root) continue;
        const list = table.get(root);
        if (list) list.push(query);
        else table.set(root, [query]);
      }
      this.#byRoot.set(file, (byRoot = table));
    }
    return byRoot.get(fn) ?? [];
  }

  /** Calls that run as part of a function's own code, callbacks that run in place included. */
  callsIn(fn: FunctionNode): readonly CallSite[] {
    const file = this.#project.fileOf(fn);
    let byRoot = this.#calls.get(file);
    if (!byRoot) {
      const table = new Map<Node, CallSite[]>();
      for (const call of [...file.calls, ...file.news]) {
        const root = runRoot(call);
        if (!root) continue;
        const list = table.get(root);
        if (list) list.push(call);
        else table.set(root, [call]);
      }
      this.#calls.set(file, (byRoot = table));
    }
    return byRoot.get(fn) ?? [];
  }

  /**
   * The queries that a call leads to in the functions of the project that it runs, up to five calls away. Branches that the
   * arguments in sight rule out (`get(id)` where the query is behind a flag that is left out) do not count.
   */
  reached(call: CallSite): readonly ReachedQuery[] {
    const known = this.#reachedBy.get(call);
    if (known) return known;
    const found = this.#reached(call, REACH_DEPTH, new Map(), new Set()).map(({ query, path }) => ({ query: specialised(this.#project, query, path), path }));
    this.#reachedBy.set(call, found);
    return found;
  }

  /** The queries that run when a function runs: its own, and those of the functions it calls. */
  runBy(fn: FunctionNode): readonly ReachedQuery[] {
    const known = this.#runs.get(fn);
    if (known) return known;
    const found = this.#run(fn, REACH_DEPTH, new Map(), new Set());
    this.#runs.set(fn, found);
    return found;
  }

  /** Finds all queries, and the calls that may lead to them. */
  prepare(): void {
    this.#leadingCalls();
  }

  /** Whether a call may lead to a query: the cheap question before `reached`. */
  mayReach(call: CallSite): boolean {
    return this.#leadingCalls().has(call);
  }

  /** Whether a function of this name may lead to a query. */
  mayRun(name: string): boolean {
    this.#leadingCalls();
    return this.#leadingNames.has(name);
  }

  #reached(call: CallSite, depth: number, known: KnownArguments, active: Set<FunctionNode>): readonly ReachedQuery[] {
    if (depth <= 0 || !this.#leadingCalls().has(call)) return [];
    const found: ReachedQuery[] = [];
    for (const fn of this.#project.calls.targetsOf(call)) {
      if (active.has(fn)) continue;
      const bound = knownArguments(this.#project, fn, call, known);
      active.add(fn);
      const inner = bound.size === 0 && depth === REACH_DEPTH && active.size === 1 ? this.runBy(fn) : this.#run(fn, depth, bound, active);
      active.delete(fn);
      for (const { query, path } of inner) found.push({ query, path: [call, ...path] });
      if (found.length > REACH_LIMIT) break;
    }
    return found;
  }

  #run(fn: FunctionNode, depth: number, known: KnownArguments, active: Set<FunctionNode>): readonly ReachedQuery[] {
    const found: ReachedQuery[] = [];
    const runs = (node: Node): boolean => known.size === 0 || !falsified(controlFlow(fn), node, known, this.#project);
    for (const query of this.inFunction(fn)) if (runs(query.node)) found.push({ query, path: [] });
    if (depth > 1)
      for (const call of this.callsIn(fn)) {
        const inner = this.#reached(call, depth - 1, known, active);
        if (inner.length > 0 && runs(call)) found.push(...inner);
        if (found.length > REACH_LIMIT) break;
      }
    return found;
  }

  /**
   * The calls that may lead to a query, found backwards from the queries: almost no call does, and asking each where it leads
   * would resolve every call of the project.
   */
  #leadingCalls(): ReadonlySet<CallSite> {
    if (this.#leading) return this.#leading;
    const leading = new Set<CallSite>();
    const seen = new Set<FunctionNode>();
    let frontier = new Set<FunctionNode>();
    for (const query of this.all) {
      const root = runRoot(query.node);
      if (root) frontier.add(root);
    }
    for (let depth = 0; depth < REACH_DEPTH && frontier.size > 0; depth++) {
      const next = new Set<FunctionNode>();
      for (const fn of frontier) {
        if (seen.has(fn)) continue;
        seen.add(fn);
        for (const name of this.#project.calls.namesOf(fn)) this.#leadingNames.add(name);
        for (const call of this.#project.calls.callersOf(fn)) {
          leading.add(call);
          const root = runRoot(call);
          if (root && !seen.has(root)) next.add(root);
        }
      }
      frontier = next;
    }
    return (this.#leading = leading);
  }
}

/**
 * A query of a helper that is given its SQL, with the text that this way of calls gives it: `run(db, "DELETE FROM a")` and
 * `run(db, "SELECT …")` are two things, although one statement in the helper makes both.
 */
function specialised(project: Project, query: D1Query, path: readonly CallSite[]): D1Query {
  const [statement, ...others] = query.statements;
  const text = statement?.prepare?.arguments[0];
  if (query.via !== "d1" || query.batch || !statement || !text || text.type === "SpreadElement" || others.length > 0 || path.length === 0) return query;
  const calls = [...path].reverse();
  const given = argumentOf(project, text, calls);
  const texts = given ? textsOf(project, given) : filledIn(project, text, calls);
  if (!texts) return query;
  const read = readStatements(texts);
  const action = read.action !== "unknown" ? read.action : statement.action;
  return { ...query, action, reads: read.reads, writes: read.writes, statements: [{ ...statement, ...read, action, texts }] };
}

/** What a parameter is given along a way of calls, the innermost first; undefined for anything else. */
function argumentOf(project: Project, node: Node, calls: readonly CallSite[]): Node | undefined {
  let text = node;
  let given: Node | undefined;
  for (const call of calls) {
    const value = unwrap(text);
    const variable: Variable | undefined = value.type === "Identifier" ? project.fileOf(value).scopes.resolve(value) : undefined;
    const fn: Node | undefined = variable?.kind === "parameter" ? variable.declaration : undefined;
    if (!variable || !isFunction(fn)) break;
    const index = fn.params.findIndex((parameter) => parameter === variable.node);
    const argument = project.calls.targetsOf(call).includes(fn) ? call.arguments[index] : undefined;
    if (!argument || argument.type === "SpreadElement") break;
    text = argument;
    given = argument;
  }
  return given;
}

/** A helper's template (`INSERT INTO ${table} …`) with the names that this way of calls puts into it; undefined where it puts none. */
function filledIn(project: Project, text: Node, calls: readonly CallSite[]): readonly TextTemplate[] | undefined {
  const template = unwrap(text);
  if (template.type !== "TemplateLiteral") return undefined;
  const parts: (string | Node)[] = [];
  let filled = false;
  for (const [index, quasi] of template.quasis.entries()) {
    parts.push(quasi.value.cooked ?? quasi.value.raw);
    const expression = template.expressions[index];
    if (!expression) continue;
    const argument = argumentOf(project, expression, calls);
    const name = argument && project.constants.constantOf(argument)?.value;
    if (name !== undefined) filled = true;
    parts.push(name ?? expression);
  }
  return filled ? [{ parts }] : undefined;
}

/** The function whose run a node is part of: the one around it or, where that is a callback handed to a call, the one around that. */
export function runRoot(node: Node): FunctionNode | undefined {
  for (let current = node.parent ?? undefined; current; current = current.parent ?? undefined) {
    if (isClass(current)) return undefined;
    if (!isFunction(current)) continue;
    if (!runsWithItsSurroundings(current)) return current;
  }
  return undefined;
}

/** Whether a function is handed to a call that runs it there, or is called where it stands. */
export function runsWithItsSurroundings(fn: FunctionNode): boolean {
  const outer = wrapped(fn);
  if (outer.parent?.type === "CallExpression" && outer.parent.callee === outer) return true;
  if (outer.parent?.type === "NewExpression") return isIdentifier(outer.parent.callee, "Promise");
  const callback = callbackOf(fn);
  if (!callback) return false;
  const name = calleeName(callback.call);
  return name === undefined || !LATER.test(name);
}

/** What becomes of the promise that a node gives. */
export function useOf(node: Node): QueryUse {
  let current = wrapped(node);
  for (let parent = current.parent ?? undefined; parent; parent = current.parent ?? undefined) {
    switch (parent.type) {
      case "AwaitExpression":
        return "awaited";
      case "ForOfStatement":
        return parent.right === current && parent.await ? "awaited" : "dropped";
      case "ReturnStatement":
        return "returned";
      case "ExpressionStatement":
        return "dropped";
      case "VariableDeclarator":
      case "AssignmentExpression":
      case "PropertyDefinition":
        return "kept";
      case "UnaryExpression":
        return "dropped";
      case "MemberExpression": {
        // `.then(…)`, `.catch(…)`: the chain's promise goes on.
        const call = wrapped(parent).parent;
        if (parent.object === current && isCall(call) && ["then", "catch", "finally"].includes(propertyName(parent) ?? "")) {
          current = wrapped(call);
          continue;
        }
        return "kept";
      }
      case "ArrayExpression":
      case "ConditionalExpression":
      case "LogicalExpression":
      case "SpreadElement":
      case "SequenceExpression":
        current = wrapped(parent);
        continue;
      case "ArrowFunctionExpression": {
        const callback = callbackOf(parent);
        if (!callback) return "returned";
        const name = calleeName(callback.call);
        if (name === "map" || name === "flatMap") return "joined";
        if (name === "forEach") return "dropped";
        if (name === "then" || name === "catch" || name === "finally") {
          current = wrapped(callback.call);
          continue;
        }
        return "returned";
      }
      case "CallExpression": {
        const name = calleeName(parent);
        if (name === "waitUntil" || name === "after" || name === "passThroughOnException") return "background";
        const member = calleeMember(parent);
        if (member && isIdentifier(unwrap(member.object), "Promise")) return "joined";
        return "kept";
      }
      default:
        return "kept";
    }
  }
  return "dropped";
}

/** What some file of the project mentions. Methods as common as `get` are only looked into where their library is. */
interface Mentions {
  readonly d1: boolean;
  readonly drizzle: boolean;
  readonly kysely: boolean;
  readonly prisma: boolean;
  readonly workersQb: boolean;
  readonly d1Orm: boolean;
}

const mentions = new WeakMap<Project, Mentions>();

function mentionsOf(project: Project): Mentions {
  let found = mentions.get(project);
  if (found) return found;
  const some = (pattern: RegExp): boolean => project.files.some((file) => pattern.test(file.text));
  found = {
    d1: project.files.some((file) => file.members.has("prepare") || file.members.has("exec")), drizzle: some(/drizzle/i), kysely: some(/kysely/i),
    prisma: some(/prisma/i), workersQb: some(/workers-qb/), d1Orm: some(/d1-orm/),
  };
  mentions.set(project, found);
  return found;
}

function collect(project: Project, file: SourceFile): readonly D1Query[] {
  const has = mentionsOf(project);
  if (!Object.values(has).some(Boolean)) return [];
  const found = new Map<Node, D1Query>();
  const add = (query: D1Query | undefined): void => {
    if (query && !found.has(query.node)) found.set(query.node, query);
  };
  for (const call of file.calls) {
    const member = calleeMember(call);
    const name = member ? propertyName(member) : undefined;
    if (!member || name === undefined) continue;
    if (has.d1 && D1_METHODS.has(name)) add(statementQuery(project, file, call, member, name));
    if (DATABASE_METHODS.has(name)) add(databaseQuery(project, file, call, member, name));
    if (has.drizzle && DRIZZLE_START.has(name)) add(drizzleQuery(project, file, call, member, name));
    else if (has.drizzle && DRIZZLE_QUERY.has(name)) add(drizzleRelational(project, file, call, member, name));
    if (has.kysely && KYSELY_START.has(name)) add(kyselyQuery(project, file, call, member, name));
    if (has.prisma && (PRISMA_READS.has(name) || PRISMA_WRITES.has(name) || PRISMA_RAW.has(name) || name === "$transaction")) add(prismaQuery(project, file, call, member, name));
    if (has.workersQb && name in QB_METHODS) add(workersQbQuery(project, file, call, member, name));
    if (has.d1Orm && name in D1_ORM_METHODS) add(d1OrmQuery(project, file, call, member, name));
  }
  for (const tagged of nodesOf(file, "TaggedTemplateExpression")) {
    const tag = unwrap(tagged.tag);
    if (isMember(tag) && PRISMA_RAW.has(propertyName(tag) ?? "")) {
      const orm = ormOf(project, file, tag.object, "prisma");
      if (orm) add(query(file, tagged, orm.database, "prisma", propertyName(tag) ?? "", false, [textStatement(project, tagged)]));
    }
  }
  return [...found.values()].sort((a, b) => a.node.start - b.node.start);
}

function query(
  file: SourceFile, node: D1Query["node"], database: D1Query["database"], via: D1Query["via"], method: string, batch: boolean, statements: readonly QueryStatement[],
): D1Query {
  const unique = (all: readonly string[]): readonly string[] => all.filter((name, index) => all.findIndex((other) => sameTable(other, name)) === index);
  return {
    node, file, database, via, method, batch, statements,
    session: database?.kind === "d1-session",
    action: actionOf(statements),
    reads: unique(statements.flatMap((statement) => statement.reads)),
    writes: unique(statements.flatMap((statement) => statement.writes)),
    use: useOf(node),
  };
}

/** Whether two names mean the same table: SQLite does not tell upper from lower case. */
export function sameTable(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function actionOf(statements: readonly QueryStatement[]): StatementAction {
  const actions = new Set(statements.map((statement) => statement.action));
  for (const action of ["write", "ddl", "unknown", "read"] as const) if (actions.has(action)) return action;
  return "unknown";
}

// ── D1 itself ──────────────────────────────────────────────────────────────────────────────────────────────────────

function statementQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  const kind = project.kindOf(member.object);
  if (kind?.kind !== "d1-statement") return undefined;
  return query(file, call, kind.database, "d1", name, false, [preparedStatement(project, kind, name)]);
}

function preparedStatement(project: Project, kind: StatementKind, method: string): QueryStatement {
  const { prepare, bind } = kind;
  const [source] = prepare?.arguments ?? [];
  const texts = source && source.type !== "SpreadElement" ? textsOf(project, source) : [];
  const read = readStatements(texts);
  // A text that cannot be seen: `run` is how writes are sent, the others return rows.
  const action = read.action !== "unknown" ? read.action : method === "run" ? "write" : method === "batch" ? "unknown" : "read";
  return { ...read, action, texts, ...(prepare ? { prepare } : {}), ...(bind ? { bound: bind.arguments } : {}) };
}

function readStatements(texts: readonly TextTemplate[]): { action: StatementAction; reads: readonly string[]; writes: readonly string[] } {
  const all = texts.map((text) => readStatement(templateText(text)));
  const known = all.filter((statement) => statement.action !== "unknown");
  const actions = new Set(known.map((statement) => statement.action));
  const action = actions.has("write") ? "write" : (known[0]?.action ?? "unknown");
  return { action, reads: all.flatMap((statement) => statement.reads), writes: all.flatMap((statement) => statement.writes) };
}

function textStatement(project: Project, node: Node): QueryStatement {
  const texts = textsOf(project, node);
  return { ...readStatements(texts), texts };
}

function databaseQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  const kind = project.kindOf(member.object);
  if (kind?.kind !== "d1" && kind?.kind !== "d1-session") return undefined;
  const [argument] = call.arguments;
  if (!argument || argument.type === "SpreadElement") return undefined;
  if (name === "exec") {
    const statement = textStatement(project, argument);
    // `exec` takes no parameters and is for maintenance: a text that cannot be seen is most likely a schema.
    return query(file, call, kind, "d1", name, false, [statement.action === "unknown" ? { ...statement, action: "ddl" } : statement]);
  }
  return query(file, call, kind, "d1", name, true, batchStatements(project, argument));
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

/** The expressions that end up in a list of statements, as far as they are in sight. */
export function batchElements(project: Project, raw: Node, depth: number): readonly Node[] {
  const node = unwrap(raw);
  if (depth > 6) return [];
  switch (node.type) {
    case "ArrayExpression":
      return node.elements.flatMap((element) => (!element ? [] : element.type === "SpreadElement" ? batchElements(project, element.argument, depth + 1) : [element]));
    case "AwaitExpression":
      return batchElements(project, node.argument, depth + 1);
    case "ConditionalExpression":
      return [...batchElements(project, node.consequent, depth + 1), ...batchElements(project, node.alternate, depth + 1)];
    case "LogicalExpression":
      return [...batchElements(project, node.left, depth + 1), ...batchElements(project, node.right, depth + 1)];
    case "Identifier":
    case "MemberExpression":
      return listElements(project, node, depth);
    case "CallExpression": {
      const member = calleeMember(node);
      const name = member ? propertyName(member) : undefined;
      const [first] = node.arguments;
      if (member && first && (name === "map" || name === "flatMap")) return returnedBy(project, first).flatMap((value) => (name === "flatMap" ? batchElements(project, value, depth + 1) : [value]));
      if (member && name !== undefined && ["filter", "slice", "concat", "splice", "flat", "reverse", "toReversed"].includes(name)) return batchElements(project, member.object, depth + 1);
      return project.targetsOf(node).flatMap((fn) => returnedBy(project, fn).flatMap((value) => batchElements(project, value, depth + 1)));
    }
    default:
      return [];
  }
}

function listElements(project: Project, node: Node, depth: number): readonly Node[] {
  const file = project.fileOf(node);
  const variable = file.scopes.resolve(node);
  const found: Node[] = [];
  if (variable?.declaration.type === "VariableDeclarator" && variable.declaration.init && variable.declaration.id.type === "Identifier")
    found.push(...batchElements(project, variable.declaration.init, depth + 1));
  const name = isMember(node) ? propertyName(node) : undefined;
  const uses = variable ? (file.identifiers.get(variable.name) ?? []).filter((use) => file.scopes.resolve(use) === variable) : name !== undefined ? (file.members.get(name) ?? []) : [];
  for (const use of uses) {
    const member = wrapped(use).parent;
    const call = isMember(member) && member.object === wrapped(use) ? wrapped(member).parent : undefined;
    if (isMember(member) && isCall(call) && ["push", "unshift"].includes(propertyName(member) ?? ""))
      for (const argument of call.arguments) found.push(...(argument.type === "SpreadElement" ? batchElements(project, argument.argument, depth + 1) : [argument]));
  }
  return found;
}

/** What a function returns: its body's expression, or the arguments of its `return`s. */
export function returnedBy(project: Project, node: Node): readonly Node[] {
  const value = unwrap(node);
  const fn = isFunction(value) ? value : undefined;
  const kind = fn ? undefined : project.kindOf(value);
  const target = fn ?? (kind?.kind === "function" ? kind.fn : undefined);
  if (!target?.body) return [];
  if (target.body.type !== "BlockStatement") return [target.body];
  const file = project.fileOf(target);
  return nodesOf(file, "ReturnStatement").flatMap((statement) => {
    if (!statement.argument || statement.start < target.start || statement.end > target.end) return [];
    for (let current = statement.parent ?? undefined; current && current !== target; current = current.parent ?? undefined) if (isFunction(current)) return [];
    return [statement.argument];
  });
}

// ── Builders ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The ORM an expression is, when it speaks to D1. */
function ormOf(project: Project, file: SourceFile, node: Node, library: string): OrmKind | undefined {
  const kind = project.kindOf(node);
  if (kind?.kind !== "orm" || kind.library !== library) return undefined;
  if (kind.target === "d1") return kind;
  if (kind.target !== "unknown") return undefined;
  return dependsOnD1(project, file, library) ? kind : undefined;
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
  if (methods.some((method) => run.has(method.name) && !(method.name === "values" && method.call.arguments.length > 0))) return last;
  if (!lazy) return undefined;
  const use = useOf(last);
  if (use === "awaited" || use === "joined" || use === "background") return last;
  if (use === "returned") {
    // A builder handed out by a function that is not async may also be a part of a batch or a subquery.
    const parent = wrapped(last).parent;
    const fn = parent?.type === "ArrowFunctionExpression" ? parent : enclosing(last);
    return fn?.async ? last : undefined;
  }
  if (use === "kept") {
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
  if (name === "$count") return query(file, call, orm.database, "drizzle", name, false, [{ action: "read", texts: [], reads: names([argument]), writes: [] }]);
  const { last, methods } = chainOf(call);
  const run = executionOf(file, last, methods, DRIZZLE_RUN, true);
  if (!run) return undefined;
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
