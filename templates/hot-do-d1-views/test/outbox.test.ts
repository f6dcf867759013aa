import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ChatRoom } from "../src/index.ts";
import { project } from "../src/projection.ts";
import { drain } from "./support/drain.ts";
import { crash, evict } from "./support/evict.ts";
import { faults } from "./support/faults.ts";

const at = (id: string): DurableObjectStub<ChatRoom> => env.CHAT_ROOM.getByName(id);
const command = (id: string, amount = 1, actor = "ada") => ({ id, actor, amount });

const viewOf = (id: string) => env.DB.prepare("SELECT seq, total FROM chat_room_views WHERE id = ?").bind(id).first();
const entriesOf = async (id: string): Promise<string[]> =>
  (await env.DB.prepare("SELECT command_id FROM chat_room_entries WHERE chat_room_id = ? ORDER BY seq").bind(id).all<{ command_id: string }>()).results.map(
    (row) => row.command_id,
  );

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => {
  faults.before = faults.after = 0;
  vi.restoreAllMocks();
});

describe("the owner", () => {
  test("does a command once, however often it is sent", async () => {
    expect(await at("once").apply("once", command("c1", 5))).toEqual({ status: "applied", seq: 1, total: 5 });
    expect(await at("once").apply("once", command("c2", 2))).toEqual({ status: "applied", seq: 2, total: 7 });
    expect(await at("once").apply("once", command("c1", 5))).toEqual({ status: "repeated", seq: 1, total: 5 });
    expect(await at("once").state()).toEqual({ seq: 2, total: 7 });
  });

  test("of many who take the last one, one gets it", async () => {
    await at("last").apply("last", command("stock", 1));
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => at("last").apply("last", command(`take-${i}`, -1))));
    expect(outcomes.filter((outcome) => outcome.status === "applied")).toHaveLength(1);
    expect((await at("last").state())?.total).toBe(0);
  });

  test("keeps all through an eviction and a crash", async () => {
    await at("kept").apply("kept", command("c1", 5));
    await evict(at("kept"));
    await at("kept").apply("kept", command("c2", 5));
    await crash(at("kept"));
    expect(await at("kept").state()).toEqual({ seq: 2, total: 10 });
  });

  test("stores nothing because somebody asked", async () => {
    expect(await at("unknown").state()).toBeUndefined();
    expect(await at("unknown").outboxStatus()).toBeUndefined();
    expect(await at("unknown").replay()).toBe(false);
    const tables = await runInDurableObject(at("unknown"), (_, { storage }) => storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray());
    expect(tables).toEqual([]);
  });
});

describe("the outbox", () => {
  test("gets to D1 by the alarm, and says how far behind it is", async () => {
    for (const id of ["c1", "c2", "c3"]) await at("ship").apply("ship", command(id));
    expect(await at("ship").outboxStatus()).toMatchObject({ seq: 3, shippedSeq: 0, pending: 3, attempts: 0 });
    expect(await runDurableObjectAlarm(at("ship"))).toBe(true);
    expect(await viewOf("ship")).toEqual({ seq: 3, total: 3 });
    expect(await entriesOf("ship")).toEqual(["c1", "c2", "c3"]);
    expect(await at("ship").outboxStatus()).toMatchObject({ pending: 0, lagMs: 0, nextAttemptAt: null });
  });

  test("waits and tries again when D1 fails, and says why", async () => {
    faults.before = 1;
    await at("fails").apply("fails", command("c1"));
    for (const attempts of [1, 2, 3]) {
      await runDurableObjectAlarm(at("fails"));
      const status = await at("fails").outboxStatus();
      expect(status).toMatchObject({ pending: 1, attempts, lastError: expect.stringContaining("Network connection lost") });
      expect(status?.nextAttemptAt).toBeGreaterThan(Date.now());
    }
    faults.before = 0;
    await drain(at, "fails");
    expect(await entriesOf("fails")).toEqual(["c1"]);
    expect(await at("fails").outboxStatus()).toMatchObject({ attempts: 0, lastError: null });
  });

  test("a write that was done but reported as lost is not done twice", async () => {
    faults.after = 1;
    await at("lost").apply("lost", command("c1", 3));
    await runDurableObjectAlarm(at("lost"));
    expect(await viewOf("lost")).toEqual({ seq: 1, total: 3 });
    expect(await at("lost").outboxStatus()).toMatchObject({ pending: 1, attempts: 1 });
    faults.after = 0;
    await drain(at, "lost");
    expect(await viewOf("lost")).toEqual({ seq: 1, total: 3 });
    expect(await entriesOf("lost")).toEqual(["c1"]);
  });

  test("is sent on after a crash, even when the alarm itself was lost", async () => {
    await at("orphan").apply("orphan", command("c1"));
    await runInDurableObject(at("orphan"), (_, { storage }) => storage.deleteAlarm());
    await crash(at("orphan"));
    expect((await at("orphan").outboxStatus())?.nextAttemptAt).not.toBeNull();
    await drain(at, "orphan");
    expect(await entriesOf("orphan")).toEqual(["c1"]);
  });

  test("longer than one batch goes in several", async () => {
    for (let i = 0; i < 1100; i += 100)
      await Promise.all(Array.from({ length: 100 }, (_, j) => at("long").apply("long", command(`c${i + j}`))));
    await drain(at, "long");
    expect(await viewOf("long")).toEqual({ seq: 1100, total: 1100 });
    expect(new Set(await entriesOf("long")).size).toBe(1100);
  });
});

describe("the read model", () => {
  test("is made again from the objects when it is lost", async () => {
    for (const id of ["c1", "c2"]) await at("rebuilt").apply("rebuilt", command(id, 4));
    await drain(at, "rebuilt");
    await env.DB.batch([env.DB.prepare("DELETE FROM chat_room_views"), env.DB.prepare("UPDATE chat_room_entries SET amount = 99")]);
    expect(await at("rebuilt").replay()).toBe(true);
    await drain(at, "rebuilt");
    expect(await viewOf("rebuilt")).toEqual({ seq: 2, total: 8 });
    const amounts = await env.DB.prepare("SELECT amount FROM chat_room_entries WHERE chat_room_id = 'rebuilt'").all();
    expect(amounts.results).toEqual([{ amount: 4 }, { amount: 4 }]);
  });

  test("never goes backwards, even when an old write arrives late", async () => {
    const entry = (seq: number) => ({ seq, commandId: `c${seq}`, actor: "ada", amount: 1, total: seq, occurredAt: seq });
    await project(env.DB, "late", [entry(1), entry(2), entry(3)], 10);
    await project(env.DB, "late", [entry(1)], 20);
    expect(await viewOf("late")).toEqual({ seq: 3, total: 3 });
    expect(await entriesOf("late")).toEqual(["c1", "c2", "c3"]);
  });
});
