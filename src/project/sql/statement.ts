import type { SqlText } from "./text.ts";
import { significant, tokenize, type Token } from "./tokens.ts";

/** What a statement does. `dynamic`: it begins with a hole. `empty`: spaces and comments only. */
export type StatementKind =
  | "select" | "with-select" | "insert" | "update" | "delete" | "replace"
  | "create-table" | "create-index" | "create-view" | "create-trigger" | "alter" | "drop"
  | "pragma" | "begin" | "commit" | "rollback" | "savepoint" | "release"
  | "explain" | "vacuum" | "attach" | "detach" | "other" | "dynamic" | "empty";

/** One statement of a text. */
export interface Statement {
  readonly kind: StatementKind;
  /** As written, with the semicolon that ends it. */
  readonly text: string;
  /** Where it begins in the whole text. */
  readonly start: number;
  /** Its tokens without spaces, comments and the final semicolon. */
  readonly tokens: readonly Token[];
  /** Index into `tokens` of the word that decides the kind: `INSERT` of `WITH … INSERT`. */
  readonly verb: number;
}

/**
 * The statements of a text; joined, their texts are the text again. A trigger's body is part of its statement. What follows
 * the last semicolon counts as a statement of kind `empty` when it holds spaces and comments only.
 */
export function splitStatements(sql: string | SqlText): Statement[] {
  const text = typeof sql === "string" ? sql : sql.text;
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  let start = 0;
  /** Depth of `CASE`/`BEGIN … END` in a trigger; undefined outside of one. */
  let nesting: number | undefined;
  const close = (end: number): void => {
    if (end > start) statements.push(statementOf(text.slice(start, end), start, tokens));
    start = end;
    tokens = [];
    nesting = undefined;
  };
  for (const token of significant(tokenize(text))) {
    if (token.text === ";" && (nesting === undefined || nesting === 0)) {
      close(token.end);
      continue;
    }
    tokens.push(token);
    if (token.kind !== "word") continue;
    if (nesting === undefined) {
      if (token.value === "TRIGGER" && isCreation(tokens)) nesting = -1;
    } else if (token.value === "BEGIN" || token.value === "CASE") nesting = Math.max(nesting, 0) + 1;
    else if (token.value === "END" && nesting > 0) nesting--;
  }
  close(text.length);
  return statements;
}

/** Statements that do something: all but empty ones. */
export function statementsOf(sql: string | SqlText): Statement[] {
  return splitStatements(sql).filter((statement) => statement.kind !== "empty");
}

/** What a statement does; of several in a text, the first that does something. */
export function statementKind(sql: string | SqlText | Statement): StatementKind {
  if (typeof sql === "object" && "kind" in sql) return sql.kind;
  return statementsOf(sql)[0]?.kind ?? "empty";
}

const WRITES: ReadonlySet<StatementKind> = new Set(["insert", "update", "delete", "replace"]);
const DDL: ReadonlySet<StatementKind> = new Set(["create-table", "create-index", "create-view", "create-trigger", "alter", "drop"]);
const TRANSACTIONS: ReadonlySet<StatementKind> = new Set(["begin", "commit", "rollback", "savepoint", "release"]);

/** INSERT, UPDATE, DELETE, REPLACE, with or without `WITH`. */
export function isWrite(kind: StatementKind): boolean {
  return WRITES.has(kind);
}

/** SELECT, VALUES, with or without `WITH`. */
export function isRead(kind: StatementKind): boolean {
  return kind === "select" || kind === "with-select";
}

/** Statements that change the schema. */
export function isSchemaChange(kind: StatementKind): boolean {
  return DDL.has(kind);
}

/** BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE. */
export function isTransactionControl(kind: StatementKind): boolean {
  return TRANSACTIONS.has(kind);
}

function isCreation(tokens: readonly Token[]): boolean {
  return tokens.length <= 4 && tokens.some((token) => token.value === "CREATE");
}

function statementOf(text: string, start: number, tokens: readonly Token[]): Statement {
  const verb = verbOf(tokens);
  return { kind: kindOf(tokens, verb), text, start, tokens, verb };
}

/** The main verb after `WITH`'s subqueries: the first one outside of parentheses. */
function verbOf(tokens: readonly Token[]): number {
  if (tokens[0]?.value !== "WITH" || tokens[0].kind !== "word") return 0;
  let depth = 0;
  for (const [i, token] of tokens.entries()) {
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    else if (depth === 0 && token.kind === "word" && /^(?:SELECT|VALUES|INSERT|REPLACE|UPDATE|DELETE)$/.test(token.value)) return i;
  }
  return 0;
}

const SIMPLE: Readonly<Record<string, StatementKind>> = {
  SELECT: "select", VALUES: "select", INSERT: "insert", UPDATE: "update", DELETE: "delete", REPLACE: "replace", ALTER: "alter", DROP: "drop", PRAGMA: "pragma",
  BEGIN: "begin", COMMIT: "commit", END: "commit", ROLLBACK: "rollback", SAVEPOINT: "savepoint", RELEASE: "release", EXPLAIN: "explain", VACUUM: "vacuum",
  ATTACH: "attach", DETACH: "detach",
};

function kindOf(tokens: readonly Token[], verb: number): StatementKind {
  const token = tokens[verb];
  if (!token) return "empty";
  if (token.kind === "hole") return "dynamic";
  if (token.kind !== "word") return "other";
  if (verb > 0) return token.value === "SELECT" || token.value === "VALUES" ? "with-select" : (SIMPLE[token.value] ?? "other");
  if (token.value !== "CREATE") return SIMPLE[token.value] ?? "other";
  for (const next of tokens.slice(1, 4)) {
    if (next.value === "TABLE") return "create-table";
    if (next.value === "INDEX") return "create-index";
    if (next.value === "VIEW") return "create-view";
    if (next.value === "TRIGGER") return "create-trigger";
  }
  return "other";
}
