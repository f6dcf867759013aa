import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Diagnostic } from "../../lint/finding.ts";
import { lineStarts, positionAt } from "../span.ts";
import type { ConfigEntry, ConfigNode } from "./node.ts";

/** What a configuration text holds, and what is wrong with it. `root` is undefined when nothing could be understood. */
export interface ParsedConfigText {
  readonly root: ConfigNode | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads JSON with comments and trailing commas. What comes before and after a syntax error is still given back. */
export function parseJsonc(file: string, text: string): ParsedConfigText {
  const errors: ParseError[] = [];
  const tree = parseTree(blankBom(text), errors, { allowTrailingComma: true });
  // One slip makes the parser report several errors in a row: the first one is the place to look at.
  const first = errors[0];
  const diagnostics: Diagnostic[] = first
    ? [{ file, ...positionAt(lineStarts(text), first.offset), message: `not valid JSON: ${wordsOf(printParseErrorCode(first.error))}`, hint: "wrangler refuses this file; what could be read before and after that place was still checked" }]
    : [];
  return { root: tree ? convert(file, tree) : undefined, diagnostics };
}

/** Replaces a byte order mark by a space, so that offsets stay true. */
export function blankBom(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text;
}

function convert(file: string, node: Node): ConfigNode {
  const span = { file, start: node.offset, end: node.offset + node.length };
  if (node.type === "array") return { kind: "list", span, items: (node.children ?? []).map((child) => convert(file, child)) };
  if (node.type !== "object") return { kind: "scalar", span, value: node.value as string | number | boolean | null };
  const entries = new Map<string, ConfigEntry>();
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (!key || !value) continue;
    const name = String(key.value);
    entries.set(name, { key: name, keySpan: { file, start: key.offset, end: key.offset + key.length }, value: convert(file, value) });
  }
  return { kind: "table", span, entries };
}

/** "CommaExpected" as "comma expected". */
function wordsOf(code: string): string {
  return code.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
