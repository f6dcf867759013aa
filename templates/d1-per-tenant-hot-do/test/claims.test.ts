import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { HOLD_MS, type ChatRoom } from "../src/chat-room.ts";
import { createChatRoom, tellTaken } from "../src/chat-rooms.ts";
import { crash, evict } from "./support/evict.ts";

type Stub = DurableObjectStub<ChatRoom>;

// Asked for anew at each use: a stub that has seen its object break stays broken.
const at = (id: string): Stub => env.CHAT_ROOM.getByName(`acme/${id}`);
const claim = (id: string, holder: string) => at(id).claim("acme", id, holder);
const create = async (capacity: number): Promise<string> =>
  (await createChatRoom(env.TENANT_ACME.withSession(), { name: "Test", capacity }, Date.now())).id;
const takenOf = (id: string) => env.TENANT_ACME.prepare("SELECT taken FROM chat_rooms WHERE id = ?").bind(id).first<number>("taken");

/** Lets time pass for the claims of one object. */
const pass = (id: string, ms: number): Promise<unknown> =>
  runInDurableObject(at(id), (_, { storage }) => {
    storage.sql.exec("UPDATE claims SET held_until = held_until - ?", ms);
    storage.sql.exec("UPDATE place SET tell_at = tell_at - ?", ms);
  });

afterEach(() => void vi.restoreAllMocks());

describe("claims", () => {
  test("of fifty at the same moment, exactly as many as there are places succeed", async () => {
    const id = await create(7);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => claim(id, `holder-${i}`)));
    expect(outcomes.filter((outcome) => outcome.status === "claimed")).toHaveLength(7);
    expect(outcomes.filter((outcome) => outcome.status === "full")).toHaveLength(43);
    expect(await at(id).claims()).toHaveLength(7);
  });

  test("the same holder has one place, and keeps it for longer", async () => {
    const id = await create(1);
    const first = await claim(id, "ada");
    await pass(id, HOLD_MS / 2);
    const second = await claim(id, "ada");
    if (first.status !== "claimed" || second.status !== "claimed") throw new Error("a claim failed");
    expect(second.claim.until).toBeGreaterThanOrEqual(first.claim.until);
    expect(await at(id).claims()).toHaveLength(1);
    expect(await claim(id, "grace")).toEqual({ status: "full" });
  });

  test("a place given back can be claimed by another", async () => {
    const id = await create(1);
    await claim(id, "ada");
    expect(await at(id).release("ada")).toBe(true);
    expect(await at(id).release("ada")).toBe(false);
    expect((await claim(id, "grace")).status).toBe("claimed");
  });

  test("outlive an eviction and a crash", async () => {
    const id = await create(2);
    await claim(id, "ada");
    await evict(at(id));
    await claim(id, "grace");
    await crash(at(id));
    expect((await at(id).claims()).map(({ holder }) => holder).sort()).toEqual(["ada", "grace"]);
  });

  test("what is in no database gets no object's storage", async () => {
    expect(await claim("unknown", "ada")).toEqual({ status: "not-found" });
    expect(await at("unknown").claims()).toEqual([]);
    expect(await at("unknown").release("ada")).toBe(false);
    const keys = await runInDurableObject(at("unknown"), (_, { storage }) => storage.list());
    expect(keys.size).toBe(0);
  });
});

describe("the alarm", () => {
  test("tells the database, and then rests until the first claim ends", async () => {
    const id = await create(5);
    await claim(id, "ada");
    await claim(id, "grace");
    await pass(id, 2000);
    expect(await runDurableObjectAlarm(at(id))).toBe(true);
    expect(await takenOf(id)).toBe(2);
    const [first] = await at(id).claims();
    expect(await runInDurableObject(at(id), (_, { storage }) => storage.getAlarm())).toBe(first?.until);
  });

  test("frees what has ended, tells so, and then the object keeps nothing", async () => {
    const id = await create(1);
    await claim(id, "ada");
    await pass(id, 2000);
    await runDurableObjectAlarm(at(id));
    expect(await takenOf(id)).toBe(1);
    await pass(id, HOLD_MS + 1);
    await runDurableObjectAlarm(at(id));
    expect(await at(id).claims()).toEqual([]);
    await pass(id, 2000);
    await runDurableObjectAlarm(at(id));
    expect(await takenOf(id)).toBe(0);
    expect(await runInDurableObject(at(id), (_, { storage }) => storage.getAlarm())).toBeNull();
    expect((await runInDurableObject(at(id), (_, { storage }) => storage.list())).size).toBe(0);
    // It begins anew when it is needed, and its news still count as newer.
    expect((await claim(id, "grace")).status).toBe("claimed");
    await pass(id, 2000);
    await runDurableObjectAlarm(at(id));
    expect(await takenOf(id)).toBe(1);
  });

  test("waits and tries again when the database fails", async () => {
    const id = await create(1);
    await claim(id, "ada");
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await env.TENANT_ACME.exec("ALTER TABLE chat_rooms RENAME TO away");
    await pass(id, 2000);
    await runDurableObjectAlarm(at(id));
    await env.TENANT_ACME.exec("ALTER TABLE away RENAME TO chat_rooms");
    expect(await takenOf(id)).toBe(0);
    expect(await runInDurableObject(at(id), (_, { storage }) => storage.getAlarm())).toBeGreaterThan(Date.now());
    await pass(id, 5000);
    await runDurableObjectAlarm(at(id));
    expect(await takenOf(id)).toBe(1);
  });

  test("does not wake for ever for a tenant that is gone", async () => {
    const id = await create(1);
    await claim(id, "ada");
    await runInDurableObject(at(id), (_, { storage }) => void storage.sql.exec("UPDATE place SET tenant = 'gone'"));
    await pass(id, 2000);
    await runDurableObjectAlarm(at(id));
    const [held] = await at(id).claims();
    expect(await runInDurableObject(at(id), (_, { storage }) => storage.getAlarm())).toBe(held?.until);
    await pass(id, HOLD_MS + 1);
    await runDurableObjectAlarm(at(id));
    await pass(id, 2000);
    await runDurableObjectAlarm(at(id));
    expect((await runInDurableObject(at(id), (_, { storage }) => storage.list())).size).toBe(0);
  });

  test("news that come late change nothing", async () => {
    const id = await create(5);
    const db = env.TENANT_ACME.withSession("first-primary");
    await tellTaken(db, id, 3, 7);
    await tellTaken(db, id, 1, 6);
    expect(await takenOf(id)).toBe(3);
  });
});

test("the end leaves nothing, and nothing comes back by itself", async () => {
  const id = await create(1);
  await claim(id, "ada");
  await env.TENANT_ACME.prepare("DELETE FROM chat_rooms WHERE id = ?").bind(id).run();
  await at(id).end();
  expect(await runInDurableObject(at(id), (_, { storage }) => storage.getAlarm())).toBeNull();
  await evict(at(id));
  expect(await claim(id, "grace")).toEqual({ status: "not-found" });
  const tables = await runInDurableObject(at(id), (_, { storage }) => storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'claims'").toArray());
  expect(tables).toEqual([]);
});
