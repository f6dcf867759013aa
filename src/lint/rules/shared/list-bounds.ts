import type { CallExpression, FunctionNode, Node } from "../../../project/parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isFunction, isIdentifier, isMember, keyName, propertyName, thisClass, unwrap, walkOwn } from "../../../project/parse/ast.ts";
import type { Variable } from "../../../project/parse/scopes.ts";
import { flowOf } from "../../../project/flow/flow.ts";
import type { Project } from "../../../project/graph/project.ts";
import { templateText, textsOf } from "../../../project/graph/queries/statement-text.ts";
import { limitOf } from "../../../project/sql/query.ts";
import { hasNamedProperties, isClosedList } from "./declared-types.ts";
import { remoteCallers } from "./remote-callers.ts";
import { schemaLimit } from "./schema-limits.ts";
import { isSame } from "./value-guards.ts";

/**
 * How long a list can get.
 * - `max`: at most so many elements
 * - `sized`: cut into pieces or pages whose size is decided at run time
 * - `open`: nothing in sight limits it
 */
export type Bound =
  | { readonly kind: "max"; readonly count: number }
  | { readonly kind: "sized" }
  | { readonly kind: "open"; readonly from: "request" | "rows" | "unknown"; readonly origin: Node };

const SIZED: Bound = { kind: "sized" };
const MAX_DEPTH = 12;
/** Stands for a handful: what is written out in code, the members of a closed type. */
const FEW = 20;

const KEEPING = new Set(["map", "filter", "sort", "toSorted", "reverse", "toReversed", "values", "keys", "entries", "concat", "toArray", "from", "flat"]);
const ROWS = new Set(["all", "raw"]);

/** How long the list that an expression evaluates to can get. */
export function boundOf(project: Project, node: Node): Bound {
  return new Bounds(project).of(node, 0);
}

/** The highest value a number can have; undefined when nothing in sight limits it. */
export function highestOf(project: Project, node: Node): number | undefined {
  return new Bounds(project).highest(node, 0);
}

class Bounds {
  readonly #project: Project;
  readonly #active = new Set<Node>();

  constructor(project: Project) {
    this.#project = project;
  }

  of(raw: Node, depth: number): Bound {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH || this.#active.has(node)) return open(node);
    this.#active.add(node);
    const checked = this.#checked(node);
    const found = checked === undefined ? this.#evaluate(node, depth) : max(checked);
    this.#active.delete(node);
    return found;
  }

  /** `if (ids.length > 50) return …` before the list is used. */
  #checked(node: Node): number | undefined {
    if (!isIdentifier(node) && !isMember(node)) return undefined;
    if (isClosedList(this.#project, node)) return FEW;
    for (const { kind, test, holds } of flowOf(node)?.conditionsOn(node) ?? []) {
      const comparison = unwrap(test);
      if (kind !== "truthy" || comparison.type !== "BinaryExpression") continue;
      const { left, right, operator } = comparison;
      const limit = this.#isLength(left, node) ? this.highest(right, 0) : undefined;
      if (limit === undefined) continue;
      if ((operator === ">" && !holds) || (operator === "<=" && holds) || ((operator === "===" || operator === "==") && holds)) return limit;
      if ((operator === ">=" && !holds) || (operator === "<" && holds)) return limit - 1;
    }
    return undefined;
  }

  #isLength(node: Node, list: Node): boolean {
    const member = unwrap(node);
    return isMember(member) && (propertyName(member) === "length" || propertyName(member) === "size") && isSame(this.#project, member.object, list);
  }

  #evaluate(node: Node, depth: number): Bound {
    switch (node.type) {
      case "ArrayExpression":
        return this.#sum(node.elements.map((element) => (element?.type === "SpreadElement" ? this.of(element.argument, depth + 1) : max(1))));
      case "AwaitExpression":
        return this.of(node.argument, depth + 1);
      case "ConditionalExpression":
        return widest([this.of(node.consequent, depth + 1), this.of(node.alternate, depth + 1)]);
      case "LogicalExpression":
        return widest([this.of(node.left, depth + 1), this.of(node.right, depth + 1)]);
      case "NewExpression": {
        const [source] = node.arguments;
        if (!source) return max(0);
        return source.type === "SpreadElement" ? open(node) : this.of(source, depth + 1);
      }
      case "Literal":
        return node.value === null ? max(0) : open(node);
      case "Identifier":
        return node.name === "undefined" ? max(0) : this.#identifier(node, depth);
      case "MemberExpression":
        return this.#member(node, depth);
      case "CallExpression":
        return this.#call(node, depth);
      default:
        return open(node);
    }
  }

  #sum(parts: readonly Bound[]): Bound {
    let count = 0;
    for (const part of parts) {
      if (part.kind !== "max") return part;
      count += part.count;
    }
    return max(count);
  }

  #identifier(node: Extract<Node, { type: "Identifier" }>, depth: number): Bound {
    const file = this.#project.fileOf(node);
    const variable = file.scopes.resolve(node);
    if (!variable) return open(node);
    const { declaration } = variable;
    if (variable.kind === "import") {
      const definition = this.#project.definitionOf(node);
      if (definition?.type === "variable" && definition.variable.declaration.type === "VariableDeclarator" && definition.variable.declaration.init) return this.of(definition.variable.declaration.init, depth + 1);
      return definition?.type === "expression" ? this.of(definition.node, depth + 1) : open(node);
    }
    if (variable.kind === "parameter" && isFunction(declaration)) return this.#parameter(declaration, variable, depth);
    if (declaration.type !== "VariableDeclarator") return open(node);
    const loop = declaration.parent?.parent;
    if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) return this.#piece(loop.right, depth + 1);
    const bounds: Bound[] = [];
    if (declaration.init) bounds.push(declaration.id.type === "Identifier" ? this.of(declaration.init, depth + 1) : this.#destructured(declaration.id, variable.node, declaration.init, depth));
    for (const use of file.identifiers.get(variable.name) ?? []) {
      if (use === variable.node || file.scopes.resolve(use) !== variable) continue;
      const { parent } = use;
      if (parent?.type === "AssignmentExpression" && parent.left === use) bounds.push(this.of(parent.right, depth + 1));
      if (isMember(parent) && parent.object === use && /^(?:push|unshift|add|set)$/.test(propertyName(parent) ?? "") && isCall(parent.parent)) bounds.push(this.#filled(parent.parent, variable, depth));
    }
    return bounds.length === 0 ? open(node) : widest(bounds);
  }

  /** What `list.push(…)` adds: as many elements as the loops around it have turns. */
  #filled(call: CallExpression, variable: Variable, depth: number): Bound {
    const spread = call.arguments.find((argument) => argument.type === "SpreadElement");
    if (spread) return this.of(spread.type === "SpreadElement" ? spread.argument : spread, depth + 1);
    const loops = flowOf(call)?.inLoop(call) ?? [];
    const within = loops.filter((loop) => !contains(loop.node, variable.node));
    if (within.length === 0) return max(FEW);
    // A list that is emptied when it is full: `if (batch.length === 50) { …; batch = []; }`
    const limits = within.map((loop) => (loop.over ? this.of(loop.over, depth + 1) : this.#turns(loop.test, call, depth)));
    return limits.find((limit) => limit.kind === "open") ?? widest(limits);
  }

  /** How often a loop that counts turns: `for (let i = 0; i < 5; i++)`. */
  #turns(test: Node | undefined, call: Node, depth: number): Bound {
    const comparison = test && unwrap(test);
    if (comparison?.type !== "BinaryExpression" || (comparison.operator !== "<" && comparison.operator !== "<=")) return open(call);
    const limit = unwrap(comparison.right);
    if (isMember(limit) && propertyName(limit) === "length") return this.of(limit.object, depth + 1);
    const highest = this.highest(limit, depth + 1);
    return highest === undefined ? open(call) : max(highest);
  }

  #destructured(pattern: Node, name: Node, source: Node, depth: number): Bound {
    if (pattern.type === "ObjectPattern")
      for (const property of pattern.properties) {
        if (property.type !== "Property") continue;
        const target = property.value.type === "AssignmentPattern" ? property.value.left : property.value;
        if (target !== name) continue;
        const key = keyName(property.key, property.computed);
        if (key === "results") return this.#rows(source, depth);
        // `const { ids = [] } = options;`
        const owner = unwrap(source);
        const given = key !== undefined && isIdentifier(owner) ? this.#givenProperty(owner, key, depth) : undefined;
        if (given) return property.value.type === "AssignmentPattern" ? widest([given, this.of(property.value.right, depth + 1)]) : given;
        return this.#ofRequest(source, key, name);
      }
    // `const [, rows] = await Promise.all([count, query.limit(12)]);`
    const results = pattern.type === "ArrayPattern" ? resultsOf(source) : undefined;
    const given = results?.[pattern.type === "ArrayPattern" ? pattern.elements.findIndex((element) => element === name) : -1];
    return given && given.type !== "SpreadElement" ? this.of(given, depth + 1) : open(name);
  }

  #parameter(fn: FunctionNode, variable: Variable, depth: number): Bound {
    const index = fn.params.findIndex((parameter) => contains(parameter, variable.node));
    const parameter = fn.params[index];
    const pattern = parameter?.type === "TSParameterProperty" ? parameter.parameter : parameter;
    const plain = pattern?.type === "AssignmentPattern" ? pattern.left : pattern;
    const callback = callbackOf(fn);
    const object = callback && calleeMember(callback.call)?.object;
    if (callback && object && /^(?:map|flatMap|forEach|filter|some|every)$/.test(calleeName(callback.call) ?? "") && index === 0) return this.#piece(object, depth + 1);
    const callers = [...this.#project.calls.callersOf(fn), ...remoteCallers(this.#project, fn)];
    if (callers.length === 0 || !plain) return open(variable.node);
    return widest(callers.map((call): Bound => {
      if (plain.type === "RestElement") return call.arguments.slice(index).some((argument) => argument.type === "SpreadElement") ? open(call) : max(call.arguments.length - index);
      const argument = call.arguments[index];
      if (!argument) return max(0);
      if (argument.type === "SpreadElement") return open(argument);
      if (plain.type === "Identifier") return this.of(argument, depth + 1);
      const object = unwrap(argument);
      if (object.type !== "ObjectExpression") return open(variable.node);
      const name = plain.type === "ObjectPattern" ? patternKey(plain, variable.node) : undefined;
      const property = object.properties.find((candidate) => candidate.type === "Property" && keyName(candidate.key, candidate.computed) === name);
      return property?.type === "Property" ? this.of(property.value, depth + 1) : open(variable.node);
    }));
  }

  /** One element of a list of lists: `for (const chunk of chunked(ids, 50))`. */
  #piece(raw: Node, depth: number): Bound {
    const node = unwrap(raw);
    if (node.type === "AwaitExpression") return this.#piece(node.argument, depth + 1);
    if (isCall(node)) {
      const name = calleeName(node) ?? "";
      if (/chunk|batch|split|page|window|slices|partition|group/i.test(name)) {
        const sizes = node.arguments.flatMap((argument) => (argument.type === "SpreadElement" ? [] : (this.highest(argument, depth + 1) ?? [])));
        const [size] = sizes.filter((value) => value > 1);
        return size === undefined ? SIZED : max(size);
      }
      if (name === "entries") return max(2);
    }
    if (isIdentifier(node)) {
      const variable = this.#project.fileOf(node).scopes.resolve(node);
      const init = variable?.declaration.type === "VariableDeclarator" ? variable.declaration.init : undefined;
      if (/chunk|batch|pages|slices|groups/i.test(node.name)) {
        if (init && isCall(unwrap(init))) return this.#piece(init, depth + 1);
        const pushed = variable ? this.#pushed(variable) : [];
        return pushed.length > 0 ? widest(pushed.map((element) => this.of(element, depth + 1))) : SIZED;
      }
      if (init) return this.#piece(init, depth + 1);
    }
    if (node.type === "ArrayExpression") return widest(node.elements.map((element) => (element && element.type !== "SpreadElement" ? this.of(element, depth + 1) : open(node))));
    return open(node);
  }

  #pushed(variable: Variable): readonly Node[] {
    const file = this.#project.fileOf(variable.node);
    return (file.identifiers.get(variable.name) ?? []).flatMap((use) => {
      const { parent } = use;
      if (!isMember(parent) || parent.object !== use || propertyName(parent) !== "push" || !isCall(parent.parent) || file.scopes.resolve(use) !== variable) return [];
      return parent.parent.arguments.filter((argument) => argument.type !== "SpreadElement");
    });
  }

  #member(node: Extract<Node, { type: "MemberExpression" }>, depth: number): Bound {
    const name = propertyName(node);
    if (name === "results") return this.#rows(node.object, depth);
    if (name === undefined) return this.#piece(node.object, depth + 1);
    const definition = this.#project.definitionOf(node);
    if (definition?.type === "variable" && definition.variable.declaration.type === "VariableDeclarator" && definition.variable.declaration.init) return this.of(definition.variable.declaration.init, depth + 1);
    const holder = this.#project.definitionOf(node.object);
    const init = holder?.type === "variable" && holder.variable.declaration.type === "VariableDeclarator" ? holder.variable.declaration.init : holder?.type === "expression" ? holder.node : undefined;
    const object = init ? unwrap(init) : undefined;
    if (object?.type === "ObjectExpression")
      for (const property of object.properties) if (property.type === "Property" && keyName(property.key, property.computed) === name) return this.of(property.value, depth + 1);
    const owner = unwrap(node.object);
    const given = isIdentifier(owner) ? (this.#givenProperty(owner, name, depth) ?? this.#ofQueued(owner, name, depth)) : undefined;
    return given ?? this.#ofRequest(node.object, name, node);
  }

  /** `job.ids`, where `job` is taken from a list of jobs and everything that is put on it in sight is written out: `this.jobs.push({ ids: … })`. */
  #ofQueued(owner: Node, name: string, depth: number): Bound | undefined {
    const list = takenFrom(this.#project, owner);
    const added = list && addedTo(this.#project, list);
    if (!added || added.length === 0 || depth > MAX_DEPTH) return undefined;
    const bounds = added.map((element) => this.#propertyBound(element, name, depth + 1));
    return bounds.every((bound) => bound !== undefined) ? widest(bounds) : undefined;
  }

  /** `options.ids`, where every caller in sight writes the options out. */
  #givenProperty(owner: Node, name: string, depth: number): Bound | undefined {
    const variable = this.#project.fileOf(owner).scopes.resolve(owner);
    const fn = variable?.kind === "parameter" ? variable.declaration : undefined;
    if (!variable || !fn || !isFunction(fn) || this.#active.has(variable.node) || depth > MAX_DEPTH) return undefined;
    const index = fn.params.findIndex((parameter) => parameter === variable.node || (parameter.type === "AssignmentPattern" && parameter.left === variable.node));
    const callers = index < 0 ? [] : this.#project.calls.callersOf(fn);
    if (callers.length === 0) return undefined;
    this.#active.add(variable.node);
    const bounds = callers.map((call): Bound | undefined => {
      const argument = call.arguments[index];
      if (!argument) return max(0);
      if (argument.type === "SpreadElement") return undefined;
      return this.#propertyBound(argument, name, depth + 1);
    });
    this.#active.delete(variable.node);
    return bounds.every((bound) => bound !== undefined) ? widest(bounds) : undefined;
  }

  #propertyBound(raw: Node, name: string, depth: number): Bound | undefined {
    const node = unwrap(raw);
    if (isIdentifier(node)) {
      const variable = this.#project.fileOf(node).scopes.resolve(node);
      const declaration = variable?.declaration;
      if (declaration?.type === "VariableDeclarator" && declaration.id.type === "Identifier" && declaration.init) return this.#propertyBound(declaration.init, name, depth + 1);
      return this.#givenProperty(node, name, depth);
    }
    if (node.type !== "ObjectExpression") return undefined;
    let rest: Bound | undefined = max(0);
    for (const property of node.properties) {
      if (property.type === "SpreadElement") rest = this.#propertyBound(property.argument, name, depth + 1);
      else if (keyName(property.key, property.computed) === name) return this.of(property.value, depth + 1);
    }
    return rest;
  }

  #ofRequest(source: Node, name: string | undefined, origin: Node): Bound {
    const limit = name === undefined ? undefined : (this.#schemaLimit(origin, name) ?? schemaLimit(this.#project, origin, source, name, (node) => this.highest(node, 0)));
    if (limit !== undefined) return max(limit);
    const kind = this.#project.kindOf(source);
    return { kind: "open", from: kind?.kind === "request" ? "request" : "unknown", origin };
  }

  /** `ids: z.array(z.string()).max(50)` in the same file. */
  #schemaLimit(at: Node, name: string): number | undefined {
    const { text } = this.#project.fileOf(at);
    const found = new RegExp(`\\b${name.replaceAll("$", "\\$")}\\b["']?\\s*:\\s*(?:z|v|t|s|yup|Joi)\\b[^;\\n]{0,160}?\\.(?:max|maxLength|length)\\(\\s*(\\d+)`).exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  }

  /** Rows that a query returns: as many as its LIMIT allows. */
  #rows(raw: Node, depth: number): Bound {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH) return open(node, "rows");
    if (node.type === "AwaitExpression") return this.#rows(node.argument, depth + 1);
    if (isIdentifier(node)) {
      const variable = this.#project.fileOf(node).scopes.resolve(node);
      const init = variable?.declaration.type === "VariableDeclarator" && variable.declaration.id.type === "Identifier" ? variable.declaration.init : undefined;
      return init ? this.#rows(init, depth + 1) : open(node, "rows");
    }
    if (!isCall(node)) return open(node, "rows");
    const name = calleeName(node);
    const member = calleeMember(node);
    if (!member || name === undefined || !ROWS.has(name)) {
      const targets = this.#project.targetsOf(node);
      return targets.length > 0 ? widest(targets.flatMap((fn) => this.#returns(fn).map((value) => this.#rows(value, depth + 1)))) : open(node, "rows");
    }
    const statement = this.#project.kindOf(member.object);
    const text = statement?.kind === "d1-statement" ? statement.prepare?.arguments[0] : undefined;
    if (!text || text.type === "SpreadElement") return open(node, "rows");
    const limits = textsOf(this.#project, text).map((template) => limitOf(templateText(template)));
    if (limits.some((limit) => limit === undefined)) return open(node, "rows");
    const numbers = limits.map((limit) => Number(limit));
    if (numbers.every((value) => Number.isInteger(value))) return max(Math.max(...numbers));
    // `LIMIT ?` is nearly always the last parameter, or the one before the OFFSET.
    const bind = statement?.kind === "d1-statement" ? statement.bind : undefined;
    const last = bind?.arguments.at(-1);
    const highest = last && last.type !== "SpreadElement" ? this.highest(last, depth + 1) : undefined;
    return highest === undefined ? SIZED : max(highest);
  }

  #call(node: CallExpression, depth: number): Bound {
    const name = calleeName(node) ?? "";
    const member = calleeMember(node);
    const object = member && unwrap(member.object);
    const [first, second] = node.arguments;
    if (isIdentifier(object, "Object") && first && first.type !== "SpreadElement" && /^(?:keys|values|entries)$/.test(name)) return this.#properties(first, depth);
    if (isIdentifier(object, "Array") && name === "from" && first && first.type !== "SpreadElement") {
      const source = unwrap(first);
      if (source.type !== "ObjectExpression") return this.of(source, depth + 1);
      const length = source.properties.find((property) => property.type === "Property" && keyName(property.key, property.computed) === "length");
      return length?.type === "Property" ? this.#sizeOf(length.value, depth) : open(node);
    }
    if (object && (name === "slice" || name === "splice")) return this.#slice(node, object, first, second, depth);
    // As many results as promises; what is in each of them is another matter.
    if (isIdentifier(object, "Promise") && /^(?:all|allSettled)$/.test(name) && first && first.type !== "SpreadElement") return this.of(first, depth + 1);
    if (name === "flat" && object && isResults(object)) return open(node);
    if (object && name === "split") return this.#ofRequest(object, undefined, node);
    if (object && name === "concat") return this.#sum([this.of(object, depth + 1), ...node.arguments.map((argument) => (argument.type === "SpreadElement" ? open(argument) : this.of(argument, depth + 1)))]);
    if (object && name === "flatMap") return this.of(object, depth + 1).kind === "max" ? SIZED : this.of(object, depth + 1);
    if (object && KEEPING.has(name)) return this.of(object, depth + 1);
    if (/^(?:uniq|unique|dedupe|compact|shuffle)/i.test(name) && first && first.type !== "SpreadElement") return this.of(first, depth + 1);
    const drizzle = this.#builderRows(node);
    if (drizzle) return drizzle;
    const targets = this.#project.targetsOf(node);
    if (targets.length > 0) return widest(targets.flatMap((fn) => this.#returns(fn).map((value) => this.of(value, depth + 1))));
    const kind = member && this.#project.kindOf(member.object);
    return { kind: "open", from: kind?.kind === "request" ? "request" : "unknown", origin: node };
  }

  /** A builder's rows: `db.select().from(t).limit(20)`; of those whose `id` is in a list there are no more than the list has. */
  #builderRows(node: CallExpression): Bound | undefined {
    let limit: Bound | undefined;
    let ids: Node | undefined;
    let isJoined = false;
    for (let current: Node = node; isCall(current) || isMember(current);) {
      if (isCall(current)) {
        const [argument] = current.arguments;
        isJoined ||= /join$/i.test(calleeName(current) ?? "");
        if (calleeName(current) === "where" && argument && argument.type !== "SpreadElement") ids ??= idList(argument);
        if (calleeName(current) === "limit" && argument && argument.type !== "SpreadElement") {
          const highest = this.highest(argument, 0);
          limit = highest === undefined ? SIZED : max(highest);
        }
      }
      const next: Node = unwrap(isCall(current) ? current.callee : current.object);
      if (this.#project.kindOf(next)?.kind === "orm") {
        const listed = limit || !ids || isJoined ? undefined : this.of(ids, 1);
        return limit ?? (listed && listed.kind !== "open" ? listed : open(node, "rows"));
      }
      current = next;
    }
    return undefined;
  }

  #properties(object: Node, depth: number): Bound {
    const node = unwrap(object);
    if (node.type === "ObjectExpression") return node.properties.some((property) => property.type === "SpreadElement") ? open(node) : max(node.properties.length);
    if (hasNamedProperties(this.#project, node)) return max(FEW);
    if (!isIdentifier(node)) return open(node);
    const definition = this.#project.definitionOf(node);
    const { declaration, node: declared } = definition?.type === "variable" ? definition.variable : { declaration: undefined, node: undefined };
    if (!declaration || !declared || depth >= MAX_DEPTH) return open(node);
    if (declaration.type === "VariableDeclarator") return declaration.init ? this.#properties(declaration.init, depth + 1) : open(node);
    // `save({ title, theme })` of a helper that goes through what it is given.
    const index = isFunction(declaration) ? declaration.params.findIndex((parameter) => parameter === declared) : -1;
    const callers = isFunction(declaration) && index >= 0 ? this.#project.calls.callersOf(declaration) : [];
    if (callers.length === 0) return open(node);
    return widest(callers.map((call) => {
      const argument = call.arguments[index];
      return argument && argument.type !== "SpreadElement" ? this.#properties(argument, depth + 1) : open(node);
    }));
  }

  #slice(node: CallExpression, object: Node, first: Node | undefined, second: Node | undefined, depth: number): Bound {
    if (calleeName(node) === "splice") {
      const count = second && this.highest(second, depth + 1);
      return count === undefined ? SIZED : max(count);
    }
    if (!second || !first) return this.of(object, depth + 1);
    const end = unwrap(second);
    // `slice(i, i + 50)`, `slice(i, Math.min(i + 50, n))`
    if (isCall(end) && calleeName(end) === "min") {
      const sums = end.arguments.filter((argument) => unwrap(argument).type === "BinaryExpression");
      if (sums[0]) return this.#slice(node, object, first, sums[0], depth);
    }
    if (end.type === "BinaryExpression" && end.operator === "+") {
      const size = isSame(this.#project, end.left, first) || this.#project.text(end.left) === this.#project.text(first) ? end.right : end.left;
      const highest = this.highest(size, depth + 1);
      return highest === undefined ? SIZED : max(highest);
    }
    const highest = this.highest(end, depth + 1);
    return highest === undefined ? SIZED : max(Math.max(0, highest));
  }

  /** A length: `ids.length` is that of the list. */
  #sizeOf(raw: Node, depth: number): Bound {
    const node = unwrap(raw);
    if (isMember(node) && (propertyName(node) === "length" || propertyName(node) === "size")) return this.of(node.object, depth + 1);
    const highest = this.highest(node, depth + 1);
    return highest === undefined ? open(node) : max(highest);
  }

  highest(raw: Node, depth: number): number | undefined {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH || this.#active.has(node)) return undefined;
    switch (node.type) {
      case "Literal":
        return typeof node.value === "number" ? node.value : undefined;
      case "UnaryExpression":
        return undefined;
      case "BinaryExpression": {
        const [left, right] = [node.left, node.right].map((part) => this.highest(part, depth + 1));
        // Whatever it is divided by, it is no more than what is divided.
        if (node.operator === "/") return left === undefined ? undefined : right ? left / right : left;
        if (node.operator === "-") return left === undefined ? undefined : right === undefined ? left : left - right;
        if (left === undefined || right === undefined) return undefined;
        return node.operator === "+" ? left + right : node.operator === "*" ? left * right : undefined;
      }
      case "ConditionalExpression":
      case "LogicalExpression": {
        const parts = node.type === "ConditionalExpression" ? [node.consequent, node.alternate] : [node.left, node.right];
        const values = parts.map((part) => this.highest(part, depth + 1));
        return values.every((value) => value !== undefined) ? Math.max(...values) : undefined;
      }
      case "CallExpression": {
        const name = calleeName(node);
        const values = node.arguments.map((argument) => (argument.type === "SpreadElement" ? undefined : this.highest(argument, depth + 1)));
        const present = values.filter((value) => value !== undefined);
        if (name === "min") return present.length > 0 ? Math.min(...present) : undefined;
        if (name === "max") return present.length === values.length ? Math.max(...present) : undefined;
        if (name === "floor" || name === "ceil" || name === "round" || name === "trunc" || name === "Number") return values[0] === undefined ? undefined : Math.ceil(values[0]);
        if (/clamp/i.test(name ?? "") && present.length > 0) return Math.max(...present);
        const targets = this.#project.targetsOf(node);
        if (targets.length === 0) return undefined;
        this.#active.add(node);
        const returned = targets.flatMap((fn) => this.#returns(fn).map((value) => this.highest(value, depth + 1)));
        this.#active.delete(node);
        return returned.length > 0 && returned.every((value) => value !== undefined) ? Math.max(...returned) : undefined;
      }
      default:
        return this.#highestOfName(node, depth);
    }
  }

  #highestOfName(node: Node, depth: number): number | undefined {
    const constant = this.#project.constants.constantOf(node)?.value;
    if (constant !== undefined) return constant.trim() === "" || Number.isNaN(Number(constant)) ? undefined : Number(constant);
    const definition = isIdentifier(node) || isMember(node) ? this.#project.definitionOf(node) : undefined;
    const variable = definition?.type === "variable" ? definition.variable : undefined;
    const declaration = variable?.declaration;
    if (declaration?.type === "VariableDeclarator" && variable?.kind === "const" && declaration.id.type === "Identifier" && declaration.init) {
      this.#active.add(node);
      const found = this.highest(declaration.init, depth + 1);
      this.#active.delete(node);
      return found;
    }
    if (variable?.kind === "parameter" && declaration && isFunction(declaration)) {
      const index = declaration.params.findIndex((parameter) => contains(parameter, variable.node));
      const callers = this.#project.calls.callersOf(declaration);
      if (callers.length === 0) return undefined;
      this.#active.add(node);
      const parameter = declaration.params[index];
      const fallback = parameter?.type === "AssignmentPattern" ? parameter.right : undefined;
      const values = callers.map((call) => {
        const argument = call.arguments[index] ?? fallback;
        return argument && argument.type !== "SpreadElement" ? this.highest(argument, depth + 1) : undefined;
      });
      this.#active.delete(node);
      return values.every((value) => value !== undefined) ? Math.max(...values) : undefined;
    }
    return undefined;
  }

  #returns(fn: FunctionNode): readonly Node[] {
    if (!fn.body) return [];
    if (fn.body.type !== "BlockStatement") return [fn.body];
    const found: Node[] = [];
    walkOwn(fn, this.#project.fileOf(fn).keys, (node) => {
      if (node.type === "ReturnStatement" && node.argument && enclosingFunction(node) === fn) found.push(node.argument);
    });
    return found;
  }
}

/** The promises in the list of `await Promise.all([…])`. */
function resultsOf(raw: Node): readonly (Node | null)[] | undefined {
  const node = unwrap(raw);
  if (node.type === "AwaitExpression") return resultsOf(node.argument);
  const [list] = isCall(node) && isResults(node) ? node.arguments : [];
  const promises = list && unwrap(list);
  return promises?.type === "ArrayExpression" && !promises.elements.some((element) => element?.type === "SpreadElement") ? promises.elements : undefined;
}

/** `await Promise.all(…)` */
function isResults(raw: Node): boolean {
  const node = unwrap(raw);
  if (node.type === "AwaitExpression") return isResults(node.argument);
  const member = isCall(node) ? calleeMember(node) : undefined;
  return member !== undefined && isIdentifier(unwrap(member.object), "Promise");
}

/** The list that a variable's value is one element of: `const job = jobs.shift()`, `for (const job of jobs)`. */
function takenFrom(project: Project, owner: Node): Node | undefined {
  const declaration = project.fileOf(owner).scopes.resolve(owner)?.declaration;
  if (declaration?.type !== "VariableDeclarator" || declaration.id.type !== "Identifier") return undefined;
  const loop = declaration.parent?.parent;
  if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) return unwrap(loop.right);
  const init = declaration.init ? unwrap(declaration.init) : undefined;
  const member = isCall(init) && /^(?:shift|pop|at)$/.test(calleeName(init) ?? "") ? calleeMember(init) : undefined;
  return member && unwrap(member.object);
}

/** What is pushed to a list kept in a variable or in a field of the class; undefined where it is also filled in other ways. */
function addedTo(project: Project, list: Node): readonly Node[] | undefined {
  const file = project.fileOf(list);
  const variable = isIdentifier(list) ? file.scopes.resolve(list) : undefined;
  const cls = isMember(list) && list.object.type === "ThisExpression" ? thisClass(list)?.cls : undefined;
  const name = isMember(list) ? propertyName(list) : undefined;
  const uses: readonly Node[] = variable
    ? (file.identifiers.get(variable.name) ?? []).filter((use) => file.scopes.resolve(use) === variable)
    : (cls && name !== undefined ? (file.members.get(name) ?? []).filter((use) => use.object.type === "ThisExpression" && thisClass(use)?.cls === cls) : []);
  const found: Node[] = [];
  for (const use of uses) {
    const { parent } = use;
    if (parent?.type === "AssignmentExpression" && parent.left === use && !isEmptyList(parent.right)) return undefined;
    if (parent?.type === "VariableDeclarator" && parent.id === use && !(parent.init && isEmptyList(parent.init))) return undefined;
    const call = isMember(parent) && parent.object === use ? parent.parent : undefined;
    if (!isMember(parent) || !isCall(call) || call.callee !== parent) continue;
    const method = propertyName(parent) ?? "";
    if (method === "splice" && call.arguments.length > 2) return undefined;
    if (method !== "push" && method !== "unshift") continue;
    if (call.arguments.some(({ type }) => type === "SpreadElement")) return undefined;
    found.push(...call.arguments);
  }
  return found;
}

function isEmptyList(raw: Node): boolean {
  const node = unwrap(raw);
  return node.type === "ArrayExpression" && node.elements.length === 0;
}

/** The list in `inArray(table.id, list)`, alone or among conditions that must all hold. */
function idList(raw: Node): Node | undefined {
  const node = unwrap(raw);
  if (!isCall(node)) return undefined;
  const name = calleeName(node);
  if (name === "and") return node.arguments.map((part) => (part.type === "SpreadElement" ? undefined : idList(part))).find((list) => list !== undefined);
  const [column, list] = node.arguments;
  const isId = column && isMember(unwrap(column)) && propertyName(unwrap(column) as Extract<Node, { type: "MemberExpression" }>) === "id";
  return name === "inArray" && isId && list && list.type !== "SpreadElement" ? list : undefined;
}

function max(count: number): Bound {
  return { kind: "max", count };
}

function open(origin: Node, from: "rows" | "unknown" = "unknown"): Bound {
  return { kind: "open", from, origin };
}

/** The bound of a value that may be any of several lists. */
function widest(bounds: readonly Bound[]): Bound {
  const found = bounds.find((bound) => bound.kind === "open") ?? bounds.find((bound) => bound.kind === "sized");
  return found ?? max(Math.max(0, ...bounds.map((bound) => (bound.kind === "max" ? bound.count : 0))));
}

function patternKey(pattern: Extract<Node, { type: "ObjectPattern" }>, name: Node): string | undefined {
  for (const property of pattern.properties) if (property.type === "Property" && contains(property.value, name)) return keyName(property.key, property.computed);
  return undefined;
}

function contains(outer: Node, inner: Node): boolean {
  for (let current: Node | undefined = inner; current; current = current.parent ?? undefined) if (current === outer) return true;
  return false;
}
