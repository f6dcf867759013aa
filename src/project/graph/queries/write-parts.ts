import { comparisons, onConflict, setColumns } from "../../sql/query.ts";
import { sqlText } from "../../sql/text.ts";
import type { CallExpression, Node, ObjectExpression } from "../../parse/ast.ts";
import { calleeMember, isCall, isIdentifier, isMember, keyName, propertyName, unwrap, walk } from "../../parse/ast.ts";
import type { Project } from "../project.ts";
import { batchElements } from "./query-batches.ts";
import type { D1Query, QueryStatement } from "./query.ts";
import type { TextTemplate } from "./statement-text.ts";

/** A column that a write sets. */
export interface ColumnSet {
  readonly column: string;
  /** The expression in code that gives the value; undefined when SQL computes it, or it is not in sight. */
  readonly value: Node | undefined;
  /** `n = n + 1`: computed from the row itself by the database. */
  readonly fromItself: boolean;
  /** `n = n - ?`: an amount that the code gives is taken from it. */
  readonly taken: boolean;
  /** A value written down in the statement or the code: `1`, `true`, `'done'`, now. */
  readonly constant: boolean;
}

/** What one write does, taken apart. */
export interface WriteParts {
  readonly kind: "update" | "delete" | "insert" | "upsert";
  /** The table, as the code names it. */
  readonly table: string | undefined;
  readonly sets: readonly ColumnSet[];
  /** Columns that the write's condition names, its own table's. */
  readonly guards: readonly string[];
  /** Conditions that look at other rows, or a condition that could not be taken apart: assume the best. */
  readonly opaque: boolean;
}

/** The parts of a query that writes: one for each statement that could be taken apart. */
export function writeParts(project: Project, query: D1Query): readonly WriteParts[] {
  const call = query.node.type === "CallExpression" ? query.node : undefined;
  switch (query.via) {
    case "d1":
      return query.statements.flatMap((statement) => statementParts(statement));
    case "drizzle":
      return !call ? [] : query.batch ? partsOfBatch(project, call, drizzleParts) : drizzleParts(project, call);
    case "prisma":
      return !call ? [] : query.batch ? partsOfBatch(project, call, prismaParts) : prismaParts(project, call);
    case "kysely":
      return call ? kyselyParts(project, call) : [];
    default:
      return [];
  }
}

/** The parts of builders given to `db.batch([…])` or `$transaction([…])`. */
function partsOfBatch(project: Project, call: CallExpression, partsOf: (project: Project, call: CallExpression) => readonly WriteParts[]): readonly WriteParts[] {
  const [list] = call.arguments;
  return list && list.type !== "SpreadElement" ? batchElements(project, list, 0).map((element) => unwrap(element)).flatMap((element) => (isCall(element) ? partsOf(project, element) : [])) : [];
}

/** The columns that the condition of a reading query names, with whether each is compared with a value written down. */
export function readColumns(project: Project, query: D1Query): readonly string[] {
  if (query.via === "d1") return query.statements.flatMap((statement) => statement.texts.flatMap((text) => comparisons(toSql(text)).map((comparison) => comparison.column)));
  const where = query.node.type === "CallExpression" ? chain(query.node).find((step) => step.name === "where")?.call.arguments[0] : undefined;
  return where ? namesIn(project, where) : [];
}

function toSql(text: TextTemplate): ReturnType<typeof sqlText> {
  return sqlText(text.parts.map((part, index) => (typeof part === "string" ? part : index)));
}

function statementParts(statement: QueryStatement): readonly WriteParts[] {
  const [text] = statement.texts;
  if (statement.action !== "write" || !text) return [];
  const sql = toSql(text);
  const first = /^\s*(?:with\b[\s\S]*?\)\s*)?(update|delete|insert|replace)\b/i.exec(sql.text)?.[1]?.toLowerCase();
  if (first === undefined) return [];
  const conflict = onConflict(sql);
  const bound = statement.bound ?? [];
  const spread = bound.findIndex((node) => node.type === "SpreadElement");
  const at = (index: number): Node | undefined => (spread >= 0 && index >= spread ? undefined : bound[index]);
  // A project's own tag binds what stands in `${…}`; in other texts a hole is a piece of SQL.
  const boundHole = (index: number | undefined): Node | undefined => {
    const part = statement.prepare || index === undefined ? undefined : text.parts[index];
    return typeof part === "string" ? undefined : part;
  };
  let next = first === "insert" || first === "replace" ? countAnonymous(sql.text.slice(0, setStart(sql.text))) : 0;
  const sets = setColumns(sql).map((set): ColumnSet => {
    const numbered = /^\s*\?(\d+)\s*$/.exec(set.expression)?.[1];
    const value = numbered !== undefined ? at(Number(numbered) - 1) : set.placeholders === 1 ? at(next) : boundHole(set.placeholders + set.holes.length === 1 ? set.holes[0] : undefined);
    if (numbered === undefined) next += set.placeholders;
    return { column: set.column, value, fromItself: set.fromItself, taken: set.fromItself && /-\s*(?:\?|\uFFFC)/.test(set.expression), constant: set.placeholders === 0 && set.holes.length === 0 && !set.fromItself };
  });
  const guards = comparisons(sql).map((comparison) => comparison.column);
  const opaque = /\bexists\b/i.test(sql.text) || (conflict?.guarded ?? false) || (statement.prepare !== undefined && text.parts.some((part, index) => typeof part !== "string" && index > 0 && /\bwhere\b/i.test(String(text.parts[index - 1] ?? ""))));
  const [table] = statement.writes;
  if (first === "update") return [{ kind: "update", table, sets, guards, opaque }];
  if (first === "delete") return [{ kind: "delete", table, sets: [], guards, opaque }];
  const values = insertValues(sql.text, at);
  if (conflict?.action === "update") {
    // `SET n = excluded.n` writes what the VALUES hold.
    const taken = sets.map((set) => (set.value || set.fromItself ? set : { ...set, ...values.find((value) => value.column.toLowerCase() === set.column.toLowerCase()), fromItself: false, taken: false }));
    return [{ kind: "upsert", table, sets: taken, guards: [], opaque }];
  }
  return [{ kind: first === "replace" || conflict?.action === "replace" ? "upsert" : "insert", table, sets: values, guards: [], opaque }];
}

function setStart(text: string): number {
  const at = /\bdo\s+update\s+set\b/i.exec(text);
  return at ? at.index : text.length;
}

function countAnonymous(text: string): number {
  return text.replace(/'(?:[^']|'')*'/g, "''").split(/\?(?!\d)/).length - 1;
}

/** `INSERT INTO t (a, b) VALUES (?, 1)`: columns with their values. */
function insertValues(text: string, at: (index: number) => Node | undefined): readonly ColumnSet[] {
  const match = /\binto\s+\S+?\s*\(([^()]*)\)\s*values\s*\(((?:[^()]|\([^()]*\))*)\)/i.exec(text);
  if (!match) return [];
  const columns = (match[1] ?? "").split(",").map((name) => name.trim().replace(/["'`[\]]/g, ""));
  let next = 0;
  return splitTop(match[2] ?? "").map((expression, index): ColumnSet => {
    const numbered = /^\?(\d+)$/.exec(expression)?.[1];
    const marks = countAnonymous(expression);
    const value = numbered !== undefined ? at(Number(numbered) - 1) : marks === 1 && expression === "?" ? at(next) : undefined;
    if (numbered === undefined) next += marks;
    return { column: columns[index] ?? "", value, fromItself: false, taken: false, constant: marks === 0 && numbered === undefined };
  });
}

function splitTop(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [index, char] of [...text].entries()) {
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

// ── Builders ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The calls of a chain from its last one back to its start. */
function chain(last: CallExpression): readonly { readonly name: string; readonly call: CallExpression }[] {
  const found: { name: string; call: CallExpression }[] = [];
  let current: Node = last;
  while (isCall(current)) {
    const member = calleeMember(current);
    const name = member ? propertyName(member) : undefined;
    if (!member || name === undefined) break;
    found.push({ name, call: current });
    current = unwrap(member.object);
  }
  return found;
}

function drizzleParts(project: Project, last: CallExpression): readonly WriteParts[] {
  const steps = chain(last);
  const of = (name: string): Node | undefined => steps.find((step) => step.name === name)?.call.arguments[0];
  const where = of("where");
  const guards = where ? namesIn(project, where) : [];
  const opaque = where !== undefined && /exists\(/i.test(project.text(where));
  const table = nameOf(of("update") ?? of("delete") ?? of("insert"));
  if (steps.some((step) => step.name === "update")) return [{ kind: "update", table, sets: objectSets(project, of("set")), guards, opaque }];
  if (steps.some((step) => step.name === "delete")) return [{ kind: "delete", table, sets: [], guards, opaque }];
  if (!steps.some((step) => step.name === "insert")) return [];
  const conflict = of("onConflictDoUpdate");
  const set = conflict ? propertyOf(project, conflict, "set") : undefined;
  if (set) return [{ kind: "upsert", table, sets: objectSets(project, set), guards: [], opaque: project.text(conflict ?? set).includes("setWhere") }];
  return [{ kind: "insert", table, sets: objectSets(project, of("values")), guards: [], opaque: false }];
}

function kyselyParts(project: Project, last: CallExpression): readonly WriteParts[] {
  const steps = chain(last);
  const guards = steps.filter((step) => step.name === "where").flatMap((step) => step.call.arguments.flatMap((argument) => project.constants.constantOf(argument)?.value ?? namesIn(project, argument)));
  const set = steps.find((step) => step.name === "set")?.call.arguments[0];
  const target = steps.at(-1)?.call.arguments[0];
  const table = target && project.constants.constantOf(target)?.value.split(/\s/)[0];
  if (steps.some((step) => step.name === "updateTable")) return [{ kind: "update", table, sets: objectSets(project, set), guards, opaque: false }];
  if (steps.some((step) => step.name === "deleteFrom")) return [{ kind: "delete", table, sets: [], guards, opaque: false }];
  return [];
}

function prismaParts(project: Project, call: CallExpression): readonly WriteParts[] {
  const [options] = call.arguments;
  const member = calleeMember(call);
  const method = member ? propertyName(member) : undefined;
  if (!options || !member || method === undefined) return [];
  const table = nameOf(member.object);
  const where = propertyOf(project, options, "where");
  const guards = where ? objectSets(project, where).map((set) => set.column) : [];
  const data = propertyOf(project, options, method === "upsert" ? "update" : "data");
  if (method.startsWith("update")) return [{ kind: "update", table, sets: objectSets(project, data), guards, opaque: false }];
  if (method === "upsert") return [{ kind: "upsert", table, sets: objectSets(project, data), guards: [], opaque: false }];
  if (method.startsWith("delete")) return [{ kind: "delete", table, sets: [], guards, opaque: false }];
  return [{ kind: "insert", table, sets: objectSets(project, data), guards: [], opaque: false }];
}

/** The last name of an expression: `schema.users` is `users`. */
function nameOf(raw: Node | undefined): string | undefined {
  const node = raw ? unwrap(raw) : undefined;
  return isIdentifier(node) ? node.name : isMember(node) ? propertyName(node) : undefined;
}

function objectOf(project: Project, raw: Node | undefined): ObjectExpression | undefined {
  const node = raw ? unwrap(raw) : undefined;
  if (node?.type === "ObjectExpression") return node;
  if (!isIdentifier(node)) return undefined;
  const { declaration } = project.fileOf(node).scopes.resolve(node) ?? {};
  const init = declaration?.type === "VariableDeclarator" && declaration.init ? unwrap(declaration.init) : undefined;
  return init?.type === "ObjectExpression" ? init : undefined;
}

function propertyOf(project: Project, raw: Node, name: string): Node | undefined {
  const property = objectOf(project, raw)?.properties.find((candidate) => candidate.type === "Property" && keyName(candidate.key, candidate.computed) === name);
  return property?.type === "Property" ? property.value : undefined;
}

function objectSets(project: Project, raw: Node | undefined): readonly ColumnSet[] {
  const object = objectOf(project, raw);
  return (object?.properties ?? []).flatMap((property): ColumnSet[] => {
    if (property.type === "SpreadElement") return [];
    const column = keyName(property.key, property.computed);
    if (column === undefined) return [];
    const value = unwrap(property.value);
    const text = value.type === "TaggedTemplateExpression" || isCall(value) || value.type === "ObjectExpression" ? project.text(value) : "";
    // sql`${t.n} + 1`, { increment: 1 }
    const fromItself = (value.type === "TaggedTemplateExpression" && new RegExp(`\\b${column}\\b`).test(text)) || (value.type === "ObjectExpression" && /^\{\s*(?:increment|decrement|multiply|divide)\b/.test(text));
    const taken = fromItself && (value.type === "TaggedTemplateExpression" ? /-\s*\$\{/.test(text) : /^\{\s*decrement\b/.test(text));
    return [{ column, value: fromItself ? undefined : property.value, fromItself, taken, constant: isConstant(project, value) }];
  });
}

/** A literal, or the present moment. */
export function isConstant(project: Project, raw: Node): boolean {
  const node = unwrap(raw);
  if (node.type === "Literal" || (node.type === "UnaryExpression" && node.argument.type === "Literal")) return true;
  if (node.type === "NewExpression") return isIdentifier(node.callee, "Date") && node.arguments.every((argument) => isConstant(project, argument));
  if (isCall(node)) return /^(?:Date\.now\(\)|Math\.floor\(Date\.now\(\) ?\/ ?1000\)|new Date\(\)\.\w+\(\))$/.test(project.text(node));
  return project.constants.constantOf(node) !== undefined;
}

/** Names of properties, and words of texts, in a condition: the columns it may speak of. */
function namesIn(project: Project, node: Node): readonly string[] {
  const found = new Set<string>();
  walk(node, project.fileOf(node).keys, (inner) => {
    if (isMember(inner)) {
      const name = propertyName(inner);
      if (name !== undefined) found.add(name);
    }
    if (inner.type === "TemplateElement") for (const word of inner.value.raw.match(/[A-Za-z_]\w*/g) ?? []) found.add(word);
    if (inner.type === "Property") found.add(keyName(inner.key, inner.computed) ?? "");
  });
  return [...found];
}
