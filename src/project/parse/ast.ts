import type {
  ArrowFunctionExpression, CallExpression, Class, Function as FunctionLike, IdentifierName, MemberExpression, Node, PropertyKey, TSTypeName,
} from "oxc-parser";

export type * from "oxc-parser";
export type FunctionNode = FunctionLike | ArrowFunctionExpression;
export type LoopNode = Extract<Node, { type: "ForStatement" | "ForInStatement" | "ForOfStatement" | "WhileStatement" | "DoWhileStatement" }>;

/** Child keys of each node type, in source order. The subset of ESTree and TypeScript nodes that holds code or types. */
export type VisitorKeys = Readonly<Record<string, readonly string[]>>;

/** Any function with a body or without. */
export function isFunction(node: Node | null | undefined): node is FunctionNode {
  if (!node) return false;
  switch (node.type) {
    case "ArrowFunctionExpression":
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "TSDeclareFunction":
    case "TSEmptyBodyFunctionExpression":
      return true;
    default:
      return false;
  }
}

export function isClass(node: Node | null | undefined): node is Class {
  return node?.type === "ClassDeclaration" || node?.type === "ClassExpression";
}

export function isLoop(node: Node | null | undefined): node is LoopNode {
  switch (node?.type) {
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      return true;
    default:
      return false;
  }
}

export function isMember(node: Node | null | undefined): node is MemberExpression {
  return node?.type === "MemberExpression";
}

export function isCall(node: Node | null | undefined): node is CallExpression {
  return node?.type === "CallExpression";
}

export function isIdentifier(node: Node | null | undefined, name?: string): node is Extract<Node, { type: "Identifier" }> {
  return node?.type === "Identifier" && (name === undefined || node.name === name);
}

/** The expression below parentheses, `await`-free: type assertions, `!`, `satisfies` and optional-chain wrappers are taken off. */
export function unwrap<T extends Node>(node: T): Node {
  let current: Node = node;
  for (;;) {
    switch (current.type) {
      case "TSAsExpression":
      case "TSNonNullExpression":
      case "TSSatisfiesExpression":
      case "TSTypeAssertion":
      case "ParenthesizedExpression":
      case "ChainExpression":
      case "TSInstantiationExpression":
        current = current.expression;
        break;
      default:
        return current;
    }
  }
}

/** The outermost wrapper (as `unwrap` takes off) around a node: the node as its surroundings see it. */
export function wrapped(node: Node): Node {
  let current = node;
  for (;;) {
    const parent = current.parent ?? undefined;
    switch (parent?.type) {
      case "TSAsExpression":
      case "TSNonNullExpression":
      case "TSSatisfiesExpression":
      case "TSTypeAssertion":
      case "ParenthesizedExpression":
      case "ChainExpression":
      case "TSInstantiationExpression":
        current = parent;
        break;
      default:
        return current;
    }
  }
}

/** The static name of a property key, `#x` for private ones; undefined when computed from something other than a string. */
export function keyName(key: PropertyKey | Node, computed: boolean): string | undefined {
  switch (key.type) {
    case "Identifier":
      return computed ? undefined : (key as IdentifierName).name;
    case "PrivateIdentifier":
      return `#${key.name}`;
    case "Literal":
      return typeof key.value === "string" ? key.value : typeof key.value === "number" ? String(key.value) : undefined;
    case "TemplateLiteral":
      return key.expressions.length === 0 ? (key.quasis[0]?.value.cooked ?? undefined) : undefined;
    default:
      return undefined;
  }
}

/** The static property name of a member expression, `#x` for private ones. */
export function propertyName(node: MemberExpression): string | undefined {
  return keyName(node.property, node.computed);
}

/** The member expression that a call calls, `a.b` of `a.b()`; undefined for other callees. */
export function calleeMember(call: CallExpression): MemberExpression | undefined {
  const callee = unwrap(call.callee);
  return isMember(callee) ? callee : undefined;
}

/** The last name of a callee: `b` of `a.b()`, `f` of `f()`. */
export function calleeName(call: CallExpression): string | undefined {
  const callee = unwrap(call.callee);
  if (callee.type === "Identifier") return callee.name;
  return isMember(callee) ? propertyName(callee) : undefined;
}

/** `x` for `x`, `a.b` for a qualified name. */
export function typeNameText(name: TSTypeName): string | undefined {
  if (name.type === "Identifier") return name.name;
  if (name.type !== "TSQualifiedName") return undefined;
  const left = typeNameText(name.left);
  return left === undefined ? undefined : `${left}.${name.right.name}`;
}

/** The nearest function around a node, not the node itself; undefined at module level. Class fields and static blocks have no function. */
export function enclosingFunction(node: Node): FunctionNode | undefined {
  for (let current = node.parent ?? undefined; current; current = current.parent ?? undefined) {
    if (isFunction(current)) return current;
    if (current.type === "PropertyDefinition" || current.type === "StaticBlock") return undefined;
  }
  return undefined;
}

/** The call a function is handed to as an argument, directly. */
export function callbackOf(fn: FunctionNode): { call: CallExpression; index: number } | undefined {
  const { parent } = fn;
  if (parent?.type !== "CallExpression") return undefined;
  const index = parent.arguments.indexOf(fn as CallExpression["arguments"][number]);
  return index < 0 ? undefined : { call: parent, index };
}

/** The nearest class around a node, not the node itself. */
export function enclosingClass(node: Node): Class | undefined {
  for (let current = node.parent ?? undefined; current; current = current.parent ?? undefined) if (isClass(current)) return current;
  return undefined;
}

/** The class whose `this` a node sees: through arrow functions, not through `function`s that are no methods. */
export function thisClass(node: Node): { cls: Class; isStatic: boolean } | undefined {
  for (let current: Node | undefined = node; current; current = current.parent ?? undefined) {
    const parent = current.parent ?? undefined;
    if (current.type === "FunctionExpression" || current.type === "FunctionDeclaration") {
      if (parent?.type !== "MethodDefinition") return undefined;
    }
    if (parent && isClass(parent.parent) && parent.type === "ClassBody") {
      if (current.type === "MethodDefinition" || current.type === "PropertyDefinition" || current.type === "AccessorProperty")
        return { cls: parent.parent, isStatic: current.static };
      if (current.type === "StaticBlock") return { cls: parent.parent, isStatic: true };
      return undefined;
    }
  }
  return undefined;
}

/** Whether `node` is `ancestor` or lies inside it. */
export function isWithin(node: Node, ancestor: Node): boolean {
  for (let current: Node | undefined = node; current; current = current.parent ?? undefined) if (current === ancestor) return true;
  return false;
}

/**
 * Visits `root` and everything below in source order. `visit` may return false to leave out a node's children.
 * Types are visited too.
 */
export function walk(root: Node, keys: VisitorKeys, visit: (node: Node) => boolean | void): void {
  if (visit(root) === false) return;
  const record = root as unknown as Record<string, unknown>;
  for (const key of keys[root.type] ?? []) {
    const child = record[key];
    if (Array.isArray(child)) {
      for (const item of child) if (isNode(item)) walk(item, keys, visit);
    } else if (isNode(child)) walk(child, keys, visit);
  }
}

/** Visits the code of a function without that of functions nested in it. */
export function walkOwn(root: Node, keys: VisitorKeys, visit: (node: Node) => boolean | void): void {
  walk(root, keys, (node) => {
    if (node !== root && (isFunction(node) || isClass(node))) {
      visit(node);
      return false;
    }
    return visit(node);
  });
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}
