import { describe, expect, it } from "vitest";
import type { Rule } from "../../src/lint/rule.ts";
import { lint } from "../../src/lint/run.ts";
import { checkoutOf } from "../../src/project/discover/discover.ts";

const CODE = 'import { DurableObject } from "cloudflare:workers";\nexport class A extends DurableObject {}\nexport class B extends DurableObject {}\n';

/** A rule under an id that has a document, which reports each class of each file. */
function classRule(id: string, over: Partial<{ readonly fails: boolean; readonly confidence: "high" | "low" }> = {}): Rule {
  return {
    id,
    *check({ project }) {
      for (const file of project.files)
        for (const { id: name } of file.classes) {
          if (over.fails && name?.name === "B") throw new Error("boom");
          if (name) yield { span: project.span(name), message: `class ${name.name}`, confidence: over.confidence ?? "high" };
        }
    },
  };
}

const run = async (rules: readonly Rule[], options: Parameters<typeof lint>[1] = {}) => lint(await checkoutOf({ "a.ts": CODE }), { rules, ...options });
const found = ({ findings }: ReturnType<typeof lint>): string[] => findings.map(({ rule, message }) => `${rule} ${message}`);

describe("a rule that throws", () => {
  it("becomes a diagnostic with its stack; what it found before and what others find stays", async () => {
    const results = await run([classRule("do-timer", { fails: true }), classRule("do-singleton")]);
    expect(found(results)).toEqual(["do-singleton class A", "do-timer class A", "do-singleton class B"]);
    expect(results.diagnostics).toEqual([expect.objectContaining({ message: "internal error in the rule `do-timer`: boom", internal: expect.stringContaining("Error: boom") as string })]);
  });

  it("does not make suppressions of it look unneeded", async () => {
    const text = `// do-or-d1-ignore-file do-timer -- why\n${CODE}`;
    const results = lint(await checkoutOf({ "a.ts": text }), { rules: [{ id: "do-timer", check: () => { throw new Error("boom"); } }] });
    expect(results.findings).toEqual([]);
  });
});

describe("confidence and profile", () => {
  it("low confidence is for the strict profile", async () => {
    const rules = [classRule("do-timer", { confidence: "low" })];
    expect(found(await run(rules))).toEqual([]);
    expect(found(await run(rules, { profile: "strict" }))).toHaveLength(2);
  });

  it("a strict rule runs in the strict profile, or when someone names it", async () => {
    const rules = [classRule("do-unbounded-list")];
    expect(found(await run(rules))).toEqual([]);
    expect(found(await run(rules, { profile: "strict" }))).toHaveLength(2);
    expect(found(await run(rules, { only: new Set(["do-unbounded-list"]) }))).toHaveLength(2);
    expect(found(await run(rules, { ratings: new Map([["do-unbounded-list", "info"]]) }))).toHaveLength(2);
    expect(found(await run(rules, { only: new Set(["do-unbounded-list"]), ratings: new Map([["do-unbounded-list", "off"]]) }))).toEqual([]);
  });
});

describe("what is reported", () => {
  it("can be narrowed to files while all are analysed", async () => {
    const checkout = await checkoutOf({ "a.ts": CODE, "b.ts": CODE });
    expect(lint(checkout, { rules: [classRule("do-timer")], reports: (file) => file === "b.ts" }).findings.map(({ file }) => file)).toEqual(["b.ts", "b.ts"]);
  });

  it("has times only from the clock it is given", async () => {
    let clock = 0;
    const { stages, ruleTimings } = await run([classRule("do-timer")], { now: () => (clock += 5) });
    expect(stages.map(({ name }) => name)).toEqual(["configuration", "selection", "parsing", "model", "rules", "findings"]);
    expect(ruleTimings).toEqual([{ name: "do-timer", milliseconds: 5 }]);
  });
});
