import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";

function send(method: string, path: string, body?: unknown): Promise<Response> {
  return exports.default.fetch(`https://example.com${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

describe("the API", () => {
  test("from opening to the end", async () => {
    expect((await send("GET", "/chat-rooms/lobby")).status).toBe(404);
    expect(await (await send("PUT", "/chat-rooms/lobby", { title: "Lobby" })).json()).toMatchObject({ id: "lobby", title: "Lobby", lastSeq: 0 });
    const message = { id: "m1", member: "ada", text: "Hello" };
    expect(await (await send("POST", "/chat-rooms/lobby/messages", message)).json()).toMatchObject({ seq: 1, ...message });
    expect(await (await send("POST", "/chat-rooms/lobby/messages", message)).json()).toMatchObject({ seq: 1 });
    expect(await (await send("GET", "/chat-rooms/lobby/messages")).json()).toHaveLength(1);
    expect(await (await send("GET", "/chat-rooms/lobby/messages?before=1")).json()).toEqual([]);
    expect(await (await send("GET", "/chat-rooms/lobby/messages?member=ada")).json()).toHaveLength(1);
    expect(await (await send("GET", "/chat-rooms/lobby/messages?member=grace")).json()).toEqual([]);
    expect((await send("DELETE", "/chat-rooms/lobby")).status).toBe(204);
    expect((await send("DELETE", "/chat-rooms/lobby")).status).toBe(404);
    expect((await send("GET", "/chat-rooms/lobby/messages")).status).toBe(404);
  });

  test.each([
    ["an id that is no name", "/chat-rooms/a%20b", { title: "x" }, "id"],
    ["a title that is no text", "/chat-rooms/a", { title: 1 }, '"title"'],
    ["a body that is no object", "/chat-rooms/a", [], "JSON object"],
  ])("refuses %s", async (_, path, body, message) => {
    const response = await send("PUT", path, body);
    expect(response.status).toBe(400);
    expect((await response.json<{ error: string }>()).error).toContain(message);
  });
});
