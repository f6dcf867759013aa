import { createRequire } from "node:module";
import type { Node, Pair, Scalar } from "yaml";
import { UserError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import { lineStarts, positionAt } from "../../project/span.ts";
import type { Shape } from "./schema.ts";

type Yaml = typeof import("yaml");

/** A checked value of the configuration, with the offset it was read from. */
export type Value =
  | { readonly kind: "string"; readonly offset: number; readonly value: string }
  | { readonly kind: "list"; readonly offset: number; readonly items: readonly Value[] }
  | { readonly kind: "object"; readonly offset: number; readonly entries: ReadonlyMap<string, Value> };

/**
 * Reads a configuration text (YAML, of which JSON is a part) and checks it against a shape.
 * @param at the key that holds the configuration in a file of another kind, such as `do-or-d1` in package.json
 * @returns the value, or undefined when the file is empty or lacks the key
 * @throws UserError with file, line and column: a syntax error, an unknown key or value, a missing key
 */
export function readConfigText(text: string, file: string, shape: Shape & { readonly kind: "object" }, at?: string): (Value & { readonly kind: "object" }) | undefined {
  const yaml = createRequire(import.meta.url)("yaml") as Yaml;
  const document = yaml.parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  const starts = lineStarts(text);
  const place = (offset: number): string => {
    const { line, column } = positionAt(starts, offset);
    return `${file}:${line}:${column}`;
  };
  const [error] = document.errors;
  if (error) throw new UserError(error.message, { place: place(error.pos[0]), hint: "Mend the syntax of the configuration." });
  const root = at === undefined ? document.contents : yaml.isMap(document.contents) ? document.contents.get(at, true) : undefined;
  if (root === null || root === undefined || (yaml.isScalar(root) && root.value === null)) return undefined;
  const reader = new Reader(yaml, document, place);
  return reader.object(root as Node, shape, "");
}

/** Walks a YAML tree along a shape. */
class Reader {
  readonly #yaml: Yaml;
  readonly #document: InstanceType<Yaml["Document"]> | ReturnType<Yaml["parseDocument"]>;
  readonly #place: (offset: number) => string;

  constructor(yaml: Yaml, document: ReturnType<Yaml["parseDocument"]>, place: (offset: number) => string) {
    this.#yaml = yaml;
    this.#document = document;
    this.#place = place;
  }

  object(given: Node, shape: Shape & { readonly kind: "object" }, path: string): Value & { readonly kind: "object" } {
    const keys = Object.keys(shape.keys);
    const result = this.#entries(given, path, (key, offset) => {
      const of = shape.keys[key];
      if (!of) throw this.#unknown(`unknown key "${key}" in ${name(path)}`, key, keys, offset);
      return of;
    });
    const missing = shape.required?.find((key) => !result.entries.has(key));
    if (missing !== undefined) throw new UserError(`${name(path)} lacks "${missing}"`, { place: this.#place(result.offset), hint: shape.keys[missing]?.description });
    if (shape.oneOf && !shape.oneOf.some((key) => result.entries.has(key)))
      throw new UserError(`${name(path)} names none of ${shape.oneOf.map((key) => `"${key}"`).join(", ")}`, { place: this.#place(result.offset) });
    return result;
  }

  #value(given: Node, shape: Shape, path: string): Value {
    switch (shape.kind) {
      case "object":
        return this.object(given, shape, path);
      case "map":
        return this.#entries(given, path, (key, offset) => {
          if (shape.keys && !shape.keys.includes(key)) throw this.#unknown(`unknown rule "${key}" in ${name(path)}`, key, shape.keys, offset);
          return shape.of;
        });
      case "list":
        return this.#list(given, shape.of, path);
      case "string":
        return this.#string(given, shape.values, path);
    }
  }

  #entries(given: Node, path: string, shapeOf: (key: string, offset: number) => Shape): Value & { readonly kind: "object" } {
    const node = this.#resolve(given);
    const offset = offsetOf(node);
    if (!this.#yaml.isMap(node)) throw this.#wrong(`${name(path)} should be a map of keys and values`, offset);
    const entries = new Map<string, Value>();
    for (const { key, value } of node.items as Pair<Scalar, Node | null>[]) {
      const word = String(key.value);
      const of = shapeOf(word, offsetOf(key));
      const inner = path === "" ? word : `${path}.${word}`;
      if (value === null || (this.#yaml.isScalar(value) && value.value === null)) throw this.#wrong(`${name(inner)} has no value`, offsetOf(key));
      entries.set(word, this.#value(value, of, inner));
    }
    return { kind: "object", offset, entries };
  }

  #list(given: Node, of: Shape, path: string): Value {
    const node = this.#resolve(given);
    const offset = offsetOf(node);
    if (!this.#yaml.isSeq(node)) throw this.#wrong(`${name(path)} should be a list`, offset);
    return { kind: "list", offset, items: node.items.map((item, at) => this.#value(item as Node, of, `${path}[${at}]`)) };
  }

  #string(given: Node, values: readonly string[] | undefined, path: string): Value {
    const node = this.#resolve(given);
    const offset = offsetOf(node);
    const value = this.#yaml.isScalar(node) ? this.#scalarText(node, values) : undefined;
    if (value === undefined) throw this.#wrong(`${name(path)} should be ${values ? `one of ${values.join(", ")}` : "a text"}`, offset);
    if (values && !values.includes(value))
      throw new UserError(`${name(path)} is "${value}"${didYouMean(value, values)}`, { place: this.#place(offset), hint: `Valid values: ${values.join(", ")}.` });
    return { kind: "string", offset, value };
  }

  /** `off` is a word in YAML 1.2, yet some editors' YAML 1.1 writes it as `false`. */
  #scalarText(node: Scalar, values: readonly string[] | undefined): string | undefined {
    if (typeof node.value === "string") return node.value;
    return node.value === false && values?.includes("off") ? "off" : undefined;
  }

  #resolve(node: Node): Node {
    return this.#yaml.isAlias(node) ? (node.resolve(this.#document as ReturnType<Yaml["parseDocument"]>) ?? node) : node;
  }

  #wrong(message: string, offset: number): UserError {
    return new UserError(message, { place: this.#place(offset) });
  }

  #unknown(message: string, key: string, keys: readonly string[], offset: number): UserError {
    const hint = keys.length <= 12 ? `Valid keys: ${keys.join(", ")}.` : "`do-or-d1 lint --list-rules` lists the rules.";
    return new UserError(`${message}${didYouMean(key, keys)}`, { place: this.#place(offset), hint });
  }
}

/** A place in the configuration as messages name it. */
function name(path: string): string {
  return path === "" ? "the configuration" : `"${path}"`;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
