import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changedLines, unifiedDiff } from "../src/diff.ts";
import { folderOf } from "./helpers/cli.ts";

const lines = fc.array(fc.constantFrom("a", "b", "c", "", "  d"), { maxLength: 14 });
const text = fc.tuple(lines, fc.constantFrom("", "\n")).map(([list, end]) => list.join("\n") + (list.length > 0 ? end : ""));

describe("a unified diff", () => {
  it("shows a change with three lines around it", () => {
    expect(unifiedDiff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nfive\n6\n7\n8\n", "a.ts")).toBe("--- a/a.ts\n+++ b/a.ts\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  });

  it("is empty for equal texts, and says when a last line does not end", () => {
    expect(unifiedDiff("a\n", "a\n", "a.ts")).toBe("");
    expect(unifiedDiff("a", "a\n", "a.ts")).toContain("-a\n\\ No newline at end of file\n+a\n");
  });

  it("applied by patch gives the new text", () => {
    const folder = folderOf({});
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after && before !== "" && after !== "");
        const path = join(folder, "a.txt");
        execFileSync("tee", [path], { input: before, stdio: ["pipe", "ignore", "pipe"] });
        execFileSync("git", ["apply", "--unsafe-paths", "--unidiff-zero", "-p1", "--whitespace=nowarn", "-"], { cwd: folder, input: unifiedDiff(before, after, "a.txt"), stdio: ["pipe", "ignore", "pipe"] });
        expect(readFileSync(path, "utf8")).toBe(after);
      }),
      { numRuns: 40 },
    );
  });
});

describe("changed lines", () => {
  it("are those that go and those that come", () => {
    expect(changedLines("a\r\nb\r\n", "a\r\nB\r\n")).toEqual([{ kind: "-", text: "b" }, { kind: "+", text: "B" }]);
  });
});
