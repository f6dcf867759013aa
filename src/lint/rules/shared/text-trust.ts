import { kept } from "../../../kept.ts";
import type { CallExpression, Class, FunctionNode, MemberExpression, Node } from "../../../project/parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isFunction, isIdentifier, isMember, keyName, propertyName, thisClass, unwrap, walkOwn, wrapped } from "../../../project/parse/ast.ts";
import type { Variable } from "../../../project/parse/scopes.ts";
import type { SourceFile } from "../../../project/parse/source-file.ts";
import type { Project } from "../../../project/graph/project.ts";
import { isHarmlessByType, isTypeNamed } from "./declared-types.ts";
import { remoteCallers } from "./remote-callers.ts";
import { guardsAt, isAsserted, isProven, isReset, type Guards } from "./value-guards.ts";

/**
 * How far a text can be trusted.
 * - `safe`: constants, numbers, values checked against a list or cleaned by a pattern
 * - `unknown`: where it comes from is not in sight
 * - `validated`: from a request, through a schema
 * - `request`: chosen by whoever sends the request
 */
export type Trust = "safe" | "unknown" | "validated" | "request";

export interface Judgement {
  readonly trust: Trust;
  /** Where the least trusted part comes from. */
  readonly origin?: Node;
  /** That part, where it stands in quotes within a larger text: `name` of `'${name}'`. */
  readonly quoted?: Node;
  /** It is the result of a call that is not in sight and is given nothing but harmless values. */
  readonly weak?: boolean;
  /** It is the name of a property: what code calls things, unless a request says so. */
  readonly isName?: boolean;
}

const SAFE: Judgement = { trust: "safe" };
const RANK: Readonly<Record<Trust, number>> = { safe: 0, unknown: 1, validated: 2, request: 3 };
const MAX_DEPTH = 16;

const NUMERIC_MEMBERS = new Set(["length", "size", "byteLength", "rowsRead", "rowsWritten", "databaseSize"]);
const SAFE_CALLS = new Set([
  "Number", "parseInt", "parseFloat", "Boolean", "BigInt", "now", "getTime", "valueOf", "toISOString", "toFixed", "indexOf", "lastIndexOf", "findIndex", "charCodeAt", "codePointAt",
  "includes", "has", "some", "every", "test", "startsWith", "endsWith", "isArray", "isInteger", "randomUUID", "nanoid", "uuid", "uuidv4", "uuidv7", "ulid", "createId", "hash", "digest",
  "btoa", "count", "diff", "unix", "getTimezoneOffset", "getHours", "getMinutes", "getDay", "encodeHex", "toHex", "random", "floor", "ceil", "round", "min", "max", "abs", "trunc", "getFullYear", "getMonth", "getDate",
]);
/** Methods whose result is made of what they are called on. */
const PASSING = new Set([
  "toString", "trim", "trimStart", "trimEnd", "toLowerCase", "toUpperCase", "slice", "substring", "substr", "at", "charAt", "split", "filter", "sort", "toSorted", "reverse", "toReversed",
  "flat", "values", "pop", "shift", "find", "findLast", "normalize", "get", "getAll", "splice", "repeat", "next", "toArray", "entries", "keys", "one", "json", "text", "formData",
]);
const JOINING = new Set(["concat", "padStart", "padEnd", "join", "fill"]);
const CLEANERS = /escape|sanit|quote|ident|safe|slug|placeholder|toSnake|snake_?case|camelCase|kebab/i;
const VALIDATORS = new Set(["parse", "safeParse", "parseAsync", "safeParseAsync", "valid", "validate", "decode"]);
const REQUEST_NAMES = /^(?:req|request|searchParams|formData|params|query|body)$/;
/** Methods of objects that the outside world calls. */
const OUTSIDE_METHODS = /^(?:fetch|webSocketMessage|onMessage|onRequest|onConnect|onChatMessage)$/;

const HANDLER_ENTRIES = ["route", "fetch", "loader", "email"] as const;
const HANDLER_KEYS = /^(?:fetch|email|resolve|handler|loader|action|execute|GET|POST|PUT|PATCH|DELETE)$/;
const HANDLER_CALLS = /^(?:get|post|put|patch|delete|all|use|on|openapi|query|mutation|tool|command|middleware)$|handle|route|action|loader|tool$/i;

/** Says of expressions how far they can be trusted as part of an SQL text. One a project. */
export const textJudge = kept((project: Project): TextJudge => new TextJudge(project));

export class TextJudge {
  readonly #project: Project;
  readonly #active = new Set<Node>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** How far the text that `node` evaluates to can be trusted. */
  judge(node: Node): Judgement {
    return this.#of(node, [], 0);
  }

  #of(raw: Node, outer: Guards, depth: number): Judgement {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH) return { trust: "unknown", origin: node };
    // A value made of itself adds nothing.
    if (this.#active.has(node)) return SAFE;
    this.#active.add(node);
    const found = this.#evaluate(node, outer, depth);
    this.#active.delete(node);
    return found;
  }

  #all(nodes: readonly (Node | null | undefined)[], guards: Guards, depth: number): Judgement {
    let worst = SAFE;
    for (const node of nodes) {
      if (!node) continue;
      worst = least(worst, this.#of(node.type === "SpreadElement" ? node.argument : node, guards, depth + 1));
      if (worst.trust === "request") break;
    }
    return worst;
  }

  #evaluate(node: Node, outer: Guards, depth: number): Judgement {
    switch (node.type) {
      case "Literal":
      case "TemplateElement":
      case "UpdateExpression":
      case "ClassExpression":
        return SAFE;
      case "UnaryExpression":
        return SAFE;
      case "TemplateLiteral":
        return this.#template(node, outer, depth);
      case "TaggedTemplateExpression":
        return this.#all(node.quasi.expressions, outer, depth);
      case "BinaryExpression":
        return node.operator === "+" ? this.#sum(node, outer, depth) : SAFE;
      case "ConditionalExpression":
        return this.#all([node.consequent, node.alternate], outer, depth);
      case "LogicalExpression":
        return this.#all(node.operator === "&&" ? [node.right] : [node.left, node.right], outer, depth);
      case "AwaitExpression":
        return this.#of(node.argument, outer, depth + 1);
      case "SequenceExpression":
        return this.#all([node.expressions.at(-1)], outer, depth);
      case "AssignmentExpression":
        return this.#of(node.right, outer, depth + 1);
      case "ArrayExpression":
        return this.#all(node.elements, outer, depth);
      case "ObjectExpression":
        return this.#all(node.properties.map((property) => (property.type === "SpreadElement" ? property.argument : property.value)), outer, depth);
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return SAFE;
      case "Identifier":
        return this.#identifier(node, outer, depth);
      case "MemberExpression":
        return this.#member(node, outer, depth);
      case "CallExpression":
        return this.#call(node, outer, depth);
      case "NewExpression":
        return isIdentifier(node.callee, "Date") ? SAFE : this.#all(node.arguments, outer, depth);
      default:
        return { trust: "unknown", origin: node };
    }
  }

  #template(node: Extract<Node, { type: "TemplateLiteral" }>, outer: Guards, depth: number): Judgement {
    let worst = SAFE;
    for (const [index, expression] of node.expressions.entries()) {
      const found = this.#of(expression, outer, depth + 1);
      const isQuoted = /'%?$/.test(node.quasis[index]?.value.raw ?? "") && found.trust !== "safe" && !found.isName;
      worst = least(worst, isQuoted ? { ...found, quoted: expression } : found);
    }
    return worst;
  }

  #sum(node: Extract<Node, { type: "BinaryExpression" }>, outer: Guards, depth: number): Judgement {
    const left = this.#of(node.left, outer, depth + 1);
    const right = this.#of(node.right, outer, depth + 1);
    const before = unwrap(node.left);
    const last = before.type === "Literal" ? before.value : before.type === "BinaryExpression" && unwrap(before.right).type === "Literal" ? this.#project.constants.constantOf(before.right)?.value : undefined;
    const isQuoted = right.trust !== "safe" && typeof last === "string" && /'%?$/.test(last);
    return least(left, isQuoted ? { ...right, quoted: node.right } : right);
  }

  #identifier(node: Extract<Node, { type: "Identifier" }>, outer: Guards, depth: number): Judgement {
    if (node.name === "undefined" || node.name === "NaN") return SAFE;
    const file = this.#project.fileOf(node);
    const variable = file.scopes.resolve(node);
    if (!variable) return { trust: "unknown", origin: node };
    const guards = [...outer, ...guardsAt(node)];
    if (this.#isKnownGood(node, guards)) return SAFE;
    return this.#variable(file, variable, guards, depth);
  }

  #isKnownGood(node: Node, guards: Guards): boolean {
    return isHarmlessByType(this.#project, node) || isProven(this.#project, node, guards) || isAsserted(this.#project, node) || isReset(this.#project, node);
  }

  #variable(file: SourceFile, variable: Variable, guards: Guards, depth: number): Judgement {
    const { declaration } = variable;
    switch (variable.kind) {
      case "enum":
      case "class":
      case "function":
        return SAFE;
      case "import": {
        const definition = this.#project.definitionOf(variable.node);
        if (definition?.type === "variable" && definition.variable !== variable) return this.#variable(definition.file, definition.variable, [], depth + 1);
        if (definition?.type === "expression") return this.#of(definition.node, [], depth + 1);
        // What a package or a text file exports is part of the program.
        return SAFE;
      }
      case "catch":
      case "namespace":
        return { trust: "unknown", origin: variable.node };
      case "parameter":
        return isFunction(declaration) ? least(this.#parameter(declaration, variable, guards, depth), this.#changes(file, variable, guards, depth)) : { trust: "unknown", origin: variable.node };
      default:
        return least(this.#initial(variable, guards, depth), this.#changes(file, variable, guards, depth));
    }
  }

  /** What a declaration gives a variable. */
  #initial(variable: Variable, guards: Guards, depth: number): Judgement {
    const { declaration } = variable;
    if (declaration.type !== "VariableDeclarator") return { trust: "unknown", origin: variable.node };
    const loop = declaration.parent?.parent;
    if ((loop?.type === "ForOfStatement" || loop?.type === "ForInStatement") && loop.left === declaration.parent)
      return loop.type === "ForInStatement" ? this.#keys(loop.right, guards, depth + 1) : this.#element(loop.right, variable, guards, depth);
    if (!declaration.init) return SAFE;
    if (declaration.id.type === "Identifier") return this.#of(declaration.init, guards, depth + 1);
    return this.#destructured(declaration.id, variable.node, declaration.init, guards, depth);
  }

  /** An element of a collection, for the variable of a loop or a callback's parameter. */
  #element(collection: Node, variable: Variable, guards: Guards, depth: number): Judgement {
    const call = unwrap(collection);
    if (isCall(call) && calleeName(call) === "entries" && call.arguments[0]) {
      const pattern = variable.node.parent;
      const first = pattern?.type === "ArrayPattern" && pattern.elements[0] === variable.node;
      return first ? this.#keys(call.arguments[0], guards, depth + 1) : this.#of(call.arguments[0], guards, depth + 1);
    }
    // `for (const { name } of TABLES)`
    const property = variable.node.parent;
    const list = property?.type === "Property" ? this.#arrayOf(collection) : undefined;
    const name = property?.type === "Property" ? keyName(property.key, property.computed) : undefined;
    if (list && name !== undefined) return worstOf(list.elements.map((element) => (element ? this.#property(element, name, guards, depth + 1) : SAFE)));
    return this.#of(collection, guards, depth + 1);
  }

  #arrayOf(raw: Node): Extract<Node, { type: "ArrayExpression" }> | undefined {
    const node = unwrap(raw);
    if (node.type === "ArrayExpression") return node;
    const definition = isIdentifier(node) ? this.#project.definitionOf(node) : undefined;
    const declaration = definition?.type === "variable" && definition.variable.kind === "const" ? definition.variable.declaration : undefined;
    const init = declaration?.type === "VariableDeclarator" && declaration.init ? unwrap(declaration.init) : undefined;
    return init?.type === "ArrayExpression" ? init : undefined;
  }

  /** `const { where } = build(filter)`: the property that goes into the name. */
  #destructured(pattern: Node, name: Node, source: Node, guards: Guards, depth: number): Judgement {
    if (pattern.type === "ObjectPattern")
      for (const property of pattern.properties) {
        if (property.type !== "Property") continue;
        const target = property.value.type === "AssignmentPattern" ? property.value.left : property.value;
        if (target !== name) continue;
        const key = keyName(property.key, property.computed);
        const fallback = property.value.type === "AssignmentPattern" ? this.#of(property.value.right, guards, depth + 1) : SAFE;
        return least(fallback, key === undefined ? this.#of(source, guards, depth + 1) : this.#property(source, key, guards, depth + 1));
      }
    return this.#of(source, guards, depth + 1);
  }

  /** What is assigned to, appended to and pushed into a variable after its declaration. */
  #changes(file: SourceFile, variable: Variable, guards: Guards, depth: number): Judgement {
    let worst = SAFE;
    for (const use of file.identifiers.get(variable.name) ?? []) {
      if (use === variable.node) continue;
      const written = writtenTo(use);
      if (!written || file.scopes.resolve(use) !== variable) continue;
      worst = least(worst, this.#all(written, guards, depth));
      if (worst.trust === "request") break;
    }
    return worst;
  }

  /** A parameter's arguments at every call in sight, or what is known of who calls. */
  #parameter(fn: FunctionNode, variable: Variable, guards: Guards, depth: number): Judgement {
    const index = fn.params.findIndex((parameter) => contains(parameter, variable.node));
    const parameter = fn.params[index];
    if (!parameter) return { trust: "unknown", origin: variable.node };
    const pattern = parameter.type === "TSParameterProperty" ? parameter.parameter : parameter;
    const plain = pattern.type === "AssignmentPattern" ? pattern.left : pattern;
    const fallback = pattern.type === "AssignmentPattern" ? this.#of(pattern.right, guards, depth + 1) : SAFE;
    const given = (argument: Node): Judgement => (plain.type === "Identifier" ? this.#of(argument, guards, depth + 1) : this.#destructured(plain, variable.node, argument, guards, depth));

    const element = this.#callbackArgument(fn, index, variable, guards, depth);
    if (element) return element;
    const callers = [...this.#project.calls.callersOf(fn), ...remoteCallers(this.#project, fn)];
    if (callers.length === 0) return least(fallback, this.#fromOutside(fn, index, variable));
    let worst = fallback;
    for (const call of callers) {
      if (call.arguments.slice(0, index + 1).some((argument) => argument.type === "SpreadElement")) worst = least(worst, { trust: "unknown", origin: call });
      else if (plain.type === "RestElement") worst = least(worst, this.#all(call.arguments.slice(index), guards, depth));
      else {
        const argument = call.arguments[index];
        if (argument) worst = least(worst, given(argument));
      }
      if (worst.trust === "request") break;
    }
    if (this.#isCallable(fn)) worst = least(worst, { trust: "request", origin: variable.node });
    return worst;
  }

  /** What a callback of `map`, `forEach`, `reduce` and the like is given. */
  #callbackArgument(fn: FunctionNode, index: number, variable: Variable, guards: Guards, depth: number): Judgement | undefined {
    const callback = callbackOf(fn);
    const name = callback && calleeName(callback.call);
    if (!callback || name === undefined) return undefined;
    const object = calleeMember(callback.call)?.object;
    if (name === "from" && callback.index === 1 && callback.call.arguments[0]) return index === 1 ? SAFE : this.#of(callback.call.arguments[0], guards, depth + 1);
    if (!object) return undefined;
    if (/^(?:map|flatMap|forEach|filter|find|findLast|some|every|sort|toSorted)$/.test(name)) return index === 1 && !/sort/i.test(name) ? SAFE : this.#element(object, variable, guards, depth);
    if (name === "reduce") return index > 1 ? SAFE : this.#all([index === 1 ? object : callback.call.arguments[1]], guards, depth);
    if (name === "then") return this.#of(object, guards, depth + 1);
    return undefined;
  }

  #fromOutside(fn: FunctionNode, index: number, variable: Variable): Judgement {
    const origin = variable.node;
    const kind = this.#project.kindOf(variable.node);
    if (kind?.kind === "env" || kind?.kind === "execution-context") return { trust: "unknown", origin };
    if ((kind?.kind === "request" && isRequestType(this.#project, variable.node)) || this.#isCallable(fn)) return { trust: "request", origin };
    const name = fn.parent?.type === "MethodDefinition" ? keyName(fn.parent.key, fn.parent.computed) : undefined;
    if (name !== undefined && OUTSIDE_METHODS.test(name)) return { trust: "request", origin };
    if (fn.parent?.type === "MethodDefinition") return { trust: "unknown", origin };
    const entries = this.#project.calls.entriesOf(fn);
    return index <= 1 && isHandler(fn) && HANDLER_ENTRIES.some((entry) => entries.has(entry)) ? { trust: "request", origin } : { trust: "unknown", origin };
  }

  /** `@callable()` methods of an Agent are called by browsers. */
  #isCallable(fn: FunctionNode): boolean {
    const method = fn.parent;
    return method?.type === "MethodDefinition" && method.decorators.some(({ expression }) => /callable$/i.test((isCall(expression) ? calleeName(expression) : isIdentifier(expression) ? expression.name : "") ?? ""));
  }

  #member(node: MemberExpression, outer: Guards, depth: number): Judgement {
    const name = propertyName(node);
    if (name !== undefined && NUMERIC_MEMBERS.has(name)) return SAFE;
    const guards = [...outer, ...guardsAt(node)];
    if (this.#isKnownGood(node, guards)) return SAFE;
    const owner = this.#project.kindOf(node.object);
    if (owner?.kind === "env") return SAFE;
    if ((owner?.kind === "request" && this.#isRequest(node.object)) || (owner?.kind === "context" && name !== undefined && REQUEST_NAMES.test(name))) return { trust: "request", origin: node };
    // `COLUMNS[key]` is one of the values of the object or list.
    if (name === undefined) return this.#of(node.object, guards, depth + 1);
    if (this.#project.constants.constantOf(node)) return SAFE;
    return this.#property(node.object, name, guards, depth + 1, node);
  }

  /** What `name` of an expression's value is. `at` is the member expression, when there is one. */
  #property(raw: Node, name: string, guards: Guards, depth: number, at?: Node): Judgement {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH) return { trust: "unknown", origin: at ?? node };
    switch (node.type) {
      case "ThisExpression": {
        const owner = thisClass(node);
        return owner ? this.#field(owner.cls, name, guards, depth, at ?? node) : { trust: "unknown", origin: at ?? node };
      }
      case "ObjectExpression": {
        let worst: Judgement | undefined;
        for (const property of node.properties) {
          if (property.type === "SpreadElement") worst = least(worst ?? SAFE, this.#property(property.argument, name, guards, depth + 1, at));
          else if (keyName(property.key, property.computed) === name) return this.#of(property.value, guards, depth + 1);
        }
        return worst ?? SAFE;
      }
      case "AwaitExpression":
        return this.#property(node.argument, name, guards, depth + 1, at);
      case "ConditionalExpression":
        return least(this.#property(node.consequent, name, guards, depth + 1, at), this.#property(node.alternate, name, guards, depth + 1, at));
      case "LogicalExpression":
        return least(this.#property(node.left, name, guards, depth + 1, at), this.#property(node.right, name, guards, depth + 1, at));
      case "CallExpression": {
        const targets = this.#project.targetsOf(node);
        if (targets.length > 0 && !this.#active.has(node)) {
          this.#active.add(node);
          const found = worstOf(targets.flatMap((fn) => this.#returns(fn).map((value) => this.#property(value, name, [], depth + 1, at))));
          this.#active.delete(node);
          return found;
        }
        break;
      }
      case "Identifier": {
        const found = this.#propertyOfVariable(node, name, guards, depth, at);
        if (found) return found;
        break;
      }
      default:
    }
    const found = this.#of(node, guards, depth + 1);
    return found.trust === "unknown" && at ? { ...found, origin: at } : found;
  }

  #propertyOfVariable(node: Extract<Node, { type: "Identifier" }>, name: string, guards: Guards, depth: number, at: Node | undefined): Judgement | undefined {
    const definition = at ? this.#project.definitionOf(at) : undefined;
    if (definition?.type === "variable") return this.#variable(definition.file, definition.variable, [], depth + 1);
    if (definition?.type === "expression") return this.#of(definition.node, [], depth + 1);
    const file = this.#project.fileOf(node);
    const variable = file.scopes.resolve(node);
    const { declaration } = variable ?? {};
    if (variable?.kind === "enum") return SAFE;
    if (variable?.kind === "parameter" && declaration && isFunction(declaration)) {
      const index = declaration.params.findIndex((parameter) => parameter === variable.node || (parameter.type === "AssignmentPattern" && parameter.left === variable.node));
      const callers = index < 0 ? [] : this.#project.calls.callersOf(declaration);
      if (callers.length === 0 || this.#active.has(variable.node)) return undefined;
      this.#active.add(variable.node);
      const found = worstOf(callers.map((call) => {
        const argument = call.arguments[index];
        return !argument ? SAFE : argument.type === "SpreadElement" ? { trust: "unknown" as const, origin: call } : this.#property(argument, name, guards, depth + 1);
      }));
      this.#active.delete(variable.node);
      return found;
    }
    if (declaration?.type !== "VariableDeclarator" || declaration.id.type !== "Identifier" || !variable) return undefined;
    const loop = declaration.parent?.parent;
    if (loop?.type === "ForOfStatement" && loop.left === declaration.parent) {
      const list = this.#arrayOf(loop.right);
      return list && worstOf(list.elements.map((element) => (element ? this.#property(element, name, guards, depth + 1, at) : SAFE)));
    }
    if (!declaration.init || this.#active.has(variable.node)) return undefined;
    this.#active.add(variable.node);
    let found = this.#property(declaration.init, name, guards, depth + 1, at);
    for (const use of file.identifiers.get(variable.name) ?? []) {
      if (use === variable.node || file.scopes.resolve(use) !== variable) continue;
      const member = wrapped(use).parent;
      const assigned = isMember(member) && member.object === wrapped(use) && propertyName(member) === name ? writtenTo(member) : use.parent?.type === "AssignmentExpression" && use.parent.left === use ? [use.parent.right] : undefined;
      if (assigned) found = least(found, this.#all(assigned, guards, depth));
    }
    this.#active.delete(variable.node);
    return found;
  }

  /** A field of a class's instances: initialisers, assignments, constructor parameters, also of the classes below it. */
  #field(cls: Class, name: string, guards: Guards, depth: number, at: Node): Judgement {
    const values: Node[] = [];
    let parameter: { fn: FunctionNode; variable: Variable } | undefined;
    const classes = new Set<Class>([...this.#project.classes.chain(cls), ...this.#below(cls)]);
    for (const current of classes) {
      const file = this.#project.fileOf(current);
      for (const member of current.body.body) {
        if (member.type === "PropertyDefinition" && keyName(member.key, member.computed) === name && member.value) values.push(member.value);
        if (member.type !== "MethodDefinition") continue;
        if (member.kind === "get" && keyName(member.key, member.computed) === name) values.push(...this.#returns(member.value));
        if (member.kind !== "constructor") continue;
        for (const candidate of member.value.params) {
          if (candidate.type !== "TSParameterProperty") continue;
          const target = candidate.parameter.type === "AssignmentPattern" ? candidate.parameter.left : candidate.parameter;
          const variable = target.type === "Identifier" && target.name === name ? file.scopes.lookup(name, member.value.body ?? member.value) : undefined;
          if (variable) parameter = { fn: member.value, variable };
        }
      }
      for (const use of file.members.get(name) ?? []) {
        if (unwrap(use.object).type !== "ThisExpression" || thisClass(use)?.cls !== current) continue;
        values.push(...(writtenTo(use) ?? []));
      }
    }
    if (values.length === 0 && !parameter) return { trust: "unknown", origin: at };
    const found = this.#all(values, guards, depth);
    return parameter ? least(found, this.#parameter(parameter.fn, parameter.variable, guards, depth + 1)) : found;
  }

  #below(cls: Class): readonly Class[] {
    const found = new Set<Class>(this.#project.classes.subclassesOf(cls));
    for (const sub of found) for (const next of this.#project.classes.subclassesOf(sub)) found.add(next);
    return [...found];
  }

  #call(node: CallExpression, outer: Guards, depth: number): Judgement {
    const name = calleeName(node);
    const member = calleeMember(node);
    if (name === undefined) return isFunction(unwrap(node.callee)) ? worstOf(this.#returns(unwrap(node.callee) as FunctionNode).map((value) => this.#of(value, outer, depth + 1))) : { trust: "unknown", origin: node };
    if (isHarmlessByType(this.#project, node)) return SAFE;
    const object = member && unwrap(member.object);
    if (isIdentifier(object, "Math") || isIdentifier(object, "Number")) return SAFE;
    const targets = this.#project.targetsOf(node);
    if (targets.length > 0) {
      if (CLEANERS.test(name)) return SAFE;
      return worstOf(targets.flatMap((fn) => this.#returns(fn).map((value) => this.#of(value, outer, depth + 1))));
    }
    if (isIdentifier(object, "Object") && node.arguments[0]) {
      if (name === "keys") return this.#keys(node.arguments[0], outer, depth + 1);
      if (name === "values" || name === "freeze") return this.#of(node.arguments[0], outer, depth + 1);
      if (name === "entries") return least(this.#keys(node.arguments[0], outer, depth + 1), this.#of(node.arguments[0], outer, depth + 1));
    }
    if (isIdentifier(object, "JSON") && node.arguments[0]) return this.#of(node.arguments[0], outer, depth + 1);
    // Hono's `c.get("user")`: put there by the application's own middleware.
    if (member && (name === "get" || name === "var") && this.#project.kindOf(member.object)?.kind === "context") return { trust: "unknown", origin: node };
    if (member && this.#isRequest(member.object)) return VALIDATORS.has(name) ? { trust: "validated", origin: node } : { trust: "request", origin: node };
    if (member && (name === "map" || name === "flatMap" || name === "reduce")) {
      const [callback] = node.arguments;
      const fn = callback && callback.type !== "SpreadElement" ? this.#functionOf(callback) : undefined;
      if (fn) return least(worstOf(this.#returns(fn).map((value) => this.#of(value, outer, depth + 1))), name === "reduce" ? this.#all([node.arguments[1]], outer, depth) : SAFE);
      return callback && CLEANERS.test(this.#project.text(callback)) ? SAFE : this.#of(member.object, outer, depth + 1);
    }
    if (member && (name === "then" || name === "catch" || name === "finally")) return this.#settled(node, member, name, outer, depth);
    if (SAFE_CALLS.has(name)) return SAFE;
    if (member && (name === "replace" || name === "replaceAll")) return isCleaning(node) ? SAFE : this.#all([member.object, node.arguments[1]], outer, depth);
    if (member && name === "filter" && node.arguments[0] && isSelection(this.#project, node.arguments[0])) return SAFE;
    if (member && JOINING.has(name)) return this.#all([...(name === "fill" ? [] : [member.object]), ...node.arguments], outer, depth);
    if (isIdentifier(object, "Array") || (!member && name === "Array")) {
      const callback = name === "from" ? node.arguments[1] : undefined;
      const fn = callback && callback.type !== "SpreadElement" ? this.#functionOf(callback) : undefined;
      if (fn) return worstOf(this.#returns(fn).map((value) => this.#of(value, outer, depth + 1)));
      return name === "from" ? this.#all(node.arguments.slice(0, 1), outer, depth) : SAFE;
    }
    if (CLEANERS.test(name)) return SAFE;
    if (!member && (name === "String" || name === "structuredClone")) return this.#all(node.arguments, outer, depth);
    if (VALIDATORS.has(name)) return { trust: "validated", origin: node };
    if (member && PASSING.has(name)) return this.#of(member.object, outer, depth + 1);
    const argument = this.#all(node.arguments, outer, depth);
    // What becomes of it in there is not in sight.
    if (argument.trust === "request") return { ...argument, weak: true };
    return { trust: "unknown", origin: node, weak: argument.trust === "safe" && node.arguments.length > 0 };
  }

  /** `request.json().catch(() => ({}))`, `request.text().then((text) => text.trim())`: what the promise gives, or what the callback makes of it. */
  #settled(node: CallExpression, member: MemberExpression, name: "then" | "catch" | "finally", outer: Guards, depth: number): Judgement {
    const given = this.#of(member.object, outer, depth + 1);
    const [callback] = node.arguments;
    if (name === "finally" || !callback || callback.type === "SpreadElement") return given;
    const fn = this.#functionOf(callback);
    const made = fn ? worstOf(this.#returns(fn).map((value) => this.#of(value, outer, depth + 1))) : given;
    return name === "then" ? made : least(given, fn ? made : SAFE);
  }

  #functionOf(node: Node): FunctionNode | undefined {
    const value = unwrap(node);
    if (isFunction(value)) return value;
    const kind = value.type === "Identifier" || isMember(value) ? this.#project.kindOf(value) : undefined;
    return kind?.kind === "function" ? kind.fn : undefined;
  }

  /** `request`, `c.req`, `new URL(request.url).searchParams` and what is read from them. */
  #isRequest(raw: Node): boolean {
    const node = unwrap(raw);
    const kind = this.#project.kindOf(node);
    if (kind?.kind === "request") {
      const variable = isIdentifier(node) ? this.#project.fileOf(node).scopes.resolve(node) : undefined;
      return variable === undefined || isRequestType(this.#project, variable.node);
    }
    if (kind) return false;
    if (isMember(node)) {
      const name = propertyName(node);
      if (name === "searchParams" || (name === "req" && isIdentifier(unwrap(node.object)))) return true;
      return this.#isRequest(node.object);
    }
    return isIdentifier(node) && (node.name === "searchParams" || node.name === "formData");
  }

  /** What the names of an object's properties are made of. */
  #keys(raw: Node, guards: Guards, depth: number): Judgement {
    const found = this.#keyNames(raw, guards, depth);
    return found.trust === "unknown" ? { ...found, isName: true } : found;
  }

  #keyNames(raw: Node, guards: Guards, depth: number): Judgement {
    const node = unwrap(raw);
    if (depth > MAX_DEPTH) return { trust: "unknown", origin: node };
    switch (node.type) {
      case "ObjectExpression":
        return worstOf(node.properties.map((property) =>
          property.type === "SpreadElement" ? this.#keys(property.argument, guards, depth + 1) : property.computed ? this.#of(property.key, guards, depth + 1) : SAFE));
      case "AwaitExpression":
        return this.#keys(node.argument, guards, depth + 1);
      case "LogicalExpression":
      case "ConditionalExpression": {
        const parts = node.type === "LogicalExpression" ? [node.left, node.right] : [node.consequent, node.alternate];
        return worstOf(parts.map((part) => this.#keys(part, guards, depth + 1)));
      }
      case "CallExpression": {
        const targets = this.#project.targetsOf(node);
        if (targets.length > 0) return worstOf(targets.flatMap((fn) => this.#returns(fn).map((value) => this.#keys(value, [], depth + 1))));
        // Schemas drop the keys that they do not know.
        if (VALIDATORS.has(calleeName(node) ?? "")) return SAFE;
        const found = this.#of(node, guards, depth + 1);
        return found.trust === "request" ? found : { trust: "unknown", origin: node };
      }
      case "Identifier": {
        const file = this.#project.fileOf(node);
        const variable = file.scopes.resolve(node);
        if (!variable || this.#active.has(variable.node)) return SAFE;
        if (isProven(this.#project, node, [...guards, ...guardsAt(node)]) || isAsserted(this.#project, node)) return SAFE;
        this.#active.add(variable.node);
        const found = this.#keysOfVariable(file, node, variable, guards, depth);
        this.#active.delete(variable.node);
        return found;
      }
      case "MemberExpression": {
        const found = this.#of(node, guards, depth + 1);
        return found.trust === "request" ? found : found.trust === "safe" ? SAFE : { trust: "unknown", origin: node };
      }
      default:
        return { trust: "unknown", origin: node };
    }
  }

  #keysOfVariable(file: SourceFile, node: Node, variable: Variable, guards: Guards, depth: number): Judgement {
    const { declaration } = variable;
    if (variable.kind === "parameter" && isFunction(declaration)) {
      const index = declaration.params.findIndex((parameter) => parameter === variable.node || (parameter.type === "AssignmentPattern" && parameter.left === variable.node));
      const callers = index < 0 ? [] : this.#project.calls.callersOf(declaration);
      if (callers.length === 0) return { trust: "unknown", origin: node };
      return worstOf(callers.flatMap((call) => (call.arguments[index] && call.arguments[index]?.type !== "SpreadElement" ? [this.#keys(call.arguments[index], guards, depth + 1)] : [])));
    }
    if (declaration.type !== "VariableDeclarator" || !declaration.init) {
      const definition = variable.kind === "import" ? this.#project.definitionOf(variable.node) : undefined;
      if (definition?.type === "variable" && definition.variable.declaration.type === "VariableDeclarator" && definition.variable.declaration.init) return this.#keys(definition.variable.declaration.init, [], depth + 1);
      return variable.kind === "import" ? SAFE : { trust: "unknown", origin: node };
    }
    let found = declaration.id.type === "Identifier" ? this.#keys(declaration.init, guards, depth + 1) : this.#initial(variable, guards, depth);
    for (const use of file.identifiers.get(variable.name) ?? []) {
      // `changes[name] = value`
      const member = wrapped(use).parent;
      if (!isMember(member) || member.object !== wrapped(use) || !member.computed || member.parent?.type !== "AssignmentExpression" || member.parent.left !== member) continue;
      if (file.scopes.resolve(use) === variable) found = least(found, this.#of(member.property, guards, depth + 1));
    }
    return found;
  }

  /** What a function returns. */
  #returns(fn: FunctionNode): readonly Node[] {
    if (!fn.body) return [];
    if (fn.body.type !== "BlockStatement") return [fn.body];
    const found: Node[] = [];
    walkOwn(fn, this.#project.fileOf(fn).keys, (node) => {
      if (node.type === "ReturnStatement" && node.argument && enclosingFunction(node) === fn) found.push(node.argument);
      if (node.type === "YieldExpression" && node.argument && enclosingFunction(node) === fn) found.push(node.argument);
    });
    return found;
  }
}

/** What is written to a variable or member where it is used: `x = v`, `x += v`, `x.push(v)`, `x[k] = v`. */
function writtenTo(use: Node): readonly Node[] | undefined {
  const outer = wrapped(use);
  const { parent } = outer;
  if (parent?.type === "AssignmentExpression" && parent.left === outer) return [parent.right];
  if (!isMember(parent) || parent.object !== outer) return undefined;
  const holder = wrapped(parent).parent;
  if (holder?.type === "AssignmentExpression" && holder.left === parent) return [holder.right];
  if (!isCall(holder) || calleeMember(holder) !== parent) return undefined;
  return /^(?:push|unshift|splice|add|set|append)$/.test(propertyName(parent) ?? "") ? holder.arguments.slice(propertyName(parent) === "splice" ? 2 : 0) : undefined;
}

/** `replace(/[^a-z]/g, "")`, `replace(/'/g, "''")`, `replaceAll("'", "''")`: what is left over cannot end a text or a name. */
function isCleaning(call: CallExpression): boolean {
  const [pattern] = call.arguments;
  const value = pattern && unwrap(pattern);
  if (value?.type !== "Literal") return false;
  if ("regex" in value && value.regex) return value.regex.flags.includes("g") && /\[\^|\\W|'|"|`|\\x27/.test(value.regex.pattern);
  return value.value === "'" || value.value === '"' || value.value === "`";
}

/** A filter's callback that lets only listed or well-formed values through. */
function isSelection(project: Project, callback: Node): boolean {
  return /\.(?:includes|has|test|hasOwn)\s*\(|\bin\s|^is|\bis[A-Z]\w*\(/.test(project.text(callback));
}

/** A name declared with another type than a request's (`request: InsertRequest`) is no request of the outside world. */
function isRequestType(project: Project, name: Node): boolean {
  if (name.type !== "Identifier" || name.typeAnnotation?.type !== "TSTypeAnnotation") return true;
  const type = name.typeAnnotation.typeAnnotation;
  return type.type !== "TSTypeReference" || isTypeNamed(project, type, (text) => /^(?:Next|Hono|Itty|Cf|Express|Fastify|I)?Request$/.test(text));
}

/** Whether a function is itself handed to a router or a platform, rather than being a callback within a handler. */
function isHandler(fn: FunctionNode): boolean {
  const callback = callbackOf(fn);
  if (callback) return HANDLER_CALLS.test(calleeName(callback.call) ?? "");
  const holder = wrapped(fn).parent;
  if (holder?.type === "Property") return HANDLER_KEYS.test(keyName(holder.key, holder.computed) ?? "");
  return fn.type === "FunctionDeclaration" || holder?.type === "VariableDeclarator" || holder?.type === "ExportDefaultDeclaration";
}

function contains(pattern: Node, name: Node): boolean {
  for (let current: Node | undefined = name; current; current = current.parent ?? undefined) {
    if (current === pattern) return true;
    if (isFunction(current)) return false;
  }
  return false;
}

function least(a: Judgement, b: Judgement): Judgement {
  return RANK[b.trust] > RANK[a.trust] || (b.trust === a.trust && b.quoted !== undefined && a.quoted === undefined) ? b : a;
}

function worstOf(judgements: readonly Judgement[]): Judgement {
  return judgements.reduce(least, SAFE);
}
