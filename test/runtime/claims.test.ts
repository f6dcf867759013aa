import { readFileSync } from "node:fs";
import { Miniflare, Response } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * What the rules claim about the platform, seen in workerd: when one of these fails, the platform has changed and the rule
 * named in its title has to change with it.
 */

const script = readFileSync(new URL("object.mjs", import.meta.url), "utf8");

function worker(compatibilityDate: string, more: { rearmOnWake?: boolean } = {}): Miniflare {
  return new Miniflare({
    modules: [{ type: "ESModule", path: "object.mjs", contents: script }],
    compatibilityDate,
    durableObjects: {
      SQL: { className: "Probe", useSQLite: true },
      BARE: { className: "NoHandler", useSQLite: true },
    },
    d1Databases: ["DB"],
    bindings: more.rearmOnWake ? { REARM_ON_WAKE: true } : {},
    serviceBindings: { ELSEWHERE: async () => (await new Promise((resolve) => setTimeout(resolve, 60)), new Response("ok")) },
  });
}

async function ask<Answer = { readonly error?: string }>(mf: Miniflare, path: string, parameters: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const response = await mf.dispatchFetch(`http://w/${path}?${new URLSearchParams(parameters)}`);
  return (await response.json()) as Answer;
}

const instances: Miniflare[] = [];
const started = (mf: Miniflare): Miniflare => (instances.push(mf), mf);
let mf: Miniflare;

beforeAll(async () => {
  mf = started(worker("2026-03-01"));
  await mf.ready;
});
afterAll(() => Promise.all(instances.map((instance) => instance.dispose())));

describe("Durable Objects", () => {
  it("do-await-race: two events interleave at an await that is not storage, and one update is lost", async () => {
    await Promise.all([ask(mf, "SQL/race/addAcrossFetch"), ask(mf, "SQL/race/addAcrossFetch")]);
    expect(await ask(mf, "SQL/race/n")).toBe(1);
  });

  it("do-await-race: storage awaits alone do not let another event in", async () => {
    await Promise.all([ask(mf, "SQL/safe/addAcrossStorage"), ask(mf, "SQL/safe/addAcrossStorage")]);
    expect(await ask(mf, "SQL/safe/n")).toBe(2);
  });

  it.each(["BEGIN TRANSACTION", "SAVEPOINT s", "COMMIT", "ROLLBACK"])("do-transaction-statement: %s is refused", async (sql) => {
    expect((await ask(mf, "SQL/txn/exec", { sql })).error).toMatch(/transaction|savepoint|not authorized/i);
  });

  it("do-async-transaction-sync: what follows the first await is outside the transaction", async () => {
    const { outcome, rows } = await ask<{ outcome: string; rows: string[] }>(mf, "SQL/async/asyncTransaction");
    expect(outcome).toBe("roll back");
    expect(rows).toEqual(["before the await", "after the await"]);
  });

  it("do-missing-delete-alarm: before 2026-02-24 the alarm survives deleteAll(), from then on it does not", async () => {
    const before = started(worker("2026-02-23"));
    expect(await ask(before, "SQL/a/alarmAfterDeleteAll")).toEqual({ survived: true });
    const after = started(worker("2026-02-24"));
    expect(await ask(after, "SQL/a/alarmAfterDeleteAll")).toEqual({ survived: false });
  });

  it("do-alarm-without-handler: setAlarm() throws in a class with no alarm()", async () => {
    expect(await ask(mf, "BARE/x/")).toMatchObject({ name: "TypeError", error: expect.stringMatching(/alarm/) });
  });

  it("do-alarm-reset-on-wake: arming in the constructor moves a pending alarm whenever the object wakes", async () => {
    const rearming = started(worker("2026-03-01", { rearmOnWake: true }));
    const armed = await ask<number>(rearming, "SQL/w/arm");
    await rearming.dispatchFetch("http://w/SQL/w/forget").catch(() => undefined);
    expect(await ask(rearming, "SQL/w/due")).toBeGreaterThan(armed + 3_600_000);
  });

  it("do-module-state: objects of one isolate share a module's variables", async () => {
    const first = await ask<number>(mf, "SQL/one/countInModule");
    expect(await ask(mf, "SQL/two/countInModule")).toBe(first + 1);
  });

  it("do-block-concurrency: a lock held across a call to somewhere else keeps every other event waiting", async () => {
    await ask(mf, "SQL/locked/quick");
    const start = performance.now();
    const holding = ask(mf, "SQL/locked/hold");
    await new Promise((resolve) => setTimeout(resolve, 10));
    await ask(mf, "SQL/locked/quick");
    const waited = performance.now() - start;
    await holding;
    expect(waited).toBeGreaterThan(50);
  });

  it("d1-unbounded-in and the like: over 100 bound parameters are refused by an object's SQLite", async () => {
    const list = (count: number) => `SELECT 1 WHERE 1 IN (${Array(count).fill("?").join(",")})`;
    expect((await ask(mf, "SQL/p/exec", { sql: list(100), bound: "100" })).error).toBeUndefined();
    expect((await ask(mf, "SQL/p/exec", { sql: list(101), bound: "101" })).error).toMatch(/too many SQL variables/);
  });
});

describe("key-value-backed Durable Objects", () => {
  it("do-sql-on-kv-class: sql throws", async () => {
    const kv = started(
      new Miniflare({
        modules: [{ type: "ESModule", path: "object.mjs", contents: script }], compatibilityDate: "2026-03-01",
        durableObjects: { SQL: { className: "Probe", useSQLite: false } }, d1Databases: ["DB"],
      }),
    );
    expect((await ask(kv, "SQL/x/exec", { sql: "SELECT 1" })).error).toMatch(/SQL is not enabled|not.*SQLite/i);
  });
});

describe("D1", () => {
  it.each(["BEGIN TRANSACTION", "COMMIT", "SAVEPOINT s"])("d1-transaction-statement: %s is refused", async (sql) => {
    expect((await ask(mf, "d1/run", { sql })).error).toMatch(/transaction|savepoint|not authorized/i);
  });

  it("d1-unbounded-in: over 100 bound parameters are refused", async () => {
    const list = (count: number) => `SELECT 1 AS one WHERE 1 IN (${Array(count).fill("?").join(",")})`;
    expect((await ask(mf, "d1/run", { sql: list(100), bound: "100" })).error).toBeUndefined();
    expect((await ask(mf, "d1/run", { sql: list(101), bound: "101" })).error).toMatch(/too many SQL variables/);
  });

  it("d1-bind-mismatch: too few arguments are refused", async () => {
    expect((await ask(mf, "d1/run", { sql: "SELECT ?1, ?2", bound: "1" })).error).toMatch(/wrong number of parameter bindings/i);
  });

  it("d1-foreign-keys-off: the pragma is ignored", async () => {
    expect((await ask(mf, "d1/foreign-keys-off")).error).toMatch(/FOREIGN KEY constraint failed/);
  });

  it("d1-session-without-bookmark: a session has no bookmark before its first query, and no exec()", async () => {
    expect(await ask(mf, "d1/bookmarks")).toEqual({ value: { before: null, after: "string", exec: "undefined" } });
  });
});

describe("hibernation", () => {
  it("do-hibernation-state: fields are gone when the object wakes, attachments are not", { timeout: 30_000 }, async () => {
    const response = await mf.dispatchFetch("http://w/SQL/sleeper/", { headers: { upgrade: "websocket" } });
    const socket = response.webSocket;
    if (!socket) throw new Error("no WebSocket");
    socket.accept();
    const next = () => new Promise<unknown>((resolve) => socket.addEventListener("message", (event) => resolve(JSON.parse(String(event.data))), { once: true }));
    const awake = next();
    socket.send("who are you?");
    expect(await awake).toEqual({ seen: 1, attachment: { kept: true } });
    // workerd hibernates an object about ten seconds after its last event.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    const woken = next();
    socket.send("and now?");
    expect(await woken).toEqual({ seen: 0, attachment: { kept: true } });
    socket.close();
  });
});
