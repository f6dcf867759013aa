import { isKeyword, isName, placesOf, type Placed } from "./clauses.ts";
import { tableRole } from "./query.ts";
import { splitStatements, type Statement } from "./statement.ts";
import type { SqlText } from "./text.ts";
import { tokenize } from "./tokens.ts";

/**
 * What a hole stands for in its statement.
 * - `statement`: all of it, or its beginning
 * - `string`: part of a text in single quotes, or in double quotes where a value stands; `value`: a value, where a placeholder could stand
 * - `table`, `column`, `name` (of something else, or in quotes): names, which cannot be bound
 * - `in-list`: the members of an IN list; `rows`: rows after VALUES
 * - `limit`: LIMIT or OFFSET; `order`: what to order by; `direction`: ASC or DESC
 * - `condition`: a condition or several; `assignments`: the list after SET; `clause`: one or several clauses
 * - `argument`: what a function is called with: a value as well as a column
 * - `placeholder`: the number of `?1`; `definition`: part of a table's definition; `comment`
 */
export type HoleContext =
  | "statement" | "string" | "value" | "table" | "column" | "name" | "in-list" | "rows" | "limit" | "order" | "direction" | "condition" | "assignments" | "clause"
  | "argument" | "placeholder" | "definition" | "comment";

/** In which position a hole stands, or undefined when the text has no such hole. */
export function holeContext(sql: SqlText | Statement, hole: number): HoleContext | undefined {
  const statements = "tokens" in sql ? [sql] : splitStatements(sql);
  for (const statement of statements) {
    const place = placesOf(statement).find(({ token }) => token.holes.includes(hole));
    if (place) return contextOf(statement, placesOf(statement), place);
  }
  return tokenize(sql.text).some((token) => token.kind === "comment" && token.holes.includes(hole)) ? "comment" : undefined;
}

const OPERATOR = /^(?:=|==|<|>|<=|>=|!=|<>|\|\||[-+*/%&]|<<|>>|->|->>|LIKE|GLOB|MATCH|REGEXP|BETWEEN|IN|IS|NOT|ISNULL|NOTNULL|COLLATE)$/;
const COMPARED = /^(?:=|==|<|>|<=|>=|!=|<>|\|\||[-+*/%&]|<<|>>|->|->>|LIKE|GLOB|MATCH|REGEXP|BETWEEN|IS|ESCAPE|THEN|ELSE|CASE|WHEN)$/;

function contextOf(statement: Statement, places: readonly Placed[], place: Placed): HoleContext {
  const { token, index, clause, frame } = place;
  if (token.kind === "string" || token.kind === "blob") return "string";
  if (token.kind === "param") return "placeholder";
  if (token.kind === "number") return clause === "LIMIT" || clause === "OFFSET" ? "limit" : "value";
  if (token.kind === "hole" && index === 0) return "statement";
  const role = tableRole(statement, places, place);
  if (role) return isFollowOn(places, place) ? "clause" : "table";
  const previous = places[index - 1];
  const next = places[index + 1]?.token;
  const before = previous?.token.kind === "word" ? previous.token.value : (previous?.token.text ?? "");
  if (frame === "in") return "in-list";
  if (before === "IN") return "in-list";
  if (before === ".") return "column";
  if (next?.text === ".") return "table";
  if (isQuotedValue(place, before)) return "string";
  // SQLite takes "text" for a text where no such column is: people write values so.
  if (token.kind === "name" && token.text.startsWith('"') && (frame === "row" || COMPARED.test(before))) return "string";
  if (token.kind !== "hole") return clause === "TABLE" || clause === "INDEX" || clause === "VIEW" || clause === "PRAGMA" ? "name" : "column";
  if (frame === "definition") return "definition";
  if (frame === "columns") return "column";
  if (frame === "call") return clause === "PRAGMA" ? "name" : COMPARED.test(before) ? "value" : "argument";
  if (frame === "row") return "value";
  return byClause(places, place, before, previous, next?.kind === "word" ? next.value : (next?.text ?? ""));
}

/** `VALUES ("${…}")`, `WHERE a = "${…}"`: SQLite takes a name in double quotes that no column has for a text, and so do those who write this. */
function isQuotedValue({ token, clause, frame }: Placed, before: string): boolean {
  if (token.kind !== "name" || !token.text.startsWith('"')) return false;
  return frame === "row" || ((clause === "WHERE" || clause === "HAVING" || clause === "SET") && COMPARED.test(before));
}

function byClause(places: readonly Placed[], place: Placed, before: string, previous: Placed | undefined, after: string): HoleContext {
  switch (place.clause) {
    case "VALUES":
      return before === "VALUES" || before === "," ? "rows" : "clause";
    case "LIMIT":
    case "OFFSET":
      return before === "LIMIT" || before === "OFFSET" || before === "," ? "limit" : "clause";
    case "ORDER":
    case "GROUP":
      if (before === "BY" || before === "ORDER" || before === "GROUP" || before === ",") return "order";
      return place.clause === "ORDER" && previous && (isName(previous.token) || previous.token.kind === "hole" || before === ")") ? "direction" : "clause";
    case "WHERE":
    case "HAVING":
    case "ON":
      if (COMPARED.test(before)) return "value";
      if (before === "AND" && previous && isAfterBetween(places, previous)) return "value";
      if (/^(?:WHERE|AND|OR|NOT|HAVING|ON|\()$/.test(before)) return OPERATOR.test(after) ? "column" : "condition";
      return "clause";
    case "SET":
      if (COMPARED.test(before)) return "value";
      if (before === "SET" || before === ",") return after === "=" ? "column" : "assignments";
      return "clause";
    case "SELECT":
    case "RETURNING":
      if (before === place.clause || before === "," || before === "DISTINCT" || before === "ALL") return "column";
      return COMPARED.test(before) ? "value" : previous && (before === "(" || isKeyword(previous.token)) ? "column" : "clause";
    case "PRAGMA":
      return before === "=" ? "value" : "name";
    case "TABLE":
    case "INDEX":
    case "VIEW":
      if (before === "COLUMN" || before === "ADD" || before === "TO") return before === "ADD" ? "definition" : "column";
      return before === place.clause || before === "EXISTS" ? "name" : "definition";
    case "start":
      return "name";
    default:
      return "clause";
  }
}

/** `FROM users, ${…}` names a table; but after a whole table reference without a comma a hole is the rest of the statement. */
function isFollowOn(places: readonly Placed[], place: Placed): boolean {
  const previous = places[place.index - 1]?.token;
  return place.token.kind === "hole" && previous !== undefined && (isName(previous) || previous.kind === "hole");
}

/** Whether an AND belongs to `BETWEEN a AND b`: going back, a BETWEEN comes before any other connective. */
function isAfterBetween(places: readonly Placed[], and: Placed): boolean {
  for (let i = and.index - 1; i >= 0; i--) {
    const place = places[i];
    if (!place || place.depth < and.depth) return false;
    if (place.depth > and.depth || place.token.kind !== "word") continue;
    if (place.token.value === "BETWEEN") return true;
    if (/^(?:AND|OR|WHERE|ON|HAVING)$/.test(place.token.value)) return false;
  }
  return false;
}
