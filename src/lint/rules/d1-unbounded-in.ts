import type { CallExpression, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isCall, isFunction, isIdentifier, isMember, isWithin, propertyName, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import type { Project } from "../../project/graph/project.ts";
import { runRoot } from "../../project/graph/runs.ts";
import { builderAround, sqlSites, type SqlSite } from "../../project/graph/queries/sql-sites.ts";
import type { Confidence, Report } from "../finding.ts";
import { requireFact } from "../facts.ts";
import { defineRule } from "../rule.ts";
import { boundOf, highestOf, type Bound } from "./shared/list-bounds.ts";
import { placeholderLists, type PlaceholderList } from "./shared/placeholder-lists.ts";

/** D1 takes this many bound parameters a query. https://developers.cloudflare.com/d1/platform/limits/ */
/** Bound parameters that a statement may have. */
const maxParameters = (): number => Number(requireFact("d1-bound-params").value);

/** Scripts that fill a database by hand. */
const TOOLING = /(?:^|\/)(?:seeds?|seeders?|scripts?|fixtures?|benchmarks?)(?:\/|\.[cm]?[jt]sx?$)/i;

export default defineRule({
  id: "d1-unbounded-in",
  *check({ project }) {
    const sites = sqlSites(project);
    const byFile = new Map<SourceFile, SqlSite[]>();
    for (const site of sites) byFile.set(site.file, [...(byFile.get(site.file) ?? []), site]);
    const excesses: Excess[] = [];
    for (const file of project.files) {
      if (TOOLING.test(file.path)) continue;
      for (const list of placeholderLists(project, file)) {
        const site = siteOf(project, list, byFile);
        const excess = site && excessOf(project, list, site === "some" ? undefined : site);
        if (excess) excesses.push(excess);
      }
      excesses.push(...builderExcesses(project, file));
    }
    const groups = new Map<Node, Excess[]>();
    for (const excess of excesses) {
      const root = runRoot(excess.node) ?? excess.node;
      groups.set(root, [...(groups.get(root) ?? []), excess]);
    }
    for (const group of groups.values()) yield reportOf(project, group);
  },
});

/** A list that can bring more parameters than a query takes. */
interface Excess {
  readonly node: Node;
  readonly list: Node;
  readonly position: "in" | "values";
  readonly bound: Bound;
  /** Parameters at the most, where that is known. */
  readonly total?: number;
  readonly text: Node;
}

/** The call that a text is handed to: D1's, `some` when it is put together for one elsewhere, undefined for an object's SQLite or none. */
function siteOf(project: Project, { text }: PlaceholderList, byFile: ReadonlyMap<SourceFile, readonly SqlSite[]>): SqlSite | "some" | undefined {
  const file = project.fileOf(text);
  const near = byFile.get(file) ?? [];
  const direct = near.find((site) => isWithin(text, site.argument) || isKeptFor(project, text, site));
  if (direct) return direct.target === "d1" ? direct : undefined;
  const handed = handedTo(project, text, byFile);
  if (handed) return handed === "d1" ? "some" : undefined;
  if (project.classes.ownersOf(text).size > 0 && !near.some((site) => site.target === "d1")) return undefined;
  const root = runRoot(text);
  const own = near.filter((site) => runRoot(site.node) === root);
  const candidates = own.length > 0 ? own : near.length > 0 ? near : callerFiles(project, text).flatMap((caller) => byFile.get(caller) ?? []);
  return candidates.some((site) => site.target === "d1") && !candidates.some((site) => site.target === "do") ? "some" : undefined;
}

/** The database that a helper of the project sends a text to which it is given: `all("… IN (…)", ids)`; `other` where it is not D1. */
function handedTo(project: Project, text: Node, byFile: ReadonlyMap<SourceFile, readonly SqlSite[]>): "d1" | "other" | undefined {
  const outer = wrapped(text);
  const call = isCall(outer.parent) && outer.parent.callee !== outer ? outer.parent : callWith(project, outer);
  if (!call) return undefined;
  for (const fn of project.targetsOf(call))
    for (const reached of project.calls.reach(fn, 2).keys()) {
      const site = (byFile.get(project.fileOf(reached)) ?? []).find(({ node, argument }) => isWithin(node, reached) && isIdentifier(unwrap(argument)));
      if (site) return site.target === "d1" ? "d1" : "other";
    }
  return undefined;
}

/** `const sql = text; all(sql, ids)`: the call that a text is handed to through its variable. */
function callWith(project: Project, text: Node): CallExpression | undefined {
  const { parent } = text;
  if (parent?.type !== "VariableDeclarator" || parent.id.type !== "Identifier") return undefined;
  const { id } = parent;
  const file = project.fileOf(id);
  const variable = file.scopes.resolve(id);
  for (const use of file.identifiers.get(id.name) ?? []) {
    const holder = wrapped(use).parent;
    if (use !== id && isCall(holder) && holder.callee !== use && file.scopes.resolve(use) === variable) return holder;
  }
  return undefined;
}

/** `const sql = text; db.prepare(sql)` */
function isKeptFor(project: Project, text: Node, site: SqlSite): boolean {
  const argument = unwrap(site.argument);
  if (!isIdentifier(argument)) return false;
  const holder = wrapped(text).parent;
  const target = holder?.type === "VariableDeclarator" ? holder.id : holder?.type === "AssignmentExpression" ? holder.left : undefined;
  const { scopes } = project.fileOf(text);
  return isIdentifier(target) && target.name === argument.name && scopes.resolve(target) === scopes.resolve(argument);
}

function callerFiles(project: Project, text: Node): readonly SourceFile[] {
  const fn = enclosingFunction(text);
  return fn ? [...new Set(project.calls.callersOf(fn).map((call) => project.fileOf(call)))] : [];
}

function excessOf(project: Project, found: PlaceholderList, site: SqlSite | undefined): Excess | undefined {
  const { node, counted, each, position, text } = found;
  let { list } = found;
  let bound: Bound;
  if (counted) {
    const highest = highestOf(project, list);
    const given = highest === undefined ? longestGiven(project, list) : undefined;
    bound = highest === undefined ? (given?.bound ?? { kind: "sized" }) : { kind: "max", count: highest };
    list = given?.list ?? list;
  } else bound = boundOf(project, list);
  const base = { node, list, position, bound, text };
  if (bound.kind === "sized") return undefined;
  if (bound.kind === "open") return base;
  const total = bound.count * each + (site ? otherParameters(site, list, project) : 0);
  return total > maxParameters() ? { ...base, total } : undefined;
}

/** The longest of the lists whose length a function is given by its callers: `statementFor(ids.length)`; undefined when one gives another number. */
function longestGiven(project: Project, raw: Node): { readonly list: Node; readonly bound: Bound } | undefined {
  const node = unwrap(raw);
  const variable = isIdentifier(node) ? project.fileOf(node).scopes.resolve(node) : undefined;
  const fn = variable?.kind === "parameter" && isFunction(variable.declaration) ? variable.declaration : undefined;
  const index = fn ? fn.params.findIndex((parameter) => parameter === variable?.node) : -1;
  if (!fn || index < 0) return undefined;
  let longest: { readonly list: Node; readonly bound: Bound } | undefined;
  for (const call of project.calls.callersOf(fn)) {
    const argument = call.arguments[index];
    const size = argument && argument.type !== "SpreadElement" ? unwrap(argument) : undefined;
    if (!isMember(size) || !/^(?:length|size)$/.test(propertyName(size) ?? "")) return undefined;
    const bound = boundOf(project, size.object);
    if (!longest || rankOf(bound) > rankOf(longest.bound)) longest = { list: size.object, bound };
  }
  return longest;
}

function rankOf(bound: Bound): number {
  return bound.kind === "open" ? Number.POSITIVE_INFINITY : bound.kind === "max" ? bound.count : 0;
}

/** Values bound beside the list: arguments of `bind` that are no spreads, and further lists of the same elements. */
function otherParameters(site: SqlSite, list: Node, project: Project): number {
  const [bind] = site.binds;
  if (!bind) return 0;
  let others = 0;
  let lists = 0;
  for (const argument of bind.arguments) {
    if (argument.type !== "SpreadElement") others++;
    else {
      const bound = boundOf(project, argument.argument);
      if (bound.kind === "max" && project.text(argument.argument) === project.text(list) && lists++ > 0) others += bound.count;
    }
  }
  return others;
}

const IN_FUNCTIONS = new Set(["inArray", "notInArray"]);

/** Lists given to query builders: drizzle's `inArray()` and rows of `values()`, Kysely's `where(column, "in", list)`. */
function* builderExcesses(project: Project, file: SourceFile): Iterable<Excess> {
  for (const call of file.calls) {
    const name = calleeName(call) ?? "";
    const [first, second, third] = call.arguments;
    if (IN_FUNCTIONS.has(name) && second && second.type !== "SpreadElement") {
      const callee = project.kindOf(call.callee);
      if (callee?.kind === "external" && !callee.module.startsWith("drizzle-orm")) continue;
      if (targetOf(project, call) !== "d1" || isQuery(project, second)) continue;
      const excess = builderExcess(project, call, second, 1, "in");
      if (excess) yield excess;
    } else if (name === "where" && third && third.type !== "SpreadElement" && second && /^(?:not )?in$/i.test(project.constants.constantOf(second)?.value ?? "")) {
      const member = calleeMember(call);
      if (!member || builderAround(project, third) !== "d1" || isQuery(project, third)) continue;
      const excess = builderExcess(project, call, third, 1, "in");
      if (excess) yield excess;
    } else if (name === "values" && first && first.type !== "SpreadElement") {
      const list = unwrap(first);
      if (list.type === "ObjectExpression" || builderAround(project, first) !== "d1") continue;
      const columns = rowColumns(project, list);
      if (columns === undefined) continue;
      const excess = builderExcess(project, call, list, columns, "values");
      if (excess) yield excess;
    }
  }
}

/** The target of the chain a condition is part of, also when the condition is kept in a variable or list first. */
function targetOf(project: Project, call: Node): string | undefined {
  const direct = builderAround(project, call);
  if (direct) return direct;
  const root = runRoot(call);
  const { members } = project.fileOf(call);
  for (const name of ["select", "update", "delete", "selectDistinct"])
    for (const member of members.get(name) ?? []) {
      if (runRoot(member) !== root) continue;
      const kind = project.kindOf(member.object);
      if (kind?.kind === "orm") return kind.target;
    }
  return undefined;
}

/**
 * Whether an operand is a query of its own (`inArray(t.id, db.select()…)`, Kysely's `db.selectFrom(…)` or `(eb) => eb.selectFrom(…)`), also one kept in a
 * variable first: it becomes part of the statement and binds nothing for its rows.
 */
function isQuery(project: Project, node: Node, depth = 0): boolean {
  const value = unwrap(node);
  if (isFunction(value)) return true;
  if (isIdentifier(value)) {
    const declaration = depth > 2 ? undefined : project.fileOf(value).scopes.resolve(value)?.declaration;
    return declaration?.type === "VariableDeclarator" && declaration.id.type === "Identifier" && declaration.init ? isQuery(project, declaration.init, depth + 1) : false;
  }
  if (!isCall(value) && !isMember(value)) return false;
  return /\.(?:select|selectDistinct|selectFrom)\(/.test(project.text(value)) && startsAtBuilder(project, value) && !(depth > 0 && isCall(value) && RUN.has(calleeName(value) ?? ""));
}

/** Whether a chain starts at a builder, and not at what one gave: `rows.map(…)`. */
function startsAtBuilder(project: Project, chain: Node): boolean {
  for (let current: Node = chain; isCall(current) || isMember(current); ) {
    const next: Node = unwrap(isCall(current) ? current.callee : current.object);
    if (isMember(next) && /^(?:select|selectDistinct|selectFrom)$/.test(propertyName(next) ?? "")) return true;
    if (isMember(next) && /^(?:map|filter|then)$/.test(propertyName(next) ?? "")) return false;
    current = next;
  }
  return /\.(?:select|selectDistinct|selectFrom)\(/.test(project.text(chain));
}

/** What gives the rows of a builder's select. */
const RUN = new Set(["all", "get", "values", "execute"]);

/** How many columns a row has, by the object that a callback makes of each element; undefined when the argument is no list. */
function rowColumns(project: Project, list: Node): number | undefined {
  if (isCall(list) && calleeName(list) === "map") {
    const [callback] = list.arguments;
    const fn = callback && unwrap(callback);
    if (fn?.type !== "ArrowFunctionExpression") return 1;
    const body = fn.expression ? unwrap(fn.body) : undefined;
    return body?.type === "ObjectExpression" ? Math.max(1, body.properties.length) : 1;
  }
  if (list.type === "ArrayExpression") {
    const [first] = list.elements;
    const row = first && first.type !== "SpreadElement" ? unwrap(first) : undefined;
    return row?.type === "ObjectExpression" ? row.properties.length : 1;
  }
  // A variable may hold one row as well as many.
  if (!isIdentifier(list)) return undefined;
  const variable = project.fileOf(list).scopes.resolve(list);
  const declaration = variable?.declaration;
  const init = declaration?.type === "VariableDeclarator" && declaration.init ? unwrap(declaration.init) : undefined;
  if (init && (init.type === "ArrayExpression" || (isCall(init) && calleeName(init) === "map"))) return rowColumns(project, init);
  // `rows: NewRow[]`: how many columns a row has is not known, but at least one.
  const parameter = declaration && isFunction(declaration) ? declaration.params.find((candidate) => candidate === variable?.node) : undefined;
  return parameter?.type === "Identifier" && parameter.typeAnnotation?.typeAnnotation.type === "TSArrayType" ? 1 : undefined;
}

function builderExcess(project: Project, node: Node, list: Node, each: number, position: "in" | "values"): Excess | undefined {
  const bound = boundOf(project, list);
  const base = { node, list, position, bound, text: node };
  if (bound.kind === "sized") return undefined;
  if (bound.kind === "open") return base;
  const total = bound.count * each + (position === "in" ? othersInBuilder(project, node) : 0);
  return total > maxParameters() ? { ...base, total } : undefined;
}

const COMPARISONS = new Set(["eq", "ne", "gt", "gte", "lt", "lte", "like", "notLike", "between", "notBetween"]);

/** Values that a drizzle statement binds besides a list in it: `set({ status })`, `eq(t.owner, id)`, `limit(20)`. Those that are sure only. */
function othersInBuilder(project: Project, node: Node): number {
  let statement = node;
  for (let parent = node.parent ?? undefined; parent && (isCall(parent) || isMember(parent)); parent = parent.parent ?? undefined) statement = parent;
  const file = project.fileOf(node);
  let others = 0;
  walk(statement, file.keys, (inner) => {
    if (isFunction(inner)) return false;
    if (!isCall(inner) || inner === node) return undefined;
    const name = calleeName(inner) ?? "";
    const [first, ...rest] = inner.arguments;
    if (COMPARISONS.has(name) && isIdentifier(unwrap(inner.callee))) others += rest.filter((argument) => isPlainValue(project, argument)).length;
    else if (calleeMember(inner) && (name === "limit" || name === "offset")) others++;
    else if (name === "set" && calleeMember(inner) && first?.type === "ObjectExpression")
      others += first.properties.filter((property) => property.type === "Property" && isPlainValue(project, property.value)).length;
    return undefined;
  });
  return others;
}

/** A value that becomes a parameter: a literal or something of the function's own, not a column, nor SQL. */
function isPlainValue(project: Project, raw: Node): boolean {
  let node = unwrap(raw);
  if (node.type === "Literal") return node.value !== null;
  if (node.type === "TemplateLiteral") return true;
  if (node.type === "NewExpression") return isIdentifier(node.callee, "Date");
  while (isMember(node)) node = unwrap(node.object);
  if (!isIdentifier(node)) return false;
  const { scopes } = project.fileOf(node);
  const variable = scopes.resolve(node);
  return variable !== undefined && enclosingFunction(variable.node) !== undefined && !isSqlMade(variable.declaration);
}

/** Tables, columns and conditions that a function makes for itself. */
function isSqlMade(declaration: Node): boolean {
  const init = declaration.type === "VariableDeclarator" && declaration.init ? unwrap(declaration.init) : undefined;
  return init !== undefined && (init.type === "TaggedTemplateExpression" || isCall(init) || isFunction(init));
}

function reportOf(project: Project, group: readonly Excess[]): Report {
  const sorted = [...group].sort((a, b) => a.node.start - b.node.start);
  const [first, ...others] = sorted;
  if (!first) throw new Error("a group without members");
  const { bound, node, text } = first;
  return {
    span: project.span(node),
    message: message(project, first),
    ...(first.position === "values" && { help: `Send slices that stay within ${maxParameters()} parameters as one \`batch([…])\`.` }),
    confidence: sorted.map(confidenceOf).sort((a, b) => RANK[b] - RANK[a])[0] ?? "medium",
    related: [
      ...(isWithin(node, text) ? [] : [{ span: project.span(text), message: "the statement" }]),
      ...(bound.kind === "open" && bound.from !== "unknown" && project.fileOf(bound.origin) === project.fileOf(node) ? [{ span: project.span(bound.origin), message: bound.from === "rows" ? "these rows are not limited" : "as many as the request has" }] : []),
      ...others.flatMap((other) => [
        { span: project.span(other.node), message: "this list as well" },
        ...(isWithin(other.node, other.text) ? [] : [{ span: project.span(other.text), message: "its statement" }]),
      ]),
    ],
  };
}

const RANK: Readonly<Record<Confidence, number>> = { high: 2, medium: 1, low: 0 };

function confidenceOf({ bound, total }: Excess): Confidence {
  if (total !== undefined) return "high";
  return bound.kind === "open" && bound.from !== "unknown" ? "high" : "medium";
}

function message(project: Project, { list, position, total, bound }: Excess): string {
  const name = shorten(project.text(list));
  const clause = position === "in" ? "this IN list" : "these VALUES";
  const size = total !== undefined
    ? `\`${name}\` can make ${total} bound parameters of this statement`
    : `Nothing in sight limits the length of \`${name}\`, and each element becomes a bound parameter of ${clause}`;
  const source = bound.kind === "open" && bound.from === "rows" ? " (it is filled from rows that a query without LIMIT returns)" : bound.kind === "open" && bound.from === "request" ? " (it comes with the request)" : "";
  return `${size}${source}: above ${maxParameters()} D1 refuses the query with "too many SQL variables", so this works until the data grows.`;
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 50 ? `${line.slice(0, 49)}…` : line;
}
