import { isName, nameText, placesOf, type Placed } from "./clauses.ts";
import { statementsOf, type Statement } from "./statement.ts";
import type { SqlText } from "./text.ts";
import type { Token } from "./tokens.ts";

/** What the functions here take: a statement, or a text whose first statement is meant. */
export type SqlInput = string | SqlText | Statement;

/** The parameters of a statement, counted as SQLite counts them. */
export interface Placeholders {
  /** How many `?`. */
  readonly anonymous: number;
  /** The highest `?NNN`, 0 when there is none. */
  readonly highest: number;
  /** Names as written (`:id`), each once. */
  readonly named: readonly string[];
  /** How many values `bind()` must be given. */
  readonly required: number;
  /** False when holes in the statement may bring more. */
  readonly exact: boolean;
}

/** Counts the parameters of a statement. A hole within quotes brings none. */
export function placeholders(sql: SqlInput): Placeholders {
  const named: string[] = [];
  let anonymous = 0;
  let highest = 0;
  let required = 0;
  let exact = true;
  for (const { kind, text, holes } of tokensOf(sql)) {
    if (kind === "hole" || (holes.length > 0 && kind === "param")) exact = false;
    if (kind !== "param") continue;
    const number = /^\?(\d+)/.exec(text);
    if (number) {
      highest = Math.max(highest, Number(number[1]));
      required = Math.max(required, highest);
    } else if (text.startsWith("?")) {
      anonymous++;
      required++;
    } else if (!named.includes(text)) {
      named.push(text);
      required++;
    }
  }
  return { anonymous, highest, named, required, exact };
}

/** The tables a statement reads and writes, as written, each once. `dynamic` when a hole stands for one. */
export interface Tables {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly dynamic: boolean;
}

/** The tables of a statement: names of common table expressions and table functions are left out. */
export function tables(sql: SqlInput): Tables {
  const statement = statementFrom(sql);
  if (!statement) return { reads: [], writes: [], dynamic: false };
  const places = placesOf(statement);
  const reads = new Map<string, string>();
  const writes = new Map<string, string>();
  const own = commonTables(places);
  let dynamic = false;
  for (const place of places) {
    const role = tableRole(statement, places, place);
    if (!role) continue;
    if (place.token.holes.length > 0) dynamic = true;
    else {
      const name = nameText(place.token);
      if (!own.has(name.toLowerCase())) (role === "read" ? reads : writes).set(name.toLowerCase(), name);
    }
  }
  return { reads: [...reads.values()], writes: [...writes.values()], dynamic };
}

/** Names defined by `WITH`, in lower case. */
function commonTables(places: readonly Placed[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { token, clause, index } of places) {
    if (clause !== "WITH" || !isName(token)) continue;
    const next = places[index + 1]?.token;
    if (next?.value === "AS" || next?.text === "(") names.add(nameText(token).toLowerCase());
  }
  return names;
}

/** Whether the token at a place names a table, and what for. The schema in `main.users` does not. */
export function tableRole(statement: Statement, places: readonly Placed[], place: Placed): "read" | "write" | undefined {
  const { token, index, clause } = place;
  if (token.kind !== "hole" && !isName(token)) return undefined;
  const next = places[index + 1]?.token;
  if (next?.text === ".") return undefined;
  let before = index - 1;
  if (places[before]?.token.text === ".") before -= 2;
  const previous = places[before];
  const word = previous?.token.kind === "word" ? previous.token.value : previous?.token.text;
  switch (clause) {
    case "FROM": {
      const listed = word === "FROM" || word === "JOIN" || (word === "," && previous?.clause === "FROM") || (word === "(" && place.frame === "group");
      if (!listed || next?.text === "(" || place.frame === "call" || place.frame === "in") return undefined;
      return statement.kind === "delete" && place.query === 0 && word === "FROM" && places[before - 1]?.token.value === "DELETE" ? "write" : "read";
    }
    case "INTO":
      return word === "INTO" ? "write" : undefined;
    case "UPDATE":
      return place.frame === "top" && (word === "UPDATE" || isConflictWord(word)) ? "write" : undefined;
    case "TABLE":
      return place.frame === "top" && (word === "TABLE" || word === "EXISTS" || word === "ON") ? "write" : undefined;
    default:
      return undefined;
  }
}

function isConflictWord(word: string | undefined): boolean {
  return word === "REPLACE" || word === "IGNORE" || word === "ABORT" || word === "FAIL" || word === "ROLLBACK";
}

/** A comparison in a statement's own WHERE clause. */
export interface Comparison {
  readonly column: string;
  /** `u` of `u.id`. */
  readonly qualifier: string | undefined;
  /** `=`, `<`, `IN`, `LIKE`, `IS` …; undefined where the column is used in some other way. */
  readonly operator: string | undefined;
  readonly negated: boolean;
  /** What it is compared with, as written; empty when unknown. */
  readonly operand: string;
}

const COMPARISONS = new Set(["=", "==", "<", ">", "<=", ">=", "!=", "<>", "IN", "LIKE", "GLOB", "MATCH", "REGEXP", "IS", "BETWEEN", "ISNULL", "NOTNULL"]);

/** The columns in the WHERE clause of the statement itself, with what they are compared with; those of subqueries are left out. */
export function comparisons(sql: SqlInput): readonly Comparison[] {
  const places = clauseOf(sql, "WHERE");
  const found: Comparison[] = [];
  for (const [i, { token, query }] of places.entries()) {
    if (query !== 0 || !isName(token)) continue;
    const next = places[i + 1]?.token;
    if (next?.text === "." || next?.text === "(") continue;
    const qualifier = places[i - 1]?.token.text === "." ? places[i - 2]?.token : undefined;
    found.push({ column: nameText(token), qualifier: qualifier && nameText(qualifier), ...comparisonAt(places, i, qualifier ? i - 2 : i) });
  }
  return found;
}

function comparisonAt(places: readonly Placed[], at: number, from: number): Pick<Comparison, "operator" | "negated" | "operand"> {
  let next = at + 1;
  const negated = places[next]?.token.value === "NOT";
  if (negated) next++;
  const operator = places[next]?.token.value;
  if (operator !== undefined && COMPARISONS.has(operator)) {
    const not = operator === "IS" && places[next + 1]?.token.value === "NOT";
    return { operator, negated: negated || not, operand: operandText(places, next + (not ? 2 : 1)) };
  }
  // `? = column`
  const before = places[from - 1]?.token;
  if (before && COMPARISONS.has(before.value) && before.kind === "punct") return { operator: before.value, negated: false, operand: places[from - 2]?.token.text ?? "" };
  return { operator: undefined, negated: false, operand: "" };
}

/** An operand up to the next AND, OR, or the end of its parentheses. */
function operandText(places: readonly Placed[], from: number): string {
  const depth = places[from]?.depth ?? 0;
  const taken: Token[] = [];
  for (const { token, depth: at } of places.slice(from)) {
    if (at < depth || (at === depth && token.kind === "word" && (token.value === "AND" || token.value === "OR"))) break;
    if (at === depth && token.text === ")" && taken.length === 0) break;
    taken.push(token);
  }
  return joined(taken);
}

/** The columns named in the WHERE clause of the statement itself, each once. */
export function whereColumns(sql: SqlInput): readonly string[] {
  return unique(comparisons(sql).map((comparison) => comparison.column));
}

/** An assignment of UPDATE … SET, or of ON CONFLICT … DO UPDATE SET. */
export interface SetColumn {
  readonly column: string;
  /** The expression as written. */
  readonly expression: string;
  /** Whether the new value is computed from the row's own: `n = n + 1`, `n = t.n - ?`. */
  readonly fromItself: boolean;
  readonly placeholders: number;
  readonly holes: readonly number[];
}

/** What a statement sets, in order. `(a, b) = (…)` gives each column the whole right side. Subqueries of the right side count as part of it. */
export function setColumns(sql: SqlInput): readonly SetColumn[] {
  const places = clauseOf(sql, "SET");
  const depth = places[0]?.depth ?? 0;
  const found: SetColumn[] = [];
  for (const part of splitAt(places.slice(1), (place) => place.token.text === "," && place.depth === depth)) {
    const equals = part.findIndex((place) => place.token.text === "=" && place.depth === depth);
    if (equals < 1) continue;
    const right = part.slice(equals + 1).map((place) => place.token);
    const tokens = part.slice(0, equals).map((place) => place.token);
    const names = tokens.filter((token, i, all) => isName(token) && all[i + 1]?.text !== ".");
    // `SET like = ?`: what stands alone before the sign is a column, whatever it is called.
    const left = names.length === 0 ? tokens.filter((token) => token.kind === "word").slice(-1) : names;
    for (const column of left) found.push({
      column: nameText(column),
      expression: joined(right),
      fromItself: right.some((token, i) => isName(token) && token.value.toLowerCase() === nameText(column).toLowerCase() && !isExcluded(right, i)),
      placeholders: right.filter((token) => token.kind === "param").length,
      holes: right.flatMap((token) => token.holes),
    });
  }
  return found;
}

/** `excluded.n` is the row that was to be inserted, not the row there is. */
function isExcluded(tokens: readonly Token[], at: number): boolean {
  return tokens[at - 1]?.text === "." && tokens[at - 2]?.value === "EXCLUDED";
}

/** An `IN (…)`. */
export interface InList {
  readonly column: string | undefined;
  readonly negated: boolean;
  /** Members of the list, as written; a hole counts as one. */
  readonly items: number;
  readonly placeholders: number;
  readonly holes: readonly number[];
  /** A subquery or a table function such as `json_each(?)` instead of a list. */
  readonly subquery: boolean;
}

/** All IN lists of a statement, those of subqueries too. */
export function inLists(sql: SqlInput): readonly InList[] {
  const statement = statementFrom(sql);
  const places = statement ? placesOf(statement) : [];
  const found: InList[] = [];
  for (const [i, { token, depth }] of places.entries()) {
    if (token.kind !== "word" || token.value !== "IN") continue;
    const negated = places[i - 1]?.token.value === "NOT";
    const before = places[i - (negated ? 2 : 1)]?.token;
    const column = before && isName(before) ? nameText(before) : undefined;
    const next = places[i + 1];
    if (next?.token.text !== "(") {
      if (next) found.push({ column, negated, items: 1, placeholders: 0, holes: next.token.holes, subquery: next.token.kind !== "hole" });
      continue;
    }
    const inner = until(places, i + 2, depth);
    const tokens = inner.map((place) => place.token);
    const subquery = tokens[0]?.value === "SELECT" || tokens[0]?.value === "WITH" || tokens[0]?.value === "VALUES";
    found.push({
      column, negated, subquery,
      items: tokens.length === 0 ? 0 : splitAt(inner, (place) => place.token.text === "," && place.depth === depth + 1).length,
      placeholders: tokens.filter((other) => other.kind === "param").length,
      holes: tokens.flatMap((other) => other.holes),
    });
  }
  return found;
}

/** The rows of `VALUES`: how many are written out, and the holes that stand for further rows. */
export function valuesRows(sql: SqlInput): { readonly rows: number; readonly holes: readonly number[] } {
  const places = clauseOf(sql, "VALUES").filter((place) => place.query === 0);
  const depth = places[0]?.depth ?? 0;
  return {
    rows: places.filter((place) => place.token.text === "(" && place.depth === depth).length,
    holes: places.filter((place) => place.depth === depth).flatMap((place) => place.token.holes),
  };
}

/** The operand of the statement's own LIMIT, as written; undefined without one. */
export function limitOf(sql: SqlInput): string | undefined {
  const places = clauseOf(sql, "LIMIT");
  return places.length === 0 ? undefined : joined(places.slice(1).map((place) => place.token));
}

/** Whether the statement itself has a LIMIT. */
export function hasLimit(sql: SqlInput): boolean {
  return limitOf(sql) !== undefined;
}

/** The expressions after RETURNING, as written. */
export function returningColumns(sql: SqlInput): readonly string[] {
  const places = clauseOf(sql, "RETURNING");
  return splitAt(places.slice(1), (place) => place.token.text === "," && place.depth === places[0]?.depth).map((part) => joined(part.map((place) => place.token)));
}

/** What an INSERT does about a row that is there already. */
export interface OnConflict {
  readonly action: "ignore" | "replace" | "abort" | "fail" | "rollback" | "update";
  /** The columns of `ON CONFLICT (…)`. */
  readonly columns: readonly string[];
  /** Whether the update has a WHERE of its own. */
  readonly guarded: boolean;
}

/** `INSERT OR …`, `REPLACE`, or the last `ON CONFLICT` clause; undefined when the statement would just fail. */
export function onConflict(sql: SqlInput): OnConflict | undefined {
  const statement = statementFrom(sql);
  if (!statement || (statement.kind !== "insert" && statement.kind !== "replace")) return undefined;
  if (statement.kind === "replace") return { action: "replace", columns: [], guarded: false };
  const { tokens, verb } = statement;
  if (tokens[verb + 1]?.value === "OR") return { action: conflictAction(tokens[verb + 2]?.value), columns: [], guarded: false };
  const places = placesOf(statement);
  const at = places.findLastIndex((place) => place.clause === "CONFLICT" && place.token.value === "ON");
  if (at < 0) return undefined;
  const rest = places.slice(at);
  const columns = rest.filter((place) => place.clause === "CONFLICT" && place.frame === "columns" && isName(place.token)).map((place) => nameText(place.token));
  const set = rest.findIndex((place) => place.clause === "SET");
  if (set < 0) return { action: "ignore", columns, guarded: false };
  return { action: "update", columns, guarded: rest.slice(set).some((place) => place.clause === "WHERE") };
}

function conflictAction(word: string | undefined): OnConflict["action"] {
  const action = word?.toLowerCase();
  return action === "ignore" || action === "replace" || action === "fail" || action === "rollback" ? action : "abort";
}

/** `SELECT MAX(column)`, and whether the statement adds to it itself; undefined for other statements. */
export function selectsAggregateMax(sql: SqlInput): { readonly column: string; readonly adds: boolean } | undefined {
  const places = clauseOf(sql, "SELECT").filter((place) => place.query === 0);
  for (const [i, { token, depth }] of places.entries()) {
    if (token.value !== "MAX" || places[i + 1]?.token.text !== "(") continue;
    const inner = until(places, i + 2, depth).map((place) => place.token);
    const column = inner.findLast((other) => isName(other));
    // MAX of several values is no aggregate.
    if (!column || inner.some((other) => other.text === ",")) continue;
    const adds = places.some((place) => place.token.text === "+" && place.token.kind === "punct");
    return { column: nameText(column), adds };
  }
  return undefined;
}

/** A PRAGMA's name and value (`""` when it has none), in lower case; undefined for other statements. */
export function pragma(sql: SqlInput): { readonly name: string; readonly value: string } | undefined {
  const statement = statementFrom(sql);
  if (statement?.kind !== "pragma") return undefined;
  const tokens = statement.tokens.slice(statement.verb + 1);
  const at = tokens[1]?.text === "." ? 2 : 0;
  const name = tokens[at];
  if (!name) return undefined;
  const operator = tokens[at + 1]?.text;
  const value = operator === "=" || operator === "(" ? tokens.slice(at + 2).filter((token) => token.text !== ")") : [];
  return { name: nameText(name).toLowerCase(), value: value.map((token) => (token.kind === "string" || token.kind === "name" ? token.value : token.text)).join("").toLowerCase() };
}

/** The text between a statement's keyword and the next clause's, e.g. `clauseText(sql, "ORDER")`; undefined when it has none. */
export function clauseText(sql: SqlInput, clause: Placed["clause"]): string | undefined {
  const places = clauseOf(sql, clause);
  return places.length === 0 ? undefined : joined(places.slice(1).map((place) => place.token));
}

// --- pieces ---

/** The first statement of a text that does something. */
export function statementFrom(sql: SqlInput): Statement | undefined {
  return typeof sql === "object" && "tokens" in sql ? sql : statementsOf(sql)[0];
}

function tokensOf(sql: SqlInput): readonly Token[] {
  return statementFrom(sql)?.tokens ?? [];
}

/** The first such clause of the statement itself, with the subqueries in it. */
function clauseOf(sql: SqlInput, clause: Placed["clause"]): readonly Placed[] {
  const statement = statementFrom(sql);
  const places = statement ? placesOf(statement) : [];
  const start = places.findIndex((place) => place.query === 0 && place.clause === clause);
  if (start < 0) return [];
  const end = places.findIndex((place, i) => i > start && place.query === 0 && place.clause !== clause);
  return places.slice(start, end < 0 ? undefined : end);
}

/** The places from `from` up to the parenthesis that closes `depth`. */
function until(places: readonly Placed[], from: number, depth: number): readonly Placed[] {
  const end = places.findIndex((place, i) => i >= from && place.depth <= depth);
  return places.slice(from, end < 0 ? undefined : end);
}

function splitAt<T>(items: readonly T[], isSeparator: (item: T) => boolean): T[][] {
  const parts: T[][] = [[]];
  for (const item of items) {
    if (isSeparator(item)) parts.push([]);
    else parts.at(-1)?.push(item);
  }
  return parts.filter((part) => part.length > 0);
}

/** Tokens as written, with one space where there was any. */
function joined(tokens: readonly Token[]): string {
  return tokens.map((token, i) => ((tokens[i - 1]?.end ?? token.start) < token.start ? " " : "") + token.text).join("");
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}
