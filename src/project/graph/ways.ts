import { controlFlow, runsInPlace, type FlowRoot } from "../flow/flow.ts";
import type { FunctionNode, Node } from "../parse/ast.ts";
import { isCall, isFunction } from "../parse/ast.ts";
import type { CallSite } from "./calls.ts";
import { argumentsOf, type Arguments } from "./delays.ts";
import { handedOver } from "./object-storage.ts";
import type { Project } from "./project.ts";

/** One step of a way: a call, and the function whose flow it is made in (undefined in a field's initialiser). */
export interface WayStep {
  readonly call: CallSite;
  readonly root: FlowRoot | undefined;
  /** What the parameters of that function hold on this way. */
  readonly given: Arguments;
}

/** How code gets from where it starts to a call: the calls made, outermost first; the last one is the call itself. */
export type Way = readonly WayStep[];

const MAX_DEPTH = 6;
/** A bound on calls looked at from one start: what lies further is not worth waiting for. */
const MAX_CALLS = 4_000;

/**
 * The ways from a function (or from calls in initialisers of fields) to calls that satisfy the predicate, through functions of
 * the project, in order of evaluation. Callbacks that are kept for later are not followed.
 */
export function* waysTo(project: Project, start: FunctionNode | readonly CallSite[], isGoal: (call: CallSite) => boolean): Generator<Way> {
  const budget = { calls: MAX_CALLS };
  if (isFunction(start as Node)) return yield* waysIn(project, start as FunctionNode, new Map(), [], isGoal, budget);
  for (const call of start as readonly CallSite[]) yield* waysThrough(project, { call, root: undefined, given: new Map() }, [], isGoal, budget);
}

function* waysIn(project: Project, fn: FunctionNode, given: Arguments, before: Way, isGoal: (call: CallSite) => boolean, budget: { calls: number }): Generator<Way> {
  if (before.length >= MAX_DEPTH || before.some(({ root }) => root === fn)) return;
  for (const { node } of controlFlow(fn).order)
    if (node && (isCall(node) || node.type === "NewExpression")) yield* waysThrough(project, { call: node, root: fn, given }, before, isGoal, budget);
}

function* waysThrough(project: Project, step: WayStep, before: Way, isGoal: (call: CallSite) => boolean, budget: { calls: number }): Generator<Way> {
  if (budget.calls-- <= 0) return;
  const { call, given } = step;
  if (isGoal(call)) yield [...before, step];
  for (const target of project.calls.targetsOf(call))
    // A callback run where it stands belongs to the flow around it.
    if (!runsInPlace(target)) yield* waysIn(project, target, argumentsOf(project, target, call, given), [...before, step], isGoal, budget);
  for (const target of handedOver(project, call)) yield* waysIn(project, target, new Map(), [...before, step], isGoal, budget);
}
