import { databaseOf } from "../../project/graph/kinds/kinds.ts";
import type { Entry } from "../../project/graph/calls.ts";
import { queriesOf } from "../../project/graph/queries/queries.ts";
import type { D1Query } from "../../project/graph/queries/query.ts";
import { replicatedBindings, type ReplicatedBinding } from "../../project/graph/queries/replication.ts";
import type { Project } from "../../project/graph/project.ts";
import { enclosingFunction } from "../../project/parse/ast.ts";
import type { Span } from "../../project/span.ts";
import { defineRule } from "../rule.ts";
import { queryWords } from "./shared/d1-words.ts";
import { isMaintenance } from "./shared/maintenance.ts";

// The plain binding always asks the primary: only queries of a session may be answered by a replica.

const DECISION = "the recorded decision";

/** Where somebody far away waits for the answer. */
const ANSWERS: ReadonlySet<Entry> = new Set(["fetch", "route", "loader"]);

export default defineRule({
  id: "d1-replica-without-session",
  *check({ project, settings }) {
    // Asked for settings first: a rule that never asks is run once for all of them.
    const databases = settings.databases;
    const replicated = replicatedBindings(project, databases);
    if (replicated.length === 0) return;
    for (const database of replicated) {
      const sites = bareQueries(project, database);
      // What only writes loses nothing: a write goes to the primary anyway.
      const reads = sites.filter((query) => query.action !== "write");
      const [first] = reads;
      if (!first) continue;
      const others = reads.filter((query) => query !== first);
      yield {
        span: project.span(first.node),
        message: message(database, reads, usesSessions(project, database)),
        confidence: database.evidence.names.length === 0 && database.evidence.source === DECISION ? "medium" : "high",
        related: [
          { span: database.evidence.span, message: database.evidence.source === DECISION ? "here the decision counts on read replicas" : `here ${database.evidence.source} has read replication on` },
          ...others.map((query) => ({ span: querySpan(project, query), message: `${queryWords(query)} on the bare binding` })),
        ],
        subject: { database: database.binding },
        symbol: `env.${database.binding}`,
      };
    }
  },
});

function message(database: ReplicatedBinding, reads: readonly D1Query[], sessions: boolean): string {
  const where = `\`${database.binding}\` ${database.evidence.source === DECISION ? "is to have" : "has"} read replicas (${database.evidence.source}, ${database.evidence.span.file}), but ${reads.length === 1 ? "this read goes" : `this read and ${reads.length - 1} more go`} to the bare binding`;
  return `${where}: without \`withSession()\` every query is answered by the primary, wherever the user is${sessions ? "; only the queries in sessions gain from the replicas" : ", and the replicas are never asked"}.`;
}

function querySpan(project: Project, query: D1Query): Span {
  return project.span(query.node);
}

/** Queries of a database outside sessions, in code that somebody waits for. Those on a request path come first. */
function bareQueries(project: Project, database: ReplicatedBinding): readonly D1Query[] {
  const sites = queriesOf(project).all.filter((query) => !query.session && isOf(project, query, database) && query.action !== "ddl" && !isMarked(project, query));
  const onPath = (query: D1Query): number => {
    const fn = enclosingFunction(query.node);
    const entries = fn ? [...project.calls.entriesOf(fn)] : [];
    return entries.some((entry) => ANSWERS.has(entry)) ? 0 : project.calls.isOnRequestPath(query.node) ? 1 : 2;
  };
  return [...sites].sort((a, b) => onPath(a) - onPath(b) || (a.file.path < b.file.path ? -1 : a.file.path > b.file.path ? 1 : a.node.start - b.node.start));
}

function isOf(project: Project, query: D1Query, database: ReplicatedBinding): boolean {
  if (databaseOf(query.database)?.binding !== database.binding) return false;
  if (!database.dirs) return true;
  const configs = project.bindings.configsFor(query.file.path);
  return configs.length === 0 || configs.some((config) => database.dirs?.has(config.dir));
}

/** Jobs with no caller and migrations read the primary on purpose. */
function isMarked(project: Project, query: D1Query): boolean {
  return isMaintenance(query.file, query.node) || (enclosingFunction(query.node) !== undefined && project.calls.isBackgroundOnly(query.node));
}

function usesSessions(project: Project, database: ReplicatedBinding): boolean {
  return queriesOf(project).all.some((query) => query.session && databaseOf(query.database)?.binding === database.binding);
}
