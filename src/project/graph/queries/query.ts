import type { CallExpression, Node } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";
import type { DatabaseKind, SessionKind, StatementKind } from "../kinds/kinds.ts";
import type { Project } from "../project.ts";
import { useOf, type QueryUse } from "../runs.ts";
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

/** A query made of its statements: what they do together, and what becomes of its promise. */
export function query(
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
  for (const action of ["write", "ddl", "unknown", "control", "read"] as const) if (actions.has(action)) return action;
  return "unknown";
}

/** The statement that `prepare(…).bind(…)` makes, run by `method`. */
export function preparedStatement(project: Project, kind: StatementKind, method: string): QueryStatement {
  const { prepare, bind } = kind;
  const [source] = prepare?.arguments ?? [];
  const texts = source && source.type !== "SpreadElement" ? textsOf(project, source) : [];
  const read = readStatements(texts);
  // A text that cannot be seen: `run` is how writes are sent, the others return rows.
  const action = read.action !== "unknown" ? read.action : method === "run" ? "write" : method === "batch" ? "unknown" : "read";
  return { ...read, action, texts, ...(prepare ? { prepare } : {}), ...(bind ? { bound: bind.arguments } : {}) };
}

/** What the texts that a statement may have do, taken together: a write where one of them writes. */
export function readStatements(texts: readonly TextTemplate[]): { action: StatementAction; reads: readonly string[]; writes: readonly string[] } {
  const all = texts.map((text) => readStatement(templateText(text)));
  const known = all.filter((statement) => statement.action !== "unknown");
  const actions = new Set(known.map((statement) => statement.action));
  const action = actions.has("write") ? "write" : (known[0]?.action ?? "unknown");
  return { action, reads: all.flatMap((statement) => statement.reads), writes: all.flatMap((statement) => statement.writes) };
}

/** The statement that an expression's text is. */
export function textStatement(project: Project, node: Node): QueryStatement {
  const texts = textsOf(project, node);
  return { ...readStatements(texts), texts };
}
