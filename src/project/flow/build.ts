import { isFunction, unwrap, type CallExpression, type FunctionNode, type NewExpression, type Node } from "../parse/ast.ts";
import { callbackRuns, elementParameter, handlesRejection, iteratedBy, type CallbackRuns } from "./callbacks.ts";
import { childrenOf } from "./children.ts";
import type { Condition, FlowRoot, Loop, Region, Step, StepGraph, StepKind } from "./steps.ts";

/** How a flow is built. */
export interface FlowOptions {
  /** Whether callbacks that run before their call completes (`rows.map(cb)`, `transactionSync(cb)`, `(() => …)()`) are part of the flow. */
  readonly callbacks: "run" | "value";
}

/** Steps that whatever comes next follows. None: what comes next is never reached. */
type Ends = readonly Step[];
type Growing = Step & { readonly next: Step[]; readonly previous: Step[] };

type Frame =
  | { readonly kind: "breakable"; readonly labels: readonly string[]; readonly isLoop: boolean; readonly breaks: Step[]; readonly continues: Step[] }
  | { readonly kind: "function"; readonly returns: Step[] }
  | { readonly kind: "catch"; readonly entry: Growing }
  | {
    readonly kind: "finally"; readonly finalizer: Node; readonly loop: Loop | undefined; readonly region: Region | undefined; readonly within: FlowRoot;
    /** The first step of the copy of the block for each place that is jumped to through it. */
    readonly copies: Map<unknown, Growing>;
  };

/** Builds the steps of a function, a module's top level or a static block. */
export function buildSteps(root: FlowRoot, options: FlowOptions): StepGraph {
  return new Builder(root, options).build();
}

class Builder {
  readonly #root: FlowRoot;
  readonly #options: FlowOptions;
  readonly #steps: Step[] = [];
  readonly #places = new Map<Node, Step[]>();
  #frames: Frame[] = [];
  /** Where the operands of the optional chains around the current expression give up. */
  readonly #chains: Step[][] = [];
  #loop: Loop | undefined;
  #region: Region | undefined;
  #within: FlowRoot;
  readonly #raise: Growing;

  constructor(root: FlowRoot, options: FlowOptions) {
    this.#root = this.#within = root;
    this.#options = options;
    this.#raise = this.#step("raise", undefined, []);
  }

  build(): StepGraph {
    const entry = this.#step("entry", undefined, []);
    const frame: Frame = { kind: "function", returns: [] };
    this.#frames.push(frame);
    let ends: Ends = [entry];
    if (isFunction(this.#root)) ends = this.#function(this.#root, ends);
    else ends = this.#statements(this.#root.body, ends);
    const exit = this.#step("exit", undefined, [...ends, ...frame.returns]);
    return { entry, exit, raise: this.#raise, steps: this.#steps, places: this.#places };
  }

  #function(fn: FunctionNode, from: Ends): Ends {
    let ends = from;
    for (const parameter of fn.params) ends = this.#pattern(parameter, ends);
    if (!fn.body) return ends;
    return fn.body.type === "BlockStatement" ? this.#statements(fn.body.body, ends) : this.#expression(fn.body, ends);
  }

  // --- steps and places ---

  #step(kind: StepKind, node: Node | undefined, from: Ends, condition?: Condition): Growing {
    const step: Growing = {
      id: this.#steps.length, kind, node, condition, next: [], previous: [], loop: this.#loop, region: this.#region, within: this.#within,
    };
    this.#steps.push(step);
    for (const end of from) connect(end, step);
    if (node && kind !== "assume") this.#place(node, step);
    return step;
  }

  #place(node: Node, step: Step): void {
    const places = this.#places.get(node);
    if (places) places.push(step);
    else this.#places.set(node, [step]);
  }

  /** A step that may throw: inside `try`, what catches is a successor too. */
  #throwing(kind: StepKind, node: Node, from: Ends): Ends {
    const ends = [this.#step(kind, node, from)];
    if (this.#frames.some((frame) => frame.kind === "catch" || frame.kind === "finally")) this.#throw(ends);
    return ends;
  }

  #assume(from: Ends, condition: Omit<Condition, "cases"> & { cases?: readonly Node[] }): Ends {
    return from.length === 0 ? from : [this.#step("assume", condition.test, from, { cases: [], ...condition })];
  }

  // --- jumps ---

  /** Leaves all frames above `frames[target]`, through their `finally` blocks. */
  #leave(from: Ends, target: number, key: unknown): Ends {
    let ends = from;
    for (let i = this.#frames.length - 1; i > target && ends.length > 0; i--) {
      const frame = this.#frames[i];
      if (frame?.kind !== "finally") continue;
      const copy = frame.copies.get(key);
      if (copy) {
        for (const end of ends) connect(end, copy);
        return [];
      }
      const start = this.#step("join", undefined, ends);
      frame.copies.set(key, start);
      ends = this.#finalizer(frame, i, [start]);
    }
    return ends;
  }

  #finalizer(frame: Extract<Frame, { kind: "finally" }>, index: number, from: Ends): Ends {
    const saved = { frames: this.#frames, loop: this.#loop, region: this.#region, within: this.#within };
    this.#frames = saved.frames.slice(0, index);
    this.#loop = frame.loop;
    this.#region = { kind: "finally", node: frame.finalizer, outer: frame.region };
    this.#within = frame.within;
    const ends = this.#statement(frame.finalizer, from);
    this.#frames = saved.frames;
    this.#loop = saved.loop;
    this.#region = saved.region;
    this.#within = saved.within;
    return ends;
  }

  #throw(from: Ends): void {
    const target = this.#frames.findLastIndex((frame) => frame.kind === "catch");
    const handler = this.#frames[target];
    const entry = handler?.kind === "catch" ? handler.entry : this.#raise;
    for (const end of this.#leave(from, target, entry)) connect(end, entry);
  }

  #return(from: Ends): void {
    const target = this.#frames.findLastIndex((frame) => frame.kind === "function");
    const frame = this.#frames[target];
    if (frame?.kind === "function") frame.returns.push(...this.#leave(from, target, frame));
  }

  #jump(from: Ends, label: string | undefined, continues: boolean): void {
    const target = this.#frames.findLastIndex((frame) =>
      frame.kind === "breakable" && (label === undefined ? frame.isLoop || (!continues && frame.labels.length === 0) : frame.labels.includes(label)));
    const frame = this.#frames[target];
    if (frame?.kind !== "breakable") return;
    const list = continues ? frame.continues : frame.breaks;
    list.push(...this.#leave(from, target, list));
  }

  // --- statements ---

  #statements(statements: readonly Node[], from: Ends): Ends {
    let ends = from;
    for (const statement of statements) ends = this.#statement(statement, ends);
    return ends;
  }

  #statement(node: Node, from: Ends, labels: readonly string[] = []): Ends {
    if (from.length === 0) return from;
    const first = this.#steps.length;
    const ends = this.#statementOf(node, from, labels);
    // The way into a statement without a step of its own is its first step.
    const step = this.#steps[first];
    if (step && this.#places.get(node)?.every((place) => place.id < first) !== false) this.#place(node, step);
    return ends;
  }

  #statementOf(node: Node, from: Ends, labels: readonly string[]): Ends {
    switch (node.type) {
      case "BlockStatement":
        return this.#statements(node.body, from);
      case "CatchClause":
        return this.#statement(node.body, from);
      case "ExpressionStatement":
        return this.#expression(node.expression, from);
      case "VariableDeclaration": {
        let ends = from;
        for (const declarator of node.declarations) {
          if (!declarator.init) continue;
          ends = this.#expression(declarator.init, ends);
          ends = this.#pattern(declarator.id, ends);
          ends = this.#after("assign", declarator, ends);
        }
        return ends;
      }
      case "IfStatement": {
        const { yes, no } = this.#test(node.test, from, node);
        const then = this.#statement(node.consequent, yes);
        return [...then, ...(node.alternate ? this.#statement(node.alternate, no) : no)];
      }
      case "LabeledStatement":
        return this.#labelled(node.body, from, [...labels, node.label.name]);
      case "WhileStatement":
      case "DoWhileStatement":
      case "ForStatement":
      case "ForOfStatement":
      case "ForInStatement":
        return this.#loopStatement(node, from, labels);
      case "SwitchStatement":
        return this.#switch(node, from);
      case "TryStatement":
        return this.#try(node, from);
      case "ReturnStatement": {
        const ends = node.argument ? this.#expression(node.argument, from) : from;
        this.#return(this.#after("return", node, ends));
        return [];
      }
      case "ThrowStatement":
        this.#throw(this.#after("throw", node, this.#expression(node.argument, from)));
        return [];
      case "BreakStatement":
      case "ContinueStatement":
        this.#jump(from, node.label?.name, node.type === "ContinueStatement");
        return [];
      case "ExportNamedDeclaration":
      case "ExportDefaultDeclaration":
        if (!node.declaration) return from;
        return isStatement(node.declaration) ? this.#statement(node.declaration, from) : this.#expression(node.declaration, from);
      case "ClassDeclaration":
        return node.superClass ? this.#expression(node.superClass, from) : from;
      case "WithStatement":
        return this.#statement(node.body, this.#expression(node.object, from));
      default:
        // Declarations of functions and types, imports, empty statements: nothing is evaluated.
        return from;
    }
  }

  #labelled(body: Node, from: Ends, labels: readonly string[]): Ends {
    if (isLoopOrLabel(body)) return this.#statement(body, from, labels);
    const frame: Frame = { kind: "breakable", labels, isLoop: false, breaks: [], continues: [] };
    return this.#framed(frame, () => [...this.#statement(body, from), ...frame.breaks]);
  }

  #framed<T>(frame: Frame, build: () => T): T {
    this.#frames.push(frame);
    const result = build();
    this.#frames.pop();
    return result;
  }

  #looped<T>(loop: Omit<Loop, "outer">, build: () => T): T {
    const saved = this.#loop;
    this.#loop = { ...loop, outer: saved };
    const result = build();
    this.#loop = saved;
    return result;
  }

  #inRegion<T>(region: Omit<Region, "outer">, build: () => T): T {
    const saved = this.#region;
    this.#region = { ...region, outer: saved };
    const result = build();
    this.#region = saved;
    return result;
  }

  #loopStatement(node: LoopStatement, from: Ends, labels: readonly string[]): Ends {
    const frame: Frame & { kind: "breakable" } = { kind: "breakable", labels, isLoop: true, breaks: [], continues: [] };
    let ends = from;
    if (node.type === "ForOfStatement" || node.type === "ForInStatement") ends = this.#expression(node.right, ends);
    if (node.type === "ForStatement" && node.init)
      ends = node.init.type === "VariableDeclaration" ? this.#statement(node.init, ends) : this.#expression(node.init, ends);
    if (ends.length === 0) return ends;
    return this.#framed(frame, () => this.#looped(describeLoop(node), () => {
      const head = this.#step("join", undefined, ends);
      const exits = this.#loopTurn(node, head, frame);
      return [...exits, ...frame.breaks];
    }));
  }

  /** One turn of a loop, back to its head. Gives the ends that leave it by its test. */
  #loopTurn(node: LoopStatement, head: Growing, frame: Frame & { kind: "breakable" }): Ends {
    const back = (ends: Ends): void => ends.forEach((end) => connect(end, head));
    switch (node.type) {
      case "WhileStatement": {
        const { yes, no } = this.#test(node.test, [head], node);
        back([...this.#statement(node.body, yes), ...frame.continues]);
        return no;
      }
      case "DoWhileStatement": {
        const body = [...this.#statement(node.body, [head]), ...frame.continues];
        const { yes, no } = this.#test(node.test, body, node);
        back(yes);
        return no;
      }
      case "ForStatement": {
        const { yes, no } = node.test ? this.#test(node.test, [head], node) : { yes: [head], no: [] };
        const body = [...this.#statement(node.body, yes), ...frame.continues];
        back(node.update ? this.#expression(node.update, body) : body);
        return no;
      }
      default: {
        const turn: Ends = node.type === "ForOfStatement" && node.await ? this.#throwing("await", node, [head]) : [head];
        const target = node.left.type === "VariableDeclaration" ? node.left.declarations[0]?.id : node.left;
        const bound = this.#after("assign", node.left, target ? this.#pattern(target, turn) : turn);
        back([...this.#statement(node.body, bound), ...frame.continues]);
        return turn;
      }
    }
  }

  #switch(node: Extract<Node, { type: "SwitchStatement" }>, from: Ends): Ends {
    let rest = this.#expression(node.discriminant, from);
    const onTrue = isConstant(node.discriminant) === true;
    const matches: Ends[] = [];
    for (const branch of node.cases) {
      const { test } = branch;
      if (!test) {
        matches.push([]);
        continue;
      }
      rest = this.#expression(test, rest);
      const subject = onTrue ? { kind: "truthy" as const, test, site: node } : { kind: "case" as const, test: node.discriminant, cases: [test], site: node };
      matches.push(this.#assume(rest, { ...subject, holds: true }));
      rest = this.#assume(rest, { ...subject, holds: false });
    }
    const frame: Frame = { kind: "breakable", labels: [], isLoop: false, breaks: [], continues: [] };
    return this.#framed(frame, () => {
      let fallen: Ends = [];
      let group: { ends: Step[]; tests: Node[]; hasDefault: boolean } = { ends: [], tests: [], hasDefault: false };
      for (const [i, branch] of node.cases.entries()) {
        group.ends.push(...(branch.test ? matches[i] ?? [] : rest));
        if (branch.test) group.tests.push(branch.test);
        else group.hasDefault = true;
        if (branch.consequent.length === 0) continue;
        // `case "a": case "b":` — what both share is that the value is one of the two.
        const entered = group.tests.length > 1 && !group.hasDefault && !onTrue
          ? this.#assume(group.ends, { kind: "case", test: node.discriminant, cases: group.tests, holds: true, site: node })
          : group.ends;
        fallen = this.#statements(branch.consequent, [...entered, ...fallen]);
        group = { ends: [], tests: [], hasDefault: false };
      }
      const noMatch = node.cases.some((branch) => !branch.test) ? [] : rest;
      return [...fallen, ...group.ends, ...noMatch, ...frame.breaks];
    });
  }

  #try(node: Extract<Node, { type: "TryStatement" }>, from: Ends): Ends {
    const { handler, finalizer } = node;
    const frame: Frame | undefined = finalizer
      ? { kind: "finally", finalizer, loop: this.#loop, region: this.#region, within: this.#within, copies: new Map() }
      : undefined;
    if (frame) this.#frames.push(frame);
    let ends: Ends;
    if (handler) {
      const start = this.#step("join", undefined, from);
      const entry = this.#step("join", undefined, []);
      ends = this.#framed({ kind: "catch", entry }, () => this.#inRegion({ kind: "try", node }, () => this.#statement(node.block, [start])));
      // Property access may throw as well; an edge from before the block stands for it where nothing else throws.
      const accesses = (): boolean => this.#steps.slice(entry.id).some((step) => step.node?.type === "MemberExpression");
      if (entry.previous.length === 0 && start.previous.length > 0 && accesses()) connect(start, entry);
      ends = [...ends, ...this.#inRegion({ kind: "catch", node: handler }, () => {
        if (entry.previous.length === 0) return [];
        const bound = handler.param ? this.#pattern(handler.param, [entry]) : [entry];
        return this.#statement(handler, bound);
      })];
    } else ends = this.#inRegion({ kind: "try", node }, () => this.#statement(node.block, from));
    if (frame?.kind !== "finally") return ends;
    this.#frames.pop();
    return this.#finalizer(frame, this.#frames.length, ends);
  }

  // --- expressions ---

  #after(kind: StepKind, node: Node, from: Ends): Ends {
    return from.length === 0 ? from : [this.#step(kind, node, from)];
  }

  #expression(node: Node, from: Ends): Ends {
    if (from.length === 0) return from;
    switch (node.type) {
      case "ParenthesizedExpression":
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "TSNonNullExpression":
      case "TSTypeAssertion":
      case "TSInstantiationExpression":
        return this.#after("value", node, this.#expression(node.expression, from));
      case "ChainExpression": {
        this.#chains.push([]);
        const ends = this.#expression(node.expression, from);
        return this.#after("value", node, [...ends, ...(this.#chains.pop() ?? [])]);
      }
      case "MemberExpression": {
        let ends = this.#link(node.object, node.optional, node, from);
        if (node.computed) ends = this.#expression(node.property, ends);
        return this.#after("value", node, ends);
      }
      case "CallExpression":
      case "NewExpression":
        return this.#call(node, from);
      case "TaggedTemplateExpression":
        return this.#throwing("call", node, this.#expression(node.quasi, this.#expression(node.tag, from)));
      case "ImportExpression":
        return this.#throwing("call", node, this.#expression(node.source, from));
      case "AwaitExpression":
        return this.#throwingAfter("await", node, this.#expression(node.argument, from));
      case "YieldExpression":
        return this.#throwingAfter("yield", node, node.argument ? this.#expression(node.argument, from) : from);
      case "AssignmentExpression":
        return this.#assignment(node, from);
      case "UpdateExpression":
        return this.#after("update", node, this.#expression(node.argument, from));
      case "UnaryExpression":
        return this.#after(node.operator === "delete" ? "update" : "value", node, this.#expression(node.argument, from));
      case "LogicalExpression":
        return this.#logical(node, from);
      case "ConditionalExpression": {
        const { yes, no } = this.#test(node.test, from, node);
        return this.#after("value", node, [...this.#expression(node.consequent, yes), ...this.#expression(node.alternate, no)]);
      }
      case "ClassExpression":
        return this.#after("value", node, node.superClass ? this.#expression(node.superClass, from) : from);
      case "FunctionExpression":
      case "FunctionDeclaration":
      case "ArrowFunctionExpression":
        return this.#after("value", node, from);
      case "Property":
        return this.#expression(node.value, node.computed ? this.#expression(node.key, from) : from);
      case "PrivateIdentifier":
      case "TemplateElement":
      case "JSXText":
      case "JSXIdentifier":
        return from;
      default:
        if (node.type.startsWith("TS")) return from;
        return this.#after("value", node, childrenOf(node).reduce<Ends>((ends, child) => this.#expression(child, ends), from));
    }
  }

  #throwingAfter(kind: StepKind, node: Node, from: Ends): Ends {
    return from.length === 0 ? from : this.#throwing(kind, node, from);
  }

  /** An object or callee, and for `?.` the way out of the chain where it is null or undefined. */
  #link(object: Node, optional: boolean, site: Node, from: Ends): Ends {
    const ends = this.#expression(object, from);
    if (!optional) return ends;
    const condition = { kind: "nullish" as const, test: object, site };
    this.#chains.at(-1)?.push(...this.#assume(ends, { ...condition, holds: true }));
    return this.#assume(ends, { ...condition, holds: false });
  }

  #call(node: CallExpression | NewExpression, from: Ends): Ends {
    const callee = unwrap(node.callee);
    const invoked = isFunction(callee) && this.#options.callbacks === "run" ? callee : undefined;
    let ends = invoked ? from : this.#link(node.callee, node.type === "CallExpression" && node.optional, node, from);
    const callbacks: { fn: FunctionNode; runs: CallbackRuns; index: number }[] = [];
    for (const [index, argument] of node.arguments.entries()) {
      ends = this.#expression(argument, ends);
      const fn = unwrap(argument);
      const runs = isFunction(fn) && this.#options.callbacks === "run" ? callbackRuns(node, index) : undefined;
      if (runs && isFunction(fn)) callbacks.push({ fn, runs, index });
    }
    if (invoked) ends = this.#inlined(invoked, ends);
    // Of `then(done, failed)` one runs; in a row they would each wait for the other.
    const starts = ends;
    const done = callbacks.map(({ fn, runs, index }) => this.#callback(node, fn, runs, index, starts));
    ends = done.length === 0 ? ends : done.length === 1 ? (done[0] ?? []) : [...new Set(done.flat())];
    return this.#throwingAfter("call", node, ends);
  }

  #callback(call: CallExpression | NewExpression, fn: FunctionNode, runs: CallbackRuns, index: number, from: Ends): Ends {
    if (from.length === 0) return from;
    if (runs === "once") return this.#inlined(fn, from);
    if (runs === "maybe") {
      const run = (): Ends => this.#inlined(fn, from);
      return [...from, ...(handlesRejection(call, index) ? this.#inRegion({ kind: "catch", node: fn }, run) : run())];
    }
    const loop = { kind: "callback" as const, node: call, over: iteratedBy(call), item: elementParameter(call, fn), test: undefined, body: fn.body ?? fn };
    return this.#looped(loop, () => {
      const head = this.#step("join", undefined, from);
      for (const end of this.#inlined(fn, [head])) connect(end, head);
      return [head];
    });
  }

  /** The body of a function that runs here. */
  #inlined(fn: FunctionNode, from: Ends): Ends {
    const saved = this.#within;
    this.#within = fn;
    const frame: Frame = { kind: "function", returns: [] };
    const ends = this.#framed(frame, () => [...this.#function(fn, from), ...frame.returns]);
    this.#within = saved;
    return ends;
  }

  #assignment(node: Extract<Node, { type: "AssignmentExpression" }>, from: Ends): Ends {
    const { left, right, operator } = node;
    if (operator === "=") return this.#after("assign", node, this.#expression(right, this.#pattern(left, from)));
    const read = this.#expression(left, from);
    if (operator === "??=" || operator === "||=" || operator === "&&=") {
      const condition = { kind: operator === "??=" ? "nullish" as const : "truthy" as const, test: left, site: node };
      const assigns = operator !== "||=";
      const kept = this.#assume(read, { ...condition, holds: !assigns });
      const assigned = this.#after("assign", node, this.#expression(right, this.#assume(read, { ...condition, holds: assigns })));
      return [...kept, ...assigned];
    }
    return this.#after("assign", node, this.#expression(right, read));
  }

  /** What is evaluated to assign to a pattern: defaults, computed keys, the objects of members. */
  #pattern(node: Node, from: Ends): Ends {
    if (from.length === 0) return from;
    switch (node.type) {
      case "Identifier":
        return from;
      case "ObjectPattern": {
        let ends = from;
        for (const property of node.properties) {
          if (property.type === "RestElement") ends = this.#pattern(property.argument, ends);
          else ends = this.#pattern(property.value, property.computed ? this.#expression(property.key, ends) : ends);
        }
        return ends;
      }
      case "ArrayPattern":
        return node.elements.reduce<Ends>((ends, element) => (element ? this.#pattern(element, ends) : ends), from);
      case "AssignmentPattern":
        return this.#pattern(node.left, [...from, ...this.#expression(node.right, from)]);
      case "RestElement":
        return this.#pattern(node.argument, from);
      case "TSParameterProperty":
        return this.#pattern(node.parameter, from);
      case "MemberExpression": {
        const ends = this.#expression(node.object, from);
        return node.computed ? this.#expression(node.property, ends) : ends;
      }
      default: {
        const inner = unwrap(node);
        return inner === node ? from : this.#pattern(inner, from);
      }
    }
  }

  #logical(node: Extract<Node, { type: "LogicalExpression" }>, from: Ends): Ends {
    if (node.operator === "??") {
      const left = this.#expression(node.left, from);
      const condition = { kind: "nullish" as const, test: node.left, site: node };
      const kept = this.#assume(left, { ...condition, holds: false });
      const right = this.#expression(node.right, this.#assume(left, { ...condition, holds: true }));
      return this.#after("value", node, [...kept, ...right]);
    }
    const { yes, no } = this.#test(node.left, from, node);
    const [goes, stays] = node.operator === "&&" ? [yes, no] : [no, yes];
    return this.#after("value", node, [...stays, ...this.#expression(node.right, goes)]);
  }

  /** Evaluates a condition; where it is made of `&&`, `||`, `!`, each operand branches on its own. */
  #test(node: Node, from: Ends, site: Node): { yes: Ends; no: Ends } {
    if (from.length === 0) return { yes: from, no: from };
    const inner = unwrap(node);
    if (inner.type === "UnaryExpression" && inner.operator === "!") {
      const { yes, no } = this.#test(inner.argument, from, site);
      return { yes: no, no: yes };
    }
    if (inner.type === "LogicalExpression" && inner.operator !== "??") {
      const left = this.#test(inner.left, from, site);
      const and = inner.operator === "&&";
      const right = this.#test(inner.right, and ? left.yes : left.no, site);
      const whole = (ends: Ends, holds: boolean): Ends =>
        ends.length > 1 ? this.#assume(ends, { kind: "truthy", test: inner, holds, site }) : ends;
      return and
        ? { yes: right.yes, no: whole([...left.no, ...right.no], false) }
        : { yes: whole([...left.yes, ...right.yes], true), no: right.no };
    }
    const ends = this.#expression(node, from);
    const constant = isConstant(inner);
    if (constant !== undefined) return constant ? { yes: ends, no: [] } : { yes: [], no: ends };
    return {
      yes: this.#assume(ends, { kind: "truthy", test: node, holds: true, site }),
      no: this.#assume(ends, { kind: "truthy", test: node, holds: false, site }),
    };
  }
}

type LoopStatement = Extract<Node, { type: "WhileStatement" | "DoWhileStatement" | "ForStatement" | "ForOfStatement" | "ForInStatement" }>;

function connect(from: Step, to: Growing): void {
  if (to.previous.includes(from)) return;
  (from as Growing).next.push(to);
  to.previous.push(from);
}

function describeLoop(node: LoopStatement): Omit<Loop, "outer"> {
  switch (node.type) {
    case "ForOfStatement":
      return { kind: "for-of", node, over: node.right, item: node.left, test: undefined, body: node.body };
    case "ForInStatement":
      return { kind: "for-in", node, over: node.right, item: node.left, test: undefined, body: node.body };
    case "ForStatement":
      return { kind: "for", node, over: undefined, item: node.init ?? undefined, test: node.test ?? undefined, body: node.body };
    case "WhileStatement":
      return { kind: "while", node, over: undefined, item: undefined, test: node.test, body: node.body };
    case "DoWhileStatement":
      return { kind: "do-while", node, over: undefined, item: undefined, test: node.test, body: node.body };
  }
}

function isLoopOrLabel(node: Node): boolean {
  return node.type === "LabeledStatement" || /^(?:While|DoWhile|For|ForOf|ForIn)Statement$/.test(node.type);
}

function isStatement(node: Node): boolean {
  return /(?:Statement|Declaration)$/.test(node.type);
}

/** The truth of a literal condition, as in `while (true)`. */
function isConstant(node: Node): boolean | undefined {
  const inner = unwrap(node);
  return inner.type === "Literal" && (typeof inner.value === "boolean" || typeof inner.value === "number") ? Boolean(inner.value) : undefined;
}
