import { isFunction, unwrap, type FunctionNode, type Node } from "../parse/ast.ts";
import { buildSteps, type FlowOptions } from "./build.ts";
import { callbackRuns } from "./callbacks.ts";
import { Dominators } from "./dominators.ts";
import type { Condition, FlowRoot, Loop, Region, Step, StepGraph, StepKind } from "./steps.ts";

export type { FlowOptions } from "./build.ts";
export type { Condition, FlowRoot, Loop, Region, Step, StepKind } from "./steps.ts";

/** A question about the expression evaluated at a step. */
export type StepPredicate = (node: Node, step: Step) => boolean;

const NO_EXPRESSION: ReadonlySet<StepKind> = new Set(["entry", "exit", "raise", "join", "assume"]);
const EVENTS: ReadonlySet<StepKind> = new Set(["call", "await", "yield", "assign", "update", "return", "throw"]);

/**
 * In which order the expressions of one function are evaluated. Code that is never reached has no steps. Exceptions are
 * followed from calls, awaits and `throw` to the `catch` and `finally` blocks around them.
 *
 * Nodes passed in may be expressions or statements; a statement means its first step. Paths start after `from` and end
 * before `to`: neither is itself looked at by the predicates.
 */
export class Flow {
  readonly root: FlowRoot;
  readonly entry: Step;
  /** Where the function ends by returning. */
  readonly exit: Step;
  /** All steps. Most questions need `order` only. */
  readonly steps: readonly Step[];
  readonly #places: StepGraph["places"];
  #order: readonly Step[] | undefined;
  #dominators: Dominators | undefined;

  constructor(root: FlowRoot, options: FlowOptions) {
    const graph = buildSteps(root, options);
    this.root = root;
    this.entry = graph.entry;
    this.exit = graph.exit;
    this.steps = graph.steps;
    this.#places = graph.places;
  }

  /** Calls, awaits, assignments, updates, returns and throws, each once, in order of evaluation as written. */
  get order(): readonly Step[] {
    if (this.#order) return this.#order;
    // Of the copies of a `finally` block the last one is built where the block stands.
    const last = new Map<Node, Step>();
    for (const step of this.steps) if (step.node && EVENTS.has(step.kind)) last.set(step.node, step);
    return (this.#order = [...last.values()].sort((a, b) => a.id - b.id));
  }

  /**
   * The steps at which a node is evaluated: none when it is never reached or belongs to another function, several inside
   * `finally`. A node that is no expression (a pattern's name, a property) stands for the expression around it.
   */
  stepsOf(node: Node): readonly Step[] {
    for (let current: Node | undefined = node; current; current = current.parent ?? undefined) {
      if (current !== node && isFunction(current)) return [];
      const places = this.#places.get(current);
      if (places) return places;
      if (/Statement$|^Program$|^SwitchCase$|^CatchClause$|^Class/.test(current.type)) return [];
    }
    return [];
  }

  /** Whether a node is evaluated in this flow on some path. */
  has(node: Node): boolean {
    return this.stepsOf(node).length > 0;
  }

  /**
   * Whether every path from `from` (default: the entry) to `to` (default: a normal return) passes a node that satisfies the
   * predicate. True when there is no such path at all.
   */
  everyPath(satisfies: StepPredicate, range: { readonly from?: Node; readonly to?: Node | "exit" } = {}): boolean {
    return this.somePath({ ...range, avoiding: satisfies, to: range.to ?? "exit" }) === undefined;
  }

  /**
   * A shortest path from `from` (default: the entry) to a node satisfying `to`, that passes a node satisfying `via` and none
   * satisfying `avoiding`. Gives the events on the way and what `via` and `to` matched, or undefined when there is no such path.
   */
  somePath(path: {
    readonly from?: Node; readonly via?: StepPredicate; readonly avoiding?: StepPredicate; readonly to: StepPredicate | Node | "exit";
  }): readonly Node[] | undefined {
    const { via, avoiding } = path;
    const isGoal = this.#goal(path.to);
    const starts = path.from ? this.stepsOf(path.from) : [this.entry];
    // Two states a step: before and after something satisfied `via`.
    const cameFrom: (number | undefined)[] = [];
    const seen = new Uint8Array(this.steps.length * 2);
    const queue: number[] = [];
    const visit = (step: Step, passed: boolean, from: number | undefined): number | undefined => {
      const expression = step.node && !NO_EXPRESSION.has(step.kind) ? step.node : undefined;
      const state = (step.id << 1) | (passed ? 1 : 0);
      if (passed && isGoal(step)) {
        cameFrom[state] = from;
        return state;
      }
      if (expression && avoiding?.(expression, step)) return undefined;
      const then = passed || (expression !== undefined && via?.(expression, step) === true);
      const next = (step.id << 1) | (then ? 1 : 0);
      if (seen[next]) return undefined;
      seen[next] = 1;
      cameFrom[next] = from;
      queue.push(next);
      return undefined;
    };
    for (const start of starts)
      for (const step of start.next) {
        const goal = visit(step, !via, undefined);
        if (goal !== undefined) return this.#witness(goal, cameFrom, via);
      }
    for (let i = 0; i < queue.length; i++) {
      const state = queue[i] ?? 0;
      for (const step of this.steps[state >> 1]?.next ?? []) {
        const goal = visit(step, (state & 1) === 1, state);
        if (goal !== undefined) return this.#witness(goal, cameFrom, via);
      }
    }
    return undefined;
  }

  #goal(to: StepPredicate | Node | "exit"): (step: Step) => boolean {
    if (to === "exit") return (step) => step === this.exit;
    if (typeof to === "function") return (step) => step.node !== undefined && !NO_EXPRESSION.has(step.kind) && to(step.node, step);
    const goals = new Set(this.stepsOf(to));
    return (step) => goals.has(step);
  }

  #witness(goal: number, cameFrom: readonly (number | undefined)[], via: StepPredicate | undefined): readonly Node[] {
    const nodes: Node[] = [];
    for (let state: number | undefined = goal; state !== undefined; state = cameFrom[state]) {
      const step = this.steps[state >> 1];
      if (!step?.node || NO_EXPRESSION.has(step.kind)) continue;
      if (state === goal || EVENTS.has(step.kind) || via?.(step.node, step)) nodes.push(step.node);
    }
    return nodes.reverse();
  }

  /** Whether `b` is only ever evaluated after `a` was. False when either is not part of this flow. */
  dominates(a: Node, b: Node): boolean {
    if (!this.has(a) || !this.has(b)) return false;
    const first = new Set(this.stepsOf(a));
    if (this.stepsOf(b).every((step) => first.has(step))) return true;
    return this.somePath({ avoiding: (_, step) => first.has(step), to: b }) === undefined;
  }

  /** Whether `b` can be evaluated after `a` in one run of the function. */
  reachable(a: Node, b: Node): boolean {
    return this.has(a) && this.has(b) && this.somePath({ from: a, to: b }) !== undefined;
  }

  /** The loops around a node, innermost first: statements, and callbacks run for each element. Empty when there is none. */
  inLoop(node: Node): readonly Loop[] {
    const loops: Loop[] = [];
    for (let loop = this.stepsOf(node)[0]?.loop; loop; loop = loop.outer) if (loop.node !== node) loops.push(loop);
    return loops;
  }

  /**
   * What is known to be so when a node is evaluated, outermost first: branches around it, earlier `return`, `throw`, `continue`
   * and `break` behind a condition, operands of `&&`, `||`, `??`, `?.` and `?:`, `case` clauses, tests of loops. It tells what
   * held when it was tested, not that nothing changed since.
   */
  conditionsOn(node: Node): readonly Condition[] {
    const [first, ...others] = this.stepsOf(node);
    if (!first) return [];
    this.#dominators ??= new Dominators(this.entry, this.steps.length);
    const dominators = this.#dominators;
    const found = dominators.chain(first).flatMap((step) => step.condition ?? []);
    const alike = (a: Condition) => (b: Condition | undefined): boolean => b?.test === a.test && b.holds === a.holds && b.kind === a.kind;
    return found.filter((condition) => others.every((step) => dominators.chain(step).some((other) => alike(condition)(other.condition))));
  }

  /** The `try`, `catch` and `finally` parts around a node, innermost first. */
  regionsOf(node: Node): readonly Region[] {
    const regions: Region[] = [];
    for (let region = this.stepsOf(node)[0]?.region; region; region = region.outer) regions.push(region);
    return regions;
  }

  /** Whether a node is only evaluated after something was thrown: in a `catch` clause or the callback of `.catch(…)`. */
  isInCatch(node: Node): boolean {
    return this.regionsOf(node).some((region) => region.kind === "catch");
  }

  /** Whether a node is part of a `finally` block. */
  isInFinally(node: Node): boolean {
    return this.regionsOf(node).some((region) => region.kind === "finally");
  }
}

const flows = { run: new WeakMap<FlowRoot, Flow>(), value: new WeakMap<FlowRoot, Flow>() };

/**
 * The flow of a function, a module or a static block; built once. Callbacks that run before their call completes are part of
 * it (`rows.map(cb)`, `blockConcurrencyWhile(cb)`, `promise.then(cb)`, `(() => …)()`), unless `callbacks` is `"value"`; other
 * functions in it are mere values, with flows of their own.
 */
export function controlFlow(root: FlowRoot, options: FlowOptions = { callbacks: "run" }): Flow {
  const cache = flows[options.callbacks];
  let flow = cache.get(root);
  if (!flow) cache.set(root, (flow = new Flow(root, options)));
  return flow;
}

/**
 * The flow that a node is evaluated in: that of the function around it or, where that function is a callback run in place, of the function
 * around that. Undefined for the initialisers of class fields.
 */
export function flowOf(node: Node): Flow | undefined {
  const root = rootOf(node);
  return root && controlFlow(root);
}

/** The function, module or static block whose flow holds a node. */
export function rootOf(node: Node): FlowRoot | undefined {
  for (let current = node.parent ?? undefined; current; current = current.parent ?? undefined) {
    if (current.type === "Program" || current.type === "StaticBlock") return current;
    if (current.type === "PropertyDefinition" || current.type === "AccessorProperty") return undefined;
    if (isFunction(current) && !runsInPlace(current)) return current;
  }
  return undefined;
}

/** Whether a function is a callback that runs before the call it is given to completes, or is called where it stands. */
export function runsInPlace(fn: FunctionNode): boolean {
  let node: Node = fn;
  let parent = fn.parent ?? undefined;
  while (parent && unwrap(parent) === fn) {
    node = parent;
    parent = parent.parent ?? undefined;
  }
  if (parent?.type !== "CallExpression" && parent?.type !== "NewExpression") return false;
  if (parent.callee === node) return true;
  const index = parent.arguments.findIndex((argument) => argument === node);
  return index >= 0 && callbackRuns(parent, index) !== undefined;
}
