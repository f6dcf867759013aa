import type { Span } from "../span.ts";

/** A configuration value with the place it was read from, the same for JSONC, TOML and the static reading of a typed configuration. */
export type ConfigNode = ConfigTable | ConfigList | ConfigScalar;

export interface ConfigTable {
  readonly kind: "table";
  readonly span: Span;
  readonly entries: ReadonlyMap<string, ConfigEntry>;
}

export interface ConfigList {
  readonly kind: "list";
  readonly span: Span;
  readonly items: readonly ConfigNode[];
}

export interface ConfigScalar {
  readonly kind: "scalar";
  readonly span: Span;
  /** undefined: a value that cannot be known without running code. */
  readonly value: string | number | boolean | null | undefined;
}

/** One `key: value` of a table. */
export interface ConfigEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: ConfigNode;
}

/** The entry of `key` when `node` is a table that has it. */
export function entryOf(node: ConfigNode | undefined, key: string): ConfigEntry | undefined {
  return node?.kind === "table" ? node.entries.get(key) : undefined;
}

/** The value below a path of keys, or undefined when one of them is missing. */
export function nodeAt(node: ConfigNode | undefined, ...path: readonly string[]): ConfigNode | undefined {
  let current = node;
  for (const key of path) current = entryOf(current, key)?.value;
  return current;
}

/** The items of a list, nothing for any other node. */
export function itemsOf(node: ConfigNode | undefined): readonly ConfigNode[] {
  return node?.kind === "list" ? node.items : [];
}

/** The entries of a table in the order written, nothing for any other node. */
export function entriesOf(node: ConfigNode | undefined): readonly ConfigEntry[] {
  return node?.kind === "table" ? [...node.entries.values()] : [];
}

/** The plain value of a node, as a JSON or TOML parser would give it. */
export function plainValue(node: ConfigNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plainValue);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValue(entry.value)]));
}
