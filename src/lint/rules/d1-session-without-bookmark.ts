import { databaseOf } from "../../project/graph/kinds/kinds.ts";
import type { CallExpression, FunctionNode, Node } from "../../project/parse/ast.ts";
import { enclosingFunction, isFunction, isIdentifier, isWithin, walk } from "../../project/parse/ast.ts";
import { controlFlow } from "../../project/flow/flow.ts";
import { queriesOf } from "../../project/graph/queries/queries.ts";
import { sameTable, type D1Query } from "../../project/graph/queries/query.ts";
import { isDevelopmentOnly } from "../../project/graph/development.ts";
import { isInBackground, runRoot } from "../../project/graph/runs.ts";
import { leavesAsBookmark, sessionsOf, type D1Session } from "../../project/graph/queries/sessions.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { isMaintenance } from "./shared/maintenance.ts";

// A session is consistent within itself. Across requests only its bookmark makes it so: taken out at the end, handed back at the next start.

export default defineRule({
  id: "d1-session-without-bookmark",
  *check({ project }) {
    for (const session of sessionsOf(project)) {
      if (session.start === "primary" || !isAnswer(project, session)) continue;
      const report = brokenLink(project, session);
      if (report && isWrittenElsewhere(project, session) && !isDevelopmentOnly(project, session.call)) yield { ...report, subject: subjectOf(session) };
    }
  },
});

function subjectOf(session: D1Session): { readonly database?: string } {
  return session.database?.binding === undefined ? {} : { database: session.database.binding };
}

/** Jobs have no caller to hand a bookmark to, and none that sends one. */
function isAnswer(project: Project, session: D1Session): boolean {
  if (isMaintenance(session.file, session.call)) return false;
  const fn = enclosingFunction(session.call);
  return !fn || !project.calls.isBackgroundOnly(fn);
}

function brokenLink(project: Project, session: D1Session): Omit<Report, "subject"> | undefined {
  const name = session.database?.binding;
  const of = name === undefined ? "this session" : `this session on \`${name}\``;
  const out = session.bookmarks.filter((call) => leavesAsBookmark(project, call));
  const early = out.length > 0 ? takenTooEarly(project, session, out) : undefined;
  if (early)
    return {
      span: project.span(early.bookmark),
      message: early.afterSome
        ? `The bookmark of ${of} is taken before its last write: it says nothing about that write, so the next request may be answered by a replica that has not seen it.`
        : `The bookmark of ${of} is taken before its queries ran: it says nothing about them, so the next request may be answered by a replica that has not seen what this one wrote.`,
      confidence: "high",
      related: [
        { span: project.span(session.call), message: "the session" },
        { span: project.span(early.query), message: "a query that runs after the bookmark was taken" },
      ],
      help: "Call `getBookmark()` after the last query of the session has been awaited.",
    };
  const unread = session.bookmarks.find((call) => !leavesAsBookmark(project, call));
  const related = unread ? [{ span: project.span(unread), message: "the bookmark is asked for here but goes no further" }] : [];
  if (session.start === "unconstrained" && out.length === 0)
    return {
      span: project.span(session.call),
      message: `No bookmark comes into ${of} and none goes out: its first query may be answered by a replica that has not yet seen what the same user wrote a moment ago.`,
      confidence: "high",
      related,
    };
  // What a session that only writes hands out is what others start from; its own queries go to the primary anyway.
  if (session.start === "unconstrained" && onlyWrites(project, session) && startsFromBookmark(project, session)) return undefined;
  if (session.start === "unconstrained")
    return {
      span: project.span(session.call),
      message: `The bookmark of ${of} goes out, but none ever comes in: every request starts afresh at any replica, and what the caller was given to stay consistent is not used.`,
      confidence: "medium",
      related: out.slice(0, 2).map((call) => ({ span: project.span(call), message: "the bookmark goes out here" })),
      help: 'Start the session from what the caller sends back: `withSession(request.headers.get("x-d1-bookmark") ?? "first-unconstrained")`.',
    };
  // A bookmark comes in. Where none is ever taken out, what came in can only have come from somewhere else.
  if (out.length > 0 || takenElsewhere(project)) return undefined;
  return {
    span: project.span(session.call),
    message: `A bookmark comes into ${of}, but none is ever taken out with \`getBookmark()\`: the caller has nothing to send next time, and after a write it may read from a replica that has not seen it.`,
    confidence: "medium",
    related,
  };
}

function onlyWrites(project: Project, session: D1Session): boolean {
  return queriesOn(project, session).every((query) => query.action === "write" || query.action === "ddl");
}

/** Whether another session of the database starts from a bookmark that came in. */
function startsFromBookmark(project: Project, { database, call }: D1Session): boolean {
  return sessionsOf(project).some((other) => other.call !== call && other.start === "bookmark" && (database?.binding === undefined || other.database?.binding === undefined || sameTable(other.database.binding, database.binding)));
}

/** Whether some code takes a bookmark from a session that this one's caller may hold. */
function takenElsewhere(project: Project): boolean {
  return sessionsOf(project).some((session) => session.bookmarks.some((call) => leavesAsBookmark(project, call)));
}

/** A bookmark that is taken before every query of the session, or before a write that no bookmark is taken after. */
function takenTooEarly(project: Project, session: D1Session, bookmarks: readonly CallExpression[]): { bookmark: CallExpression; query: Node; afterSome: boolean } | undefined {
  for (const bookmark of bookmarks) {
    const root = runRoot(bookmark);
    if (!root || runRoot(session.call) !== root) continue;
    const flow = controlFlow(root);
    const uses = queriesIn(project, session, root).filter((node) => flow.has(node));
    if (!flow.has(bookmark) || uses.length === 0) continue;
    const afterSome = uses.some((node) => flow.reachable(node, bookmark));
    const late = uses.filter((node) => flow.reachable(bookmark, node) && bookmarks.every((other) => !flow.has(other) || !flow.reachable(node, other)));
    const writes = new Set<Node>(queriesOf(project).inFunction(root).filter((query) => query.action === "write").map((query) => query.node));
    const missed = afterSome ? late.find((node) => writes.has(node)) : uses.find((node) => flow.reachable(bookmark, node));
    if (missed) return { bookmark, query: missed, afterSome };
  }
  return undefined;
}

/** Queries on a session in one function, and calls that are handed it. */
function queriesIn(project: Project, session: D1Session, root: FunctionNode): readonly Node[] {
  const own: Node[] = queriesOf(project)
    .inFunction(root)
    .filter((query) => sessionCall(query) === session.call)
    .map((query) => query.node);
  const calls = queriesOf(project).callsIn(root).filter((call) => call !== session.call && call.arguments.some((argument) => holdsSession(project, argument, session)));
  return [...own, ...calls];
}

function sessionCall(query: D1Query): CallExpression | undefined {
  return query.database?.kind === "d1-session" ? query.database.call : undefined;
}

function holdsSession(project: Project, argument: Node, session: D1Session): boolean {
  let found = false;
  walk(argument, project.fileOf(argument).keys, (node) => {
    if (isFunction(node) || found) return !found && !isFunction(node);
    if (!isIdentifier(node)) return undefined;
    const kind = project.kindOf(node);
    if (kind?.kind === "d1-session" && kind.call === session.call) found = true;
    if (kind?.kind === "orm" && kind.database?.kind === "d1-session" && kind.database.call === session.call) found = true;
    return undefined;
  });
  return found && !isWithin(session.call, argument);
}

/** A session that reads what only jobs and people at their desks write has no write of a caller's to miss. */
function isWrittenElsewhere(project: Project, session: D1Session): boolean {
  const configs = project.bindings.configsFor(session.file.path);
  const own = tablesOf(project, session);
  return queriesOf(project).all.some((query) => {
    if (query.action !== "write" && !(query.batch && query.action === "unknown")) return false;
    const binding = databaseOf(query.database)?.binding;
    const mine = session.database?.binding;
    if (binding !== undefined && mine !== undefined && !sameTable(binding, mine)) return false;
    if (own && query.writes.length > 0 && !query.writes.some((table) => own.some((other) => sameTable(other, table)))) return false;
    const others = project.bindings.configsFor(query.file.path);
    if (configs.length > 0 && others.length > 0 && others[0]?.dir !== configs[0]?.dir) return false;
    // No bookmark can tell of a write that begins when the answer is on its way.
    if (isInBackground(query.node)) return false;
    return !isMaintenance(query.file, query.node) && !project.calls.isBackgroundOnly(query.node) && !isDevelopmentOnly(project, query.node);
  });
}

/** The tables that the queries of a session read and write; undefined where not all of its queries are in sight. */
function tablesOf(project: Project, session: D1Session): readonly string[] | undefined {
  const queries = queriesOn(project, session);
  if (queries.length === 0 || queries.some((query) => query.action === "unknown" || query.reads.length + query.writes.length === 0)) return undefined;
  return queries.flatMap((query) => [...query.reads, ...query.writes]);
}

function queriesOn(project: Project, session: D1Session): readonly D1Query[] {
  return queriesOf(project).all.filter((query) => sessionCall(query) === session.call);
}
