import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { IDLE_MS, type ChatRoom } from "../src/chat-room.ts";
import { connect } from "./support/client.ts";
import { evict } from "./support/evict.ts";

type Stub = DurableObjectStub<ChatRoom>;

// Asked for anew at each use: a stub that has seen its object break stays broken.
const at = (id: string): Stub => env.CHAT_ROOM.getByName(id);

const tables = (stub: Stub): Promise<string[]> =>
  runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'")
      .toArray()
      .map(({ name }) => name)
      .sort(),
  );

const alarmOf = (stub: Stub): Promise<number | null> => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());

/** Makes the last activity lie `ms` in the past. */
const age = (stub: Stub, ms: number): Promise<unknown> =>
  runInDurableObject(stub, (_, { storage }) => storage.sql.exec("UPDATE profile SET last_active_at = ?", Date.now() - ms).toArray());

describe("the life of one chat room", () => {
  test("asking about one that is not open writes nothing", async () => {
    expect(await at("unknown").profile()).toBeUndefined();
    expect(await at("unknown").history()).toBeUndefined();
    expect(await at("unknown").post({ id: "1", member: "ada", text: "Anybody?" })).toBeUndefined();
    expect(await at("unknown").end()).toBe(false);
    expect(await tables(at("unknown"))).toEqual([]);
  });

  test("opening twice changes nothing", async () => {
    const first = await at("twice").open("twice", "First");
    const alarm = await alarmOf(at("twice"));
    expect(await at("twice").open("twice", "Second")).toEqual(first);
    expect(await alarmOf(at("twice"))).toBe(alarm);
    expect(first.id).toBe("twice");
  });

  test("state outlives an eviction", async () => {
    await at("evicted").open("evicted", "Kept");
    await at("evicted").post({ id: "1", member: "ada", text: "Kept too" });
    await evict(at("evicted"));
    expect(await at("evicted").profile()).toMatchObject({ title: "Kept", lastSeq: 1 });
  });

  test("the alarm leaves a busy one alone and comes back when it may be idle", async () => {
    await at("busy").open("busy", "Busy");
    await age(at("busy"), IDLE_MS / 2);
    expect(await runDurableObjectAlarm(at("busy"))).toBe(true);
    expect(await at("busy").profile()).toBeDefined();
    const next = await alarmOf(at("busy"));
    expect(next).toBeGreaterThan(Date.now());
    expect(next).toBeLessThanOrEqual(Date.now() + IDLE_MS / 2);
  });

  test("somebody connected keeps it, however silent", async () => {
    await at("silent").open("silent", "Silent");
    const ada = await connect("silent", "ada");
    await ada.next("welcome");
    await age(at("silent"), 2 * IDLE_MS);
    await runDurableObjectAlarm(at("silent"));
    expect(await at("silent").profile()).toBeDefined();
  });

  test("the alarm deletes an idle one, and nothing brings its tables back", async () => {
    await at("idle").open("idle", "Idle");
    await age(at("idle"), 2 * IDLE_MS);
    expect(await runDurableObjectAlarm(at("idle"))).toBe(true);
    expect(await tables(at("idle"))).toEqual([]);
    expect(await alarmOf(at("idle"))).toBeNull();
    await evict(at("idle"));
    expect(await at("idle").profile()).toBeUndefined();
    expect(await tables(at("idle"))).toEqual([]);
    // The alarm may run a second time.
    await runInDurableObject(at("idle"), (object: ChatRoom) => object.alarm());
    expect(await tables(at("idle"))).toEqual([]);
  });

  test("ending closes the sockets, and the name can be used again", async () => {
    await at("again").open("again", "Old");
    const ada = await connect("again", "ada");
    expect(await at("again").end()).toBe(true);
    expect(await ada.closed).toMatchObject({ code: 4410, reason: "ended" });
    expect(await at("again").open("again", "New")).toMatchObject({ title: "New", lastSeq: 0 });
  });

  test("each id has an object of its own", async () => {
    const before = (await listDurableObjectIds(env.CHAT_ROOM)).length;
    await at("left").open("left", "Left");
    await at("right").open("right", "Right");
    expect((await listDurableObjectIds(env.CHAT_ROOM)).length).toBe(before + 2);
    expect((await at("left").profile())?.title).toBe("Left");
  });

  test("an object of the first schema is brought up to date when it wakes", async () => {
    await at("old-schema").open("old-schema", "Old");
    await at("old-schema").post({ id: "1", member: "ada", text: "From before" });
    await runInDurableObject(at("old-schema"), (_, { storage }) => {
      storage.sql.exec("DROP INDEX messages_by_member");
      storage.kv.put("schema-version", 1);
    });
    await evict(at("old-schema"));
    expect(await at("old-schema").history()).toHaveLength(1);
    const indexes = await runInDurableObject(at("old-schema"), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'messages_by_member'").toArray(),
    );
    expect(indexes).toHaveLength(1);
  });
});
