import { keptForEach } from "../../../kept.ts";
import type { Class, FunctionNode, MemberExpression, Node } from "../../parse/ast.ts";
import { calleeMember, isClass, isFunction, isIdentifier, isMember, keyName, propertyName, thisClass, unwrap, wrapped } from "../../parse/ast.ts";
import type { Project } from "../project.ts";

/** What is done to a field at one place. `mutate` changes what it holds: `this.list.push(x)`, `this.map[k] = v`; `count` is `++`, `+=`. */
export interface FieldUse {
  readonly node: MemberExpression;
  /** The statement-like expression that does it: the assignment, the call of the mutator, the read itself. */
  readonly site: Node;
  readonly kind: "read" | "assign" | "count" | "mutate" | "remove";
  /** What goes in; undefined for reads, `++` and removals. */
  readonly value: Node | undefined;
  /** The method, or function held by a field, around it; undefined in initialisers. */
  readonly method: FunctionNode | undefined;
}

/** A field of a class's instances with everything that its methods, and those of its bases in the project, do to it. */
export interface Field {
  readonly name: string;
  readonly declaration: Node | undefined;
  readonly initial: Node | undefined;
  readonly uses: readonly FieldUse[];
}

const MUTATORS: ReadonlySet<string> = new Set(["set", "add", "push", "unshift", "splice", "fill", "append", "enqueue"]);
const REMOVERS: ReadonlySet<string> = new Set(["delete", "clear", "pop", "shift"]);

/** The fields of a class, those of its bases in the project included, by name. Methods are not among them. */
export const fieldsOf = keptForEach((project: Project, cls: Class): ReadonlyMap<string, Field> => {
  const chain = project.classes.chain(cls).filter((current) => current === cls || !project.classes.isKnownPackage(project.fileOf(current).path));
  const methods = new Set<string>();
  const declared = new Map<string, { declaration: Node; initial: Node | undefined }>();
  for (const current of chain)
    for (const member of current.body.body) {
      if (!("key" in member)) continue;
      const name = keyName(member.key, "computed" in member && member.computed);
      if (name === undefined) continue;
      if (member.type === "MethodDefinition") methods.add(name);
      else if ((member.type === "PropertyDefinition" || member.type === "AccessorProperty") && !member.static) {
        if (member.value && isFunction(unwrap(member.value))) methods.add(name);
        else if (!declared.has(name)) declared.set(name, { declaration: member.key, initial: member.value ?? undefined });
      }
    }
  const uses = new Map<string, FieldUse[]>();
  for (const current of chain) {
    const file = project.fileOf(current);
    for (const [name, members] of file.members)
      for (const node of members) {
        if (methods.has(name) || unwrap(node.object).type !== "ThisExpression") continue;
        const owner = thisClass(node);
        if (owner?.cls !== current || owner.isStatic) continue;
        const list = uses.get(name);
        const use = useOfField(node);
        if (list) list.push(use);
        else uses.set(name, [use]);
      }
  }
  const fields = new Map<string, Field>();
  for (const name of new Set([...declared.keys(), ...uses.keys()]))
    fields.set(name, { name, declaration: declared.get(name)?.declaration, initial: declared.get(name)?.initial, uses: uses.get(name) ?? [] });
  return fields;
});

function useOfField(node: MemberExpression): FieldUse {
  const method = methodAround(node);
  // `this.a.b.c`: what is done to the end of the chain is done to what the field holds.
  let current = wrapped(node);
  let deep = false;
  for (;;) {
    const parent = current.parent ?? undefined;
    if (isMember(parent) && parent.object === current) {
      const call = wrapped(parent).parent;
      const name = propertyName(parent);
      if (call?.type === "CallExpression" && unwrap(call.callee) === parent) {
        // `splice(at, 1)` puts nothing in.
        if (name === "splice" && call.arguments.length <= 2) return { node, site: call, kind: "remove", value: undefined, method };
        if (name !== undefined && MUTATORS.has(name)) return { node, site: call, kind: "mutate", value: call.arguments.at(-1), method };
        if (name !== undefined && REMOVERS.has(name)) return { node, site: call, kind: "remove", value: undefined, method };
        // `this.map.get(key).count = 1`
        if (name === "get" || name === "at") {
          current = wrapped(call);
          deep = true;
          continue;
        }
        return { node, site: node, kind: "read", value: undefined, method };
      }
      current = wrapped(parent);
      deep = true;
      continue;
    }
    if (parent?.type === "AssignmentExpression" && parent.left === current)
      return { node, site: parent, kind: deep ? "mutate" : parent.operator === "=" || /^(?:\?\?|\|\||&&)=$/.test(parent.operator) ? "assign" : "count", value: parent.operator === "+=" ? undefined : parent.right, method };
    if (parent?.type === "UpdateExpression") return { node, site: parent, kind: deep ? "mutate" : "count", value: undefined, method };
    if (parent?.type === "UnaryExpression" && parent.operator === "delete") return { node, site: parent, kind: "remove", value: undefined, method };
    if (!deep && parent && isPatternPart(parent, current)) return { node, site: parent, kind: "assign", value: patternValue(parent), method };
    if (!deep && parent?.type === "CallExpression" && calleeMember(parent)?.object.type === "Identifier" && isIdentifier(calleeMember(parent)?.object, "Object") && parent.arguments[0] === current && propertyName(calleeMember(parent) as MemberExpression) === "assign")
      return { node, site: parent, kind: "mutate", value: parent.arguments[1], method };
    return { node, site: node, kind: "read", value: undefined, method };
  }
}

/** `({ a: this.a } = value)`, `[this.a] = value`. */
function isPatternPart(parent: Node, child: Node): boolean {
  return parent.type === "ArrayPattern" || (parent.type === "Property" && parent.value === child && parent.parent?.type === "ObjectPattern") || (parent.type === "AssignmentPattern" && parent.left === child);
}

function patternValue(part: Node): Node | undefined {
  for (let node: Node | undefined = part; node; node = node.parent ?? undefined) if (node.type === "AssignmentExpression") return node.right;
  return undefined;
}

/** The member of a class that a node stands in, as a function. */
export function methodAround(node: Node): FunctionNode | undefined {
  for (let current: Node | undefined = node; current; current = current.parent ?? undefined) {
    if (!isFunction(current)) continue;
    const holder: Node | undefined = wrapped(current).parent ?? undefined;
    if (holder && (holder.type === "MethodDefinition" || holder.type === "PropertyDefinition") && isClass(holder.parent?.parent)) return current;
  }
  return undefined;
}

/** `[]`, `new Map()`, `null`, `0`, `""`: a value that carries nothing. */
export function isEmptyValue(node: Node | undefined): boolean {
  if (!node) return true;
  const value = unwrap(node);
  switch (value.type) {
    case "Literal":
      return true;
    case "ArrayExpression":
      return value.elements.length === 0;
    case "ObjectExpression":
      return value.properties.length === 0;
    case "NewExpression":
      return value.arguments.length === 0;
    case "UnaryExpression":
      return isEmptyValue(value.argument);
    case "Identifier":
      return value.name === "undefined" || value.name === "NaN" || value.name === "Infinity" || /^[A-Z][A-Z0-9_]+$/.test(value.name);
    case "TemplateLiteral":
      return value.expressions.length === 0;
    case "MemberExpression":
      return /^[A-Z]/.test(propertyName(value) ?? "") && isIdentifier(unwrap(value.object)) && /^[A-Z]/.test((unwrap(value.object) as { name: string }).name);
    default:
      return false;
  }
}
