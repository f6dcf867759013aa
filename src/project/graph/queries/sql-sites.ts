import { kept } from "../../../kept.ts";
import type { CallExpression, MemberExpression, Node } from "../../parse/ast.ts";
import { calleeMember, isCall, isMember, propertyName, unwrap, wrapped } from "../../parse/ast.ts";
import { nodesOf, type SourceFile } from "../../parse/source-file.ts";
import { sqlText, type SqlText } from "../../sql/text.ts";
import type { Project } from "../project.ts";
import { targetOfOrm } from "./query-builders.ts";
import { textsOf, writtenTextsOf } from "./statement-text.ts";

/** One of the texts a site may run; hole `n` of the text is filled by `holes[n]`. */
export interface SiteText {
  readonly sql: SqlText;
  readonly holes: readonly Node[];
}

/** A place where SQL text is handed to a database. */
export interface SqlSite {
  readonly file: SourceFile;
  readonly node: CallExpression | Extract<Node, { type: "TaggedTemplateExpression" }>;
  /** The expression of the text. */
  readonly argument: Node;
  /** D1, or the SQLite of an object; `unknown` for query builders whose database is not in sight. */
  readonly target: "d1" | "do" | "unknown";
  /** `prepare`, `exec`, `sql.raw`; `tag` for templates that bind what is put into them; `run` for a builder's own statements, `text` for one that is given a plain text. */
  readonly method: "prepare" | "exec" | "raw" | "tag" | "run" | "text";
  /** As the code says it, for messages: `env.DB.prepare`. */
  readonly callee: string;
  /** The name of the database in `env`. */
  readonly binding?: string;
  /** The texts in sight; a text of which nothing is known is one hole. */
  readonly texts: readonly SiteText[];
  /** The calls of `bind` on a prepared statement that are in sight. */
  readonly binds: readonly CallExpression[];
}

const UNSAFE_RAW = new Set(["$queryRawUnsafe", "$executeRawUnsafe"]);
const ORM_RUN = new Set(["run", "all", "get", "values", "execute"]);

/** Every place where SQL is handed to D1 or to an object's SQLite as text, in order of path and place. Worked out once. */
export const sqlSites = kept((project: Project): readonly SqlSite[] => project.files.flatMap((file) => sitesIn(project, file)));

function sitesIn(project: Project, file: SourceFile): readonly SqlSite[] {
  const found: SqlSite[] = [];
  const each = (names: Iterable<string>, visit: (call: CallExpression, member: MemberExpression, argument: Node, name: string) => SqlSite | undefined): void => {
    for (const name of names)
      for (const member of file.members.get(name) ?? []) {
        const call = wrapped(member).parent;
        if (!isCall(call) || calleeMember(call) !== member) continue;
        const [argument] = call.arguments;
        const site = argument && argument.type !== "SpreadElement" ? visit(call, member, argument, name) : undefined;
        if (site) found.push(site);
      }
  };
  each(["prepare"], (call, member, argument) => {
    const kind = project.kindOf(member.object);
    if (kind?.kind !== "d1" && kind?.kind !== "d1-session") return undefined;
    const database = kind.kind === "d1" ? kind : kind.database;
    return { ...site(project, file, call, argument, "d1", "prepare"), ...(database?.binding !== undefined && { binding: database.binding }), binds: bindsOf(project, call) };
  });
  each(["exec"], (call, member, argument) => {
    const kind = project.kindOf(member.object);
    if (kind?.kind === "do-sql") return site(project, file, call, argument, "do", "exec");
    if (kind?.kind !== "d1") return undefined;
    return { ...site(project, file, call, argument, "d1", "exec"), ...(kind.binding !== undefined && { binding: kind.binding }) };
  });
  each(["raw"], (call, member, argument) => {
    const owner = project.kindOf(member.object);
    const isDrizzle = owner?.kind === "external" && owner.name === "sql" && /^drizzle-orm\b|^kysely$/.test(owner.module);
    return isDrizzle ? site(project, file, call, argument, builderTarget(project, call), "raw") : undefined;
  });
  each(UNSAFE_RAW, (call, member, argument) => {
    const kind = project.kindOf(member.object);
    return kind?.kind === "orm" && kind.library === "prisma" && kind.target === "d1" ? site(project, file, call, argument, "d1", "raw") : undefined;
  });
  each(ORM_RUN, (call, member, argument) => {
    const tagged = unwrap(argument).type === "TaggedTemplateExpression";
    if (!tagged && !isText(file, argument)) return undefined;
    const kind = project.kindOf(member.object);
    if (kind?.kind !== "orm" || (!tagged && kind.library !== "drizzle")) return undefined;
    return site(project, file, call, argument, kind.target === "d1" || kind.target === "do" ? kind.target : "unknown", tagged ? "run" : "text");
  });
  for (const tagged of nodesOf(file, "TaggedTemplateExpression"))
    if (project.kindOf(tagged.tag)?.kind === "do-sql-tag") found.push(site(project, file, tagged, tagged, "do", "tag"));
  return found.sort((a, b) => a.node.start - b.node.start);
}

/** A text put together where it stands, or in the constant that is given: `db.run(\`… ${x}\`)`. */
function isText(file: SourceFile, raw: Node): boolean {
  const node = unwrap(raw);
  if (node.type === "TemplateLiteral") return true;
  if (node.type === "BinaryExpression") return node.operator === "+" && (isText(file, node.left) || isText(file, node.right));
  if (node.type === "Literal") return typeof node.value === "string";
  const variable = node.type === "Identifier" ? file.scopes.resolve(node) : undefined;
  const init = variable?.kind === "const" && variable.declaration.type === "VariableDeclarator" ? variable.declaration.init : undefined;
  return init ? isText(file, init) : false;
}

function site(project: Project, file: SourceFile, node: SqlSite["node"], argument: Node, target: SqlSite["target"], method: SqlSite["method"]): SqlSite {
  const callee = project.text(node.type === "CallExpression" ? unwrap(node.callee) : unwrap(node.tag));
  return { file, node, argument, target, method, callee: callee.replaceAll(/\s+/g, ""), binds: [], texts: textsOf(project, argument).map(({ parts }) => siteText(parts)) };
}

/** The texts of a site with everything that is put into them as it is written there: `${column}` is a hole, whatever it holds. */
export function writtenTexts(project: Project, { argument }: SqlSite): readonly SiteText[] {
  return writtenTextsOf(project, argument).map(({ parts }) => siteText(parts));
}

function siteText(parts: readonly (string | Node)[]): SiteText {
  const holes: Node[] = [];
  const numbered = parts.map((part) => (typeof part === "string" ? part : holes.push(part) - 1));
  return { sql: sqlText(numbered), holes };
}

/** `prepare(…).bind(…)`, or every `bind` of the constant that the statement is kept in. */
function bindsOf(project: Project, prepare: CallExpression): readonly CallExpression[] {
  const outer = wrapped(prepare);
  const direct = memberCall(outer, "bind");
  if (direct) return [direct];
  const declarator = outer.parent;
  if (declarator?.type !== "VariableDeclarator" || declarator.id.type !== "Identifier" || declarator.init !== outer) return [];
  const { id } = declarator;
  const file = project.fileOf(prepare);
  const variable = file.scopes.resolve(id);
  if (variable?.kind !== "const") return [];
  return (file.identifiers.get(id.name) ?? []).flatMap((use) => (use !== id && file.scopes.resolve(use) === variable ? (memberCall(wrapped(use), "bind") ?? []) : []));
}

function memberCall(object: Node, name: string): CallExpression | undefined {
  const member = object.parent;
  if (!isMember(member) || member.object !== object || propertyName(member) !== name) return undefined;
  const call = wrapped(member).parent;
  return isCall(call) && calleeMember(call) === member ? call : undefined;
}

/** Which database a builder's `sql.raw` ends in: an object's in code of DO classes, D1 where the project has no other builder. */
function builderTarget(project: Project, node: Node): SqlSite["target"] {
  const builder = builderAround(project, node);
  if (builder) return builder === "d1" || builder === "do" ? builder : "unknown";
  if (project.classes.ownersOf(node).size > 0) return "do";
  return hasOnlyD1(project) ? "d1" : "unknown";
}

/** The target of the builder whose chain a node is an argument of: `db.select().from(t).where(sql.raw(…))`. */
export function builderAround(project: Project, node: Node): string | undefined {
  for (let current = node.parent ?? undefined; current && !/Statement$|Function/.test(current.type); current = current.parent ?? undefined) {
    if (!isCall(current)) continue;
    let object: Node = current;
    while (isCall(object) || isMember(object)) {
      const kind = project.kindOf(object);
      if (kind?.kind === "orm") return targetOfOrm(project, project.fileOf(node), kind);
      object = unwrap(isCall(object) ? object.callee : object.object);
    }
    const kind = project.kindOf(object);
    if (kind?.kind === "orm") return targetOfOrm(project, project.fileOf(node), kind);
  }
  return undefined;
}

/** Whether all drivers of query builders in the project are those for D1 (and for objects, whose code is known by its classes). */
const hasOnlyD1 = kept((project: Project): boolean => {
  let d1 = false;
  let other = false;
  for (const { text } of project.files) {
    if (/["'](?:drizzle-orm\/d1|kysely-d1)["']/.test(text)) d1 = true;
    if (/["']drizzle-orm\/(?:postgres|node-postgres|neon|pg|mysql|planetscale|libsql|better-sqlite3|bun|expo|vercel|tidb|aws|pglite|xata|op-sqlite)/.test(text)) other = true;
  }
  return d1 && !other;
});
