import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/lint/finding.ts";
import { commentsOf } from "../../src/lint/findings/comments.ts";
import { applySuppressions, readSuppressions } from "../../src/lint/findings/suppressions.ts";
import { parseSource } from "../../src/project/parse/parse.ts";

const RULES = ["do-timer", "do-singleton", "unused-suppression"];

function suppressionsIn(file: string, text: string) {
  if (!/\.[jt]sx?$/.test(file)) return readSuppressions(text, commentsOf(file, text), RULES);
  const parsed = parseSource(file, text, false);
  if (!("comments" in parsed)) throw new Error(parsed.message);
  const comments = parsed.comments.map(({ start, end, value }) => ({ span: { file, start, end }, text: value, textStart: start + 2 }));
  return readSuppressions(text, comments, RULES);
}

function finding(file: string, line: number, rule = "do-timer"): Finding {
  const place = { file, line, column: 1, endLine: line, endColumn: 2 };
  return { rule, severity: "warning", confidence: "high", message: "", ...place, related: [], subject: {}, help: "", docs: "", fingerprint: `${file}${line}` };
}

/** Which lines a text's suppressions accept, and what is wrong with the others. */
function effect(file: string, text: string) {
  return suppressionsIn(file, text).map(({ line, rules, reason, problem }) => problem ?? `${line} ${rules.join("+")}: ${reason}`);
}

describe("where a suppression may stand", () => {
  it.each([
    ["a line comment above", "a.ts", "x;\n// do-or-d1-ignore-next-line do-timer -- why\nsetInterval();\n", ["3 do-timer: why"]],
    ["a comment beside the code", "a.ts", "setInterval(); // do-or-d1-ignore-line do-timer -- why\n", ["1 do-timer: why"]],
    ["several rules", "a.js", "// do-or-d1-ignore-next-line do-timer, do-singleton -- both\nf();\n", ["2 do-timer+do-singleton: both"]],
    ["a block comment for the file", "a.ts", "/* do-or-d1-ignore-file do-timer -- generated */\nf();\n", ["0 do-timer: generated"]],
    ["a block comment over lines", "a.ts", "/*\n * do-or-d1-ignore-file do-timer -- generated\n */\nf();\n", ["0 do-timer: generated"]],
    ["stacked comments mean the code below them all", "a.ts", "// do-or-d1-ignore-next-line do-timer -- a\n\n// do-or-d1-ignore-next-line do-singleton -- b\nf();\n", ["4 do-timer: a", "4 do-singleton: b"]],
    ["CRLF", "a.ts", "x;\r\n// do-or-d1-ignore-next-line do-timer -- why\r\nsetInterval();\r\n", ["3 do-timer: why"]],
    ["JSX", "a.tsx", "const a = <p>{/* do-or-d1-ignore-line do-timer -- why */}</p>;\n", ["1 do-timer: why"]],
    ["JSONC", "wrangler.jsonc", '{\n  // do-or-d1-ignore-next-line do-timer -- why\n  "a": "// do-or-d1-ignore-line do-timer -- no"\n}\n', ["3 do-timer: why"]],
    ["TOML", "wrangler.toml", 'a = "# do-or-d1-ignore-line do-timer -- no"\n# do-or-d1-ignore-next-line do-timer -- why\nb = 1 # do-or-d1-ignore-line do-singleton -- beside\n', ["3 do-timer: why", "3 do-singleton: beside"]],
    ["TOML text over lines", "wrangler.toml", 'a = """\n# do-or-d1-ignore-line do-timer -- no\n"""\n', []],
    ["SQL", "0001.sql", "-- do-or-d1-ignore-next-line do-timer -- why\nDROP TABLE a;\nSELECT '-- do-or-d1-ignore-line do-timer -- no';\n", ["2 do-timer: why"]],
    ["YAML", "deploy.yml", "run: it's # do-or-d1-ignore-line do-timer -- why\n", ["1 do-timer: why"]],
    ["Terraform", "main.tf", "a = 1 # do-or-d1-ignore-line do-timer -- why\nb = 2 // do-or-d1-ignore-line do-timer -- too\n", ["1 do-timer: why", "2 do-timer: too"]],
    ["shell", "deploy.sh", "# do-or-d1-ignore-next-line do-timer -- why\nwrangler deploy\n", ["2 do-timer: why"]],
    ["without -line: beside code, or above it", "wrangler.toml", "a = 1 # do-or-d1-ignore do-timer -- beside\n# do-or-d1-ignore do-timer -- above\nb = 1\n", ["1 do-timer: beside", "3 do-timer: above"]],
    ["in a string it is text", "a.ts", 'const a = "// do-or-d1-ignore-line do-timer -- why";\n', []],
    ["in a template it is text", "a.ts", "const a = `\n// do-or-d1-ignore-line do-timer -- why\n`;\n", []],
    ["in the middle of a comment it is prose", "a.ts", "// write do-or-d1-ignore-line do-timer -- why\n", []],
  ])("%s", (_name, file, text, expected) => {
    expect(effect(file, text)).toEqual(expected);
  });
});

describe("a suppression with a mistake accepts nothing and says why", () => {
  it.each([
    ["// do-or-d1-ignore-line do-timer", "this suppression of `do-timer` gives no reason, so it is not applied"],
    ["// do-or-d1-ignore-line do-timer --", "this suppression of `do-timer` gives no reason, so it is not applied"],
    ["// do-or-d1-ignore-line -- why", "this suppression names no rule"],
    ["// do-or-d1-ignore-line do-timr -- why", 'this suppression names an unknown rule "do-timr" (did you mean "do-timer"?)'],
    ["// do-or-d1-ignore-nxt-line do-timer -- why", 'unknown suppression "do-or-d1-ignore-nxt-line" (did you mean "next-line"?)'],
  ])("%s", (comment, problem) => {
    const text = `${comment}\n`;
    expect(effect("a.ts", text)).toEqual([problem]);
    const { kept, unused } = applySuppressions([finding("a.ts", 1)], suppressionsIn("a.ts", text), () => text, () => true);
    expect(kept).toHaveLength(1);
    expect(unused).toHaveLength(1);
  });
});

describe("applying suppressions", () => {
  const text = "// do-or-d1-ignore-next-line do-timer, do-singleton -- why\nf();\ng();\n";
  const apply = (findings: readonly Finding[], couldReport: (rule: string) => boolean = () => true) => applySuppressions(findings, suppressionsIn("a.ts", text), () => text, couldReport);

  it("takes findings of its rules at its line, in its file, and keeps the reason", () => {
    const { kept, suppressed } = apply([finding("a.ts", 2), finding("a.ts", 3), finding("b.ts", 2), finding("a.ts", 2, "do-singleton")]);
    expect(kept.map(({ file, line }) => `${file}:${line}`)).toEqual(["a.ts:3", "b.ts:2"]);
    expect(suppressed.map(({ reason, comment }) => [reason, comment.line])).toEqual([["why", 1], ["why", 1]]);
  });

  it("reports the rules that found nothing, but only those that ran", () => {
    expect(apply([finding("a.ts", 2)]).unused.map(({ message }) => message)).toEqual([expect.stringContaining("`do-singleton`")]);
    expect(apply([finding("a.ts", 2)], (rule) => rule !== "do-singleton").unused).toEqual([]);
  });

  it("offers to delete a comment that does nothing at all, with its line", () => {
    const [unused] = apply([]).unused;
    expect(unused?.fix).toEqual([{ span: { file: "a.ts", start: 0, end: text.indexOf("f()") }, text: "" }]);
    expect(apply([finding("a.ts", 2)]).unused[0]?.fix).toBeUndefined();
  });
});
