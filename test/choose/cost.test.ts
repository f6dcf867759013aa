import { describe, expect, it } from "vitest";
import { objectDuration, priceUsage, requestsForMessages, type Usage } from "../../src/choose/cost.ts";
import type { Bill } from "../../src/choose/types.ts";
import { decisionOn, playbook } from "./support.ts";

const DAY = 24 * 60 * 60;
const MONTH = 30 * DAY;
const amounts = (bill: Bill): Readonly<Record<string, number>> => Object.fromEntries(bill.lines.map((line) => [line.meter, line.amount]));

// The worked examples of Cloudflare's pricing pages, to the cent. They leave out the Workers that call the objects.
describe("Cloudflare's own examples for Durable Objects", () => {
  // https://developers.cloudflare.com/durable-objects/platform/pricing/#compute-billing-examples
  const messages = (perMinute: number, minutes: number): number => perMinute * minutes;
  it.each<readonly [string, Usage, Readonly<Record<string, number>>, number]>([
    ["1: one object called 1.5 million times, active for a million seconds", { "do-requests": 1_500_000, "do-duration": objectDuration(playbook, 1_000_000) }, { "do-requests": 0.15, "do-duration": 0 }, 5.15],
    [
      "2: a hundred objects with fifty sockets each, eight hours a day",
      { "do-requests": 50 * 100 * 30 + requestsForMessages(playbook, messages(50 * 100, 60 * 8 * 30)), "do-duration": objectDuration(playbook, 100 * 60 * 60 * 8 * 30) },
      { "do-requests": 0.45, "do-duration": 137.5 },
      142.95,
    ],
    [
      "3: a hundred objects with one socket each and a message a second",
      { "do-requests": 100 + requestsForMessages(playbook, 100 * MONTH), "do-duration": objectDuration(playbook, 100 * MONTH) },
      { "do-requests": 1.8, "do-duration": 412.5 },
      419.3,
    ],
    [
      "4: a hundred objects with a hundred hibernating sockets each",
      { "do-requests": 100 * 100 + requestsForMessages(playbook, messages(100 * 100, 60 * 24 * 30)), "do-duration": objectDuration(playbook, 100 * 60 * 24 * 30) },
      { "do-requests": 3.15, "do-duration": 12.5 },
      20.65,
    ],
  ])("%s", (_, usage, lines, total) => {
    const bill = priceUsage(playbook, usage, "paid");
    expect(amounts(bill)).toEqual(lines);
    expect(bill.total).toBe(total);
  });
});

describe("Cloudflare's own examples for Workers", () => {
  // https://developers.cloudflare.com/workers/platform/pricing/#example-pricing
  it.each<readonly [string, number, number, Readonly<Record<string, number>>, number]>([
    ["1: 15 million requests of 7 ms", 15_000_000, 7, { "workers-requests": 1.5, "workers-cpu": 1.5 }, 8],
    ["2: the 3 million of them that run code, the rest being static assets", 3_000_000, 7, { "workers-requests": 0, "workers-cpu": 0 }, 5],
    ["3: 720 reports of 3 minutes", 720, 180_000, { "workers-requests": 0, "workers-cpu": 1.99 }, 6.99],
    ["4: 100 million requests of 7 ms", 100_000_000, 7, { "workers-requests": 27, "workers-cpu": 13.4 }, 45.4],
  ])("%s", (_, requests, ms, lines, total) => {
    const bill = priceUsage(playbook, { "workers-requests": requests, "workers-cpu": requests * ms }, "paid");
    expect(amounts(bill)).toEqual(lines);
    expect(bill.total).toBe(total);
  });
});

describe("prices of D1", () => {
  // The page has no worked examples of a bill; these follow its table and definitions.
  // https://developers.cloudflare.com/d1/platform/pricing/#billing-metrics
  it.each<readonly [string, Usage, Readonly<Record<string, number>>]>([
    ["a full scan of 5,000 rows counts 5,000 rows read", { "d1-rows-read": 5000 }, { "d1-rows-read": 0 }],
    ["25 billion rows read and 50 million written are included", { "d1-rows-read": 25_000_000_000, "d1-rows-written": 50_000_000 }, { "d1-rows-read": 0, "d1-rows-written": 0 }],
    ["the next billion rows read and million written", { "d1-rows-read": 26_000_000_000, "d1-rows-written": 51_000_000 }, { "d1-rows-read": 1, "d1-rows-written": 1 }],
    ["25 GB stored, of which 5 are included", { "d1-storage": 25 }, { "d1-storage": 15 }],
    ["the same in objects costs less", { "do-storage": 25 }, { "do-storage": 4 }],
  ])("%s", (_, usage, lines) => expect(amounts(priceUsage(playbook, usage, "paid"))).toEqual(lines));
});

describe("the free plan", () => {
  it("costs nothing within its daily allowances", () => {
    const bill = priceUsage(playbook, { "do-requests": 99_000 * 30, "d1-rows-written": 100_000 * 30, "d1-storage": 5 }, "free");
    expect([bill.total, bill.fitsFreePlan]).toEqual([0, true]);
  });

  it.each<readonly [string, Usage]>([
    ["one request a day too many", { "do-requests": 100_001 * 30 }],
    ["one row a day too many", { "d1-rows-written": 100_001 * 30 }],
    ["more stored than 5 GB in all", { "do-storage": 5.1 }],
  ])("does not fit %s", (_, usage) => {
    const bill = priceUsage(playbook, usage, "free");
    expect([bill.total, bill.fitsFreePlan]).toEqual([0, false]);
    expect(bill.lines[0]?.arithmetic).toContain("too much");
  });
});

describe("the estimate of a decision", () => {
  const room = { atom: "clear", live: ["websockets"], serialization: "required", peak_rps: 100, entities: 1000, plan: "paid" } as const;

  it("shows sockets that hibernate beside sockets that do not", () => {
    const { cost } = decisionOn(room);
    expect(cost.webSockets?.hibernating.total).toBe(cost.recommended.total);
    // A tenth of a thousand objects kept in memory for a month: 100 × 2,592,000 s × 0.128 GB, less what is included, rounded up.
    const duration = cost.webSockets?.notHibernating.lines.find((line) => line.meter === "do-duration");
    expect(duration?.quantity).toBe(100 * MONTH * 0.128);
    expect(duration?.amount).toBe(33 * 12.5);
    expect(duration?.arithmetic).toBe("33,177,600 GB-s − 400,000 included = 32,777,600, rounded up to 33,000,000 × $12.5 ÷ 1,000,000 = $412.50");
  });

  it("counts messages twenty to one", () => {
    // 100 requests/s at a quarter of the peak for a month; nine in ten are messages.
    const requests = 100 * MONTH * 0.25;
    const line = decisionOn(room).cost.durableObjects.lines.find((candidate) => candidate.meter === "do-requests");
    expect(line?.quantity).toBeCloseTo(requests * 0.1 + (requests * 0.9) / 20, 6);
  });

  it("takes your own numbers before its assumptions, and lists those it used", () => {
    const assumed = decisionOn({ data: "relational", peak_rps: 10 }).cost;
    expect(assumed.assumptions).toContain("a fifth of all requests write");
    const given = decisionOn({ data: "relational", peak_rps: 10, writes_per_second: 4 }).cost;
    expect(given.assumptions).not.toContain("a fifth of all requests write");
    expect(given.d1.lines.find((line) => line.meter === "d1-rows-written")?.quantity).toBe(4 * MONTH * 0.25 * 2);
  });

  it("says that it knows nothing when no load was given", () => {
    expect(decisionOn({ data: "relational" }).cost).toMatchObject({ known: false, assumptions: [] });
  });

  it("gives every line its price and source", () => {
    const { cost } = decisionOn({ ...room, data: "relational", cross_entity_sql: "frequent", total_gb: 40 });
    for (const bill of [cost.d1, cost.durableObjects, cost.recommended])
      for (const line of bill.lines) {
        expect(line.unitPrice).toBeGreaterThan(0);
        expect(line.sources[0]?.url).toMatch(/^https:\/\/developers\.cloudflare\.com\//);
      }
  });
});
