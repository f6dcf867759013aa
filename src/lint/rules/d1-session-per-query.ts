import type { CallExpression, FunctionNode, Node } from "../../project/parse/ast.ts";
import { isCall, isWithin } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import { controlFlow, type Flow } from "../../project/flow/flow.ts";
import { valuesOf, type Values } from "../../project/flow/values.ts";
import { natureOf, repetitionsAround } from "../../project/graph/loops.ts";
import type { Project } from "../../project/graph/project.ts";
import { queriesOf } from "../../project/graph/queries/queries.ts";
import { sameTable, type D1Query } from "../../project/graph/queries/query.ts";
import { runRoot } from "../../project/graph/runs.ts";
import { sessionsOf, type D1Session } from "../../project/graph/queries/sessions.ts";
import { defineRule } from "../rule.ts";
import { callWords, listed } from "./shared/d1-words.ts";
import { isMaintenance } from "./shared/maintenance.ts";

// Sequential consistency holds within one session. Two sessions know nothing of each other unless a bookmark ties them together.

/** A session being opened as part of a function's run. */
interface Opening {
  /** `withSession()` itself, or the call of the helper that opens one. */
  readonly node: CallExpression;
  readonly session: D1Session;
  readonly queries: readonly D1Query[];
  /** The helper also runs the queries, so that its caller never holds the session. */
  readonly hidden: boolean;
}

export default defineRule({
  id: "d1-session-per-query",
  *check({ project }) {
    const sessions = sessionsOf(project);
    if (sessions.length === 0) return;
    const byCall = new Map(sessions.map((session) => [session.call, session]));
    for (const fn of functionsWithSessions(project, sessions)) {
      const file = project.fileOf(fn);
      if (isMaintenance(file, fn)) continue;
      const openings = openingsIn(project, fn, byCall);
      const pair = firstPair(project, file, fn, openings);
      if (pair) {
        const [earlier, later] = pair;
        const misses = writtenAndRead(earlier, later);
        yield {
          span: project.span(later.node),
          message: message(earlier, later, misses),
          confidence: later.hidden || earlier.hidden ? "medium" : "high",
          related: [{ span: project.span(earlier.node), message: `the session before it${earlier.hidden ? `, opened in ${callWords(earlier.node)}` : ""}` }],
          subject: subjectOf(later.session),
        };
        continue;
      }
      for (const opening of openings) {
        const loop = loopAround(project, opening);
        if (!loop) continue;
        yield {
          span: project.span(opening.node),
          message: `A new session is opened on every turn of this loop: each starts afresh, so a turn may read from a replica that has not seen what the turn before wrote or read.`,
          confidence: "medium",
          related: [{ span: { ...project.span(loop), end: loop.start + 3 }, message: "the loop" }],
          subject: subjectOf(opening.session),
        };
        break;
      }
    }
  },
});

function subjectOf(session: D1Session): { readonly database?: string } {
  return session.database?.binding === undefined ? {} : { database: session.database.binding };
}

function message(earlier: Opening, later: Opening, misses: readonly string[]): string {
  const opens = later.hidden ? `${callWords(later.node)} opens a session of its own` : "This opens a second session";
  return misses.length > 0
    ? `${opens} right after ${earlier.hidden ? callWords(earlier.node) : "another one"} wrote ${listed(misses.map((table) => `\`${table}\``))}: it starts afresh, and its read may be answered by a replica that has not seen that write.`
    : `${opens} on the same path: it starts afresh instead of going on where the first one was, so its reads may be older than those before them.`;
}

/** Functions that open sessions or query them, and those that call them, up to three calls away. */
function functionsWithSessions(project: Project, sessions: readonly D1Session[]): Iterable<FunctionNode> {
  const found = new Set<FunctionNode>();
  const add = (node: Node): void => {
    const root = runRoot(node);
    if (root) found.add(root);
  };
  for (const session of sessions) add(session.call);
  for (const query of queriesOf(project).all) if (query.session) add(query.node);
  let frontier: readonly FunctionNode[] = [...found];
  for (let depth = 0; depth < 3; depth++) {
    const known = new Set(found);
    for (const fn of frontier) for (const site of project.calls.callersOf(fn)) add(site);
    frontier = [...found].filter((fn) => !known.has(fn));
  }
  return found;
}

/** Sessions opened when a function runs, each with the queries made on it. */
function openingsIn(project: Project, fn: FunctionNode, byCall: ReadonlyMap<CallExpression, D1Session>): readonly Opening[] {
  const queries = queriesOf(project);
  const own = queries.inFunction(fn);
  const openings: Opening[] = [];
  for (const call of queries.callsIn(fn)) {
    if (!isCall(call)) continue;
    const direct = byCall.get(call);
    if (direct) {
      openings.push({ node: call, session: direct, queries: own.filter((query) => sessionCall(query) === call), hidden: false });
      continue;
    }
    const kind = project.kindOf(call);
    const opened = kind?.kind === "d1-session" ? kind.call : kind?.kind === "orm" && kind.database?.kind === "d1-session" ? kind.database.call : undefined;
    const session = opened ? byCall.get(opened) : undefined;
    const openedBy = session ? runRoot(session.call) : undefined;
    if (session && openedBy && project.targetsOf(call).includes(openedBy) && opensAfresh(session)) {
      openings.push({ node: call, session, queries: own.filter((query) => sessionCall(query) === session.call && comesFrom(project, query, call)), hidden: false });
      continue;
    }
    openings.push(...hiddenOpenings(project, call, byCall));
  }
  return openings.filter((opening) => opening.queries.length > 0).sort((a, b) => a.node.start - b.node.start);
}

/** Queries in the functions that a call runs, on sessions opened in there. */
function hiddenOpenings(project: Project, call: CallExpression, byCall: ReadonlyMap<CallExpression, D1Session>): readonly Opening[] {
  const bySession = new Map<D1Session, D1Query[]>();
  for (const { query, path } of queriesOf(project).reached(call)) {
    const session = byCall.get(sessionCall(query) ?? call);
    if (!session || !opensAfresh(session) || path.length > 3) continue;
    const opener = runRoot(session.call);
    if (!opener || !path.some((step) => step.type === "CallExpression" && project.targetsOf(step).includes(opener))) continue;
    const list = bySession.get(session);
    if (list) list.push(query);
    else bySession.set(session, [query]);
  }
  return [...bySession].map(([session, list]) => ({ node: call, session, queries: list, hidden: true }));
}

function sessionCall(query: D1Query): CallExpression | undefined {
  return query.database?.kind === "d1-session" ? query.database.call : undefined;
}

/** Whether a query is made on what this call of the opener gave. */
function comesFrom(project: Project, query: D1Query, call: CallExpression): boolean {
  const root = runRoot(query.node);
  if (isWithin(call, query.node)) return true;
  return root !== undefined && valuesOf(controlFlow(root), project.fileOf(query.node).scopes).dependsOn(query.node, call);
}

/** Whether every run of the opener makes a new session: not one that is kept in a field or a variable further out. */
function opensAfresh(session: D1Session): boolean {
  const { parent } = session.call;
  const assignment = parent?.type === "LogicalExpression" ? parent.parent : parent;
  return assignment?.type !== "AssignmentExpression" && assignment?.type !== "PropertyDefinition";
}

function firstPair(project: Project, file: SourceFile, fn: FunctionNode, openings: readonly Opening[]): readonly [Opening, Opening] | undefined {
  if (openings.length < 2) return undefined;
  const flow = controlFlow(fn);
  const values = valuesOf(flow, file.scopes);
  for (const [index, later] of openings.entries())
    for (const earlier of openings.slice(0, index)) if (areApart(project, flow, values, earlier, later)) return [earlier, later];
  return undefined;
}

/** Whether a later session on the same path may see less than an earlier one did. */
function areApart(project: Project, flow: Flow, values: Values, earlier: Opening, later: Opening): boolean {
  if (earlier.node === later.node || later.session.start === "primary" || differentDatabases(earlier.session, later.session)) return false;
  // A write goes to the primary in any session.
  if (later.queries.every((query) => query.action === "write")) return false;
  const writes = earlier.queries.some((query) => query.action === "write");
  if (later.session.start === "bookmark" && !writes) return false;
  if ((earlier.hidden || later.hidden) && writtenAndRead(earlier, later).length === 0) return false;
  if (!flow.has(earlier.node) || !flow.has(later.node) || !comesAfter(flow, earlier.node, later.node)) return false;
  // Tied together: the second starts from the bookmark of the first, or from what the helper gave back.
  const start = later.hidden ? later.node : (later.session.call.arguments[0] ?? later.node);
  const bookmarks: readonly Node[] = earlier.session.bookmarks;
  if (bookmarks.some((bookmark) => values.dependsOn(start, bookmark))) return false;
  if (later.node.arguments.some((argument) => values.dependsOn(argument, (node) => node === earlier.node && earlier.hidden))) return false;
  void project;
  return true;
}

function comesAfter(flow: Flow, a: Node, b: Node): boolean {
  const before = flow.conditionsOn(a);
  // Another try after a failure, or what is done about it: the first session is of no more account.
  if (flow.isInCatch(b) && !flow.isInCatch(a)) return false;
  const exclusive = flow.conditionsOn(b).some((condition) => before.some((other) => other.test === condition.test && other.site === condition.site && other.holds !== condition.holds));
  return !exclusive && flow.reachable(a, b);
}

function differentDatabases(a: D1Session, b: D1Session): boolean {
  const [left, right] = [a.database?.binding, b.database?.binding];
  return left !== undefined && right !== undefined && left !== right;
}

/** Tables that the earlier session wrote and the later one reads. */
function writtenAndRead(earlier: Opening, later: Opening): readonly string[] {
  const reads = later.queries.flatMap((query) => query.reads);
  return [...new Set(earlier.queries.flatMap((query) => query.writes))].filter((table) => reads.some((other) => sameTable(other, table)));
}

/** The loop over data that opens the session on every turn and asks it there. */
function loopAround(project: Project, opening: Opening): Node | undefined {
  if (opening.hidden || opening.session.start !== "unconstrained" || opening.queries.every((query) => query.action === "write")) return undefined;
  const loop = repetitionsAround(opening.node).find((repetition) => natureOf(project, repetition).kind === "data");
  return loop && opening.queries.some((query) => isWithin(query.node, loop.node)) ? loop.node : undefined;
}
