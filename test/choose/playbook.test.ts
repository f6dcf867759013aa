import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readAnswers } from "../../src/choose/answers.ts";
import { questionsOf } from "../../src/choose/condition.ts";
import { decide } from "../../src/choose/decide.ts";
import { explainPlaybook, idsByKind, playbookIds } from "../../src/choose/explain.ts";
import { loadPlaybook } from "../../src/choose/load.ts";
import { parsePlaybook } from "../../src/choose/source-text.ts";
import { UserError } from "../../src/errors.ts";
import { playbook } from "./support.ts";

const withOwn = async (text: string): Promise<typeof playbook> => loadPlaybook(await parsePlaybook(text, "team.yaml"));
const problem = async (text: string): Promise<string> => {
  try {
    await withOwn(text);
  } catch (error) {
    if (error instanceof UserError) return `${error.place ?? ""} ${error.message}`;
    throw error;
  }
  return "";
};

describe("the playbook as data", () => {
  it("has every question and value of the contract, by id", () => {
    const ids = Object.fromEntries(playbook.questions.map((question) => [question.id, question.values.map((value) => value.id).join(" ")]));
    expect(ids).toEqual({
      workload: "",
      atom: "clear several unclear global",
      atom_name: "",
      serialization: "required helpful none",
      contention: "high low none",
      cross_entity_sql: "frequent occasional none",
      read_profile: "global-read-heavy regional-read-heavy balanced write-heavy",
      live: "timers websockets in-memory",
      ergonomics: "managed-database either distributed-primitive",
      consistency: "strict-per-entity session eventual",
      tenancy: "single isolated-tenants",
      tenants: "",
      tenant_creation: "known at-run-time",
      lifetime: "long-lived ephemeral",
      data: "relational key-value blobs time-series configuration jobs none",
      existing_database: "none postgres mysql",
      residency: "none eu us fedramp",
      plan: "free paid",
      peak_rps: "",
      hot_entity_rps: "",
      writes_per_second: "",
      entities: "",
      mb_per_entity: "",
      total_gb: "",
      mean_query_ms: "",
      dependent_queries: "",
    });
  });

  it("has the patterns, warnings and products of the contract", () => {
    expect(playbook.patterns.map((pattern) => pattern.id).sort()).toEqual(["d1-per-tenant", "d1-per-tenant-hot-do", "d1-sharded", "d1-single", "do-per-entity", "hot-do-d1-views", "redesign"]);
    for (const id of ["global-singleton", "d1-for-contended-entity", "do-for-cross-entity-sql", "replication-needs-sessions", "ephemeral-cleanup", "d1-size-limit", "d1-throughput", "object-throughput", "static-d1-bindings", "dependent-queries"])
      // How much data there will be no rule can see in code.
      expect((playbook.warnings.find((warning) => warning.id === id)?.rules.length ?? -1) > 0, id).toBe(id !== "d1-size-limit");
    expect(Object.keys(playbook.products).sort()).toEqual(["analytics-engine", "hyperdrive", "queues", "r2", "stateless-worker", "workers-kv"]);
  });

  it("names only lint rules that are documented", () => {
    const documented = new Set(readdirSync(new URL("../../rules/lint", import.meta.url)).map((name) => name.replace(/\.yaml$/, "")));
    const named = new Set([...playbook.patterns.flatMap((pattern) => pattern.confirm), ...playbook.warnings.flatMap((warning) => warning.rules)]);
    expect([...named].filter((id) => !documented.has(id))).toEqual([]);
  });

  it("gives every fact a source and the day it was read", () => {
    expect(playbook.facts.size).toBeGreaterThan(500);
    for (const fact of playbook.facts.values()) {
      expect(fact.source, fact.id).toMatch(/^https:\/\//);
      expect(fact.read, fact.id).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(fact.statement.length, fact.id).toBeGreaterThan(15);
    }
  });

  it("reasons about every question but those that only name or measure", () => {
    const used = new Set([...playbook.heuristics, ...playbook.vetoes, ...playbook.alternatives].flatMap((entry) => questionsOf(entry.when)));
    const unused = playbook.questions.map((question) => question.id).filter((id) => !used.has(id));
    expect(unused).toEqual(["workload", "atom_name", "tenants", "residency", "plan", "peak_rps", "hot_entity_rps", "mb_per_entity", "mean_query_ms"]);
  });
});

describe("a playbook of one's own", () => {
  it("puts its entries over ours, and what changes can be predicted", async () => {
    const entry = (strength: string): string => `heuristics:
  - { id: across-occasional, group: across, question: cross_entity_sql, when: { cross_entity_sql: occasional }, toward: d1, strength: ${strength}, says: We report weekly., basis: our rules, sources: [choose-d1] }
`;
    const answers = readAnswers(playbook, { atom: "clear", serialization: "required", cross_entity_sql: "occasional" });
    expect(decide(playbook, answers).recommendation).toBe("durable-objects");
    expect(decide(await withOwn(entry("fair")), answers).recommendation).toBe("durable-objects");
    expect(decide(await withOwn(entry("strong")), answers).recommendation).toBe("both");
  });

  it("can take an entry out, add a question, and change a single value", async () => {
    const own = await withOwn(`
heuristics:
  - { id: atom-clear, off: true }
  - { id: offline, group: live, question: offline_first, when: { offline_first: "yes" }, toward: durable-objects, strength: strong, says: Devices sync through one owner., basis: our rules, sources: [choose-do] }
questions:
  - { id: offline_first, kind: choice, title: Offline, asks: Must it work offline?, help: Think of trains., example: A field app., values: [{ id: "yes", label: "Yes" }, { id: "no", label: "No" }] }
assumptions:
  mean_share_of_peak: { value: 0.5, says: half of the peak all day }
`);
    expect(decide(own, readAnswers(own, { atom: "clear" })).recommendation).toBe("d1");
    expect(decide(own, readAnswers(own, { offline_first: "yes" })).recommendation).toBe("durable-objects");
    expect(decide(own, readAnswers(own, { peak_rps: 1 })).cost.assumptions).toContain("half of the peak all day");
  });

  it.each([
    ["an unknown section", "heuristic: []\n", 'team.yaml:1:1: heuristic is not known here (did you mean "heuristics"?)'],
    ["an unknown key", "warnings:\n  - { id: x, when: { atom: clear }, titel: X, title: X, says: X, do: X, rules: [], sources: [choose-d1] }\n", "team.yaml:2:37: warnings › x › titel is not known here"],
    ["a strength that there is not", "heuristics:\n  - id: mine\n    group: atom\n    question: atom\n    when: { atom: clear }\n    toward: d1\n    strength: huge\n    says: x\n    basis: x\n    sources: [choose-d1]\n", 'team.yaml:7:5: heuristics › mine › strength must be one of hint, fair, strong, not "huge"'],
    ["a value that the question has not", "vetoes:\n  - id: mine\n    question: atom\n    when: { atom: cleer }\n    sets_aside: d1\n    says: x\n    basis: x\n    sources: [choose-d1]\n", 'team.yaml:4:13: vetoes › mine › when › atom names the value of atom "cleer", which does not exist (did you mean "clear"?)'],
    ["a fact that does not exist", "presets:\n  - { id: mine, title: X, answers: { atom: clear }, basis: x, sources: [choose-d2] }\n", 'the fact "choose-d2", which does not exist (did you mean "choose-d1"?)'],
    ["a preset's value that there is not", "presets:\n  - id: mine\n    title: X\n    answers: { atom: cleer }\n    basis: x\n    sources: [choose-d1]\n", 'team.yaml:4:5: presets › mine › answers cannot be given: unknown value "cleer" for atom (did you mean "clear"?)'],
    ["a condition on nothing", "singleton: { when: {}, says: x, sources: [choose-d1] }\n", "asks nothing"],
    ["a number that is none", "assumptions:\n  worker_cpu_ms: { value: -1, says: x }\n", "assumptions › worker_cpu_ms › value must be a number that is not negative, not -1"],
    ["a list instead of sections", "- a\n", "a playbook is a map of sections"],
    ["broken YAML", "heuristics: [\n", "team.yaml:"],
  ])("names the place of %s", async (_, text, wanted) => expect(await problem(text)).toContain(wanted));
});

describe("explain", () => {
  it("says something of every id", () => {
    for (const id of playbookIds()) expect(explainPlaybook(id)?.length, id).toBeGreaterThan(60);
  });

  it.each([
    ["serialization", ["Must all operations", "required: Required", "strong pull towards Durable Objects"]],
    ["hot-do-d1-views", ["Objects own the hot state", "Lint rules that hold the code to it: do-singleton"]],
    ["ephemeral-cleanup", ["deleteAll()", "durable-objects or both is recommended", "do-missing-delete-all"]],
    ["d1-max-db-size-paid", ["at most 10 GB", "Value: 10 GB, on the paid plan.", "https://developers.cloudflare.com/d1/platform/limits/ (read 2026-11-21)"]],
    ["workload", ["- chat-room: Chat or other rooms"]],
    ["chat-room", ["atom_name: room"]],
    ["unclear-atom", ["Holds when atom: unclear."]],
  ])("%s", (id, wanted) => {
    for (const text of wanted) expect(explainPlaybook(id)).toContain(text);
  });

  it("knows nothing of other ids", () => expect(explainPlaybook("no-such-thing")).toBeUndefined());

  it("covers questions, patterns, warnings and facts", () => {
    const kinds = idsByKind();
    expect([kinds.questions.length, kinds.patterns.length]).toEqual([26, 7]);
    expect(kinds.warnings.length).toBeGreaterThanOrEqual(10);
    expect(kinds.facts.length).toBe(playbook.facts.size);
  });
});
