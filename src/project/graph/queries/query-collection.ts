import { kept } from "../../../kept.ts";
import type { CallExpression, MemberExpression, Node } from "../../parse/ast.ts";
import { calleeMember, propertyName } from "../../parse/ast.ts";
import { nodesOf, type SourceFile } from "../../parse/source-file.ts";
import type { Project } from "../project.ts";
import { preparedStatement, query, textStatement, type D1Query } from "./query.ts";
import { batchStatements, builderQuery, builderTemplate, type Builders } from "./query-builders.ts";

const D1_METHODS = new Set(["first", "all", "run", "raw"]);
const DATABASE_METHODS = new Set(["batch", "exec"]);

/** What some file of the project mentions. */
interface Mentions extends Builders {
  readonly d1: boolean;
}

const mentionsOf = kept((project: Project): Mentions => {
  const some = (pattern: RegExp): boolean => project.files.some((file) => pattern.test(file.text));
  return {
    d1: project.files.some((file) => file.members.has("prepare") || file.members.has("exec")), drizzle: some(/drizzle/i), kysely: some(/kysely/i),
    prisma: some(/prisma/i), workersQb: some(/workers-qb/), d1Orm: some(/d1-orm/),
  };
});

/** The queries in a file, in source order, but those of the project's own tags. */
export function collectQueries(project: Project, file: SourceFile): readonly D1Query[] {
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
    add(builderQuery(project, file, call, member, name, has));
  }
  for (const tagged of nodesOf(file, "TaggedTemplateExpression")) add(builderTemplate(project, file, tagged));
  return [...found.values()].sort((a, b) => a.node.start - b.node.start);
}

function statementQuery(project: Project, file: SourceFile, call: CallExpression, member: MemberExpression, name: string): D1Query | undefined {
  const kind = project.kindOf(member.object);
  if (kind?.kind !== "d1-statement") return undefined;
  return query(file, call, kind.database, "d1", name, false, [preparedStatement(project, kind, name)]);
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
