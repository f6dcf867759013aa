import { controlFlow } from "../flow/flow.ts";
import type { Condition } from "../flow/steps.ts";
import { valuesOf } from "../flow/values.ts";
import type { CallExpression, FunctionNode, Node } from "../parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isIdentifier, isMember, isWithin, propertyName, unwrap } from "../parse/ast.ts";
import { isOutsideCallOfBase } from "./objects/awaits.ts";
import type { Project } from "./project.ts";
import { queriesOf } from "./queries/queries.ts";
import { runRoot, useOf } from "./runs.ts";

const SENDS = /^(?:send|fetch|post|publish|upload|notify|deliver|request|dispatch|deploy|launch|generate|complete|invoke|put(?:Object)?|sendMail|sendEmail|sendMessage)(?:[A-Z]\w*)?$/;
const MAX_DEPTH = 4;

const answers = new WeakMap<Project, Map<FunctionNode, boolean>>();

/** Whether a call itself leaves the Worker for something other than D1: the network, KV, R2, queues, other Workers, objects. */
export function leavesTheWorker(project: Project, call: CallExpression): boolean {
  const callee = unwrap(call.callee);
  if (callee.type === "Identifier") {
    if (callee.name === "fetch") return project.definitionOf(callee)?.type !== "function";
    const definition = project.definitionOf(callee);
    return definition?.type === "external" && (SENDS.test(callee.name) || definition.module === "cloudflare:sockets") && useOf(call) !== "dropped";
  }
  const member = calleeMember(call);
  if (!member) return false;
  const kind = project.kindOf(member.object);
  switch (kind?.kind) {
    case "binding":
    case "stub":
      return useOf(call) !== "kept";
    case "external-instance":
      return kind.module !== "d1-orm" && isAwaited(call);
    case "instance":
      return useOf(call) !== "kept" && isOutsideCallOfBase(project, kind.cls, propertyName(member) ?? "");
    case undefined: {
      // A part of a package's client: `stripe.checkout.sessions.create()`.
      const client = clientOf(project, member.object);
      if (client !== undefined) return client !== "d1-orm" && isAwaited(call);
      const name = propertyName(member);
      const object = unwrap(member.object);
      if (name === "fetch") return isIdentifier(object, "globalThis") || useOf(call) === "awaited";
      return name !== undefined && SENDS.test(name) && useOf(call) === "awaited" && project.targetsOf(call).length === 0;
    }
    default:
      return false;
  }
}

/** Whether a call is waited for where it stands, or by what its callback is handed to: `await retry(() => client.send())`. */
function isAwaited(call: CallExpression): boolean {
  const use = useOf(call);
  if (use !== "returned") return use === "awaited";
  const fn = enclosingFunction(call);
  const callback = fn ? callbackOf(fn) : undefined;
  return callback !== undefined && isAwaited(callback.call);
}

/** The package whose client a member belongs to: `client` of `client.chat.completions`, `this.client` of `this.client.pages`. */
function clientOf(project: Project, raw: Node): string | undefined {
  for (let node = unwrap(raw); isMember(node); ) {
    node = unwrap(node.object);
    const kind = project.kindOf(node);
    if (kind) return kind.kind === "external-instance" ? kind.module : undefined;
  }
  return undefined;
}

/**
 * Whether every run of a function waits for something other than D1 as well. A call behind a miss ("not in the database: fetch it") or behind a
 * condition of its own does not count, one behind an early return does.
 */
export function alwaysLeaves(project: Project, fn: FunctionNode, depth = 0): boolean {
  let table = answers.get(project);
  if (!table) answers.set(project, (table = new Map()));
  const known = table.get(fn);
  if (known !== undefined) return known;
  if (depth > MAX_DEPTH) return false;
  table.set(fn, false);
  const found = queriesOf(project)
    .callsIn(fn)
    .some((call) => isCall(call) && isWaitedFor(call) && leavesSomehow(project, call, depth) && isUnconditional(project, call, fn));
  table.set(fn, found);
  return found;
}

/** Whether a call leaves the Worker, itself or in the functions it runs. */
export function leavesSomehow(project: Project, call: CallExpression, depth = 0): boolean {
  return leavesTheWorker(project, call) || project.targetsOf(call).some((fn) => alwaysLeaves(project, fn, depth + 1));
}

/** Whether some run of a call waits for something other than D1. */
export function mayLeave(project: Project, call: CallExpression): boolean {
  if (!isWaitedFor(call)) return false;
  const leaves = (candidate: Node): boolean => isCall(candidate) && isWaitedFor(candidate) && leavesTheWorker(project, candidate);
  return leaves(call) || project.targetsOf(call).some((fn) => [fn, ...project.calls.reach(fn, MAX_DEPTH).keys()].some((reached) => project.calls.callsIn(reached).some(leaves)));
}

/** Whether some code inside `scope` (a loop's body, a function) waits for something other than D1 whenever it runs. */
export function bodyLeaves(project: Project, scope: Node, calls: readonly CallExpression[], alongside: readonly Node[]): boolean {
  return calls.some((call) => isWithin(call, scope) && isWaitedFor(call) && leavesSomehow(project, call) && isUnconditional(project, call, scope, alongside));
}

function isWaitedFor(call: CallExpression): boolean {
  const use = useOf(call);
  return use !== "dropped" && use !== "background";
}

function isUnconditional(project: Project, call: CallExpression, scope: Node, alongside: readonly Node[] = []): boolean {
  const root = runRoot(call);
  if (!root) return true;
  const flow = controlFlow(root);
  if (flow.isInCatch(call)) return false;
  const isShared = (test: Node): boolean => alongside.length > 0 && alongside.every((node) => flow.conditionsOn(node).some((condition) => condition.test === test));
  const file = project.fileOf(call);
  return flow.conditionsOn(call).every((condition) => {
    if (condition.site === scope || !isWithin(condition.site, scope) || isShared(condition.test)) return true;
    if (isWithin(call, condition.site)) return isLoopTest(condition.site) || (condition.site.type === "SwitchStatement" && everyCaseLeaves(project, condition.site));
    // An early exit: fine, unless it is the answer found in the database. An error ends it all; what only goes on with a row that is there is no
    // miss; and what is then asked with the answer waits for it.
    const values = valuesOf(flow, file.scopes);
    const isAnswer = (node: Node): boolean => isCall(node) && leadsToQuery(project, node);
    return endsInError(condition.site) || isFound(condition) || !values.dependsOn(condition.test, isAnswer) || call.arguments.some((argument) => values.dependsOn(argument, isAnswer));
  });
}

/** `if (!row) throw …` */
function endsInError(site: Node): boolean {
  if (site.type !== "IfStatement" || site.alternate) return false;
  const last = site.consequent.type === "BlockStatement" ? site.consequent.body.at(-1) : site.consequent;
  return last?.type === "ThrowStatement";
}

/** `if (!row) continue;`, `if (row === null) return;`: behind it there is a row. */
function isFound({ test, holds }: Condition): boolean {
  const node = unwrap(test);
  if (node.type !== "BinaryExpression") return holds && (isIdentifier(node) || (isMember(node) && propertyName(node) !== "length"));
  const isNothing = (side: Node): boolean => (side.type === "Literal" && side.value === null) || isIdentifier(side, "undefined");
  return /^[!=]==?$/.test(node.operator) && [node.left, node.right].some((side) => isNothing(unwrap(side))) && holds === node.operator.startsWith("!");
}

/** `switch (site.kind) { case "http": await probe(site); break; case "dns": await resolve(site); }`: whichever it is, one is waited for; cases that only give up aside. */
function everyCaseLeaves(project: Project, site: Extract<Node, { type: "SwitchStatement" }>): boolean {
  const calls = project.fileOf(site).calls.filter((call) => isWithin(call, site) && isWaitedFor(call));
  return site.cases.every(({ consequent }) => {
    const last = consequent.at(-1);
    if (!last || last.type === "ReturnStatement" || last.type === "ThrowStatement") return !consequent.some((statement) => calls.some((call) => isWithin(call, statement) && leadsToQuery(project, call)));
    return calls.some((call) => consequent.some((statement) => isWithin(call, statement)) && leavesSomehow(project, call));
  });
}

function isLoopTest(site: Node): boolean {
  return /^(?:For|While|DoWhile)/.test(site.type) || site.type === "TryStatement";
}

function leadsToQuery(project: Project, call: CallExpression): boolean {
  const queries = queriesOf(project);
  return queries.in(project.fileOf(call)).some((query) => query.node === call) || (calleeName(call) !== undefined && queries.reached(call).length > 0);
}
