import { callbackRuns } from "../flow/callbacks.ts";
import type { CallExpression, FunctionNode, LoopNode, Node } from "../parse/ast.ts";
import { callbackOf, calleeMember, calleeName, isCall, isFunction, isIdentifier, isLoop, isMember, isWithin, propertyName, unwrap, walk, wrapped } from "../parse/ast.ts";
import type { SourceFile } from "../parse/source-file.ts";
import { numberOf } from "./objects/delays.ts";
import type { Project } from "./project.ts";
import type { Variable } from "../parse/scopes.ts";
import { returnedBy, runsWithItsSurroundings } from "./runs.ts";

/** Code that runs once for each element: a loop statement, or a call that is given a callback. */
export interface Repetition {
  /** The loop, or the call such as `rows.map(…)`. */
  readonly node: LoopNode | CallExpression;
  readonly callback?: FunctionNode;
  /** What is gone through, when there is such a thing. */
  readonly over: Node | undefined;
  /** The pattern or name that holds the element. */
  readonly item: Node | undefined;
}

/**
 * What a repetition goes through. `data`: as many turns as there are elements. `constant`: a list written down in the code, with its length.
 * `chunks`: pieces of a list, each handled at once. `retry`: attempts, polling. `pages`: until a source is drained.
 */
export type RepetitionNature = { readonly kind: "data" | "chunks" | "retry" | "pages" } | { readonly kind: "constant"; readonly length: number };

const RETRY_NAME = /attempt|retr(?:y|ies)|tries|backoff|poll/i;
const PAGE_NAME = /page|cursor|round|depth|level|hop|pass|sweep|offset|iteration/i;
/** How many workers to start: each of them goes through the same work. */
const SIDE_BY_SIDE = /concurren|parallelism|^(?:num|max)?_?workers?(?:_?count)?$/i;
/** Names of lists of pieces. Pages, groups and windows are as often things of their own: those count when they are used as lists. */
const CHUNKS_NAME = /(?:[cC]hunk|[bB]atch|[sS]lice|[pP]artition)(?:e?[sd])?$|^(?:chunk|batch|slice|partition|split)(?:[A-Z]|s?$)|inGroupsOf/;
const CHUNK_NAME = /^(?:chunk|batch|slice|partition)(?:s|Ids|Rows|Items)?\d*$|(?:Chunk|Batch|Slice|Partition)$/;
const LIMITED_MAPS = /^(?:p?Map|mapLimit|mapSeries|eachLimit|eachSeries|asyncMap|mapAsync|mapSettled|forEachAsync|asyncForEach|mapWithConcurrency|mapConcurrent|mapInParallel|parallelMap|forEachSeries)$/i;

/** The repetitions around a node within the run of its function, innermost first. */
export function repetitionsAround(node: Node): readonly Repetition[] {
  const found: Repetition[] = [];
  let child = node;
  for (let current = node.parent ?? undefined; current; child = current, current = current.parent ?? undefined) {
    if (isLoop(current)) {
      if (repeats(current, child)) found.push(repetitionOfLoop(current));
    } else if (isFunction(current)) {
      const repetition = repetitionOfCallback(current);
      if (repetition) found.push(repetition);
      else if (!runsWithItsSurroundings(current)) break;
    }
  }
  return found;
}

/** The repetition of `items.map(fn)`, whether the callback stands there or is only named. */
export function repetitionOfCall(call: CallExpression): Repetition | undefined {
  const name = calleeName(call);
  const member = calleeMember(call);
  if (name === undefined) return undefined;
  const index = call.arguments.findIndex((argument, at) => argument.type !== "SpreadElement" && member !== undefined && callbackRuns(call, at) === "each");
  if (index >= 0) {
    if (name === "sort" || name === "toSorted") return undefined;
    return { node: call, over: name === "from" ? call.arguments[0] : member?.object, item: undefined };
  }
  // pMap(items, fn), mapLimit(items, 5, fn)
  if (LIMITED_MAPS.test(name) && call.arguments.length >= 2) return { node: call, over: call.arguments[0], item: undefined };
  return undefined;
}

function repetitionOfCallback(fn: FunctionNode): Repetition | undefined {
  const callback = callbackOf(fn);
  const repetition = callback ? repetitionOfCall(callback.call) : undefined;
  if (!callback || !repetition) return undefined;
  const member = calleeMember(callback.call);
  if (member && callbackRuns(callback.call, callback.index) !== "each") return undefined;
  const name = calleeName(callback.call);
  const item = name === "from" ? fn.params[0] : fn.params[name === "reduce" || name === "reduceRight" ? 1 : 0];
  return { ...repetition, callback: fn, item };
}

/** Whether a loop's part runs on every turn: not what is iterated over, not the initialiser. */
function repeats(loop: LoopNode, child: Node): boolean {
  switch (loop.type) {
    case "ForStatement":
      return child !== loop.init;
    case "ForOfStatement":
    case "ForInStatement":
      return child !== loop.right;
    default:
      return true;
  }
}

function repetitionOfLoop(loop: LoopNode): Repetition {
  if (loop.type === "ForOfStatement" || loop.type === "ForInStatement") {
    const { left } = loop;
    return { node: loop, over: loop.right, item: left.type === "VariableDeclaration" ? left.declarations[0]?.id : left };
  }
  return { node: loop, over: loop.type === "ForStatement" ? indexedList(loop) : undefined, item: undefined };
}

/** `list` of `for (let i = 0; i < list.length; i++)`, also with the length kept in a variable. */
function indexedList(loop: Extract<LoopNode, { type: "ForStatement" }>): Node | undefined {
  const { test, init } = loop;
  if (test?.type !== "BinaryExpression") return undefined;
  const lengthOf = (raw: Node | null | undefined): Node | undefined => {
    const node = raw ? unwrap(raw) : undefined;
    return isMember(node) && ["length", "size"].includes(propertyName(node) ?? "") ? node.object : undefined;
  };
  const bound = test.operator.startsWith("<") ? unwrap(test.right) : unwrap(test.left);
  const direct = lengthOf(bound);
  if (direct || init?.type !== "VariableDeclaration") return direct ?? (init?.type === "VariableDeclaration" ? lengthOf(init.declarations[0]?.init) : undefined);
  for (const declarator of init.declarations) if (isIdentifier(declarator.id) && isIdentifier(bound, declarator.id.name)) return lengthOf(declarator.init);
  return lengthOf(init.declarations[0]?.init);
}

/** What a repetition goes through. */
export function natureOf(project: Project, repetition: Repetition): RepetitionNature {
  const { node } = repetition;
  const file = project.fileOf(node);
  switch (node.type) {
    case "CallExpression":
    case "ForOfStatement":
    case "ForInStatement":
      return natureOfList(project, file, repetition);
    case "ForStatement":
      return natureOfCounter(project, file, node, repetition);
    default:
      return natureOfWhile(file, node);
  }
}

function natureOfList(project: Project, file: SourceFile, repetition: Repetition): RepetitionNature {
  const { over, item } = repetition;
  const length = over ? constantLength(project, over, 0) : undefined;
  if (length !== undefined) return { kind: "constant", length };
  if (over && CHUNKS_NAME.test(lastName(over) ?? "") && !isOnePiece(project, over)) return { kind: "chunks" };
  const names = item ? boundNames(item) : [];
  if (names.some((name) => CHUNK_NAME.test(name))) return { kind: "chunks" };
  if (names.some((name) => RETRY_NAME.test(name))) return { kind: "retry" };
  if (item && isUsedAsList(file, repetition, item)) return { kind: "chunks" };
  return { kind: "data" };
}

/** `ids.slice(i, i + 50)`, or what holds it or an element of `chunks`: one piece of a list, whose elements are handled one by one. */
function isOnePiece(project: Project, over: Node): boolean {
  const node = unwrap(over);
  if (isCall(node)) return calleeMember(node) !== undefined && /^(?:slice|splice)$/.test(calleeName(node) ?? "");
  const definition = isIdentifier(node) && CHUNK_NAME.test(node.name) ? project.definitionOf(node) : undefined;
  if (definition?.type !== "variable") return false;
  const { declaration } = definition.variable;
  if (declaration.type !== "VariableDeclarator") return false;
  const loop = declaration.parent?.parent;
  if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) return true;
  return declaration.init !== null && isOnePiece(project, declaration.init);
}

/** Whether the element is itself a list that a statement takes at once: `bind(...ids)`, `inArray(t.id, ids)`, `db.batch(part)`. */
function isUsedAsList(file: SourceFile, repetition: Repetition, item: Node): boolean {
  const names = new Set(boundNames(item));
  let found = false;
  walk(bodyOf(repetition), file.keys, (node) => {
    if (found || node.type !== "Identifier" || !names.has(node.name) || isWithin(node, item)) return !found;
    const use = wrapped(node);
    const { parent } = use;
    if (parent?.type === "SpreadElement" && isCall(parent.parent) && ["bind", "push", "concat"].includes(calleeName(parent.parent) ?? "")) found = true;
    if (isCall(parent) && parent.arguments.includes(use as CallExpression["arguments"][number]) && ["inArray", "batch", "values", "notInArray"].includes(calleeName(parent) ?? "")) found = true;
    if (isMember(parent) && parent.object === use && propertyName(parent) === "map") {
      const call = wrapped(parent).parent;
      const join = isCall(call) ? wrapped(call).parent : undefined;
      if (isMember(join) && propertyName(join) === "join") found = true;
      const holder = isCall(call) ? wrapped(call).parent : undefined;
      if (isCall(holder) && calleeName(holder) === "batch") found = true;
    }
    return undefined;
  });
  return found;
}

function natureOfCounter(project: Project, file: SourceFile, loop: Extract<LoopNode, { type: "ForStatement" }>, repetition: Repetition): RepetitionNature {
  if (!loop.test) return { kind: "pages" };
  const { update, init, test } = loop;
  if (update?.type === "AssignmentExpression" && update.operator === "+=" && !(update.right.type === "Literal" && update.right.value === 1)) return { kind: "chunks" };
  const names = [...(init?.type === "VariableDeclaration" ? init.declarations.flatMap((declarator) => boundNames(declarator.id)) : []), ...namesIn(file, test)];
  if (names.some((name) => RETRY_NAME.test(name))) return { kind: "retry" };
  if (repetition.over) {
    const length = constantLength(project, repetition.over, 0);
    if (length !== undefined) return { kind: "constant", length };
    const list = lastName(repetition.over);
    return list !== undefined && CHUNKS_NAME.test(list) ? { kind: "chunks" } : { kind: "data" };
  }
  if (names.some((name) => PAGE_NAME.test(name) || SIDE_BY_SIDE.test(name))) return { kind: "pages" };
  if (names.some((name) => /chunk|batch/i.test(name))) return { kind: "chunks" };
  const bound = test.type === "BinaryExpression" ? project.constants.constantOf(test.right) : undefined;
  const turns = bound ? Number(bound.value) : Number.NaN;
  if (leavesEarly(file, loop)) return { kind: "retry" };
  return Number.isFinite(turns) ? { kind: "constant", length: turns } : { kind: "data" };
}

/** `while (queue.length > 0) { const next = queue.shift() … }` goes through data; other such loops poll, retry or page. */
function natureOfWhile(file: SourceFile, loop: Node): RepetitionNature {
  let takes: "one" | "many" | undefined;
  walk(loop, file.keys, (node) => {
    if (isFunction(node)) return false;
    if (!isCall(node)) return undefined;
    const name = calleeName(node);
    if ((name === "shift" || name === "pop") && node.arguments.length === 0) takes ??= "one";
    if (name === "splice" && node.arguments.length === 2) takes = "many";
    return undefined;
  });
  return { kind: takes === "one" ? "data" : takes === "many" ? "chunks" : "pages" };
}

/** Whether a loop has a way out of its own: `break`, `return`. */
function leavesEarly(file: SourceFile, loop: LoopNode): boolean {
  let found = false;
  walk(loop.body, file.keys, (node) => {
    if (isFunction(node)) return false;
    if (node.type === "ReturnStatement" || (node.type === "BreakStatement" && !insideSwitch(node, loop))) found = true;
    return !found;
  });
  return found;
}

function insideSwitch(node: Node, loop: Node): boolean {
  for (let current = node.parent ?? undefined; current && current !== loop; current = current.parent ?? undefined) if (current.type === "SwitchStatement" || isLoop(current)) return true;
  return false;
}

/** How many elements a list written down in the code has; undefined for lists made at run time. */
export function constantLength(project: Project, raw: Node, depth: number): number | undefined {
  const node = unwrap(raw);
  if (depth > 6) return undefined;
  switch (node.type) {
    case "ArrayExpression": {
      let length = 0;
      for (const element of node.elements) {
        const inner = element?.type === "SpreadElement" ? constantLength(project, element.argument, depth + 1) : 1;
        if (inner === undefined) return undefined;
        length += inner;
      }
      return length;
    }
    case "ObjectExpression":
      return node.properties.some((property) => property.type === "SpreadElement") ? undefined : node.properties.length;
    case "ConditionalExpression": {
      const [a, b] = [constantLength(project, node.consequent, depth + 1), constantLength(project, node.alternate, depth + 1)];
      return a === undefined || b === undefined ? undefined : Math.max(a, b);
    }
    case "NewExpression":
      return node.callee.type === "Identifier" && (node.callee.name === "Set" || node.callee.name === "Map") && node.arguments[0] ? constantLength(project, node.arguments[0], depth + 1) : undefined;
    case "CallExpression": {
      const member = calleeMember(node);
      const name = member ? propertyName(member) : undefined;
      const [first] = node.arguments;
      if (member && first && isIdentifier(unwrap(member.object), "Object") && ["keys", "values", "entries", "freeze"].includes(name ?? "")) return constantLength(project, first, depth + 1);
      if (member && first && isIdentifier(unwrap(member.object), "Array") && name === "from") {
        const object = unwrap(first);
        const length = object.type === "ObjectExpression" ? object.properties.find((property) => property.type === "Property" && isIdentifier(property.key, "length")) : undefined;
        if (length?.type === "Property") {
          const constant = project.constants.constantOf(length.value);
          const count = constant ? Number(constant.value) : Number.NaN;
          return Number.isFinite(count) ? count : undefined;
        }
        return constantLength(project, first, depth + 1);
      }
      if (member && name === "slice") return shorter(constantLength(project, member.object, depth + 1), sliceLength(project, node));
      if (member && ["filter", "map", "reverse", "toReversed", "toSorted", "sort", "entries", "values", "keys"].includes(name ?? "")) return constantLength(project, member.object, depth + 1);
      return longest(project.targetsOf(node).flatMap((fn) => returnedBy(project, fn)).map((value) => constantLength(project, value, depth + 1)));
    }
    case "Identifier":
    case "MemberExpression":
      return constantListOf(project, node, depth);
    default:
      return undefined;
  }
}

/** How many elements `slice(0, 10)` leaves at most. */
function sliceLength(project: Project, call: CallExpression): number | undefined {
  const [start, end] = call.arguments.map((argument) => (argument.type === "SpreadElement" ? undefined : numberOf(project, argument)?.value));
  return start !== undefined && end !== undefined && start >= 0 && end >= start ? end - start : undefined;
}

function shorter(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function constantListOf(project: Project, node: Node, depth: number): number | undefined {
  const definition = project.definitionOf(node);
  if (definition?.type === "expression") return constantLength(project, definition.node, depth + 1);
  if (definition?.type === "variable") {
    const { variable, file } = definition;
    if (variable.kind === "parameter") return constantArgument(project, variable, depth);
    if (variable.declaration.type === "TSEnumDeclaration") return variable.declaration.body.members.length;
    if (variable.kind !== "const" || variable.declaration.type !== "VariableDeclarator" || variable.declaration.id !== variable.node || !variable.declaration.init) return undefined;
    const loop = variable.declaration.parent?.parent;
    if (loop?.type === "ForOfStatement" || loop?.type === "ForInStatement") return undefined;
    const added = additions(file, variable);
    const length = added === undefined ? undefined : constantLength(project, variable.declaration.init, depth + 1);
    return length === undefined || added === undefined ? undefined : length + added;
  }
  if (!isMember(node)) return undefined;
  // A field of the class, or of a constant object.
  const name = propertyName(node);
  const object = project.definitionOf(node.object);
  if (name === undefined) return undefined;
  const holder = object?.type === "variable" && object.variable.kind === "const" && object.variable.declaration.type === "VariableDeclarator" ? object.variable.declaration.init : undefined;
  const value = holder ? unwrap(holder) : undefined;
  if (value?.type === "ObjectExpression")
    for (const property of value.properties) if (property.type === "Property" && isIdentifier(property.key, name)) return constantLength(project, property.value, depth + 1);
  return undefined;
}

/** The longest list that the callers in sight pass, when all of them pass lists written down in the code. */
function constantArgument(project: Project, variable: Variable, depth: number): number | undefined {
  const fn = variable.declaration;
  if (!isFunction(fn)) return undefined;
  const index = fn.params.findIndex((parameter) => parameter === variable.node || (parameter.type === "AssignmentPattern" && parameter.left === variable.node));
  if (index < 0) return undefined;
  return longest(project.calls.callersOf(fn).map((site) => {
    const argument = site.arguments[index];
    return argument && argument.type !== "SpreadElement" ? constantLength(project, argument, depth + 1) : undefined;
  }));
}

function longest(lengths: readonly (number | undefined)[]): number | undefined {
  let found: number | undefined;
  for (const length of lengths) {
    if (length === undefined) return undefined;
    found = Math.max(found ?? 0, length);
  }
  return found;
}

/** How many elements are added to a list after it was made; undefined where something may add any number: in a loop, from another function, a spread. */
function additions(file: SourceFile, variable: Variable): number | undefined {
  let count = 0;
  for (const use of file.identifiers.get(variable.name) ?? []) {
    const member = wrapped(use).parent;
    if (!isMember(member) || member.object !== wrapped(use)) continue;
    const name = propertyName(member) ?? "";
    if (!["push", "unshift", "splice", "set", "add"].includes(name)) {
      if (member.computed && member.parent?.type === "AssignmentExpression" && member.parent.left === member) return undefined;
      continue;
    }
    if (file.scopes.resolve(use) !== variable) continue;
    const call = wrapped(member).parent;
    if (!isCall(call) || name === "splice" || call.arguments.some(({ type }) => type === "SpreadElement") || mayRepeat(use, variable.node)) return undefined;
    count += name === "push" || name === "unshift" ? call.arguments.length : 1;
  }
  return count;
}

/** Whether a use stands in a loop or in a function that its declaration stands outside of. */
function mayRepeat(use: Node, declared: Node): boolean {
  for (let node: Node | undefined = use.parent ?? undefined; node && !isWithin(declared, node); node = node.parent ?? undefined) if (isLoop(node) || isFunction(node)) return true;
  return false;
}

/** The part of a repetition that runs on every turn. */
export function bodyOf(repetition: Repetition): Node {
  return repetition.callback ?? (repetition.node.type === "CallExpression" ? repetition.node : repetition.node.body);
}

/** The names a pattern or an assignment's target binds. */
function boundNames(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []));
    case "ObjectPattern":
      return pattern.properties.flatMap((property) => boundNames(property.type === "RestElement" ? property.argument : property.value));
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    default:
      return [];
  }
}

function namesIn(file: SourceFile, node: Node): readonly string[] {
  const names: string[] = [];
  walk(node, file.keys, (inner) => {
    if (inner.type === "Identifier") names.push(inner.name);
  });
  return names;
}

/** The last name of an expression: `rows` of `result.rows`, `chunk` of `chunk(ids, 50)`. */
function lastName(raw: Node): string | undefined {
  const node = unwrap(raw);
  if (isIdentifier(node)) return node.name;
  if (isMember(node)) return propertyName(node);
  if (node.type === "AwaitExpression") return lastName(node.argument);
  if (!isCall(node)) return undefined;
  const name = calleeName(node);
  return ["entries", "values", "keys", "map", "filter"].includes(name ?? "") ? lastName(calleeMember(node)?.object ?? node.callee) : name;
}
