import { keptForEach } from "../../kept.ts";
import { functionName } from "../../project/graph/classes.ts";
import { databaseOf } from "../../project/graph/kinds/kinds.ts";
import type { CallExpression, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeName, callbackOf, enclosingFunction, isCall, isFunction, isIdentifier, isMember, isWithin, propertyName, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import { excludeEachOther, factOf } from "../../project/flow/exclusive.ts";
import { controlFlow, rootOf, type Flow, type FlowRoot } from "../../project/flow/flow.ts";
import { valuesOf, type Values } from "../../project/flow/values.ts";
import { isDevelopmentOnly } from "../../project/graph/development.ts";
import { repetitionsAround } from "../../project/graph/loops.ts";
import { alwaysLeaves, bodyLeaves, mayLeave } from "../../project/graph/outside.ts";
import type { Project } from "../../project/graph/project.ts";
import { queriesOf } from "../../project/graph/queries/queries.ts";
import { sameTable, type D1Query } from "../../project/graph/queries/query.ts";
import { runsWithItsSurroundings, useOf } from "../../project/graph/runs.ts";
import { writeParts } from "../../project/graph/queries/write-parts.ts";
import { defineRule } from "../rule.ts";
import { runsInBrowser } from "./shared/browser-code.ts";
import { callWords, databaseSubject, functionWords, listed } from "./shared/d1-words.ts";
import { isMaintenance } from "./shared/maintenance.ts";
import { queryLoops } from "./shared/query-loops.ts";
import { workflowStepAround } from "./shared/workflow-steps.ts";

// Outside `batch()` D1 commits every statement by itself: there is no transaction over several awaited calls.

/** A write, or a call of a helper that always makes one. */
interface Write {
  readonly node: Node;
  readonly queries: readonly D1Query[];
  /** The call of the helper; undefined for a write in the code itself. */
  readonly helper?: CallExpression;
  readonly tables: readonly string[];
}

const LOG = /(?:^|_)(?:logs?|audit\w*|metrics?|analytics|telemetry|traces?|page_?views?|visits?|stats|statistics|history|histories)(?:$|_)|[a-z](?:History|Logs?|Audits?|AuditEntry|AuditEntries|Metrics?|Analytics|Stats|Traces?|Visits?)$|^audit/;
/** Helpers that note what happened or tell somebody: not a part of what they tell about. */
const LOG_HELPER = /^(?:log|audit|track|trace|touch|refresh|notify|send|email|emit|publish|enqueue)(?![a-z])|(?:[a-z]Log|History|Audit|Metrics?|Analytics?|Telemetry|Tracking)(?![a-z])|^record(?:Usage|Event|Error|Visit|View|Access)|^report(?:Error|Usage)/;
/** What is named as a look-up writes on the side at most: it refreshes a cache, notes the last use. */
const LOOKUP = /^(?:get|find|load|fetch|read|list|query|select|count|is|has|can|check|validate|verify|require|resolve|lookup|search|auth|ensure|exists|extract|parse|render|build|make|compute|with)(?:[A-Z_]|$)/;
const HOUSEKEEPING = /^(?:clean|cleanup|clear|prune|purge|sweep|expire|evict|gc|trim|rotate)/i;
const STALE = /stale|expired|orphan|outdated/i;
const TIME_COLUMN = /expir|(?:^|_)(?:at|ts|time|date|until|seen|created|updated)$|At$|Time$|Date$|Until$|^(?:timestamp|ttl)$/;

export default defineRule({
  id: "d1-unbatched-writes",
  *check({ project }) {
    if (!queriesOf(project).all.some(isWrite)) return;
    for (const file of project.files)
      for (const fn of file.functions) {
        const writes = writesOf(project, file, fn, partsOf(project, file));
        if (writes.length < 2 || !isOnRequestPath(project, fn) || isSweep(project, fn)) continue;
        for (const run of runsOf(project, file, fn, writes)) {
          const [first, ...others] = run;
          if (!first) continue;
          const direct = run.filter((write) => !write.helper).length;
          yield {
            span: project.span(first.helper ?? first.node),
            message: message(project, fn, run),
            confidence: direct >= 2 ? "high" : "medium",
            related: others.map((write) => ({ span: project.span(write.helper ?? write.node), message: `${describe(write)}, committed apart` })),
            subject: databaseSubject(run.flatMap((write) => write.queries)),
          };
        }
      }
  },
});

function message(project: Project, fn: FunctionNode, run: readonly Write[]): string {
  const tables = listed(run.flatMap((write) => write.tables.map((table) => `\`${table}\``)));
  const joined = run.every((write) => useOf(write.node) === "joined");
  const first = run[0]?.tables[0];
  const last = run.at(-1)?.tables[0];
  const broken = first !== undefined && last !== undefined && !sameTable(first, last) ? `leaves \`${first}\` changed and \`${last}\` not` : "leaves half of them done";
  return `${sentence(functionWords(project, fn))} makes ${run.length} writes${tables ? ` to ${tables}` : ""} ${joined ? "side by side" : "one after the other"}, and D1 commits each by itself: an error or a cut-off in between ${broken}, and each is a round trip of its own.`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function describe(write: Write): string {
  const tables = listed(write.tables.map((table) => `\`${table}\``));
  if (write.helper) return `${callWords(write.helper)} writes${tables ? ` ${tables}` : " to D1"}`;
  return tables ? `writes ${tables}` : "writes to D1";
}

/** What only sets up an object is repeated with the next one. Handlers given to a framework by some name of its own count as running at module level. */
function isOnRequestPath(project: Project, fn: FunctionNode): boolean {
  const entries = project.calls.entriesOf(fn);
  return entries.size === 0 || [...entries].some((entry) => entry !== "object-constructor");
}

/** What a file asks and calls, by the function whose flow holds it: a callback that something else runs (`step.do(…)`, `retry(…)`) has its own. */
interface Parts {
  readonly queries: ReadonlyMap<FlowRoot | undefined, readonly D1Query[]>;
  readonly calls: ReadonlyMap<FlowRoot | undefined, readonly CallExpression[]>;
}

const partsOf = keptForEach((project: Project, file: SourceFile): Parts => ({ queries: byRoot(queriesOf(project).in(file), ({ node }) => node), calls: byRoot(file.calls, (call) => call) }));

function byRoot<Part>(parts: readonly Part[], nodeOf: (part: Part) => Node): ReadonlyMap<FlowRoot | undefined, readonly Part[]> {
  const groups = new Map<FlowRoot | undefined, Part[]>();
  for (const part of parts) {
    const root = rootOf(nodeOf(part));
    const group = groups.get(root);
    if (group) group.push(part);
    else groups.set(root, [part]);
  }
  return groups;
}

/** The writes that are part of a function's own run, in source order: its statements and its calls of helpers that write. */
function writesOf(project: Project, file: SourceFile, fn: FunctionNode, parts: Parts): readonly Write[] {
  const queries = queriesOf(project);
  const own = parts.queries.get(fn) ?? [];
  const calls = parts.calls.get(fn) ?? [];
  const writes: Write[] = [];
  for (const query of own) if (isWrite(query) && !isTouch(project, query)) writes.push({ node: query.node, queries: [query], tables: query.writes });
  const nodes = new Set<Node>(own.map((query) => query.node));
  for (const call of calls) {
    if (!isCall(call) || nodes.has(call) || !isWaitedFor(call)) continue;
    const name = calleeName(call);
    if (name === undefined || LOOKUP.test(name) || LOG_HELPER.test(name)) continue;
    const reached = queries.reached(call).filter(({ query, path }) => path.length <= 3 && isWrite(query) && !isTouch(project, query));
    if (reached.length === 0) continue;
    const targets = project.targetsOf(call);
    if (!targets.some((target) => alwaysWrites(project, target, 0)) || targets.some((target) => alwaysLeaves(project, target))) continue;
    const found = reached.map(({ query }) => query);
    writes.push({ node: call, helper: call, queries: found, tables: [...new Set(found.flatMap((query) => query.writes))] });
  }
  return writes.filter((write) => !isMaintenance(file, write.node) && !isDevelopmentOnly(project, write.node) && !runsInBrowser(file, write.node)).sort((a, b) => a.node.start - b.node.start);
}

function isWrite(query: D1Query): boolean {
  if (query.action !== "write" || query.batch) return false;
  return isWaitedFor(query.node) && !(query.writes.length > 0 && query.writes.every((table) => LOG.test(table)));
}

/** `UPDATE users SET last_login = …`: noted on the side, and no loss when it is not. */
function isTouch(project: Project, query: D1Query): boolean {
  const parts = writeParts(project, query);
  return parts.length > 0 && parts.every((part) => part.kind === "update" && part.sets.length > 0 && part.sets.every((set) => /^last_?(?:log(?:ged_?)?in|seen|used|active|access(?:ed)?|visit(?:ed)?|login)/i.test(set.column)));
}

function isWaitedFor(node: Node): boolean {
  const use = useOf(node);
  return use === "awaited" || use === "joined" || use === "returned";
}

/** Whether a function writes whenever it runs: not only on a miss, a mismatch, or after an error. */
function alwaysWrites(project: Project, fn: FunctionNode, depth: number): boolean {
  if (depth > 3) return false;
  const queries = queriesOf(project);
  const flow = controlFlow(fn);
  const isPlain = (node: Node): boolean => !flow.isInCatch(node) && !flow.conditionsOn(node).some((condition) => dependsOnQuery(project, flow, condition.test));
  if (queries.inFunction(fn).some((query) => isWrite(query) && isPlain(query.node))) return true;
  return queries.callsIn(fn).some((call) => {
    if (!isCall(call) || !isWaitedFor(call)) return false;
    const name = calleeName(call);
    if (name === undefined || LOOKUP.test(name) || LOG_HELPER.test(name)) return false;
    return project.targetsOf(call).some((target) => target !== fn && alwaysWrites(project, target, depth + 1)) && isPlain(call);
  });
}

function dependsOnQuery(project: Project, flow: Flow, test: Node): boolean {
  const file = project.fileOf(test);
  const queries = queriesOf(project);
  const own = new Set<Node>(queries.in(file).map((query) => query.node));
  return valuesOf(flow, file.scopes).dependsOn(test, (node) => own.has(node) || (isCall(node) && queries.reached(node).length > 0));
}

/** Writes that could go into one batch: on one path, none needing the other's result, nothing outside in between. */
function runsOf(project: Project, file: SourceFile, fn: FunctionNode, writes: readonly Write[]): readonly (readonly Write[])[] {
  const flow = controlFlow(fn);
  const values = valuesOf(flow, file.scopes);
  const group = new Map<Write, Write[]>();
  const background = project.calls.isBackgroundOnly(fn);
  for (const [index, later] of writes.entries())
    for (const earlier of writes.slice(0, index).reverse()) {
      if (group.has(later) && group.get(later) === group.get(earlier)) continue;
      if (background && areIndependentJobs(earlier, later)) continue;
      if (!canJoin(project, file, fn, flow, values, earlier, later)) continue;
      const merged = [...(group.get(earlier) ?? [earlier]), ...(group.get(later) ?? [later])];
      for (const member of merged) group.set(member, merged);
    }
  return [...new Set(group.values())].map((run) => {
    // Of two branches one write counts: the other never comes after it.
    const kept: Write[] = [];
    for (const write of [...new Set(run)].sort((a, b) => a.node.start - b.node.start)) if (!kept.some((other) => excludeEachOther(flow, file, other.node, write.node))) kept.push(write);
    return kept;
  }).filter((run) => run.length > 1);
}

/** `expireStaleJobs()`: what is over is put away, and what is missed now is met again the next time. */
function isSweep(project: Project, fn: FunctionNode): boolean {
  const name = functionName(project, fn).replace(/^.*\./, "");
  return HOUSEKEEPING.test(name) && STALE.test(name);
}

/** Clean-ups that a scheduled job makes one after the other. */
function areIndependentJobs(a: Write, b: Write): boolean {
  return a.helper !== undefined || b.helper !== undefined || [a, b].every((write) => write.queries.every((query) => query.method === "delete" || PUTS_AWAY.test(textOf(query))));
}

/** Rows are deleted, or those older than something marked as over. */
const PUTS_AWAY = /^\s*delete\b|^\s*update\b[^?]*\bset\b[^?]*\bwhere\b[^]*<(?![>])/i;

function textOf(query: D1Query): string {
  const [part] = query.statements[0]?.texts[0]?.parts ?? [];
  return typeof part === "string" ? part : "";
}

function canJoin(project: Project, file: SourceFile, fn: FunctionNode, flow: Flow, values: Values, earlier: Write, later: Write): boolean {
  if (!flow.has(earlier.node) || !flow.has(later.node)) return false;
  if (workflowStepAround(earlier.node) !== workflowStepAround(later.node) || backgroundAround(earlier.node) !== backgroundAround(later.node)) return false;
  if (differentDatabases(earlier, later) || !areRelated(project, earlier, later)) return false;
  if (flow.isInCatch(later.node) !== flow.isInCatch(earlier.node) || flow.isInFinally(later.node)) return false;
  if (isBestEffort(file, flow, earlier, later) || excludeEachOther(flow, file, earlier.node, later.node) || !flow.reachable(earlier.node, later.node)) return false;
  if (inReportedLoop(project, file, earlier.node, later.node) || isCleanUp(project, earlier) || isCleanUp(project, later)) return false;
  return !needsResult(project, file, flow, values, earlier, later) && !isInterrupted(project, file, fn, flow, values, earlier, later);
}

/** The work around a node that its function starts and does not wait for: `waitUntil(render(page).then(async (image) => { … }))`. */
function backgroundAround(node: Node): Node | undefined {
  for (let fn = enclosingFunction(node); fn && runsWithItsSurroundings(fn); fn = enclosingFunction(fn)) {
    const outer = wrapped(fn);
    const call = callbackOf(fn)?.call ?? (isCall(outer.parent) ? outer.parent : undefined);
    const use = call && useOf(call);
    if (use === "background" || use === "dropped") return call;
  }
  return undefined;
}

function differentDatabases(a: Write, b: Write): boolean {
  const name = (write: Write): string | undefined => databaseOf(write.queries[0]?.database)?.binding;
  const [left, right] = [name(a), name(b)];
  return left !== undefined && right !== undefined && left !== right;
}

/** Two statements beside each other belong together; helpers do when they write the same table or are given the same thing. */
function areRelated(project: Project, a: Write, b: Write): boolean {
  if (!a.helper && !b.helper) return true;
  if ([a, b].some((write) => write.helper && STALE.test(calleeName(write.helper) ?? ""))) return false;
  if (a.tables.some((table) => b.tables.some((other) => sameTable(table, other)))) return true;
  if ([a, b].some((write) => write.helper && HOUSEKEEPING.test(calleeName(write.helper) ?? ""))) return false;
  const left = thingsGiven(project, a);
  return thingsGiven(project, b).some((thing) => left.includes(thing));
}

/** The variables that a write is given, and those they are made of, without databases and contexts. */
function thingsGiven(project: Project, write: Write): readonly unknown[] {
  const found = new Set<unknown>();
  collectThings(project, write.node, found, 0);
  return [...found];
}

function collectThings(project: Project, root: Node, found: Set<unknown>, depth: number): void {
  const file = project.fileOf(root);
  walk(root, file.keys, (node) => {
    if (isFunction(node)) return false;
    if (!isIdentifier(node) || (node.parent?.type === "MemberExpression" && node.parent.property === node && !node.parent.computed)) return undefined;
    const variable = file.scopes.resolve(node);
    if (!variable || variable.kind === "import" || variable.kind === "function" || variable.kind === "class") return undefined;
    const { declaration } = variable;
    // `const event = { id, … }` is an entry made here.
    const isMadeHere = /^event$/i.test(node.name) && declaration.type === "VariableDeclarator" && declaration.init !== null && unwrap(declaration.init).type === "ObjectExpression";
    if ((!isMadeHere && /^(?:c|ctx|env|db|context|event|request|req|this|tx|locals|store|sql)$/i.test(node.name)) || isPlatformThing(project, node)) return undefined;
    found.add(variable);
    if (depth < 2 && declaration.type === "VariableDeclarator" && declaration.init && !isFunction(unwrap(declaration.init))) collectThings(project, declaration.init, found, depth + 1);
    return undefined;
  });
}

function isPlatformThing(project: Project, node: Node): boolean {
  const kind = project.kindOf(node)?.kind;
  return kind !== undefined && ["d1", "d1-session", "orm", "env", "context", "instance", "do-state", "execution-context", "request", "module"].includes(kind);
}

/** A write whose failure is swallowed on the spot is not meant to stand or fall with the other. */
function isBestEffort(file: SourceFile, flow: Flow, a: Write, b: Write): boolean {
  const swallows = (write: Write, other: Write): boolean =>
    flow.regionsOf(write.node).some((region) => {
      const statement = region.node.type === "TryStatement" ? region.node : region.node.parent;
      return region.kind === "try" && statement?.type === "TryStatement" && !isWithin(other.node, statement.block) && !leaves(file, statement.handler?.body);
    }) || hasOwnCatch(write.node);
  return swallows(a, b) || swallows(b, a);
}

/** `await write.catch(() => …)` */
function hasOwnCatch(node: Node): boolean {
  const member = node.parent;
  return member?.type === "MemberExpression" && member.object === node && member.property.type === "Identifier" && member.property.name === "catch";
}

function leaves(file: SourceFile, block: Node | null | undefined): boolean {
  if (!block) return true;
  let found = false;
  walk(block, file.keys, (node) => {
    if (isFunction(node)) return false;
    if (["ThrowStatement", "ReturnStatement", "ContinueStatement", "BreakStatement"].includes(node.type)) found = true;
    if (isCall(node) && /throw|fail|abort|redirect|error$/i.test(calleeName(node) ?? "") && node.parent?.type === "ReturnStatement") found = true;
    return !found;
  });
  return found;
}

/** Both in loops that are reported for their queries: mending those mends this. */
function inReportedLoop(project: Project, file: SourceFile, a: Node, b: Node): boolean {
  const reported = queryLoops(project, file).filter((loop) => loop.confidence !== "low");
  return [a, b].every((node) => reported.some((loop) => isWithin(node, loop.repetition.node)));
}

/** `DELETE … WHERE expires_at < ?`: what is too old goes, whatever else this code is about. */
function isCleanUp(project: Project, write: Write): boolean {
  if (write.helper) return false;
  return write.queries.every((query) => {
    const parts = writeParts(project, query);
    return parts.length > 0 && parts.every((part) => part.kind === "delete" && part.guards.length > 0) && (query.via === "d1"
      ? parts.every((part) => part.guards.every((column) => TIME_COLUMN.test(column)))
      : /\b(?:lt|lte)\(/.test(project.text(query.node)) && !/\beq\((?!.*(?:confirmed|status|state))/.test(project.text(query.node)));
  });
}

/** Whether the later write is made of, or decided by, what the earlier one gave, or by a read of what it wrote. */
function needsResult(project: Project, file: SourceFile, flow: Flow, values: Values, earlier: Write, later: Write): boolean {
  const reads = queriesOf(project).in(file).filter((query) => query.node.start > earlier.node.end && query.node.end < later.node.end && query.reads.some((table) => earlier.tables.some((written) => sameTable(table, written))));
  const sources = new Set<Node>([earlier.node, ...reads.map((query) => query.node)]);
  if (values.dependsOn(later.node, (node) => node !== later.node && sources.has(node))) return true;
  if (decidesOnItself(project, file, values, earlier, later) || comesInstead(flow, values, earlier, later)) return true;
  const before = new Set(flow.conditionsOn(earlier.node).map((condition) => condition.test));
  return flow.conditionsOn(later.node).some((condition) => {
    if (before.has(condition.test) || !values.dependsOn(condition.test, (node) => sources.has(node))) return false;
    // `if (!success) throw …` only asks whether it worked.
    const isCheck = !earlier.helper && (isWithin(later.node, condition.site) ? condition.holds && isSuccess(condition.test) : isErrorCheck(project.text(condition.test)));
    return !isCheck;
  });
}

/** `if (!claimed) throw …` in the branch of the earlier write: who gets further has what it gave. */
function decidesOnItself(project: Project, file: SourceFile, values: Values, earlier: Write, later: Write): boolean {
  if (earlier.helper) return false;
  let found = false;
  for (let block = earlier.node.parent ?? undefined; block && !isFunction(block) && !found; block = block.parent ?? undefined) {
    if (block.type !== "BlockStatement") continue;
    found = block.body.some((statement) => statement.type === "IfStatement" && statement.start > earlier.node.end && statement.end < later.node.start && leaves(file, statement.consequent)
      && values.dependsOn(statement.test, earlier.node) && !isErrorCheck(project.text(statement.test)));
  }
  return found;
}

/** `if (result.success) …`: D1 throws where a statement fails, so this always holds. */
function isSuccess(test: Node): boolean {
  const value = unwrap(test);
  return isMember(value) && propertyName(value) === "success" && isIdentifier(unwrap(value.object));
}

/** `const row = await UPDATE … RETURNING; if (row) return row; await INSERT …`: the later write is made where the earlier found nothing, or failed. */
function comesInstead(flow: Flow, values: Values, earlier: Write, later: Write): boolean {
  if (earlier.helper) return false;
  const givesRow = earlier.queries.some((query) => query.method === "first");
  const before = new Set(flow.conditionsOn(earlier.node).map((condition) => condition.test));
  return flow.conditionsOn(later.node).some((condition) => {
    const fact = before.has(condition.test) ? undefined : factOf(condition);
    if (!fact || !(isIdentifier(fact.test) || isMember(fact.test)) || !values.dependsOn(fact.test, earlier.node)) return false;
    return (!fact.holds && !/err|fail/i.test(isIdentifier(fact.test) ? fact.test.name : (propertyName(fact.test) ?? ""))) || (givesRow && isIdentifier(fact.test));
  });
}

function isErrorCheck(test: string): boolean {
  return /success|error|\bok\b|^!?(?:res|result|response|out|info)$/i.test(test) && !/changes|last_row_id|results|length|rows|\[0\]/.test(test);
}

/** Whether something outside D1 is awaited between two writes, always or to decide on the second: the first is then meant to be seen before it. */
function isInterrupted(project: Project, file: SourceFile, fn: FunctionNode, flow: Flow, values: Values, a: Write, b: Write): boolean {
  const between = (partsOf(project, file).calls.get(fn) ?? []).filter((call) => call.start > a.node.end && call.end < b.node.start && shares(call, b.node));
  if (bodyLeaves(project, fn, between, [a.node, b.node])) return true;
  const before = new Set(flow.conditionsOn(a.node).map((condition) => condition.test));
  const tests = flow.conditionsOn(b.node).flatMap((condition) => (before.has(condition.test) ? [] : [condition.test]));
  return between.some((call) => [b.node, ...tests].some((node) => values.dependsOn(node, call)) && mayLeave(project, call));
}

/** Whether every loop around a call is also around the other node. */
function shares(call: CallExpression, node: Node): boolean {
  return repetitionsAround(call).every((repetition) => isWithin(unwrap(node), repetition.node));
}
