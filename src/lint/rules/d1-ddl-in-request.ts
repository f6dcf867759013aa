import type { Node } from "../../project/parse/ast.ts";
import { isIdentifier, unwrap } from "../../project/parse/ast.ts";
import { isDevelopmentOnly } from "../../project/graph/development.ts";
import type { Project } from "../../project/graph/project.ts";
import { runRoot } from "../../project/graph/runs.ts";
import { functionName } from "../../project/graph/classes.ts";
import { sqlSites, type SqlSite } from "../../project/graph/queries/sql-sites.ts";
import { isSchemaChange, statementsOf, type Statement } from "../../project/sql/statement.ts";
import { tables } from "../../project/sql/query.ts";
import type { SqlText } from "../../project/sql/text.ts";
import { defineRule } from "../rule.ts";

// The schema belongs to migrations: wrangler records which ran, once, in order. https://developers.cloudflare.com/d1/reference/migrations/

export default defineRule({
  id: "d1-ddl-in-request",
  *check({ project }) {
    const groups = new Map<Node, Change[]>();
    for (const site of sqlSites(project)) {
      if (site.target !== "d1") continue;
      for (const change of changesOf(project, site)) {
        const fn = runRoot(change.node);
        if (!fn || !project.calls.isOnRequestPath(change.node) || isDevelopmentOnly(project, change.node)) continue;
        const list = groups.get(fn);
        if (list) list.push(change);
        else groups.set(fn, [change]);
      }
    }
    for (const changes of groups.values()) {
      const sorted = [...changes].sort((a, b) => (a.what === undefined ? 1 : 0) - (b.what === undefined ? 1 : 0));
      const [first, ...others] = sorted;
      if (!first) continue;
      yield {
        span: project.span(first.node),
        message: message(project, first, others.length),
        confidence: first.what === undefined ? "medium" : "high",
        related: others.map(({ node, what }) => ({ span: project.span(node), message: what === undefined ? "runs SQL with exec()" : `changes the schema as well: ${what}` })),
        subject: { ...(first.site.binding !== undefined && { database: first.site.binding }), ...(first.table !== undefined && { table: first.table }) },
      };
    }
  },
});

interface Change {
  readonly site: SqlSite;
  /** The call that runs it; the text itself where a wrapper is handed it. */
  readonly node: Node;
  /** `CREATE TABLE users`; undefined for an `exec()` whose text does no such thing or is not known. */
  readonly what: string | undefined;
  readonly table?: string;
}

function changesOf(project: Project, site: SqlSite): readonly Change[] {
  if (isParameter(project, site.argument)) {
    // A wrapper that runs what it is handed: its callers change the schema.
    const written = project.constants.valuesOf(site.argument).constants.flatMap(({ value, origin }) => {
      const found = schemaChangeIn(value);
      return found ? [{ site, node: origin, ...found }] : [];
    });
    if (written.length > 0) return written;
  }
  for (const { sql } of site.texts) {
    const found = schemaChangeIn(sql);
    if (found) return [{ site, node: site.node, ...found }];
  }
  return site.method === "exec" && !isHandedOn(project, site) ? [{ site, node: site.node, what: undefined }] : [];
}

function schemaChangeIn(sql: string | SqlText): { readonly what: string; readonly table?: string } | undefined {
  for (const statement of statementsOf(sql)) {
    if (!isSchemaChange(statement.kind) || statement.kind === "create-index" || statement.kind === "create-trigger" || statement.kind === "create-view") continue;
    if (statement.tokens.length < 3) continue;
    const [table] = tables(statement).writes;
    return { what: described(statement, table), ...(table !== undefined && { table }) };
  }
  return undefined;
}

function isParameter(project: Project, node: Node): boolean {
  const value = unwrap(node);
  return isIdentifier(value) && project.fileOf(value).scopes.resolve(value)?.kind === "parameter";
}

/** Whether the text is a parameter that no caller in sight fills: an adapter's own `exec()`. */
function isHandedOn(project: Project, site: SqlSite): boolean {
  return site.texts.every(({ sql, holes }) => {
    const [only] = holes;
    if (sql.parts.some((part) => typeof part === "string" && part.trim() !== "") || !only || only.type !== "Identifier") return false;
    return project.fileOf(only).scopes.resolve(only)?.kind === "parameter";
  });
}

function described(statement: Statement, table: string | undefined): string {
  const words = { "create-table": "CREATE TABLE", alter: "ALTER TABLE", drop: "DROP" } as const;
  const kind = statement.kind in words ? words[statement.kind as keyof typeof words] : statement.kind;
  const verb = kind === "DROP" && statement.tokens[1] ? `DROP ${statement.tokens[1].value}` : kind;
  return table === undefined ? verb : `${verb} ${table}`;
}

function message(project: Project, { site, node, what }: Change, others: number): string {
  const fn = runRoot(node);
  const name = fn && functionName(project, fn);
  const where = name && /^[\w$.#]+$/.test(name) ? `${name}(), which runs for a request` : "code that runs for a request";
  const database = site.binding === undefined ? "D1" : `\`${site.binding}\``;
  if (what === undefined)
    return `\`${site.callee}()\` in ${where}, is meant for one-off maintenance: it cannot bind values, runs the statements one at a time, and stops in the middle when one fails. Prepare what a request needs, and put schema changes into migrations.`;
  const more = others > 0 ? ` and ${others} more statement${others > 1 ? "s" : ""}` : "";
  return `\`${what}\`${more} on ${database} in ${where}: every request pays for it, two at once can collide or leave the schema half changed, and no migration records what the database looks like.`;
}
