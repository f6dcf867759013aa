import type { FunctionNode, Node, Program, StaticBlock } from "../parse/ast.ts";

/** What a flow can be built over: a function, a module's top level, or a class's static block. */
export type FlowRoot = FunctionNode | Program | StaticBlock;

/**
 * What happens at a step. `call` covers calls, `new`, tagged templates and `import()`; `assign` covers assignments,
 * initialised declarations and the binding of a loop's variable; `update` covers `++`, `--` and `delete`;
 * `value` is any other expression; `assume` a branch taken; `raise` the exit by an exception.
 */
export type StepKind =
  | "entry" | "exit" | "raise" | "join" | "assume"
  | "call" | "await" | "yield" | "assign" | "update" | "return" | "throw" | "value";

/** Steps that do something, as opposed to computing a value or taking a branch. */
export type EventKind = "call" | "await" | "yield" | "assign" | "update" | "return" | "throw";

/**
 * Something known to be so where it is listed.
 * - `truthy`: `test` is truthy (`holds`) or falsy.
 * - `nullish`: `test` is null or undefined (`holds`), or neither: operands of `??` and `?.`.
 * - `case`: `test`, the discriminant of a `switch`, equals one of `cases` (`holds`) or none of them.
 */
export interface Condition {
  readonly kind: "truthy" | "nullish" | "case";
  readonly test: Node;
  readonly holds: boolean;
  readonly cases: readonly Node[];
  /** The statement or expression that branches. */
  readonly site: Node;
}

/** A loop around a step, or a callback run for each element. */
export interface Loop {
  readonly kind: "for" | "for-of" | "for-in" | "while" | "do-while" | "callback";
  /** The loop statement; for a callback the call, e.g. `rows.map(…)`. */
  readonly node: Node;
  /** What is iterated over: the right side of `for…of`/`in`, the array of `rows.map(…)`. */
  readonly over: Node | undefined;
  /** What holds the element: a declaration or pattern, or the callback's parameter. */
  readonly item: Node | undefined;
  /** The test of `for`, `while`, `do`. */
  readonly test: Node | undefined;
  readonly body: Node;
  readonly outer: Loop | undefined;
}

/** A part of a `try` statement around a step, or the callback of `.catch(…)`. */
export interface Region {
  readonly kind: "try" | "catch" | "finally";
  readonly node: Node;
  readonly outer: Region | undefined;
}

/** One point of evaluation. Steps of a `finally` block occur once for each way into it. */
export interface Step {
  /** Rises in order of evaluation as written. */
  readonly id: number;
  readonly kind: StepKind;
  readonly node: Node | undefined;
  readonly condition: Condition | undefined;
  readonly next: readonly Step[];
  readonly previous: readonly Step[];
  readonly loop: Loop | undefined;
  readonly region: Region | undefined;
  /** The function whose text holds the step: the flow's root, or a callback run in place. */
  readonly within: FlowRoot;
}

/** What a build yields; `flow.ts` answers questions about it. */
export interface StepGraph {
  readonly entry: Step;
  readonly exit: Step;
  readonly raise: Step;
  readonly steps: readonly Step[];
  /** The steps of an expression; for a statement the first step inside it, for each way into it. */
  readonly places: ReadonlyMap<Node, readonly Step[]>;
}
