import type { Node } from "../parse/ast.ts";

const NOT_CODE = new Set([
  "type", "start", "end", "range", "loc", "parent", "typeAnnotation", "typeArguments", "typeParameters", "returnType", "superTypeArguments",
  "superTypeParameters", "implements", "decorators",
]);

/** The child nodes of a node in source order, without types and decorators. Works on any parser's tree, without visitor keys. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    if (typeof value !== "object" || value === null || NOT_CODE.has(key)) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) children.push(item);
    } else if (isNode(value)) children.push(value);
  }
  // Only in template literals do two lists of children alternate; `do` and JSX keep the order of their keys.
  return node.type === "TemplateLiteral" ? children.sort((a, b) => a.start - b.start) : children;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string" && "start" in value;
}
