import { describe, expect, it } from "vitest";
import { decisionOn, missedBy, readCases } from "./support.ts";

describe("the playbook's own cases", () => {
  it.each(readCases("playbook-cases.yaml"))("$id", ({ answers, expect: wanted }) => {
    expect(missedBy(decisionOn(answers), wanted)).toEqual([]);
  });
});

describe("decisions that others made in public", () => {
  const cases = readCases("real-decisions.yaml");
  it.each(cases)("$id", ({ answers, expect: wanted }) => {
    expect(missedBy(decisionOn(answers), wanted)).toEqual([]);
  });

  it("are thirty at least, each with its source", () => {
    expect(cases.length).toBeGreaterThanOrEqual(30);
    for (const entry of cases) expect((entry as { source?: string }).source).toMatch(/^https:\/\//);
  });
});
