import type { Node } from "../../project/parse/ast.ts";
import { unwrap, walk } from "../../project/parse/ast.ts";
import { pragma } from "../../project/sql/query.ts";
import { splitStatements, type Statement } from "../../project/sql/statement.ts";
import { environmentsOf } from "../../project/graph/bindings.ts";
import type { Project } from "../../project/graph/project.ts";
import { sqlSites, type SqlSite } from "../../project/graph/queries/sql-sites.ts";
import { dirOf } from "../../paths.ts";
import type { Span } from "../../project/span.ts";
import type { Report, TextEdit } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { placeOfStatement } from "./shared/statement-place.ts";

// D1 runs every query and every migration inside a transaction, where SQLite ignores this pragma.
// https://developers.cloudflare.com/d1/sql-api/foreign-keys/

const COST = "so deleting or rebuilding a parent table still fails on its children or, with ON DELETE CASCADE or SET NULL, takes them along";
const ADVICE = "`PRAGMA defer_foreign_keys = on` in the same batch puts the checks off to the end of the transaction (but does not stop ON DELETE actions).";

export default defineRule({
  id: "d1-foreign-keys-off",
  *check({ project }) {
    for (const site of sqlSites(project)) {
      if (site.target !== "d1" || !site.texts.some(({ sql }) => /foreign_keys/i.test(sql.text) && splitStatements(sql).some(isOff))) continue;
      yield {
        ...placeOfStatement(project, site, (text) => splitStatements(text).some(isOff)),
        message: `D1 ignores this pragma: foreign keys stay on, ${COST}. ${ADVICE}`,
        confidence: "high",
        fix: literalFix(project, site),
        subject: site.binding === undefined ? {} : { database: site.binding },
      };
    }
    for (const path of migrationFiles(project)) yield* migrationReports(project, path);
    for (const path of [...project.checkout.sources, ...project.checkout.others]) yield* remoteReports(project, path);
  },
});

/** `PRAGMA foreign_keys = off`. */
function isOff(statement: Statement): boolean {
  return switched(statement) === false;
}

/** What a statement sets foreign keys to; undefined when it does no such thing. */
function switched(statement: Statement): boolean | undefined {
  if (statement.kind !== "pragma") return undefined;
  const set = pragma(statement);
  if (set?.name !== "foreign_keys") return undefined;
  return /^(?:off|0|false|no)$/.test(set.value) ? false : /^(?:on|1|true|yes)$/.test(set.value) ? true : undefined;
}

const PRAGMA_OFF = /PRAGMA\s+foreign_keys\s*=\s*(?:off|0|false|no)\b/i;

/** The edit within a text that is written at the call itself. */
function literalFix(project: Project, site: SqlSite): readonly TextEdit[] {
  const literal = unwrap(site.argument);
  if (literal.type !== "Literal" && literal.type !== "TemplateLiteral") return [];
  const match = PRAGMA_OFF.exec(project.text(literal));
  if (!match) return [];
  const start = literal.start + match.index;
  return [{ span: { file: site.file.path, start, end: start + match[0].length }, text: "PRAGMA defer_foreign_keys = on" }];
}

/** The migrations of D1 databases: SQL files in the folders that the configurations' databases, or drizzle-kit for D1, name. */
function migrationFiles(project: Project): readonly string[] {
  const folders = new Set<string>();
  for (const config of project.checkout.configs)
    for (const environment of environmentsOf(config))
      for (const database of environment.d1) folders.add(joined(config.dir, database.migrationsDir?.value ?? "migrations"));
  for (const path of project.checkout.sources) {
    if (!/(?:^|\/)drizzle[^/]*\.config\.[cm]?[jt]s$/.test(path)) continue;
    const text = project.checkout.read(path) ?? "";
    const out = /\bout\s*:\s*["'`]([^"'`$]+)["'`]/.exec(text)?.[1];
    if (out !== undefined && /["'`]d1(?:-http)?["'`]/.test(text)) folders.add(joined(dirOf(path), out));
  }
  const files = project.checkout.others.filter((path) => path.endsWith(".sql") && !project.checkout.isTest(path));
  return files.filter((path) => [...folders].some((folder) => path.startsWith(folder === "" ? "" : `${folder}/`)));
}

function joined(dir: string, relative: string): string {
  const parts = dir === "" ? [] : dir.split("/");
  for (const part of relative.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function* migrationReports(project: Project, path: string): Iterable<Report> {
  const text = project.checkout.read(path) ?? "";
  if (!/foreign_keys/i.test(text)) return;
  const statements = splitStatements(text).filter((statement) => switched(statement) !== undefined);
  const [first, ...others] = statements.filter(isOff).map((statement) => statementSpan(path, statement));
  if (!first) return;
  yield {
    span: first,
    message: `D1 ignores this pragma in migrations: foreign keys stay on while the rest runs, ${COST}. \`PRAGMA defer_foreign_keys = on\` puts the checks off to the end of the migration, but does not stop ON DELETE actions: copy a rebuilt table's children first.`,
    confidence: "high",
    related: others.map((span) => ({ span, message: "ignored as well" })),
    symbol: path,
    fix: statements.map((statement) => ({ span: statementSpan(path, statement), text: `PRAGMA defer_foreign_keys = ${isOff(statement) ? "on" : "off"}` })),
  };
}

/** A statement's text without what stands before it and the semicolon. */
function statementSpan(path: string, { tokens, start }: Statement): Span {
  return { file: path, start: tokens[0]?.start ?? start, end: tokens.at(-1)?.end ?? start };
}

const REMOTE = /\/d1\/database\/|\bd1\s+execute\b/;

/** SQL sent over D1's HTTP API, or by wrangler from a script. */
function* remoteReports(project: Project, path: string): Iterable<Report> {
  if (path.endsWith(".sql") || project.checkout.isTest(path)) return;
  const text = project.checkout.read(path) ?? "";
  if (!text.includes("foreign_keys") || !REMOTE.test(text) || !PRAGMA_OFF.test(text)) return;
  const message = `D1 ignores this pragma, also when it comes over the HTTP API or from wrangler: foreign keys stay on, ${COST}. ${ADVICE}`;
  const file = project.checkout.sources.includes(path) ? project.file(path) : undefined;
  if (file) {
    const sites = new Set(sqlSites(project).flatMap(({ argument }) => [argument, unwrap(argument)]));
    const literals: Node[] = [];
    walk(file.program, file.keys, (node) => void ((node.type === "Literal" || node.type === "TemplateLiteral") && literals.push(node)));
    for (const literal of literals)
      if (!sites.has(literal) && PRAGMA_OFF.test(file.text.slice(literal.start, literal.end)))
        yield { span: project.span(literal), message, confidence: "medium" };
    return;
  }
  for (const line of text.matchAll(/^[^\n#]*\bd1\s+execute\b[^\n]*$/gm)) {
    const match = PRAGMA_OFF.exec(line[0]);
    if (match) yield { span: { file: path, start: line.index + match.index, end: line.index + match.index + match[0].length }, message, confidence: "medium", symbol: path };
  }
}
