import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Report, TextEdit } from "../../src/lint/finding.ts";
import { formatBaseline, parseBaseline, splitByBaseline } from "../../src/lint/findings/baseline.ts";
import { enclosingSymbol, normaliseSnippet } from "../../src/lint/findings/fingerprint.ts";
import { toFindings, type RatedReport } from "../../src/lint/findings/findings.ts";
import { applyEdits, planFixes } from "../../src/lint/findings/fixes.ts";
import { parseSource } from "../../src/project/parse/parse.ts";

const RULE = "unused-suppression";

function rated(file: string, start: number, end: number, over: Partial<Report> = {}, symbol = "Room.alarm"): RatedReport {
  return { rule: RULE, severity: "warning", symbol, report: { span: { file, start, end }, message: "m", confidence: "high", ...over } };
}

/** Reports at each place of `needle` in the texts. */
function findingsOf(texts: Readonly<Record<string, string>>, needle: string, symbol = "Room.alarm") {
  const reports = Object.entries(texts).flatMap(([file, text]) => [...text.matchAll(new RegExp(needle, "g"))].map((match) => rated(file, match.index, match.index + match[0].length, {}, symbol)));
  return toFindings(reports, (file) => texts[file] ?? "");
}

describe("findings", () => {
  it("are sorted by file, line and column, each once, whatever the order of the reports", () => {
    const texts: Readonly<Record<string, string>> = { "b.ts": "xx\nyy\n", "a.ts": "xx\nyy\n" };
    const reports = [rated("b.ts", 0, 2), rated("a.ts", 3, 5), rated("a.ts", 0, 2), rated("a.ts", 0, 2)];
    fc.assert(
      fc.property(fc.shuffledSubarray(reports, { minLength: 4 }), (shuffled) => {
        expect(toFindings(shuffled, (file) => texts[file] ?? "").map(({ file, line }) => `${file}:${line}`)).toEqual(["a.ts:1", "a.ts:2", "b.ts:1"]);
      }),
    );
  });

  it("take help and docs from the rule's document, unless the report says better", () => {
    const [own, other] = toFindings([rated("a.ts", 0, 1), rated("a.ts", 1, 2, { help: "Do this." })], () => "ab");
    expect(own?.help).toMatch(/^Delete the comment/);
    expect(other?.help).toBe("Do this.");
    expect(own?.docs).toMatch(/^https:/);
  });

  it("list each related place once, in the rule's order", () => {
    const span = { file: "a.ts", start: 2, end: 3 };
    const related = [{ span, message: "second" }, { span: { ...span, start: 0 }, message: "first" }, { span, message: "second" }];
    expect(toFindings([rated("a.ts", 0, 1, { related })], () => "abc")[0]?.related.map(({ message }) => message)).toEqual(["second", "first"]);
  });
});

describe("a fingerprint", () => {
  const before = "class Room {\n  alarm() {\n    setAlarm( 'x' );\n  }\n}\n";
  const of = (text: string, symbol?: string) => findingsOf({ "a.ts": text }, "setAlarm.*", symbol).map(({ fingerprint }) => fingerprint);

  it("stays when lines move, when the code is formatted anew, and when the file is renamed", () => {
    const [original] = of(before);
    expect(of(`// a new line\n\n${before}`)).toEqual([original]);
    expect(of(before.replace("    setAlarm( 'x' );", "\tsetAlarm(\"x\")"))).toEqual([original]);
    expect(findingsOf({ "renamed.ts": before }, "setAlarm.*").map(({ fingerprint }) => fingerprint)).toEqual([original]);
  });

  it("changes with the code and with the symbol around it", () => {
    const [original] = of(before);
    expect(of(before.replace("'x'", "'y'"))).not.toEqual([original]);
    expect(of(before, "Room.fetch")).not.toEqual([original]);
  });

  it("tells equal code of one symbol apart", () => {
    const twice = of(before.replace("    setAlarm( 'x' );\n", "    setAlarm( 'x' );\n    setAlarm( 'x' );\n"));
    expect(new Set(twice).size).toBe(2);
    expect(twice[0]).toBe(of(before)[0]);
  });

  it("looks at the first line of the code only", () => {
    expect(normaliseSnippet("\n  class Room {\n a")).toBe(normaliseSnippet("class Room {\n b"));
  });

  it("knows the classes and functions around a place", () => {
    const text = "export class Room { alarm() { const f = () => { here; }; } }\nexport default { fetch() { there; } };\n";
    const file = parseSource("a.ts", text, false);
    if (!("program" in file)) throw new Error(file.message);
    expect(enclosingSymbol(file, text.indexOf("here"))).toBe("Room.alarm.f");
    expect(enclosingSymbol(file, text.indexOf("there"))).toBe("fetch");
    expect(enclosingSymbol(file, text.indexOf("export default"))).toBe("");
  });
});

describe("a baseline", () => {
  const texts = { "a.ts": "one\none\n", "b.ts": "one\n" };
  const findings = findingsOf(texts, "one");

  it("accepts what was written to it, and reads back as it was", () => {
    const baseline = parseBaseline(formatBaseline(findings), "b.json");
    expect(splitByBaseline(findings, baseline)).toMatchObject({ fresh: [], accepted: findings, stale: [] });
    expect(formatBaseline([...findings].reverse())).toBe(formatBaseline(findings));
  });

  it("does not accept the same code copied once more", () => {
    const more = findingsOf({ ...texts, "c.ts": "one\n" }, "one");
    expect(splitByBaseline(more, parseBaseline(formatBaseline(findings), "b.json")).fresh.map(({ file }) => file)).toEqual(["c.ts"]);
  });

  it("follows a renamed file and names entries that nothing needs", () => {
    const renamed = findingsOf({ "z.ts": "one\none\n" }, "one");
    const split = splitByBaseline(renamed, parseBaseline(formatBaseline(findings), "b.json"));
    expect(split.fresh).toEqual([]);
    expect(split.stale).toHaveLength(1);
  });

  it.each([
    ["{", "the baseline is not JSON"],
    ["[]", 'the baseline has "schema"'],
    ['{"schema":2,"findings":[]}', 'the baseline has "schema": 2'],
    ['{"schema":1}', 'the baseline has no list "findings"'],
    ['{"schema":1,"findings":[{"rule":"a"}]}', "entry 1 of the baseline lacks"],
  ])("that is damaged is refused by name: %s", (text, message) => {
    expect(() => parseBaseline(text, "b.json")).toThrow(expect.objectContaining({ place: "b.json", message: expect.stringContaining(message) as string }));
  });
});

describe("fixes", () => {
  const edit = (start: number, end: number, text: string): TextEdit => ({ span: { file: "a.ts", start, end }, text });
  const withFix = (...fix: TextEdit[]) => toFindings([rated("a.ts", 0, 1, { fix })], () => "abcdef");

  it("are applied together when they do not overlap", () => {
    const { edits } = planFixes([...withFix(edit(4, 5, "E")), ...withFix(edit(0, 1, "A"), edit(2, 2, "-"))]);
    expect(applyEdits("abcdef", edits.get("a.ts") ?? [])).toBe("Ab-cdEf");
  });

  it("wait for the next pass when they overlap, whole", () => {
    const plan = planFixes([...withFix(edit(0, 3, "X")), ...withFix(edit(2, 4, "Y"), edit(5, 6, "Z"))]);
    expect(applyEdits("abcdef", plan.edits.get("a.ts") ?? [])).toBe("Xdef");
    expect(plan.postponed).toHaveLength(1);
  });

  it("that are equal are one", () => {
    const plan = planFixes([...withFix(edit(0, 1, "X")), ...withFix(edit(0, 1, "X"))]);
    expect(plan.edits.get("a.ts")).toHaveLength(1);
    expect(plan.fixed).toHaveLength(2);
  });

  it("never touch text outside of their edits", () => {
    const text = "0123456789";
    const anyEdit = fc.tuple(fc.nat(10), fc.nat(10), fc.stringMatching(/^[a-z]{0,3}$/)).map(([a, b, added]) => edit(Math.min(a, b), Math.max(a, b), added));
    fc.assert(
      fc.property(fc.array(fc.array(anyEdit, { minLength: 1, maxLength: 3 }), { maxLength: 6 }), (groups) => {
        const taken = planFixes(groups.flatMap((fix) => withFix(...fix))).edits.get("a.ts") ?? [];
        const kept = [...text].filter((_, at) => !taken.some(({ span }) => span.start <= at && at < span.end)).join("");
        expect(applyEdits(text, taken).replace(/[a-z]/g, "")).toBe(kept);
      }),
    );
  });
});
