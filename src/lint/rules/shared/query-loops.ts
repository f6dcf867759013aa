import { keptForEach } from "../../../kept.ts";
import type { CallExpression, Node } from "../../../project/parse/ast.ts";
import { calleeMember, isCall, isIdentifier, isWithin, propertyName } from "../../../project/parse/ast.ts";
import { nodesWithin, type SourceFile } from "../../../project/parse/source-file.ts";
import { controlFlow } from "../../../project/flow/flow.ts";
import { isDevelopmentOnly } from "../../../project/graph/development.ts";
import { bodyOf, natureOf, repetitionOfCall, repetitionsAround, type Repetition } from "../../../project/graph/loops.ts";
import { bodyLeaves } from "../../../project/graph/outside.ts";
import type { Project } from "../../../project/graph/project.ts";
import { queriesOf, type ReachedQuery } from "../../../project/graph/queries/queries.ts";
import type { D1Query } from "../../../project/graph/queries/query.ts";
import { runRoot, useOf } from "../../../project/graph/runs.ts";
import type { Confidence } from "../../finding.ts";
import { runsInBrowser } from "./browser-code.ts";
import { isMaintenance } from "./maintenance.ts";
import { isOnceInMany } from "./size-guards.ts";
import { workflowStepAround } from "./workflow-steps.ts";

/** A list this short, written down in the code, costs no more trips than the author sees. */
const SHORT_LIST = 5;
/** Behind more calls than this something is likely to stand in between that cannot be seen: a cache, a setting. */
const FAR = 3;

/** A query or a call that leads to queries, inside a repetition. */
export interface Trigger {
  readonly node: Node;
  readonly reached: readonly ReachedQuery[];
}

/** A repetition over data that asks D1 on every turn. */
export interface QueryLoop {
  readonly repetition: Repetition;
  readonly triggers: readonly Trigger[];
  /** Low where each turn waits for something outside D1 anyway. */
  readonly confidence: Confidence;
}

/** The outermost repetitions of a file over data in which D1 is asked once an element. */
export const queryLoops = keptForEach((project: Project, file: SourceFile): readonly QueryLoop[] => {
  if (queriesOf(project).all.length === 0) return [];
  const loops = new Map<Node, { repetition: Repetition; triggers: Trigger[] }>();
  for (const trigger of triggersIn(project, file)) {
    const repetition = reportedOf(project, file, costlyRepetitions(project, trigger.node), trigger.node);
    if (!repetition || isDevelopmentOnly(project, trigger.node) || trigger.reached.every((reached) => isForManyTurns(project, reached, trigger, repetition))) continue;
    const known = loops.get(repetition.node);
    if (known) known.triggers.push(trigger);
    else loops.set(repetition.node, { repetition, triggers: [trigger] });
  }
  return [...loops.values()].map(({ repetition, triggers }) => {
    const calls = nodesWithin(file.calls, repetition.node);
    const alsoWaits = bodyLeaves(project, bodyOf(repetition), calls, triggers.map((trigger) => trigger.node));
    const acknowledges = file.calls.some((call) => isWithin(call, repetition.node) && isAcknowledgement(repetition, call));
    // A step for each element is how a Workflow remembers how far it got.
    const inSteps = triggers.every((trigger) => {
      const step = workflowStepAround(trigger.node);
      return step !== undefined && isWithin(step, repetition.node);
    });
    const nearest = Math.min(...triggers.flatMap((trigger) => trigger.reached.map(({ path }) => path.length)));
    return { repetition, triggers, confidence: alsoWaits || acknowledges || inSteps || nearest > FAR ? "low" : nearest === 0 ? "high" : "medium" };
  });
});

/** Each message of a queue is acknowledged by itself, so each needs its own outcome. */
function isAcknowledgement(repetition: Repetition, call: CallExpression): boolean {
  const member = calleeMember(call);
  const name = member ? propertyName(member) : undefined;
  return member !== undefined && (name === "ack" || name === "retry") && repetition.item?.type === "Identifier" && isIdentifier(member.object, repetition.item.name);
}

/** Queries of a file, calls in it that lead to some, and callbacks by name that do: `ids.map(loadUser)`. */
function* triggersIn(project: Project, file: SourceFile): Iterable<Trigger> {
  const queries = queriesOf(project);
  const own = new Map(queries.in(file).map((query) => [query.node as Node, query]));
  for (const query of own.values()) if (counts(query)) yield { node: query.node, reached: [{ query, path: [] }] };
  for (const call of file.calls) {
    if (own.has(call)) continue;
    if (queries.mayReach(call) && runsInBrowser(file, call)) continue;
    yield* namedCallback(project, call);
    if (!queries.mayReach(call) || repetitionsAround(call).length === 0) continue;
    const use = useOf(call);
    if (use === "dropped" || use === "background") continue;
    const reached = queries.reached(call).filter(({ query }) => counts(query));
    if (reached.length > 0 && !isCallbackRunner(call)) yield { node: call, reached };
  }
}

/** `Promise.all(ids.map(loadUser))`: the callback is a function of the project. */
function* namedCallback(project: Project, call: CallExpression): Iterable<Trigger> {
  for (const argument of call.arguments) {
    const name = argument.type === "Identifier" ? argument.name : argument.type === "MemberExpression" ? propertyName(argument) : undefined;
    if (name === undefined || !queriesOf(project).mayRun(name) || !repetitionOfCall(call)) continue;
    const kind = project.kindOf(argument);
    if (kind?.kind !== "function") continue;
    const reached = queriesOf(project).runBy(kind.fn).filter(({ query }) => counts(query));
    if (reached.length > 0) yield { node: argument, reached: reached.map(({ query, path }) => ({ query, path: [call, ...path] })) };
  }
}

/** The queries of a callback given to a call are seen where they stand. */
function isCallbackRunner(call: CallExpression): boolean {
  return call.callee.type === "ArrowFunctionExpression" || call.callee.type === "FunctionExpression";
}

/** Schema statements run once a deployment, if at all, and cannot all be batched; nobody waits for what is handed to `waitUntil`. */
function counts(query: D1Query): boolean {
  return query.action !== "ddl" && query.action !== "control" && query.use !== "background" && query.use !== "dropped" && !isMaintenance(query.file, query.node);
}

/** Whether a turn only now and then asks the database, for many turns at once: what they collected, or a buffer that is full. */
function isForManyTurns(project: Project, { query, path }: ReachedQuery, trigger: Trigger, repetition: Repetition): boolean {
  if (collectsTurns(project, query, path.length === 0 ? repetition.node : undefined)) return true;
  if (isOnceInMany(project, trigger.node, repetition)) return true;
  return path.length > 0 && [...path.slice(1), query.node].some((node) => isOnceInMany(project, node, undefined));
}

/** Whether a batch sends what several turns collected: its list is made outside the loop, or outside the helper that sends it. */
function collectsTurns(project: Project, query: D1Query, loop: Node | undefined): boolean {
  if (!query.batch || query.node.type !== "CallExpression") return false;
  const [list] = query.node.arguments;
  if (list?.type !== "Identifier" && list?.type !== "MemberExpression") return false;
  if (list.type === "MemberExpression") return true;
  const variable = query.file.scopes.resolve(list);
  if (!variable || variable.kind === "parameter") return false;
  const scope = loop ?? runRoot(query.node);
  return scope !== undefined && project.fileOf(scope) === query.file && !isWithin(variable.node, scope);
}

/** The repetitions over data around a node, innermost first, where each turn asks the database for one element. */
function costlyRepetitions(project: Project, node: Node): readonly Repetition[] {
  const around = repetitionsAround(node);
  const own = isCall(node.parent) && node.parent.arguments.includes(node as CallExpression["arguments"][number]) ? repetitionOfCall(node.parent) : undefined;
  const all = own && !around.some((repetition) => repetition.node === own.node) ? [own, ...around] : around;
  const found: Repetition[] = [];
  for (const repetition of all) {
    const nature = natureOf(project, repetition);
    if (nature.kind === "data" || (nature.kind === "constant" && nature.length > SHORT_LIST)) {
      if (comesAgain(repetition, node)) found.push(repetition);
    } else if (nature.kind === "chunks" && found.length === 0) {
      // The query handles the whole piece at once.
      return [];
    }
  }
  const outermost = found.at(-1);
  return outermost && !isMaintenance(project.fileOf(outermost.node), outermost.node) ? found : [];
}

/** The outermost repetition whose turns wait for nothing but D1: around it each turn takes its time anyway, in it the trips add up. Where there is none, the outermost of all. */
function reportedOf(project: Project, file: SourceFile, costly: readonly Repetition[], node: Node): Repetition | undefined {
  const outwards = [...costly].reverse();
  if (outwards.length < 2) return outwards[0];
  const leaves = (repetition: Repetition): boolean => bodyLeaves(project, bodyOf(repetition), nodesWithin(file.calls, repetition.node), [node]);
  return outwards.find((repetition) => !leaves(repetition)) ?? outwards[0];
}

/** Whether a turn that got to the query may be followed by another one: not when it returns or breaks right after, nor when only a failure leads on. */
function comesAgain(repetition: Repetition, node: Node): boolean {
  if (repetition.node.type === "CallExpression") return true;
  const root = runRoot(node);
  if (!root) return true;
  const flow = controlFlow(root);
  if (!flow.has(node) || !flow.has(repetition.node)) return true;
  return flow.somePath({ from: node, to: node, avoiding: (_, step) => isCatch(step.region, repetition.node) }) !== undefined;
}

function isCatch(region: { readonly kind: string; readonly node: Node; readonly outer: unknown } | undefined, loop: Node): boolean {
  for (let current = region; current; current = current.outer as typeof region) if (current.kind === "catch" && isWithin(current.node, loop)) return true;
  return false;
}
