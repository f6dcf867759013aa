import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/lint/finding.ts";
import { codeFrame, splitLines } from "../../src/report/frame.ts";
import { formatPretty } from "../../src/report/pretty.ts";
import { textWidth, visible, wrap } from "../../src/text.ts";
import { FINDINGS, inputOf } from "../helpers/results.ts";

const [room] = FINDINGS as readonly [Finding];

describe("the report for people", () => {
  it("shows the code with the place marked, the evidence, what to do, and a summary of one line", () => {
    expect(formatPretty(inputOf({ findings: FINDINGS }))).toMatchInlineSnapshot(`
      "src/chat room.ts

        6:10  warning  unused-suppression  (fixable)

          5 │   async join(env: Env) {
          6 │     return env.ROOM.getByName(LOBBY); // 部屋 🎉
            │            ^^^^^^^^^^^^^^^^^^^^^^^^^
          7 │   }

          \`ROOM\` is always addressed by "lobby": one object answers for everybody,
          100% of the time; <at most> some 500–1,000 requests a second.

          src/chat room.ts:2:7 the name comes from here
          2 │ const LOBBY = "lobby";
            │       ^^^^^^^^^^^^^^^

          To do: Give each room an object of its own.
          Read: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/

      wrangler.toml

        6:1  error  unused-suppression  (medium confidence)

          5 │ tag = "v1"
          6 │ new_classes = ["Room"]
            │ ^^^^^^^^^^^^^^^^^^^^^^

          Class \`Room\` is created with the key-value backend.

          To do: Use new_sqlite_classes.
          One way: Create the class with SQLite, if it was never deployed.
            - new_classes = ["Room"]
            + new_sqlite_classes = ["Room"]
          Read: https://developers.cloudflare.com/durable-objects/reference/durable-objects-migrations/

      2 problems: 1 error, 1 warning · 3 files looked at · 1 fixable with --fix
      "
    `);
  });

  it.each([32, 40, 60, 120])("keeps to %i columns, addresses aside", (width) => {
    const text = formatPretty(inputOf({ findings: FINDINGS, diagnostics: [{ file: "a.ts", line: 1, column: 2, message: "syntax error: unexpected token somewhere in the middle" }] }, { width }));
    const lines = text.split("\n").filter((line) => !line.includes("https://"));
    // The heading of a finding and a single long word may stand out.
    const over = lines.filter((line) => textWidth(line) > width && !/^ {2}\d+:\d+ {2}/.test(line));
    expect(over).toEqual([]);
  });

  it("has no escape sequence without colour, and is the same text under it with colour", () => {
    const input = { findings: FINDINGS };
    const plain = formatPretty(inputOf(input));
    const colored = formatPretty(inputOf(input, { color: true }));
    expect(plain).not.toContain("\u001b");
    expect(colored).toContain("\u001b[");
    expect(colored.replace(/\u001b\[\d+m/g, "")).toBe(plain);
  });

  it("does not let code or messages speak to the terminal", () => {
    const evil = "\u001b]0;owned\u0007\u202e\u009b31m";
    const text = formatPretty(inputOf({ findings: [{ ...room, message: evil, help: evil, file: `${evil}.ts` }] }, { text: () => `${evil}\n`.repeat(9) }));
    expect(text).not.toMatch(/[\u001b\u0007\u202e\u009b]/);
  });

  it("lists at most a dozen related places and says how many more there are", () => {
    const related = Array.from({ length: 30 }, (_, at) => ({ ...room, line: at + 1, endLine: at + 1, message: "also here" }));
    const text = formatPretty(inputOf({ findings: [{ ...room, related }] }));
    expect(text.match(/also here/g)).toHaveLength(12);
    expect(text).toContain("and 18 more places");
  });

  it("says so when there was nothing to look at", () => {
    expect(formatPretty(inputOf({ relevant: 0, configs: 0 }, { asked: ["packages/web"], width: 200 }))).toBe(
      "No Workers code found: looked at 3 files under packages/web, found no wrangler configuration and no Durable Object or D1 code.\n",
    );
  });
});

describe("a code frame", () => {
  const place = (line: number, column: number, endLine: number, endColumn: number) => ({ file: "a.ts", line, column, endLine, endColumn });

  it("cuts a minified line around the place", () => {
    const [code, mark] = codeFrame([`${"a".repeat(500)}TARGET${"b".repeat(500)}`], place(1, 501, 1, 507), 0, 40);
    expect(textWidth(code?.text ?? "")).toBeLessThanOrEqual(40);
    const at = mark?.text.indexOf("^") ?? -1;
    expect(code?.text.slice(at, at + 6)).toBe("TARGET");
    expect(mark?.text.trim()).toBe("^^^^^^");
  });

  it("puts carets under wide characters and tabs by columns", () => {
    const [code, mark] = codeFrame(["\t漢字 = x"], place(1, 2, 1, 4), 0, 40);
    expect(code?.text).toBe("  漢字 = x");
    expect(mark?.text).toBe("  ^^^^");
  });

  it("keeps to the width where a place lies behind a line that just fits", () => {
    const [code, mark] = codeFrame(["a".repeat(16)], place(1, 17, 1, 17), 0, 16);
    expect(code?.text).toBe("a".repeat(16));
    expect(mark?.text).toBe(`${" ".repeat(15)}^`);
  });

  it("ends a long place after four lines", () => {
    const rows = codeFrame(splitLines("a\nb\nc\nd\ne\nf\n"), place(1, 1, 6, 2), 0, 40);
    expect(rows.filter(({ kind }) => kind === "code")).toHaveLength(4);
    expect(rows.at(-1)?.kind).toBe("gap");
  });

  it("never fails and keeps to the width, whatever the text and the place", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.nat(8), fc.nat(60), fc.nat(8), fc.nat(60), fc.integer({ min: 12, max: 60 }), (text, line, column, more, endColumn, width) => {
        const rows = codeFrame(splitLines(text), place(line + 1, column + 1, line + 1 + more, endColumn + 1), 1, width);
        for (const row of rows) expect(textWidth(row.text)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("text", () => {
  it("wraps at spaces within the width", () => {
    expect(wrap("one two  three\nfour", 7)).toEqual(["one two", "three", "four"]);
  });

  it("keeps every word when wrapping", () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/)), fc.integer({ min: 1, max: 50 }), (words, width) => {
      expect(wrap(words.join(" "), width).join(" ")).toBe(words.join(" "));
    }));
  });

  it("shows control characters instead of sending them", () => {
    expect(visible("a\u001bb\tc")).toBe("a\ufffdb\tc");
  });
});
