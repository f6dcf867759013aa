import { describe, expect, it } from "vitest";
import { readAnswers } from "../../src/choose/answers.ts";
import { answersFromText } from "../../src/choose/source-text.ts";
import { UserError } from "../../src/errors.ts";
import { playbook } from "./support.ts";

const problem = (answers: unknown): string => {
  try {
    readAnswers(playbook, answers, "answers.yaml");
  } catch (error) {
    if (error instanceof UserError) return `${error.place}: ${error.message}`;
    throw error;
  }
  return "";
};

describe("answers that cannot be", () => {
  it.each([
    ["an unknown question", { atmo: "clear" }, 'unknown question "atmo" (did you mean "atom"?); allowed are workload, atom, '],
    ["an unknown value", { atom: "cleer" }, 'unknown value "cleer" for atom (did you mean "clear"?); allowed are clear, several, unclear, global'],
    ["an unknown member", { live: ["timers", "sockets"] }, 'unknown value "sockets" for live'],
    ["a negative number", { entities: -5 }, "entities must not be negative, but is -5"],
    ["NaN", { peak_rps: Number.NaN }, "peak_rps must be a number, not NaN"],
    ["NaN as text", { peak_rps: "NaN" }, 'peak_rps must be a number, not "NaN"'],
    ["a number that is none", { total_gb: "a lot" }, 'total_gb must be a number, not "a lot"'],
    ["an infinite number", { total_gb: Number.POSITIVE_INFINITY }, "total_gb must be a finite number"],
    ["a list for a choice", { atom: ["clear", "global"] }, "for atom"],
    ["a map for a text", { atom_name: { a: 1 } }, "atom_name must be a text"],
    ["none with something", { data: ["none", "blobs"] }, "data is [none, blobs]: none goes with nothing else"],
    ["one thing for everything, many times", { atom: "global", entities: 100_000 }, "atom: global with entities: 100000"],
    ["several tenants of a single body", { tenancy: "single", tenants: 3 }, "tenancy: single with tenants: 3"],
    ["no map at all", ["atom", "clear"], "answers are a map"],
  ])("%s", (_, answers, wanted) => expect(problem(answers)).toContain(wanted));

  it("are all told at once, with where they are", () => {
    const text = problem({ atmo: "clear", entities: -1 });
    expect(text).toMatch(/^answers\.yaml: unknown question "atmo"/);
    expect(text).toContain("\nentities must not be negative");
  });
});

describe("answers that can be written in several ways", () => {
  it.each([
    ["numbers as text", { entities: "5000" }, { entities: 5000 }],
    ["one member without a list", { live: "timers", data: "blobs" }, { live: ["timers"], data: ["blobs"] }],
    ["none for an empty list", { live: "none" }, { live: [] }],
    ["members in any order and twice", { live: ["websockets", "timers", "timers"] }, { live: ["timers", "websockets"] }],
    ["data with its order kept", { data: ["blobs", "relational"] }, { data: ["blobs", "relational"] }],
    ["a choice in a list of one", { atom: ["clear"] }, { atom: "clear" }],
    ["don't know", { atom: null, live: "?", plan: "don't know", data: "unknown" }, {}],
    ["questions in any order", { plan: "free", atom: "clear" }, { atom: "clear", plan: "free" }],
  ])("%s", (_, answers, wanted) => expect(JSON.stringify(readAnswers(playbook, answers))).toBe(JSON.stringify(wanted)));
});

describe("a preset", () => {
  it("fills in what was not said", () => {
    expect(readAnswers(playbook, { workload: "chat-room", cross_entity_sql: "frequent" })).toMatchObject({ atom: "clear", atom_name: "room", cross_entity_sql: "frequent" });
  });

  it("leaves open what was left open on purpose", () => {
    expect(readAnswers(playbook, { workload: "chat-room", contention: null })).not.toHaveProperty("contention");
  });

  it("does not name an atom that there is not", () => {
    expect(readAnswers(playbook, { workload: "chat-room", atom: "unclear" })).not.toHaveProperty("atom_name");
  });

  it("is sound, each of them", () => {
    for (const preset of playbook.presets) expect(readAnswers(playbook, { workload: preset.id })).toMatchObject(readAnswers(playbook, preset.answers));
  });

  it("may be a text of one's own instead, which fills in nothing", () => {
    expect(readAnswers(playbook, { workload: "a thing of mine" })).toEqual({ workload: "a thing of mine" });
  });
});

describe("texts that hold answers", () => {
  it.each([
    ["YAML", "atom: clear\nlive: [timers]\n", { atom: "clear", live: ["timers"] }],
    ["JSON", '{"atom":"clear"}', { atom: "clear" }],
    ["YAML in flow style", "{atom: clear}", { atom: "clear" }],
    ["nothing", "", {}],
    ["only a comment", "# nothing yet\n", {}],
    ["a decision", '{"schema":1,"recommendation":"d1","answers":{"atom":"clear"}}', { atom: "clear" }],
    ["a record", "---\nstatus: accepted\nanswers:\n  atom: clear\n---\n\n# Use D1\n", { atom: "clear" }],
    ["a record with carriage returns", "---\r\nstatus: accepted\r\nanswers:\r\n  atom: clear\r\n---\r\n\r\n# Use D1\r\n", { atom: "clear" }],
    ["a record behind a byte order mark", "\ufeff---\nanswers: { atom: clear }\n---\n", { atom: "clear" }],
  ])("%s", async (_, text, wanted) => expect(await answersFromText(text, "file")).toEqual(wanted));

  it.each([
    ["broken YAML", "atom: [clear\n", "answers.md:"],
    ["broken front matter", "---\nanswers: [a: b: c\n---\n# x\n", "answers.md:2:"],
    ["a record without answers", "---\nstatus: accepted\n---\n# x\n", "has no answers"],
    ["a key that is there twice", "atom: clear\natom: global\n", "answers.md:2:"],
  ])("%s is told with its place", async (_, text, wanted) => {
    await expect(answersFromText(text, "answers.md").catch((error: unknown) => (error instanceof UserError ? `${error.place} ${error.message}` : error))).resolves.toContain(wanted);
  });
});
