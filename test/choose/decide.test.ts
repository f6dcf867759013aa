import { describe, expect, it } from "vitest";
import { decisionOn } from "./support.ts";

const short = (answers: Readonly<Record<string, unknown>>): string => {
  const { recommendation, pattern, instead, also } = decisionOn(answers);
  return [recommendation, instead ?? pattern, ...also.map((product) => `+${product.product}`)].join(" ");
};

describe("what earns both", () => {
  it.each([
    ["strong on either side", { serialization: "required", data: "relational" }, "both hot-do-d1-views"],
    ["a managed database beside live connections", { atom: "clear", live: ["websockets"], ergonomics: "managed-database" }, "both hot-do-d1-views"],
    ["not a weak pull towards D1", { atom: "clear", serialization: "required", cross_entity_sql: "occasional", contention: "low", read_profile: "global-read-heavy", consistency: "session" }, "durable-objects do-per-entity"],
    ["not a clear atom and many objects alone", { atom: "clear", entities: 5_000_000, data: "relational" }, "d1 d1-single"],
    ["not tables that stay inside one entity", { serialization: "required", data: "relational", cross_entity_sql: "none" }, "durable-objects do-per-entity"],
    ["not where the atom is unclear", { atom: "unclear", serialization: "required", live: ["websockets"], data: "relational" }, "d1 d1-single"],
  ])("%s", (_, answers, wanted) => expect(short(answers)).toBe(wanted));
});

describe("weak pulls", () => {
  it.each([
    ["a hint names no owner", { serialization: "helpful" }, "d1 d1-single"],
    ["two hints speak for objects", { serialization: "helpful", lifetime: "ephemeral" }, "durable-objects do-per-entity"],
    ["hints on both sides are added up", { atom: "clear", serialization: "none", contention: "none", live: [] }, "d1 d1-single"],
  ])("%s", (_, answers, wanted) => expect(short(answers)).toBe(wanted));
});

describe("queries that wait for each other", () => {
  it.each([
    ["one, as with any table", { atom: "clear", data: "relational", dependent_queries: 1 }, "d1 d1-single"],
    ["a few, which tables outweigh", { atom: "clear", data: "relational", dependent_queries: 4 }, "d1 d1-single"],
    ["a chain about one entity", { atom: "clear", data: "relational", dependent_queries: 5 }, "durable-objects do-per-entity"],
    ["a chain about nothing in particular", { data: "relational", dependent_queries: 20 }, "d1 d1-single"],
    ["a chain beside reports over everything", { atom: "clear", data: "relational", cross_entity_sql: "frequent", dependent_queries: 20 }, "d1 d1-single"],
  ])("%s", (_, answers, wanted) => expect(short(answers)).toBe(wanted));
});

describe("what another product serves decides only its own part", () => {
  it.each([
    ["an existing Postgres with live rooms", { existing_database: "postgres", atom: "clear", live: ["websockets"], data: "relational", cross_entity_sql: "frequent" }, "durable-objects do-per-entity +hyperdrive"],
    ["an existing MySQL with a wish for order", { existing_database: "mysql", atom: "clear", serialization: "helpful" }, "neither hyperdrive"],
    ["an existing Postgres, files as the main thing", { existing_database: "postgres", data: ["blobs"] }, "neither r2 +hyperdrive"],
    ["configuration beside tables", { data: ["relational", "configuration"], cross_entity_sql: "frequent" }, "d1 d1-single +workers-kv"],
    ["configuration first, tables too", { data: ["configuration", "relational"] }, "d1 d1-single +workers-kv"],
    ["files with searched metadata", { data: ["blobs", "relational"], cross_entity_sql: "frequent" }, "d1 d1-single +r2"],
    ["files of a live document", { data: "blobs", atom: "clear", live: ["in-memory"] }, "durable-objects do-per-entity +r2"],
    ["jobs that must run in order", { data: "jobs", atom: "clear", serialization: "required" }, "durable-objects do-per-entity +queues"],
    ["jobs beside tables", { data: ["jobs", "relational"], cross_entity_sql: "frequent" }, "d1 d1-single +queues"],
    ["metrics by the million, asked across", { data: "time-series", writes_per_second: 20_000, cross_entity_sql: "frequent", contention: "high" }, "neither analytics-engine"],
    ["a moderate number of measurements, asked across", { data: "time-series", writes_per_second: 50, cross_entity_sql: "frequent" }, "d1 d1-single +analytics-engine"],
    ["a moderate number of measurements, read as totals", { data: "time-series", writes_per_second: 50 }, "neither analytics-engine"],
    ["a few measurements", { data: "time-series", writes_per_second: 5 }, "d1 d1-single"],
    ["measurements of which each one counts", { data: "time-series", atom: "clear", consistency: "strict-per-entity" }, "durable-objects do-per-entity +analytics-engine"],
    ["configuration that must be current", { data: "configuration", atom: "clear", consistency: "strict-per-entity" }, "durable-objects do-per-entity +workers-kv"],
    ["no state, but a socket hub", { data: "none", atom: "clear", live: ["websockets"] }, "durable-objects do-per-entity"],
  ])("%s", (_, answers, wanted) => expect(short(answers)).toBe(wanted));
});

describe("residency", () => {
  it.each([
    ["configuration that must stay in the EU", { data: "configuration", residency: "eu" }, "d1 d1-single"],
    ["metrics that must stay in the US", { data: "time-series", residency: "us", atom: "clear", writes_per_second: 5000 }, "durable-objects do-per-entity"],
    ["files that must stay in the EU", { data: "blobs", residency: "eu" }, "neither r2"],
    ["configuration beside rooms in the EU", { data: ["configuration"], residency: "eu", atom: "clear", live: ["websockets"] }, "durable-objects do-per-entity"],
  ])("%s", (_, answers, wanted) => expect(short(answers)).toBe(wanted));
});

describe("tenants", () => {
  const tables = { tenancy: "isolated-tenants", data: "relational" } as const;
  it.each([
    ["known at deployment", { ...tables, tenant_creation: "known", tenants: 200 }, "d1 d1-per-tenant"],
    ["signing up at run time", { ...tables, tenant_creation: "at-run-time" }, "durable-objects do-per-entity"],
    ["at run time, asked across", { ...tables, tenant_creation: "at-run-time", cross_entity_sql: "frequent" }, "d1 d1-single"],
    ["more than the free plan has databases", { ...tables, tenant_creation: "known", tenants: 30, plan: "free" }, "d1 d1-single"],
    ["with contended flows", { ...tables, tenant_creation: "known", contention: "high" }, "both d1-per-tenant-hot-do"],
    ["at run time, with contended flows and reports", { ...tables, tenant_creation: "at-run-time", contention: "high", cross_entity_sql: "frequent" }, "both hot-do-d1-views"],
  ])("%s", (_, answers, wanted) => expect(short(answers)).toBe(wanted));

  it("that come later are warned of where D1 holds them", () => {
    const decision = decisionOn({ ...tables, tenant_creation: "at-run-time", cross_entity_sql: "frequent" });
    expect(decision.warnings.map((warning) => warning.id)).toContain("static-d1-bindings");
  });
});

describe("a singleton", () => {
  it("stops whatever else was answered", () => {
    for (const rest of [{}, { data: "relational", cross_entity_sql: "frequent" }, { serialization: "required" }, { data: "configuration" }]) expect(decisionOn({ atom: "global", ...rest }).pattern).toBe("redesign");
  });

  it("is seen behind a clear atom of which there is one", () => {
    const decision = decisionOn({ atom: "clear", entities: 1, serialization: "required" });
    expect(decision.pattern).toBe("redesign");
    expect(decision.warnings.map((warning) => warning.id)).toContain("global-singleton");
  });
});

describe("reasons", () => {
  it("tell a tie's winner by the order of the heuristic", () => {
    // A clear atom (fair) against readers everywhere (fair): the atom is asked for first.
    expect(decisionOn({ atom: "clear", read_profile: "global-read-heavy" }).recommendation).toBe("durable-objects");
  });

  it("name what a veto sets aside", () => {
    const { reasons, pulls } = decisionOn({ atom: "unclear", serialization: "required", data: "relational" });
    expect(reasons.find((reason) => reason.question === "serialization")?.setAside).toBe("unclear-atom");
    expect(pulls["durable-objects"]).toBe(0);
  });

  it("say what a residency rules out", () => {
    const { reasons } = decisionOn({ data: "configuration", residency: "eu" });
    expect(reasons.find((reason) => reason.question === "residency")?.says).toBe("Workers KV cannot be held to a jurisdiction; D1 and Durable Objects can.");
    expect(decisionOn({ data: "relational", residency: "eu" }).reasons.find((reason) => reason.question === "residency")?.strength).toBe("none");
  });

  it("say first what a singleton stops", () => {
    expect(decisionOn({ atom: "global", data: "relational" }).reasons[0]).toMatchObject({ question: "atom", strength: "veto" });
  });

  it("list a source page for each pull", () => {
    const { reasons } = decisionOn({ atom: "clear", live: ["timers"], cross_entity_sql: "frequent", data: "blobs" });
    for (const reason of reasons.filter((entry) => entry.weight > 0)) expect(reason.sources.length, reason.question).toBeGreaterThan(0);
  });
});

describe("contradictions that may be meant", () => {
  it("are warnings that name the pair", () => {
    const { warnings } = decisionOn({ atom: "unclear", serialization: "required", hot_entity_rps: 50, peak_rps: 10 });
    const told = warnings.filter((warning) => warning.id === "contradictory-answers");
    expect(told.map((warning) => warning.answers)).toEqual([["atom", "serialization"], ["hot_entity_rps", "peak_rps"]]);
    expect(told[0]?.says).toContain("atom: unclear with serialization: required");
  });
});
