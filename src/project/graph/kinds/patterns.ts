import type { Node } from "../../parse/ast.ts";
import { calleeMember, isIdentifier, isMember, isWithin, keyName, propertyName, unwrap } from "../../parse/ast.ts";
import type { Kind, Kinds } from "./kinds.ts";
import { isEnvLike, kindOfBinding } from "./members.ts";

/** The kind of the value that reaches `target` inside a binding pattern whose whole value `whole` gives. */
export function kindInPattern(kinds: Kinds, pattern: Node, target: Node, whole: () => Kind | undefined, source?: Node): Kind | undefined {
  switch (pattern.type) {
    case "Identifier":
      return pattern === target ? whole() : undefined;
    case "AssignmentPattern":
      return kindInPattern(kinds, pattern.left, target, () => whole() ?? kinds.kindOf(pattern.right), source);
    case "RestElement":
      return undefined;
    case "ObjectPattern": {
      for (const property of pattern.properties) {
        if (property.type === "RestElement") {
          // `const { a, ...env } = this.env`: what is left is still an env.
          if (property.argument === target) return whole();
          continue;
        }
        if (!isWithin(target, property.value)) continue;
        const name = keyName(property.key, property.computed);
        if (name === undefined) return undefined;
        return kindInPattern(kinds, property.value, target, () => {
          const owner = whole();
          const found = owner ? kinds.propertyKind(owner, name, property) : undefined;
          if (!owner && name === "env" && source && !isOfProcess(source)) return { kind: "env" };
          return found ?? envByName(kinds, name, source ?? pattern, property) ?? kinds.contexts.heldBy(holderOf(pattern, source), name);
        });
      }
      return undefined;
    }
    case "ArrayPattern": {
      for (const [index, element] of pattern.elements.entries()) {
        if (!element || !isWithin(target, element)) continue;
        return kindInPattern(kinds, element, target, () => {
          const items = source ? arrayItems(source) : undefined;
          const item = items?.[index];
          if (item && item.type !== "SpreadElement") return kinds.kindOf(item);
          const owner = whole();
          if (owner?.kind === "websocket-pair") return { kind: "websocket", end: index === 0 ? "client" : "server", node: element };
          return owner?.kind === "array" ? owner.element : undefined;
        });
      }
      return undefined;
    }
    default:
      return undefined;
  }
}

/** `process`, `import.meta`: their `env` holds texts. */
function isOfProcess(source: Node): boolean {
  const value = unwrap(source);
  return value.type === "MetaProperty" || isIdentifier(value, "process") || (isMember(value) && propertyName(value) === "process");
}

/** `{ DB } = c.env` where what `c.env` is cannot be seen but its name says it. */
function envByName(kinds: Kinds, name: string, source: Node, at: Node): Kind | undefined {
  if (!/^[A-Z]/.test(name)) return undefined;
  return isEnvLike(kinds, source) ? kindOfBinding(kinds, name, at, kinds.project.fileOf(at).path) : undefined;
}

/** What a pattern takes apart, by name: `locals` in `({ locals: { db } })`, `ctx` in `const { db } = ctx`. */
function holderOf(pattern: Node, source: Node | undefined): string | undefined {
  const { parent } = pattern;
  if (parent?.type === "Property" && parent.value === pattern) return keyName(parent.key, parent.computed);
  const value = source && unwrap(source);
  return value && (isIdentifier(value) ? value.name : isMember(value) ? propertyName(value) : undefined);
}

/** The items of `[a, b]` or `await Promise.all([a, b])`. */
function arrayItems(node: Node): readonly (Node | null)[] | undefined {
  let value = unwrap(node);
  if (value.type === "AwaitExpression") value = unwrap(value.argument);
  if (value.type === "ArrayExpression") return value.elements;
  if (value.type === "CallExpression") {
    const member = calleeMember(value);
    if (member && isIdentifier(unwrap(member.object), "Promise") && value.arguments[0]) return arrayItems(value.arguments[0]);
  }
  return undefined;
}
