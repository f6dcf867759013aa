import { controlFlow, runsInPlace, type FlowRoot } from "../flow/flow.ts";
import type { FunctionNode, Node } from "../parse/ast.ts";
import { isCall, isFunction } from "../parse/ast.ts";
import type { CallSite } from "./calls.ts";
import { argumentsOf, type Arguments } from "./objects/delays.ts";
import { handedOver } from "./objects/object-storage.ts";
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
 * the project, in order of evaluation. Callbacks that are kept for later are not followed, nor are functions not worth it.
 */
export function* waysTo(project: Project, start: FunctionNode | readonly CallSite[], isGoal: (call: CallSite) => boolean, isWorth: (fn: FunctionNode) => boolean = () => true): Generator<Way> {
  const search: Search = { isGoal, isWorth, budget: { calls: MAX_CALLS } };
  if (isFunction(start as Node)) return yield* waysIn(project, start as FunctionNode, new Map(), [], search);
  for (const call of start as readonly CallSite[]) yield* waysThrough(project, { call, root: undefined, given: new Map() }, [], search);
}

interface Search {
  readonly isGoal: (call: CallSite) => boolean;
  readonly isWorth: (fn: FunctionNode) => boolean;
  readonly budget: { calls: number };
}

function* waysIn(project: Project, fn: FunctionNode, given: Arguments, before: Way, search: Search): Generator<Way> {
  if (!search.isWorth(fn) || before.length >= MAX_DEPTH || before.some(({ root }) => root === fn)) return;
  for (const { node } of controlFlow(fn).order)
    if (node && (isCall(node) || node.type === "NewExpression")) yield* waysThrough(project, { call: node, root: fn, given }, before, search);
}

function* waysThrough(project: Project, step: WayStep, before: Way, search: Search): Generator<Way> {
  if (search.budget.calls-- <= 0) return;
  const { call, given } = step;
  if (search.isGoal(call)) yield [...before, step];
  for (const target of project.calls.targetsOf(call))
    // A callback run where it stands belongs to the flow around it.
    if (!runsInPlace(target)) yield* waysIn(project, target, argumentsOf(project, target, call, given), [...before, step], search);
  for (const target of handedOver(project, call)) yield* waysIn(project, target, new Map(), [...before, step], search);
}
