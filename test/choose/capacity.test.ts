import { describe, expect, it } from "vitest";
import { decisionOn } from "./support.ts";

describe("capacity", () => {
  it.each([
    ["objects for a load, by the documented formula", { peak_rps: 3200 }, "objects", { needed: 7, verdict: "fits" }],
    ["an object for each entity", { peak_rps: 100, entities: 40_000 }, "objects", { needed: 40_000, limit: null }],
    ["the busiest object within its range", { hot_entity_rps: 500 }, "requestsPerObject", { verdict: "fits", limit: 1000 }],
    ["the busiest object inside the range where work slows it", { hot_entity_rps: 700 }, "requestsPerObject", { verdict: "tight" }],
    ["the busiest object beyond it", { hot_entity_rps: 1001 }, "requestsPerObject", { verdict: "exceeds" }],
    ["a mean entity where the busiest is not known", { peak_rps: 5000, entities: 2 }, "requestsPerObject", { needed: 2500, verdict: "exceeds" }],
    ["queries of 100 ms", { peak_rps: 11, mean_query_ms: 100 }, "d1QueriesPerSecond", { needed: 11, limit: 10, verdict: "exceeds" }],
    ["several queries a request", { peak_rps: 400, dependent_queries: 3, mean_query_ms: 1 }, "d1QueriesPerSecond", { needed: 1200, limit: 1000, verdict: "exceeds" }],
    ["a mean of zero, which is no division by zero", { peak_rps: 10, mean_query_ms: 0 }, "d1QueriesPerSecond", { verdict: "fits" }],
    ["10 GB on the paid plan", { total_gb: 10, plan: "paid" }, "d1Size", { verdict: "tight", limit: 10 }],
    ["half a gigabyte on the free plan", { total_gb: 0.6, plan: "free" }, "d1Size", { verdict: "exceeds", limit: 0.5 }],
    ["databases for 45 GB", { total_gb: 45 }, "databases", { needed: 5 }],
    ["size from the entities", { entities: 1000, mb_per_entity: 30 }, "d1Size", { needed: 30, verdict: "exceeds" }],
    ["one object of 12 GB", { mb_per_entity: 12_000 }, "objectSize", { limit: 10_000, verdict: "exceeds" }],
    ["a tenant's share", { tenancy: "isolated-tenants", tenants: 100, total_gb: 200, data: "relational" }, "d1Size", { needed: 2, verdict: "fits" }],
  ])("%s", (_, answers, line, wanted) => expect(decisionOn(answers).capacity[line]).toMatchObject(wanted));

  it("shows its arithmetic", () => {
    expect(decisionOn({ peak_rps: 200, mean_query_ms: 100, data: "relational" }).capacity["d1QueriesPerSecond"]?.arithmetic).toEqual([
      "200 requests/s = 200 queries/s",
      "1000 ÷ 100 ms a query = 10 queries/s for one database",
      "200 ÷ 10 = 20 databases, or as many times cheaper queries",
    ]);
  });

  it("does not take the objects' own size for the database's", () => {
    expect(decisionOn({ atom: "clear", live: ["websockets"], cross_entity_sql: "frequent", entities: 100_000, mb_per_entity: 5 }).capacity).not.toHaveProperty("d1Size");
  });
});
