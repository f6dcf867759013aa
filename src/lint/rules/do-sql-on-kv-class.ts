import { kept } from "../../kept.ts";
import type { Class, Node } from "../../project/parse/ast.ts";
import { calleeName, enclosingClass, isMember, wrapped } from "../../project/parse/ast.ts";
import { nodesOf, type SourceFile } from "../../project/parse/source-file.ts";
import { environmentsOf } from "../../project/graph/bindings.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Span } from "../../project/span.ts";
import { defineRule } from "../rule.ts";

// SQL exists only in objects whose class was created with the SQLite backend; in others `storage.sql` throws when it is touched.
// https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/

const SQL_ONLY = ["sql", "transactionSync", "kv", "getCurrentBookmark", "getBookmarkForTime", "onNextSessionRestoreBookmark"] as const;

export default defineRule({
  id: "do-sql-on-kv-class",
  *check({ project }) {
    const created = new Map<Class, Created>();
    for (const cls of project.classes.durableObjects) {
      const found = createdAs(project, cls);
      if (found) created.set(cls, found);
    }
    if (created.size === 0) return;
    for (const [cls, { span, how }] of created) {
      const uses = sqlUses(project, cls);
      const [first, ...others] = uses;
      if (!first) continue;
      const name = project.classes.nameOf(cls) ?? "the class";
      yield {
        span: project.span(first),
        message: `${whatThrows(project, cls, first)}: the configuration creates \`${name}\` with the key-value backend (${how}), which has no SQL. Create it with \`new_sqlite_classes\`; once deployed a class cannot be converted, so then the data has to move to a new class.`,
        confidence: "high",
        related: [{ span, message: `\`${name}\` is created with the key-value backend here` }, ...others.map((node) => ({ span: project.span(node), message: "throws as well" }))],
        subject: { class: name },
      };
    }
  },
});

interface Created {
  readonly span: Span;
  readonly how: string;
}

/** Where the configuration creates a class with the key-value backend; undefined when it does not, or when another one creates it with SQLite. */
function createdAs(project: Project, cls: Class): Created | undefined {
  const name = project.classes.nameOf(cls);
  if (name === undefined) return undefined;
  let found: Created | undefined;
  for (const config of project.bindings.configsFor(project.fileOf(cls).path)) {
    if (config.inTests) continue;
    for (const environment of environmentsOf(config)) {
      // A rename carries the backend along.
      let current = name;
      for (const step of [...environment.migrations].reverse()) {
        if (step.newSqliteClasses.some((located) => located.value === current)) return undefined;
        const entry = step.newClasses.find((located) => located.value === current);
        if (entry) found ??= { span: entry.span, how: "`new_classes`" };
        const renamed = step.renamedClasses.find(({ to }) => to.value === current);
        if (renamed) current = renamed.from.value;
        if (step.transferredClasses.some(({ to }) => to.value === current)) return undefined;
      }
      for (const entry of environment.exports) {
        if (entry.className.value !== name) continue;
        if (entry.storage?.value !== "legacy-kv") return undefined;
        found ??= { span: entry.storage.span, how: '`storage: "legacy-kv"`' };
      }
    }
  }
  return found;
}

/** The base class is reported where it is the only use. */
function whatThrows(project: Project, cls: Class, use: Node): string {
  const text = project.text(use).replaceAll(/\s+/g, " ");
  return use === cls.superClass ? `\`${text}\` keeps its state in SQL, so creating an object throws` : `\`${text.length > 60 ? `${text.slice(0, 59)}…` : text}\` throws here`;
}

/** The Agents SDK's and the Containers' classes. */
const SQL_BASES = /^(?:agents(?:\/.*)?|@cloudflare\/(?:ai-chat|think|voice|containers|sandbox))$/;

/** Bases whose constructor creates SQL tables. */
function needsSql(project: Project, cls: Class): boolean {
  const base = project.classes.knownBase(cls);
  return base !== undefined && SQL_BASES.test(base.module);
}

/** Uses of what only SQLite-backed storage has, in a class, its bases, and helpers that only this class uses. */
function sqlUses(project: Project, cls: Class): readonly Node[] {
  const chain = new Set(project.classes.chain(cls));
  const isOurs = (node: Node): boolean => {
    const owner = enclosingClass(node);
    if (owner && chain.has(owner)) return true;
    // Code of a base counts for each of its classes; a helper only when all of its owners are this class.
    const owners = project.classes.ownersOf(node);
    return owners.size === 1 && owners.has(cls);
  };
  const uses = allSqlUses(project).filter(isOurs).map((node) => (node.type === "TaggedTemplateExpression" ? node.tag : node));
  return uses.length === 0 && cls.superClass && needsSql(project, cls) ? [cls.superClass] : uses;
}

/** Uses of what only SQLite-backed storage has, in all of the project. */
const allSqlUses = kept((project: Project): readonly Node[] => project.files.flatMap((file) => sqlUsesIn(project, file)));

function sqlUsesIn(project: Project, file: SourceFile): readonly Node[] {
  const members = SQL_ONLY.flatMap((name) => file.members.get(name) ?? []).filter((member) => project.kindOf(member.object)?.kind === "do-storage" && !isFeatureTest(member));
  const tagged = nodesOf(file, "TaggedTemplateExpression").filter((node) => project.kindOf(node.tag)?.kind === "do-sql-tag");
  const made = file.calls.filter((call) => {
    const kind = calleeName(call) === "drizzle" ? project.kindOf(call) : undefined;
    return kind?.kind === "orm" && kind.target === "do";
  });
  return [...members, ...tagged, ...made];
}

/** `if (storage.sql)`, `storage.sql?.exec(…)`, `typeof storage.sql`, `storage.sql ?? …`: the code copes with its absence. */
function isFeatureTest(node: Node): boolean {
  const outer = wrapped(node);
  const { parent } = outer;
  if (parent?.type === "UnaryExpression" || (parent?.type === "IfStatement" && parent.test === outer)) return true;
  if (parent?.type === "LogicalExpression" || (parent?.type === "ConditionalExpression" && parent.test === outer)) return true;
  return isMember(parent) && parent.object === node && parent.optional;
}
