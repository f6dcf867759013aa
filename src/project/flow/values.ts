import { calleeMember, isFunction, isMember, propertyName, unwrap, type FunctionNode, type Node } from "../parse/ast.ts";
import type { Scopes, Variable } from "../parse/scopes.ts";
import { calleeName, elementParameter, iteratedBy } from "./callbacks.ts";
import { childrenOf } from "./children.ts";
import { runsInPlace, type Flow, type Step } from "./flow.ts";

/** What a value is followed through. */
export interface ValueOptions {
  /** Whether a call's result depends on its arguments and on the object it is called on: for all calls, or for those that a function says. Default true. */
  readonly calls?: boolean | ((call: Node) => boolean);
  /** Whether a value depends on the conditions under which it was assigned. Default false. */
  readonly control?: boolean;
}

/** An assignment to a variable or to a field of `this`. */
export interface Definition {
  readonly step: Step;
  /** The expressions whose values go in. */
  readonly values: readonly Node[];
  /** Whether what the variable held before is part of what it holds after: `+=`, `row.x = …`, `list.push(…)`. */
  readonly partial: boolean;
}

/** A variable, a field of `this` (`this.count`), or a global's name. */
type Key = Variable | string;

const MUTATORS = new Set(["push", "unshift", "splice", "fill", "set", "add", "append", "assign"]);

/** Where the values of one flow's expressions come from: variables, destructuring, spreads, templates, fields of `this`. */
export class Values {
  readonly #flow: Flow;
  readonly #scopes: Scopes;
  #definitions: Map<Key, Definition[]> | undefined;
  readonly #direct = new Map<Node, readonly Node[]>();

  constructor(flow: Flow, scopes: Scopes) {
    this.#flow = flow;
    this.#scopes = scopes;
  }

  /** Whether the value of `expression` depends on that of `source`, or on any node satisfying it. An expression depends on itself. */
  dependsOn(expression: Node, source: Node | ((node: Node) => boolean), options: ValueOptions = {}): boolean {
    return this.dependents(typeof source === "function" ? source : (node) => node === source, options)(expression);
  }

  /** A question answered for many expressions: does this one depend on any node satisfying `isSource`? */
  dependents(isSource: (node: Node) => boolean, options: ValueOptions = {}): (expression: Node) => boolean {
    const known = new Map<Node, boolean>();
    return (expression) => {
      const seen = new Set<Node>();
      const stack = [expression];
      for (let node = stack.pop(); node; node = stack.pop()) {
        if (seen.has(node) || known.get(node) === false) continue;
        seen.add(node);
        if (known.get(node) === true || isSource(node)) {
          known.set(expression, true);
          return true;
        }
        stack.push(...this.#inputs(node, options));
      }
      for (const node of seen) known.set(node, false);
      return false;
    };
  }

  /**
   * The expressions that a value is made of when followed to its ends: parameters, names from elsewhere, calls (with
   * `calls: false`; otherwise what is given to them), fields of `this` never assigned here. Literals are left out.
   */
  origins(expression: Node, options: ValueOptions = {}): readonly Node[] {
    const origins: Node[] = [];
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      const inputs = this.#inputs(node, options);
      if (inputs.length > 0) inputs.forEach(visit);
      else if (!isLiteral(node)) origins.push(node);
    };
    visit(expression);
    return origins;
  }

  /** The assignments whose value an identifier or `this.field` may hold where it is read. */
  definitionsOf(read: Node): readonly Definition[] {
    const key = this.#keyOf(unwrap(read));
    return key === undefined ? [] : this.#reaching(key, read).definitions;
  }

  #inputs(node: Node, options: ValueOptions): readonly Node[] {
    const direct = isCallLike(node) && !followsCall(node, options) ? [] : this.#directOf(node);
    if (!options.control) return direct;
    const key = this.#keyOf(node);
    const sites = key === undefined ? [] : this.#reaching(key, node).definitions.flatMap(({ step }) => step.node ?? []);
    return [...direct, ...sites.flatMap((site) => this.#flow.conditionsOn(site).map((condition) => condition.test))];
  }

  #directOf(node: Node): readonly Node[] {
    let direct = this.#direct.get(node);
    if (!direct) this.#direct.set(node, (direct = this.#computeDirect(node)));
    return direct;
  }

  #computeDirect(node: Node): readonly Node[] {
    const key = this.#keyOf(node);
    if (key !== undefined) {
      const { definitions, initial } = this.#reaching(key, node);
      return [...definitions.flatMap((definition) => definition.values), ...initial];
    }
    switch (node.type) {
      case "MemberExpression":
        return node.computed ? [node.object, node.property] : [node.object];
      case "Property":
        return node.computed ? [node.key, node.value] : [node.value];
      case "CallExpression": {
        const callee = calleeMember(node);
        const called = unwrap(node.callee);
        return [...(callee ? [callee.object] : isFunction(called) ? [called] : []), ...node.arguments];
      }
      case "NewExpression":
        return node.arguments;
      case "AssignmentExpression":
        return node.operator === "=" ? [node.right] : [node.left, node.right];
      case "SequenceExpression":
        return node.expressions.slice(-1);
      case "FunctionExpression":
      case "FunctionDeclaration":
      case "ArrowFunctionExpression":
        return node.body ? expressionsIn(node.body) : [];
      case "ClassExpression":
      case "TemplateElement":
        return [];
      default:
        return node.type.startsWith("TS") && !("expression" in node) ? [] : childrenOf(node);
    }
  }

  #keyOf(node: Node): Key | undefined {
    if (node.type === "Identifier") return this.#scopes.resolve(node) ?? node.name;
    if (isMember(node) && node.object.type === "ThisExpression") {
      const name = propertyName(node);
      return name === undefined ? undefined : `this.${name}`;
    }
    return undefined;
  }

  /** What may be in a variable where it is read: assignments on the way there, and what it starts with. */
  #reaching(key: Key, read: Node): { definitions: readonly Definition[]; initial: readonly Node[] } {
    this.#definitions ??= this.#collect();
    const all = this.#definitions.get(key) ?? [];
    const initial = typeof key === "string" ? [] : this.#initial(key);
    const reads = this.#flow.stepsOf(read);
    if (all.length === 0 || reads.length === 0) return { definitions: all, initial };
    const byStep = new Map<Step, Definition[]>();
    for (const definition of all) byStep.set(definition.step, [...(byStep.get(definition.step) ?? []), definition]);
    const seen = new Set<Step>();
    const found: Definition[] = [];
    let reachesStart = false;
    const stack = reads.flatMap((step) => step.previous);
    for (let step = stack.pop(); step; step = stack.pop()) {
      if (seen.has(step)) continue;
      seen.add(step);
      const here = byStep.get(step) ?? [];
      found.push(...here);
      if (here.some((definition) => !definition.partial)) continue;
      if (step === this.#flow.entry) reachesStart = true;
      stack.push(...step.previous);
    }
    return { definitions: found.sort((a, b) => a.step.id - b.step.id), initial: reachesStart ? initial : [] };
  }

  /** What a variable holds before anything in this flow assigns to it. */
  #initial(variable: Variable): readonly Node[] {
    const { declaration } = variable;
    if (declaration.type === "VariableDeclarator")
      // Declared outside of this flow, e.g. in the function around it.
      return declaration.init && !this.#flow.has(declaration) ? [declaration.init] : [];
    if (variable.kind !== "parameter" || !isFunction(declaration)) return [];
    return [...parameterDefaults(declaration, variable), ...(runsInPlace(declaration) ? givenTo(declaration, variable) : [])];
  }

  #collect(): Map<Key, Definition[]> {
    const definitions = new Map<Key, Definition[]>();
    const define = (target: Node, step: Step, values: readonly Node[], partial: boolean): void => {
      for (const { name, whole } of targetsOf(target)) {
        const key = this.#keyOf(name);
        if (key === undefined) continue;
        const list = definitions.get(key) ?? [];
        if (list.length === 0) definitions.set(key, list);
        list.push({ step, values, partial: partial || !whole });
      }
    };
    for (const step of this.#flow.steps) {
      const { node, kind } = step;
      if (!node || (kind !== "assign" && kind !== "call" && kind !== "value")) continue;
      this.#define(node, step, false, define);
    }
    return definitions;
  }

  #define(node: Node, step: Step, captured: boolean, define: (target: Node, step: Step, values: readonly Node[], partial: boolean) => void): void {
    switch (node.type) {
      case "VariableDeclarator":
        if (node.init) define(node.id, step, [node.init], captured);
        break;
      case "AssignmentExpression":
        define(node.left, step, [node.right], captured || node.operator !== "=");
        break;
      case "CallExpression": {
        const name = calleeName(node);
        if (!name || !MUTATORS.has(name)) break;
        const callee = calleeMember(node);
        const [first, ...rest] = node.arguments;
        if (name === "assign" && first) define(first, step, rest, true);
        else if (callee && node.arguments.length > 0) define(callee.object, step, node.arguments, true);
        break;
      }
      case "FunctionExpression":
      case "ArrowFunctionExpression": {
        // A callback that runs some time may assign to the variables around it.
        if (captured || runsInPlace(node) || !node.body) break;
        const visit = (inner: Node): void => {
          if (inner.type === "AssignmentExpression" || inner.type === "CallExpression") this.#define(inner, step, true, define);
          childrenOf(inner).forEach(visit);
        };
        visit(node.body);
        break;
      }
      default: {
        const loop = node.parent;
        if ((loop?.type === "ForOfStatement" || loop?.type === "ForInStatement") && loop.left === node)
          define(node.type === "VariableDeclaration" ? (node.declarations[0]?.id ?? node) : node, step, [loop.right], captured);
      }
    }
  }
}

const cache = new WeakMap<Flow, Values>();

/** Where the values of a flow's expressions come from; built once. `scopes` are those of the flow's file. */
export function valuesOf(flow: Flow, scopes: Scopes): Values {
  let values = cache.get(flow);
  if (!values) cache.set(flow, (values = new Values(flow, scopes)));
  return values;
}

/** The variables and fields that an assignment to `target` changes; `whole` when all of their value is replaced. */
function targetsOf(target: Node): { name: Node; whole: boolean }[] {
  const node = unwrap(target);
  switch (node.type) {
    case "Identifier":
      return [{ name: node, whole: true }];
    case "ObjectPattern":
      return node.properties.flatMap((property) => targetsOf(property.type === "RestElement" ? property.argument : property.value));
    case "ArrayPattern":
      return node.elements.flatMap((element) => (element ? targetsOf(element) : []));
    case "AssignmentPattern":
      return targetsOf(node.left);
    case "RestElement":
      return targetsOf(node.argument);
    case "TSParameterProperty":
      return targetsOf(node.parameter);
    case "MemberExpression": {
      if (node.object.type === "ThisExpression") return [{ name: node, whole: true }];
      return targetsOf(node.object).map(({ name }) => ({ name, whole: false }));
    }
    default:
      return [];
  }
}

/** What a callback that runs in place is given for one of its parameters. */
function givenTo(fn: FunctionNode, variable: Variable): readonly Node[] {
  const index = fn.params.findIndex((parameter) => targetsOf(parameter).some(({ name }) => name === variable.node));
  let node: Node = fn;
  let call = fn.parent ?? undefined;
  while (call && unwrap(call) === fn) {
    node = call;
    call = call.parent ?? undefined;
  }
  if (index < 0 || (call?.type !== "CallExpression" && call?.type !== "NewExpression")) return [];
  if (call.callee === node) return call.arguments.slice(index, index + 1);
  const name = calleeName(call);
  if (name === "then" || name === "reduce" || name === "reduceRight") {
    const object = iteratedBy(call);
    // An accumulator is made of everything: where it starts, the elements, and what the callback makes of them.
    if (name !== "then" && index === 0) return [...call.arguments.slice(1), ...(object ? [object] : []), ...(fn.body ? expressionsIn(fn.body) : [])];
    return object && (name === "then" || index === 1) ? [object] : [];
  }
  if (name === "catch" || name === "Promise" || name === "transaction") return [];
  const over = iteratedBy(call);
  return over && fn.params[index] === elementParameter(call, fn) ? [over] : [];
}

function parameterDefaults(fn: FunctionNode, variable: Variable): readonly Node[] {
  return fn.params.flatMap((parameter) =>
    parameter.type === "AssignmentPattern" && targetsOf(parameter.left).some(({ name }) => name === variable.node) ? [parameter.right] : []);
}

/** The names, calls and members in a function's body: what its results can be made of. */
function expressionsIn(body: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (node.type === "Identifier" || node.type === "CallExpression" || node.type === "MemberExpression" || node.type === "NewExpression") found.push(node);
    if (node.type === "MemberExpression" && !node.computed) visit(node.object);
    else if (node.type === "Property" && !node.computed) visit(node.value);
    else childrenOf(node).forEach(visit);
  };
  visit(body);
  return found;
}

function followsCall(node: Node, { calls = true }: ValueOptions): boolean {
  return typeof calls === "function" ? calls(node) : calls;
}

function isCallLike(node: Node): boolean {
  return node.type === "CallExpression" || node.type === "NewExpression" || node.type === "TaggedTemplateExpression" || node.type === "ImportExpression";
}

function isLiteral(node: Node): boolean {
  return node.type === "Literal" || node.type === "TemplateElement" || node.type === "TemplateLiteral" || node.type === "ArrayExpression" ||
    node.type === "ObjectExpression" || isFunction(node) || (node.type === "Identifier" && (node.name === "undefined" || node.name === "NaN"));
}
