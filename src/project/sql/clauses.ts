import type { Statement } from "./statement.ts";
import type { Token } from "./tokens.ts";

/** The clause a token belongs to, named by the keyword that opens it. */
export type Clause =
  | "start" | "WITH" | "SELECT" | "FROM" | "ON" | "WHERE" | "GROUP" | "HAVING" | "WINDOW" | "ORDER" | "LIMIT" | "OFFSET" | "INTO" | "VALUES" | "UPDATE"
  | "SET" | "CONFLICT" | "RETURNING" | "DELETE" | "TABLE" | "INDEX" | "VIEW" | "PRAGMA" | "USING" | "COMPOUND";

/**
 * What a token's nearest parenthesis is: `in` an IN list, `row` a row of VALUES, `call` a function's arguments, `columns` a list
 * of columns, `definition` a table's body, `subquery`, `group` any other. `top` outside of all.
 */
export type FrameKind = "top" | "in" | "row" | "call" | "columns" | "definition" | "subquery" | "group";

/** A token and where it stands. */
export interface Placed {
  readonly token: Token;
  /** Index among the statement's tokens. */
  readonly index: number;
  readonly clause: Clause;
  readonly frame: FrameKind;
  /** Depth of parentheses. */
  readonly depth: number;
  /** Which query it belongs to: 0 the statement itself, others its subqueries, numbered in order. */
  readonly query: number;
}

const OPENING: Readonly<Record<string, Clause>> = {
  SELECT: "SELECT", FROM: "FROM", JOIN: "FROM", WHERE: "WHERE", GROUP: "GROUP", HAVING: "HAVING", WINDOW: "WINDOW", ORDER: "ORDER", LIMIT: "LIMIT", OFFSET: "OFFSET",
  INTO: "INTO", VALUES: "VALUES", UPDATE: "UPDATE", SET: "SET", RETURNING: "RETURNING", DELETE: "DELETE", TABLE: "TABLE", INDEX: "INDEX", VIEW: "VIEW", PRAGMA: "PRAGMA",
  WITH: "WITH", UNION: "COMPOUND", EXCEPT: "COMPOUND", INTERSECT: "COMPOUND",
};

/** The place of every token of a statement. */
export function placesOf(statement: Statement): readonly Placed[] {
  let places = cache.get(statement);
  if (!places) cache.set(statement, (places = compute(statement.tokens)));
  return places;
}

const cache = new WeakMap<Statement, readonly Placed[]>();

function compute(tokens: readonly Token[]): Placed[] {
  const places: Placed[] = [];
  const stack: { frame: FrameKind; clause: Clause; query: number }[] = [];
  let frame: FrameKind = "top";
  let clause: Clause = "start";
  let query = 0;
  let queries = 1;
  for (const [index, token] of tokens.entries()) {
    const previous = tokens[index - 1];
    if (token.text === ")") {
      const outer = stack.pop();
      if (outer) ({ frame, clause, query } = outer);
    }
    // `FROM a JOIN b ON a.x = b.x, c`
    if (token.text === "," && clause === "ON" && (frame === "top" || frame === "subquery")) clause = "FROM";
    if (token.kind === "word") clause = opened(token, previous, tokens[index + 1], clause, frame) ?? clause;
    places.push({ token, index, clause, frame, depth: stack.length, query });
    if (token.text !== "(") continue;
    stack.push({ frame, clause, query });
    frame = frameOf(tokens, index, clause, frame);
    if (frame === "subquery") {
      query = queries++;
      clause = "start";
    }
  }
  return places;
}

function opened(token: Token, previous: Token | undefined, next: Token | undefined, clause: Clause, frame: FrameKind): Clause | undefined {
  const before = previous?.kind === "word" ? previous.value : "";
  switch (token.value) {
    case "FROM":
      return before === "DISTINCT" && clause !== "SELECT" ? undefined : "FROM"; // IS [NOT] DISTINCT FROM
    case "ON":
      if (next?.value === "CONFLICT") return "CONFLICT";
      return clause === "FROM" ? "ON" : clause === "INDEX" ? "TABLE" : undefined;
    case "UPDATE":
      // `ON CONFLICT … DO UPDATE SET`, `ON DELETE …`, `ON UPDATE …` of a foreign key.
      return before === "DO" || before === "ON" ? undefined : "UPDATE";
    case "DELETE":
      return before === "ON" ? undefined : "DELETE";
    case "SET":
      return clause === "UPDATE" || clause === "CONFLICT" ? "SET" : undefined; // ON DELETE SET NULL
    case "USING":
      return clause === "FROM" || clause === "ON" ? "USING" : undefined;
    case "ORDER":
    case "GROUP":
      return next?.value === "BY" || next?.kind === "hole" ? OPENING[token.value] : undefined;
    case "REPLACE":
    case "WITH":
      return previous === undefined ? OPENING[token.value] : undefined;
    case "INDEX":
      return clause === "start" ? "INDEX" : undefined;
    case "TABLE":
    case "VIEW":
    case "PRAGMA":
      return frame === "top" && clause === "start" ? OPENING[token.value] : undefined;
    case "INTO":
      return frame === "top" ? "INTO" : undefined;
    // Names that SQLite takes for keywords only where one can stand.
    case "OFFSET":
      return clause === "LIMIT" ? "OFFSET" : undefined;
    case "WINDOW":
      return next?.value === "AS" ? undefined : clause === "SELECT" || clause === "start" ? undefined : "WINDOW";
    default:
      // After a dot even a keyword is a name.
      return previous?.text === "." ? undefined : OPENING[token.value];
  }
}

function frameOf(tokens: readonly Token[], index: number, clause: Clause, frame: FrameKind): FrameKind {
  const next = tokens[index + 1];
  const previous = tokens[index - 1];
  if (next?.kind === "word" && (next.value === "SELECT" || next.value === "WITH" || next.value === "VALUES")) return "subquery";
  if (previous?.kind === "word" && previous.value === "IN") return "in";
  if (clause === "VALUES" && (frame === "top" || frame === "subquery")) return "row";
  const named = previous !== undefined && (previous.kind === "name" || previous.kind === "hole" || (previous.kind === "word" && !isKeyword(previous)));
  if (clause === "INTO" && (named || previous?.text === ")")) return "columns";
  if (clause === "TABLE" && frame === "top") return "definition";
  if (clause === "CONFLICT" || clause === "WITH" || (clause === "USING" && !named)) return "columns";
  return named || previous?.value === "REPLACE" || previous?.value === "LIKE" || previous?.value === "GLOB" ? "call" : "group";
}

const KEYWORDS = new Set((
  "ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN BETWEEN BY CASCADE CASE CAST CHECK COLLATE COMMIT CONFLICT " +
  "CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH DISTINCT DO DROP EACH ELSE END " +
  "ESCAPE EXCEPT EXCLUSIVE EXISTS EXPLAIN FAIL FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP HAVING IF IGNORE IMMEDIATE IN INDEX INDEXED " +
  "INITIALLY INNER INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN LAST LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR " +
  "ORDER OUTER OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING " +
  "RIGHT ROLLBACK ROW ROWS SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO TRANSACTION TRIGGER UNBOUNDED UNION UNIQUE UPDATE USING VACUUM VALUES VIEW " +
  "VIRTUAL WHEN WHERE WINDOW WITH WITHOUT TRUE FALSE").split(" "));

/** Whether a word cannot be a bare name here. Words that SQLite takes as names too (`KEY`, `DATABASE`) are not among them. */
export function isKeyword(token: Token): boolean {
  return token.kind === "word" && KEYWORDS.has(token.value);
}

/** Whether a token can name a table or column. */
export function isName(token: Token | undefined): boolean {
  return token !== undefined && (token.kind === "name" || (token.kind === "word" && !KEYWORDS.has(token.value)));
}

/** A name as its user wrote it, without quotes. */
export function nameText(token: Token): string {
  return token.kind === "word" ? token.text : token.value;
}
