import type { Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, isCall, isIdentifier, propertyName, unwrap, walk } from "../../project/parse/ast.ts";
import { natureOf, repetitionsAround, type Repetition } from "../../project/graph/loops.ts";
import type { Project } from "../../project/graph/project.ts";
import { queriesOf } from "../../project/graph/queries/queries.ts";
import type { D1Query } from "../../project/graph/queries/query.ts";
import { templateText } from "../../project/graph/queries/statement-text.ts";
import { writeParts, type WriteParts } from "../../project/graph/queries/write-parts.ts";
import { defineRule } from "../rule.ts";
import { databaseSubject } from "./shared/d1-words.ts";
import { isMaintenance } from "./shared/maintenance.ts";

// A Durable Object handles one event at a time: what takes turns in D1 by rows, expiry times and polling takes turns there by itself.

type Use = "lock" | "queue" | "polling";

interface Site {
  readonly query: D1Query;
  readonly use: Use;
  readonly why: string;
}

const LOCK_TABLE = /(?:^|_)(?:[Ll]ocks?|[Mm]utex(?:es)?|[Ll]eases?|[Ss]emaphores?|[Ll]eader_?[Ee]lection)(?:$|_)|[a-z](?:Locks?|Mutex|Leases?|Semaphores?)$/;
const LOCK_COLUMN = /^(?:lock(?:ed)?_?(?:by|at|until|token|owner|expires(?:_?at)?)|lease(?:d)?_?(?:by|until|token|owner|id|expires(?:_?at)?)|claim(?:ed)?_?(?:by|until|token|owner|expires(?:_?at)?)|lock_?owner|visibility_?timeout|visible_?at)$/i;
const TAKEN_STATE = /^['"]?(?:processing|running|claimed|leased|locked|in_?progress|in-progress|picked|reserved|working|active_worker)['"]?$/i;
const QUEUE_TABLE = /(?:^|_)(?:jobs?|queues?|outbox|tasks?|work_?items?|deliver(?:y|ies)|dead_?letters?)(?:$|_)|[a-z](?:Jobs?|Queue|Outbox|Tasks?|Deliveries)$/;
/** Locking a person's account or a record against edits is no coordination of code. */
const NO_LOCK_TABLE = /block|padlock|lockout|wedlock|clock|unlock/i;

export default defineRule({
  id: "d1-as-lock",
  *check({ project }) {
    const byThing = new Map<string, Site[]>();
    for (const query of queriesOf(project).all) {
      if (isMaintenance(query.file, query.node)) continue;
      const site = siteOf(project, query);
      if (!site) continue;
      const table = (query.writes[0] ?? query.reads[0] ?? "").toLowerCase();
      const key = `${site.use === "polling" ? "polling" : "table"} ${table}`;
      const list = byThing.get(key);
      if (list) list.push(site);
      else byThing.set(key, [site]);
    }
    for (const sites of byThing.values()) {
      const [first, ...others] = sites;
      if (!first) continue;
      const table = first.query.writes[0] ?? first.query.reads[0];
      yield {
        span: project.span(first.query.node),
        message: message(first, table),
        confidence: "medium",
        related: others.slice(0, 6).map((site) => ({ span: project.span(site.query.node), message: site.why })),
        subject: { ...databaseSubject([first.query]), ...(table === undefined ? {} : { table }) },
      };
    }
  },
});

function message(site: Site, table: string | undefined): string {
  const rows = table === undefined ? "D1 rows" : `rows of \`${table}\``;
  switch (site.use) {
    case "lock":
      return `${sentence(rows)} serve as a lock: ${site.why}. Every attempt is a round trip and a billed write, whoever finds it taken has to ask again, and a request that dies leaves it taken until it expires.`;
    case "queue":
      return `${sentence(rows)} serve as a queue: ${site.why}. Workers compete for rows by round trips, and what a worker took and did not finish has to be found again by its age.`;
    case "polling":
      return `This loop asks ${table === undefined ? "D1" : `\`${table}\``} again and again until something has changed: every question is a round trip and billed, and the answer is as late as the pause is long.`;
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function siteOf(project: Project, query: D1Query): Site | undefined {
  if (query.action === "read") return isPolled(project, query) ? { query, use: "polling", why: "asked again after a pause" } : undefined;
  if (query.action !== "write") return undefined;
  const table = query.writes[0] ?? "";
  for (const parts of writeParts(project, query)) {
    const column = [...parts.sets.map((set) => set.column), ...parts.guards].find((name) => LOCK_COLUMN.test(name));
    if (LOCK_TABLE.test(table) && !NO_LOCK_TABLE.test(table) && takes(query, parts)) return { query, use: "lock", why: "a row is inserted, or taken over when it has expired, to keep others out" };
    if (column !== undefined && parts.kind === "update" && isGuarded(parts, column)) return { query, use: QUEUE_TABLE.test(table) ? "queue" : "lock", why: `\`${column}\` says who has the row and for how long` };
    if (QUEUE_TABLE.test(table) && parts.kind === "update" && takesJob(project, query, parts)) return { query, use: "queue", why: "a row is marked as being worked on, if nobody else has done so" };
  }
  return undefined;
}

/** An insert that gives way to a row that is there, or an update that only takes what is free or expired. */
function takes(query: D1Query, parts: WriteParts): boolean {
  const text = textOf(query);
  if (parts.kind === "insert" || parts.kind === "upsert") return true;
  return parts.kind === "update" && (parts.guards.length > 1 || /expire|until|null/i.test(text));
}

function isGuarded(parts: WriteParts, column: string): boolean {
  const isSet = parts.sets.some((set) => set.column === column);
  return isSet && (parts.guards.some((guard) => LOCK_COLUMN.test(guard) || /^(?:status|state)$/i.test(guard)) || parts.opaque);
}

/** `UPDATE jobs SET status = 'processing' WHERE … AND status = 'pending'`, or of the row that a subquery finds. */
function takesJob(project: Project, query: D1Query, parts: WriteParts): boolean {
  const set = parts.sets.find((candidate) => /^(?:status|state)$/i.test(candidate.column));
  if (!set) return false;
  const text = textOf(query);
  const value = set.value ? project.constants.constantOf(set.value)?.value : (new RegExp(`\\b${set.column}\\s*=\\s*('[^']*')`, "i").exec(text)?.[1]);
  if (value === undefined || !TAKEN_STATE.test(value)) return false;
  return parts.guards.some((guard) => /^(?:status|state)$/i.test(guard)) || /\bin\s*\(\s*select\b|=\s*\(\s*select\b/i.test(text);
}

function textOf(query: D1Query): string {
  return query.statements.flatMap((statement) => statement.texts.map(templateText)).join(" ");
}

/** A read in a loop that pauses between its turns and is no walk over data. */
function isPolled(project: Project, query: D1Query): boolean {
  return repetitionsAround(query.node).some((repetition) => {
    const { kind } = natureOf(project, repetition);
    if (kind !== "pages" && kind !== "retry") return false;
    return pauses(project, repetition) && !isWrittenIn(project, query, repetition);
  });
}

/** A retry of a statement that failed also pauses; it writes, or stands in a `try`. */
function isWrittenIn(project: Project, query: D1Query, repetition: Repetition): boolean {
  for (let current: Node | undefined = query.node.parent ?? undefined; current && current !== repetition.node; current = current.parent ?? undefined) if (current.type === "TryStatement") return true;
  return queriesOf(project).in(query.file).some((other) => other.action === "write" && other.node.start > repetition.node.start && other.node.end < repetition.node.end);
}

function pauses(project: Project, repetition: Repetition): boolean {
  const file = project.fileOf(repetition.node);
  let found = false;
  walk(repetition.node, file.keys, (node) => {
    if (!isCall(node)) return !found;
    const name = calleeName(node);
    const member = calleeMember(node);
    if (name === "setTimeout" || (name !== undefined && /^(?:sleep|delay|wait|pause)(?:For|Ms)?$/i.test(name) && (!member || isIdentifier(unwrap(member.object), "scheduler") || propertyName(member) !== "wait"))) found = true;
    return !found;
  });
  return found;
}
