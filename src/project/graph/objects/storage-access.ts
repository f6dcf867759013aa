import { setColumns, whereColumns } from "../../sql/query.ts";
import type { CallExpression, Node, TaggedTemplateExpression } from "../../parse/ast.ts";
import { calleeMember, calleeName, isCall, isMember, keyName, propertyName, unwrap, wrapped } from "../../parse/ast.ts";
import { ORM_WRITES, storageUse } from "./object-storage.ts";
import type { Project } from "../project.ts";

/** What is read or written: a key, or a table, by a text that is the same wherever the same is meant. */
export interface Access {
  readonly node: Node;
  /** `constant:characters` for a constant key, `key:…` for the text of another, `table:jobs`, `state` for an Agent's state. Several for a join. */
  readonly keys: readonly string[];
}

export interface WriteAccess extends Access {
  /** `replace`: all of what was there; `patch`: some columns of it; `append`: a row more. */
  readonly mode: "replace" | "patch" | "append";
  /** The expressions that are stored. Those that only say where (a key, the parameters of `WHERE`) are not among them. */
  readonly values: readonly Node[];
}

/** The methods whose calls may be a `writeOf`. */
export const STORING: readonly string[] = ["put", "exec", "setState", ...ORM_WRITES];

const READ_TABLES = /\b(?:FROM|JOIN)\s+[`"[]?([A-Za-z_]\w*)/gi;
const WRITE_TABLE = /\b(?:(?:INSERT|REPLACE)(?:\s+OR\s+\w+)?\s+INTO|UPDATE(?:\s+OR\s+\w+)?)\s+[`"[]?([A-Za-z_]\w*)/i;

/** What a node reads from the object's own storage; undefined when it reads nothing. */
export function readOf(project: Project, node: Node): Access | undefined {
  if (isMember(node)) return isAgentState(project, node) ? { node, keys: ["state"] } : undefined;
  if (node.type !== "CallExpression" && node.type !== "TaggedTemplateExpression") return undefined;
  const use = storageUse(project, node);
  switch (use?.operation) {
    case "get": {
      const [key] = use.arguments;
      if (!key || key.type === "SpreadElement") return undefined;
      const several = unwrap(key);
      if (several.type !== "ArrayExpression") return { node, keys: [keyText(project, key)] };
      const keys = several.elements.flatMap((element) => (element && element.type !== "SpreadElement" ? [keyText(project, element)] : []));
      return { node, keys: keys.length > 0 ? keys : [keyText(project, key)] };
    }
    case "list":
      return { node, keys: [`list:${use.arguments[0] ? project.text(use.arguments[0]) : ""}`] };
    case "sql": {
      const sql = sqlSource(project, node);
      // A statement that writes and returns is atomic.
      if (sql === undefined || WRITE_TABLE.test(sql) || !/\bSELECT\b/i.test(sql)) return undefined;
      const keys = [...sql.matchAll(READ_TABLES)].map(([, table]) => `table:${(table ?? "").toLowerCase()}`);
      return keys.length > 0 ? { node, keys } : undefined;
    }
    case "orm-read": {
      const table = ormTable(project, node);
      return table === undefined ? undefined : { node, keys: [`table:${table}`] };
    }
    default:
      return undefined;
  }
}

/** What a node writes to the object's own storage; undefined when it writes nothing that is computed in code. */
export function writeOf(project: Project, node: Node): WriteAccess | undefined {
  if (node.type !== "CallExpression" && node.type !== "TaggedTemplateExpression") return undefined;
  if (isCall(node)) {
    const member = calleeMember(node);
    const [value] = node.arguments;
    if (member && member.object.type === "ThisExpression" && propertyName(member) === "setState" && value && value.type !== "SpreadElement" && isAgentState(project, member))
      return { node, keys: ["state"], mode: "replace", values: [value] };
  }
  const use = storageUse(project, node);
  switch (use?.operation) {
    case "put": {
      const [key, value] = use.arguments;
      if (!key || key.type === "SpreadElement") return undefined;
      const whole = unwrap(key);
      if (whole.type === "ObjectExpression") return { node, keys: whole.properties.flatMap((property) => (property.type === "Property" ? [property.computed ? keyText(project, property.key) : `constant:${keyName(property.key, false) ?? project.text(property.key)}`] : [])), mode: "replace", values: [whole] };
      return value && value.type !== "SpreadElement" ? { node, keys: [keyText(project, key)], mode: "replace", values: [value] } : undefined;
    }
    case "sql": {
      const sql = sqlSource(project, node);
      const table = sql === undefined ? undefined : WRITE_TABLE.exec(sql)?.[1];
      return sql === undefined || table === undefined || isCompareAndSet(sql) ? undefined : { node, keys: [`table:${table.toLowerCase()}`], mode: modeOf(sql), values: storedValues(node, sql) };
    }
    case "orm-write": {
      const table = ormTable(project, node);
      const values = ormValues(node);
      return table === undefined || values.length === 0 ? undefined : { node, keys: [`table:${table}`], mode: ormMode(project, node), values };
    }
    default:
      return undefined;
  }
}

function isAgentState(project: Project, member: Extract<Node, { type: "MemberExpression" }>): boolean {
  if (member.object.type !== "ThisExpression" || !/^(?:state|setState)$/.test(propertyName(member) ?? "")) return false;
  const owner = project.kindOf(member.object);
  if (owner?.kind !== "instance") return false;
  const base = project.classes.knownBase(owner.cls);
  return base !== undefined && base.ownsAlarm && base.hibernates === "always" && !project.classes.hasMethod(owner.cls, "state");
}

function keyText(project: Project, key: Node): string {
  const constant = project.constants.constantOf(key)?.value;
  return constant === undefined ? `key:${project.text(unwrap(key)).replace(/\s+/g, " ")}` : `constant:${constant}`;
}

/** The text of a statement, holes and all. */
function sqlSource(project: Project, node: CallExpression | TaggedTemplateExpression): string | undefined {
  if (node.type === "TaggedTemplateExpression") return project.text(node.quasi);
  const [sql] = node.arguments;
  if (!sql || sql.type === "SpreadElement") return undefined;
  return project.constants.constantOf(sql)?.value ?? project.text(sql);
}

/** Columns whose comparison makes an update fail when somebody else was first. */
const VERSION = /version|revision|^(?:rev|etag|seq|sequence|updated_?at|generation|epoch)$/i;

/** An update that changes nothing once the row is no longer as it was read: it compares a column that it sets, or a version. */
function isCompareAndSet(sql: string): boolean {
  if (!/^\W*UPDATE\b/i.test(sql)) return false;
  const text = sql.replace(/^[`"']|[`"']$/g, "").replace(/\$\{[^}]*\}/g, "?");
  const compared = new Set(whereColumns(text).map((column) => column.toLowerCase()));
  return [...compared].some((column) => VERSION.test(column)) || setColumns(text).some(({ column }) => compared.has(column.toLowerCase()));
}

function modeOf(sql: string): WriteAccess["mode"] {
  if (/^\W*UPDATE\b/i.test(sql)) return "patch";
  return /^\W*(?:REPLACE|INSERT\s+OR\s+REPLACE)\b|\bDO\s+UPDATE\b/i.test(sql) ? "replace" : "append";
}

function ormMode(project: Project, node: Node): WriteAccess["mode"] {
  if (isCall(node) && /^update/.test(calleeName(node) ?? "")) return "patch";
  let current = wrapped(node);
  while (isMember(current.parent) || isCall(current.parent)) current = wrapped(current.parent);
  return /\.onConflictDoUpdate\s*\(/.test(project.text(current)) ? "replace" : "append";
}

/**
 * Keys as other functions know them: constants, tables and fields stay; of a template only its constant beginning does, and
 * a name that means something only in its own function goes.
 */
export function portableKeys(keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => {
    if (!key.startsWith("key:")) return [key];
    const text = key.slice(4);
    const template = /^`([^`$]{3,})\$\{/.exec(text)?.[1];
    if (template !== undefined) return [`key:${template}*`];
    return /^[A-Za-z_$][\w$]*$/.test(text) ? [] : [key];
  });
}

/** The parameters that are stored: those of `VALUES (…)` and `SET x = ?`, not those of `WHERE`, nor `SET x = x + ?`. */
function storedValues(node: CallExpression | TaggedTemplateExpression, sql: string): readonly Node[] {
  const where = /\bWHERE\b/i.exec(sql)?.index ?? sql.length;
  const isUpdate = /^\W*UPDATE\b/i.test(sql);
  if (node.type === "TaggedTemplateExpression") {
    const start = node.quasi.start;
    return node.quasi.expressions.filter((expression) => (!isUpdate || expression.start - start < where) && !isRelative(sql.slice(0, expression.start - start)));
  }
  const parameters = node.arguments.slice(1).filter((argument) => argument.type !== "SpreadElement");
  const places = [...sql.matchAll(/\?/g)].map((match) => match.index);
  return parameters.filter((_, index) => {
    const place = places[index];
    return place === undefined || ((!isUpdate || place < where) && !isRelative(sql.slice(0, place)));
  });
}

/** `SET n = n + ?`: computed by SQLite from what is there then. */
function isRelative(before: string): boolean {
  return /=\s*[\w.`"]+\s*[-+|*]+\s*(?:\$\{)?$/.test(before);
}

/** The table of `db.select().from(table)`, `db.insert(table)`, `db.update(table)`, `db.query.table.findFirst()`. */
function ormTable(project: Project, node: CallExpression | TaggedTemplateExpression): string | undefined {
  if (!isCall(node)) return undefined;
  const [first] = node.arguments;
  const member = calleeMember(node);
  const name = member && propertyName(member);
  if (name !== undefined && /^(?:insert|update|insertInto|updateTable|replaceInto|selectFrom)$/.test(name) && first) return project.text(first);
  const parent = wrapped(node).parent;
  const call = isMember(parent) ? wrapped(parent).parent : undefined;
  if (isMember(parent) && propertyName(parent) === "from" && call?.type === "CallExpression" && call.arguments[0]) return project.text(call.arguments[0]);
  return undefined;
}

/** What `.values(…)` and `.set(…)` further along the chain store. */
function ormValues(node: Node): readonly Node[] {
  const values: Node[] = [];
  for (let current = wrapped(node); isMember(current.parent); ) {
    const call = wrapped(current.parent).parent;
    if (call?.type !== "CallExpression") break;
    if (/^(?:values|set)$/.test(propertyName(current.parent) ?? "")) values.push(...call.arguments.filter((argument) => argument.type !== "SpreadElement"));
    current = wrapped(call);
  }
  return values;
}
