import { env, exports } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly labels: readonly string[];
}

const url = (path: string): string => `https://example.com${path}`;

function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(url(path), { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function create(input: Record<string, unknown>): Promise<Shown> {
  const response = await send("POST", "/chat-rooms", input);
  expect(response.status).toBe(201);
  return response.json();
}

async function list(query: string): Promise<{ names: string[]; next: string | null }> {
  const { chatRooms, next } = await (await send("GET", `/chat-rooms${query}`)).json<{ chatRooms: Shown[]; next: string | null }>();
  return { names: chatRooms.map((shown) => shown.name), next };
}

describe("the API", () => {
  test("creates with labels and reads back", async () => {
    const created = await create({ name: "Lobby", ownerId: "ada", labels: ["green", "blue", "blue"] });
    const response = await send("GET", `/chat-rooms/${created.id}`);
    expect(await response.json()).toMatchObject({ name: "Lobby", ownerId: "ada", version: 1, labels: ["blue", "green"] });
  });

  test("a create that fails half-way leaves nothing behind", async () => {
    const before = await count();
    await env.DB.exec("CREATE TRIGGER refuse BEFORE INSERT ON chat_room_labels BEGIN SELECT RAISE(ABORT, 'refused'); END");
    vi.spyOn(console, "error").mockImplementationOnce(() => {});
    expect((await send("POST", "/chat-rooms", { name: "Half", ownerId: "ada", labels: ["x"] })).status).toBe(500);
    await env.DB.exec("DROP TRIGGER refuse");
    expect(await count()).toBe(before);
  });

  test("lists by owner and label, page by page", async () => {
    for (const name of ["one", "two", "three"]) await create({ name, ownerId: "grace", labels: name === "two" ? [] : ["odd"] });
    const first = await list("?owner=grace&limit=2");
    expect(first.names).toHaveLength(2);
    const second = await list(`?owner=grace&limit=2&before=${first.next}`);
    expect([...first.names, ...second.names].sort()).toEqual(["one", "three", "two"]);
    expect(second.next).toBeNull();
    expect((await list("?label=odd")).names.sort()).toEqual(["one", "three"]);
    expect((await list("?label=odd&owner=nobody")).names).toEqual([]);
  });

  test("of two writers who saw the same version one wins", async () => {
    const { id } = await create({ name: "Old", ownerId: "ada" });
    const answers = await Promise.all(["A", "B"].map((name) => send("PATCH", `/chat-rooms/${id}`, { name, version: 1 })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 409]);
    expect(await (await send("GET", `/chat-rooms/${id}`)).json()).toMatchObject({ version: 2 });
    expect((await send("PATCH", "/chat-rooms/none", { name: "x", version: 1 })).status).toBe(404);
  });

  test("deletes, labels included", async () => {
    const { id } = await create({ name: "Gone", ownerId: "ada", labels: ["short-lived"] });
    expect((await send("DELETE", `/chat-rooms/${id}`)).status).toBe(204);
    expect((await send("DELETE", `/chat-rooms/${id}`)).status).toBe(404);
    expect((await env.DB.prepare("SELECT 1 FROM chat_room_labels WHERE chat_room_id = ?").bind(id).all()).results).toEqual([]);
  });

  test.each([
    ["no JSON", "{", "not JSON"],
    ["a list", "[]", "JSON object"],
    ["an empty name", '{"name":" ","ownerId":"ada"}', '"name"'],
    ["labels that are no list", '{"name":"x","ownerId":"ada","labels":"blue"}', '"labels"'],
  ])("refuses %s", async (_, body, message) => {
    const response = await exports.default.fetch(url("/chat-rooms"), { method: "POST", body });
    expect(response.status).toBe(400);
    expect((await response.json<{ error: string }>()).error).toContain(message);
  });
});

async function count(): Promise<number | null> {
  return env.DB.prepare("SELECT count(*) AS rows FROM chat_rooms").first<number>("rows");
}
