import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { BOOKMARKS_COOKIE, BOOKMARKS_HEADER } from "../src/keyed-bookmarks.ts";
import { databaseOf } from "../src/tenants.ts";

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly claims: readonly { readonly holder: string }[];
}

function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`https://example.com${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function create(tenant: string, name: string, capacity = 1): Promise<Shown> {
  const response = await send("POST", `/tenants/${tenant}/chat-rooms`, { name, capacity });
  expect(response.status).toBe(201);
  return response.json();
}

describe("the API", () => {
  test("from creating to the end", async () => {
    const { id } = await create("acme", "Lobby");
    const path = `/tenants/acme/chat-rooms/${id}`;
    expect((await send("POST", `${path}/claims`, { holder: "ada" })).status).toBe(200);
    expect((await send("POST", `${path}/claims`, { holder: "grace" })).status).toBe(409);
    expect(await (await send("GET", path)).json()).toMatchObject({ name: "Lobby", capacity: 1, claims: [{ holder: "ada" }] });
    expect((await send("DELETE", `${path}/claims/ada`)).status).toBe(204);
    expect((await send("DELETE", `${path}/claims/ada`)).status).toBe(404);
    expect((await send("DELETE", path)).status).toBe(204);
    expect((await send("DELETE", path)).status).toBe(404);
    expect((await send("GET", path)).status).toBe(404);
    expect((await send("POST", `${path}/claims`, { holder: "ada" })).status).toBe(404);
  });

  test.each([
    ["a tenant nobody has", "GET", "/tenants/nobody/chat-rooms", undefined, 404],
    ["a tenant named like a property of every object", "GET", "/tenants/constructor/chat-rooms", undefined, 404],
    ["no capacity", "POST", "/tenants/acme/chat-rooms", { name: "x" }, 400],
    ["a negative capacity", "POST", "/tenants/acme/chat-rooms", { name: "x", capacity: -1 }, 400],
    ["an id that is no name", "POST", "/tenants/acme/chat-rooms/a%2Fb/claims", { holder: "ada" }, 400],
  ])("refuses %s", async (_, method, path, body, status) => expect((await send(method, path, body)).status).toBe(status));

  test("the list walks an index", async () => {
    const { results } = await env.TENANT_ACME.prepare(
      "EXPLAIN QUERY PLAN SELECT id FROM chat_rooms WHERE created_at < 1 ORDER BY created_at DESC, id DESC LIMIT 1",
    ).all<{ detail: string }>();
    expect(results.map((step) => step.detail).join("\n")).toMatch(/^SEARCH .* USING/);
  });
});

describe("tenants", () => {
  test("see their own, and only that", async () => {
    const { id } = await create("acme", "Secret");
    const { chatRooms } = await (await send("GET", "/tenants/globex/chat-rooms")).json<{ chatRooms: Shown[] }>();
    expect(chatRooms.map(({ name }) => name)).not.toContain("Secret");
    expect((await send("GET", `/tenants/globex/chat-rooms/${id}`)).status).toBe(404);
    expect((await send("POST", `/tenants/globex/chat-rooms/${id}/claims`, { holder: "mallory" })).status).toBe(404);
    expect((await send("DELETE", `/tenants/globex/chat-rooms/${id}`)).status).toBe(404);
    expect((await send("GET", `/tenants/acme/chat-rooms/${id}`)).status).toBe(200);
  });

  test("have databases of their own, each named once", () => {
    expect(databaseOf(env, "acme")).toBe(env.TENANT_ACME);
    expect(databaseOf(env, "globex")).toBe(env.TENANT_GLOBEX);
    for (const nobody of ["", "toString", "__proto__", "TENANT_ACME", "acme "]) expect(databaseOf(env, nobody)).toBeUndefined();
  });

  test("a bookmark of one is never used for the other", async () => {
    const acme = (await send("GET", "/tenants/acme/chat-rooms")).headers.get(BOOKMARKS_HEADER) ?? "";
    expect(acme).toMatch(/^acme\.[0-9a-f]{8}-/);
    const both = await send("GET", "/tenants/globex/chat-rooms", undefined, { cookie: `${BOOKMARKS_COOKIE}=${acme}` });
    const header = both.headers.get(BOOKMARKS_HEADER) ?? "";
    expect(header.split("_").map((part) => part.split(".")[0]).sort()).toEqual(["acme", "globex"]);
    expect(header).toContain(acme);
  });
});
