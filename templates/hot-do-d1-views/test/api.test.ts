import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { BOOKMARK_HEADER } from "../src/bookmarks.ts";
import { drain } from "./support/drain.ts";

function send(method: string, path: string, body?: unknown): Promise<Response> {
  return exports.default.fetch(`https://example.com${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

const at = (id: string) => env.CHAT_ROOM.getByName(id);

describe("the API", () => {
  test("from a command to the views", async () => {
    expect((await send("GET", "/chat-rooms/api-1")).status).toBe(404);
    expect(await (await send("POST", "/chat-rooms/api-1/commands", { id: "a", actor: "ada", amount: 5 })).json()).toEqual({ status: "applied", seq: 1, total: 5 });
    expect((await send("POST", "/chat-rooms/api-1/commands", { id: "b", actor: "ada", amount: -6 })).status).toBe(409);
    await send("POST", "/chat-rooms/api-2/commands", { id: "a", actor: "ada", amount: 7 });
    expect(await (await send("GET", "/chat-rooms/api-1")).json()).toEqual({ seq: 1, total: 5 });
    for (const id of ["api-1", "api-2"]) await drain(at, id);

    const { chatRooms } = await (await send("GET", "/chat-rooms?limit=2")).json<{ chatRooms: { id: string; total: number }[] }>();
    expect(chatRooms.map(({ id, total }) => ({ id, total }))).toEqual([
      { id: "api-2", total: 7 },
      { id: "api-1", total: 5 },
    ]);
    const { entries } = await (await send("GET", "/actors/ada/entries")).json<{ entries: { amount: number }[] }>();
    expect(entries.map((entry) => entry.amount).sort()).toEqual([5, 7]);
    expect(await (await send("GET", "/chat-rooms/api-1/outbox")).json()).toMatchObject({ seq: 1, pending: 0 });
    expect(await (await send("GET", "/lag")).json()).toMatchObject({ chatRooms: 2, maxMs: expect.any(Number) });
    expect((await send("POST", "/chat-rooms/api-1/replay")).status).toBe(202);
    expect((await send("POST", "/chat-rooms/nobody/replay")).status).toBe(404);
  });

  test("a read hands on its bookmark", async () => {
    const response = await send("GET", "/chat-rooms");
    expect(response.headers.get(BOOKMARK_HEADER)).toMatch(/^[0-9a-f]{8}-/);
  });

  test.each([
    ["an id that is no name", "/chat-rooms/a%20b/commands", { id: "c", actor: "a", amount: 1 }, "id"],
    ["half of one", "/chat-rooms/a/commands", { id: "c", actor: "a", amount: 0.5 }, '"amount"'],
    ["nobody", "/chat-rooms/a/commands", { id: "c", amount: 1 }, '"actor"'],
  ])("refuses %s", async (_, path, body, message) => {
    const response = await send("POST", path, body);
    expect(response.status).toBe(400);
    expect((await response.json<{ error: string }>()).error).toContain(message);
  });

  test("every read walks an index", async () => {
    for (const statement of [
      "SELECT id FROM chat_room_views WHERE total < 1 ORDER BY total DESC, id DESC LIMIT 1",
      "SELECT seq FROM chat_room_entries WHERE actor = '' AND occurred_at < 1 ORDER BY occurred_at DESC, chat_room_id DESC, seq DESC LIMIT 1",
    ]) {
      const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${statement}`).all<{ detail: string }>();
      const details = results.map((step) => step.detail).join("\n");
      expect(details).toMatch(/SEARCH .* USING/);
      expect(details).not.toMatch(/SCAN|TEMP B-TREE/);
    }
  });
});
