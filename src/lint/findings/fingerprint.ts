import type { Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { isClass, isFunction, keyName } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import { hashText } from "./hash.ts";

/**
 * What knows a finding again in the next commit: the rule, the enclosing symbol and the first line of the code, without white space.
 * Only the first line, because a place that spans a class would otherwise change with every edit inside it. `ordinal` tells
 * apart findings of one file that agree in all three.
 */
export function fingerprintOf(rule: string, symbol: string, snippet: string, ordinal: number): string {
  return hashText([rule, symbol, normaliseSnippet(snippet), ordinal === 0 ? "" : String(ordinal)].join("\0"));
}

/** The first line with content, without white space and with one kind of quote. */
export function normaliseSnippet(snippet: string): string {
  const line = snippet.split(/\r\n|\n|\r/).find((candidate) => candidate.trim() !== "") ?? "";
  return line.replace(/\s+/g, "").replaceAll("'", '"').replace(/[;,]$/, "");
}

/** The names of the classes and functions around an offset, outermost first: `Room.alarm`; "" at the top level. */
export function enclosingSymbol(file: SourceFile, offset: number): string {
  return [...file.classes, ...file.functions]
    .filter((node) => node.start <= offset && offset < node.end)
    .sort((a, b) => a.start - b.start || b.end - a.end)
    .map(symbolName)
    .filter((name) => name !== undefined)
    .join(".");
}

function symbolName(node: Class | FunctionNode): string | undefined {
  if ("id" in node && node.id) return node.id.name;
  const parent: Node | undefined = node.parent ?? undefined;
  switch (parent?.type) {
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
    case "Property":
      return keyName(parent.key, parent.computed);
    case "VariableDeclarator":
      return parent.id.type === "Identifier" ? parent.id.name : undefined;
    case "ExportDefaultDeclaration":
      return isClass(node) || isFunction(node) ? "default" : undefined;
    default:
      return undefined;
  }
}
