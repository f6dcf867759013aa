import type { Span } from "../span.ts";
import type { ConfigEntry, ConfigNode } from "./node.ts";

/** A table under construction: TOML may add to a table from several places of the file. */
interface OpenTable {
  readonly kind: "table";
  start: number;
  end: number;
  readonly entries: Map<string, OpenEntry>;
}

interface OpenList {
  readonly kind: "list";
  readonly start: number;
  end: number;
  readonly items: OpenNode[];
}

interface OpenScalar {
  readonly kind: "scalar";
  readonly start: number;
  readonly end: number;
  readonly value: string | number | boolean;
}

type OpenNode = OpenTable | OpenList | OpenScalar;

interface OpenEntry {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: OpenNode;
}

interface KeyPart {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Thrown inside the scanner only, to give up on one statement. */
class Unreadable extends Error {}

/**
 * Reads TOML into a tree in which every key and value knows its place. Lenient: a statement that cannot be read is left out
 * and reading goes on in the next line, since whether the text is valid is decided elsewhere. Dates are kept as text.
 */
export function scanToml(file: string, text: string): ConfigNode {
  const root: OpenTable = { kind: "table", start: 0, end: text.length, entries: new Map() };
  let current = root;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;

  while (at < text.length) {
    at = skipBlank(at);
    if (at >= text.length) break;
    const statement = at;
    try {
      if (text[at] === "[") header();
      else assignment();
      endOfLine();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      // The keys below a header that cannot be read belong to no table we know.
      if (text[statement] === "[") current = { kind: "table", start: statement, end: at, entries: new Map() };
      at = nextLine(Math.max(at, statement));
    }
  }
  return close(root);

  function header(): void {
    const start = at;
    const isList = text[at + 1] === "[";
    at += isList ? 2 : 1;
    const path = keyPath();
    if (!text.startsWith(isList ? "]]" : "]", at)) throw new Unreadable();
    at += isList ? 2 : 1;
    const last = path[path.length - 1];
    if (!last) throw new Unreadable();
    const parent = descend(root, path.slice(0, -1), start);
    if (isList) {
      const table: OpenTable = { kind: "table", start, end: at, entries: new Map() };
      const existing = parent.entries.get(last.name)?.value;
      if (existing?.kind === "list") {
        existing.items.push(table);
        existing.end = at;
      } else parent.entries.set(last.name, { key: last.name, keyStart: last.start, keyEnd: last.end, value: { kind: "list", start, end: at, items: [table] } });
      current = table;
    } else {
      current = descend(parent, [last], start);
      current.end = Math.max(current.end, at);
    }
  }

  function assignment(): void {
    const path = keyPath();
    if (text[at] !== "=") throw new Unreadable();
    at = skipSpace(at + 1);
    const first = path[0];
    const last = path[path.length - 1];
    if (!first || !last) throw new Unreadable();
    const node = value();
    const target = descend(current, path.slice(0, -1), first.start);
    target.entries.set(last.name, { key: last.name, keyStart: last.start, keyEnd: last.end, value: node });
    target.end = Math.max(target.end, at);
    if (current !== root) current.end = Math.max(current.end, at);
  }

  /** Walks down from `table`, making tables on the way; the last element where a list of tables is met. */
  function descend(table: OpenTable, path: readonly KeyPart[], start: number): OpenTable {
    let here = table;
    for (const part of path) {
      const existing = here.entries.get(part.name)?.value;
      const inside = existing?.kind === "list" ? existing.items[existing.items.length - 1] : existing;
      if (inside?.kind === "table") here = inside;
      else if (inside) throw new Unreadable();
      else {
        const made: OpenTable = { kind: "table", start, end: part.end, entries: new Map() };
        here.entries.set(part.name, { key: part.name, keyStart: part.start, keyEnd: part.end, value: made });
        here = made;
      }
    }
    return here;
  }

  function keyPath(): KeyPart[] {
    const parts: KeyPart[] = [];
    for (;;) {
      at = skipSpace(at);
      const start = at;
      const name = text[at] === '"' ? basicString() : text[at] === "'" ? literalString() : bareKey();
      parts.push({ name, start, end: at });
      at = skipSpace(at);
      if (text[at] !== ".") return parts;
      at++;
    }
  }

  function bareKey(): string {
    const start = at;
    while (at < text.length && /[A-Za-z0-9_-]/.test(text[at] ?? "")) at++;
    if (at === start) throw new Unreadable();
    return text.slice(start, at);
  }

  function value(): OpenNode {
    const start = at;
    const first = text[at];
    if (text.startsWith('"""', at)) return scalar(start, multiline('"""', true));
    if (text.startsWith("'''", at)) return scalar(start, multiline("'''", false));
    if (first === '"') return scalar(start, basicString());
    if (first === "'") return scalar(start, literalString());
    if (first === "[") return list();
    if (first === "{") return inlineTable();
    return bareValue();
  }

  function scalar(start: number, content: string | number | boolean): OpenScalar {
    return { kind: "scalar", start, end: at, value: content };
  }

  function list(): OpenList {
    const node: OpenList = { kind: "list", start: at++, end: at, items: [] };
    for (;;) {
      at = skipBlank(at);
      if (text[at] === "]") break;
      node.items.push(value());
      at = skipBlank(at);
      if (text[at] === ",") at++;
      else if (text[at] !== "]") throw new Unreadable();
    }
    node.end = ++at;
    return node;
  }

  function inlineTable(): OpenTable {
    const node: OpenTable = { kind: "table", start: at++, end: at, entries: new Map() };
    for (;;) {
      at = skipBlank(at);
      if (text[at] === "}") break;
      const path = keyPath();
      if (text[at] !== "=") throw new Unreadable();
      at = skipSpace(at + 1);
      const first = path[0];
      const last = path[path.length - 1];
      if (!first || !last) throw new Unreadable();
      const content = value();
      descend(node, path.slice(0, -1), first.start).entries.set(last.name, { key: last.name, keyStart: last.start, keyEnd: last.end, value: content });
      at = skipBlank(at);
      if (text[at] === ",") at++;
      else if (text[at] !== "}") throw new Unreadable();
    }
    node.end = ++at;
    return node;
  }

  function bareValue(): OpenScalar {
    const start = at;
    while (at < text.length && !/[\s,\]}#]/.test(text[at] ?? "")) at++;
    const raw = text.slice(start, at);
    if (raw === "") throw new Unreadable();
    if (raw === "true" || raw === "false") return scalar(start, raw === "true");
    const plain = raw.replaceAll("_", "");
    if (/^[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(plain) || /^0[xob][\da-fA-F]+$/.test(plain)) return scalar(start, Number(plain));
    if (/^[+-]?inf$/.test(plain)) return scalar(start, plain.startsWith("-") ? -Infinity : Infinity);
    if (/^[+-]?nan$/.test(plain)) return scalar(start, NaN);
    // A date may have a time after a space.
    if (/^\d{4}-\d\d-\d\d$/.test(raw) && /^ \d\d:/.test(text.slice(at, at + 4))) {
      at++;
      while (at < text.length && !/[\s,\]}#]/.test(text[at] ?? "")) at++;
    }
    return scalar(start, text.slice(start, at));
  }

  function basicString(): string {
    const start = ++at;
    while (at < text.length && text[at] !== '"') {
      if (text[at] === "\n") throw new Unreadable();
      at += text[at] === "\\" ? 2 : 1;
    }
    if (at >= text.length) throw new Unreadable();
    return unescape(text.slice(start, at++));
  }

  function literalString(): string {
    const end = text.indexOf("'", at + 1);
    const content = end < 0 ? "\n" : text.slice(at + 1, end);
    if (content.includes("\n")) throw new Unreadable();
    at = end + 1;
    return content;
  }

  function multiline(fence: string, escapes: boolean): string {
    let start = at + 3;
    if (text.startsWith("\r\n", start)) start += 2;
    else if (text[start] === "\n") start++;
    let end = start;
    for (;;) {
      if (end >= text.length) throw new Unreadable();
      if (text.startsWith(fence, end)) break;
      end += escapes && text[end] === "\\" ? 2 : 1;
    }
    // Up to two quotes may stand right before the fence.
    while (text[end + 3] === fence[0] && end + 3 < text.length && end - start < text.length) end++;
    at = end + 3;
    const raw = text.slice(start, end);
    return escapes ? unescape(raw.replace(/(?<!\\)((?:\\\\)*)\\[ \t]*\r?\n\s*/g, "$1")) : raw;
  }

  function endOfLine(): void {
    at = skipSpace(at);
    if (text[at] === "#") at = lineEnd(at);
    if (at < text.length && text[at] !== "\n" && text[at] !== "\r") throw new Unreadable();
  }

  function skipSpace(from: number): number {
    while (text[from] === " " || text[from] === "\t") from++;
    return from;
  }

  function skipBlank(from: number): number {
    for (;;) {
      const char = text[from];
      if (char === " " || char === "\t" || char === "\n" || char === "\r") from++;
      else if (char === "#") from = lineEnd(from);
      else return from;
    }
  }

  function lineEnd(from: number): number {
    const end = text.indexOf("\n", from);
    return end < 0 ? text.length : end;
  }

  function nextLine(from: number): number {
    return Math.min(text.length, lineEnd(from) + 1);
  }

  function close(node: OpenNode): ConfigNode {
    const span: Span = { file, start: node.start, end: node.end };
    if (node.kind === "scalar") return { kind: "scalar", span, value: node.value };
    if (node.kind === "list") return { kind: "list", span, items: node.items.map(close) };
    const entries = new Map<string, ConfigEntry>();
    for (const entry of node.entries.values())
      entries.set(entry.key, { key: entry.key, keySpan: { file, start: entry.keyStart, end: entry.keyEnd }, value: close(entry.value) });
    return { kind: "table", span, entries };
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001b", '"': '"', "\\": "\\" };

function unescape(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replace(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([\s\S]))/g, (whole, short?: string, long?: string, byte?: string, one?: string) => {
    const hex = short ?? long ?? byte;
    if (hex === undefined) return ESCAPES[one ?? ""] ?? whole;
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
