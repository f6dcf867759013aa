import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { describe, expect, it } from "vitest";
import { type ConfigNode, plainValue } from "../../src/project/wrangler/node.ts";
import { parseToml } from "../../src/project/wrangler/toml.ts";
import { scanToml } from "../../src/project/wrangler/toml-scan.ts";

/** Our reading of a text, dates as text so that the two parsers can be compared. */
function ours(text: string): unknown {
  return normal(plainValue(scanToml("x.toml", text)));
}

function theirs(text: string): unknown {
  return normal(parse(text));
}

function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, inner: unknown) => (typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner)));
}

/** Every scalar's text lies where the tree says. */
function checkPlaces(node: ConfigNode, text: string): void {
  expect(node.span.start).toBeLessThanOrEqual(node.span.end);
  if (node.kind === "table")
    for (const { key, keySpan, value } of node.entries.values()) {
      expect(text.slice(keySpan.start, keySpan.end).replace(/^["']|["']$/g, "")).toBe(JSON.stringify(key).slice(1, -1));
      checkPlaces(value, text);
    }
  if (node.kind === "list") for (const item of node.items) checkPlaces(item, text);
  if (node.kind === "scalar" && typeof node.value === "boolean") expect(text.slice(node.span.start, node.span.end)).toBe(String(node.value));
}

const handWritten: Readonly<Record<string, string>> = {
  "keys of all kinds": 'a = 1\n"b c" = 2\n\'d.e\' = 3\nf.g.h = 4\n"i"."j k" = 5\n1234 = 6\n',
  "arrays over lines with comments": 'a = [\n  1, # one\n  2,\n  # three\n  3,\n]\nb = [[1, 2], ["x", "y"]]\n',
  "inline tables": 'bindings = [\n  { name = "A", class_name = "B" },\n  { name = "C", class_name = "D", "script_name" = \'s\' },\n]\nx = { a.b = 1, c = [ { d = 2 } ] }\n',
  "arrays of tables with tables in them": '[[a]]\nb = 1\n[a.c]\nd = 2\n[[a.e]]\nf = 3\n[[a]]\nb = 4\n[[a.e]]\nf = 5\n[[a.e]]\nf = 6\n',
  "environments": '[env.production]\nname = "p"\n[[env.production.d1_databases]]\nbinding = "DB"\n[env.staging.vars]\nA = "1"\n[env]\nother = {}\n',
  "strings": 'a = "tab\\t \\"quoted\\" \\u00e9 \\U0001F600"\nb = \'raw \\t\'\nc = """\nfirst \\\n   joined\nsecond"""\nd = \'\'\'\nraw \\ "lines"\n\'\'\'\ne = """ends in quotes"""""\nf = ""\n',
  "numbers and dates": "a = +1_000\nb = -2.5e3\nc = 0xFF\nd = 0b101\ne = 0o17\nf = true\ng = false\n",
  "windows line ends": 'a = 1\r\n[b]\r\nc = "x"\r\nd = [\r\n  1,\r\n]\r\n',
  "no newline at the end, comments everywhere": "# top\na = 1 # one\n[b] # table\n# inside\nc = 2",
  "nothing": "",
  "only a comment": "# x",
};

describe("the scanner agrees with the parser that wrangler uses", () => {
  it.each(Object.entries(handWritten))("%s", (_, text) => {
    expect(ours(text)).toEqual(theirs(text));
    checkPlaces(scanToml("x.toml", text), text);
  });

  it("on any document that the parser's own writer makes", () => {
    const scalar = fc.oneof(fc.string({ unit: "grapheme" }), fc.string(), fc.integer({ min: -1e6, max: 1e6 }), fc.boolean());
    const key = fc.oneof(fc.constantFrom("name", "d1_databases", "env", "class_name", "a-b", "1"), fc.string({ minLength: 1, unit: "grapheme-ascii" })).filter((name) => name !== "__proto__");
    const { table } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: "small", withCrossShrink: true }, scalar, fc.array(scalar, { maxLength: 4 }), tie("table"), fc.array(tie("table"), { maxLength: 3 })),
      table: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(table, (document) => {
        const text = stringify(document as Record<string, unknown>);
        expect(ours(text)).toEqual(theirs(text));
      }),
      { numRuns: 200 },
    );
  });

  it("never throws and never hangs, whatever the text", () => {
    const piece = fc.oneof(fc.constantFrom("[", "]", "[[", "]]", "{", "}", "=", ",", '"', "'", '"""', "'''", "\\", "#", "\n", "\r\n", ".", "a", "1", " "), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        const { diagnostics } = parseToml("x.toml", text);
        for (const { line, column } of diagnostics) expect([line, column].every((place) => place !== undefined && place >= 1)).toBe(true);
        if (diagnostics.length === 0) expect(ours(text)).toEqual(theirs(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe("broken TOML", () => {
  it.each([
    ["unclosed string", 'a = 1\nb = "x\nc = 3\n', 2, { a: 1, c: 3 }],
    ["no value", "a = 1\nb =\nc = 3\n", 2, { a: 1, c: 3 }],
    ["a header that is not closed", 'a = 1\n[b\nc = 2\n[d]\ne = 3\n', 2, { a: 1, d: { e: 3 } }],
    ["two values on a line", "a = 1 2\nb = 3\n", 1, { b: 3 }],
  ])("%s: the place, and the rest", (_, text, line, rest) => {
    const { root, diagnostics } = parseToml("wrangler.toml", text);
    expect(diagnostics).toMatchObject([{ file: "wrangler.toml", line }]);
    expect(diagnostics[0]?.message).toMatch(/^not valid TOML: /);
    expect(root && plainValue(root)).toMatchObject(rest);
  });
});
