import { env, exports } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { BOOKMARKS_COOKIE, BOOKMARKS_HEADER } from "../src/keyed-bookmarks.ts";
import { bucketOf, shardOf } from "../src/shards.ts";

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`https://example.com${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function create(owner: string, name: string): Promise<Shown> {
  const response = await send("POST", `/owners/${owner}/chat-rooms`, { name });
  expect(response.status).toBe(201);
  return response.json();
}

async function list(path: string): Promise<{ names: string[]; next: string | null }> {
  const { chatRooms, next } = await (await send("GET", path)).json<{ chatRooms: Shown[]; next: string | null }>();
  return { names: chatRooms.map((shown) => shown.name), next };
}

const OWNERS = Array.from({ length: 12 }, (_, i) => `owner-${i}`);

describe("the API", () => {
  test("stores each owner's in one shard, and finds each by its id alone", async () => {
    const made = await Promise.all(OWNERS.map(async (owner) => ({ owner, ...(await create(owner, `of ${owner}`)) })));
    expect(new Set(OWNERS.map((owner) => shardOf(bucketOf(owner)))).size).toBeGreaterThan(2);
    for (const { id, owner } of made) expect(await (await send("GET", `/chat-rooms/${id}`)).json()).toMatchObject({ ownerId: owner, name: `of ${owner}` });
    for (const { owner } of made) expect((await list(`/owners/${owner}/chat-rooms`)).names).toEqual([`of ${owner}`]);
  });

  test("lists over all shards, newest first, page by page, each once", async () => {
    let now = Date.now() + 1_000_000;
    vi.spyOn(Date, "now").mockImplementation(() => now++);
    for (let i = 0; i < 10; i++) await create(`pager-${i}`, `page ${i}`);
    vi.restoreAllMocks();
    const names: string[] = [];
    let path: string | null = "/chat-rooms?limit=3";
    while (path !== null && names.length < 10) {
      const page: { names: string[]; next: string | null } = await list(path);
      names.push(...page.names);
      path = page.next === null ? null : `/chat-rooms?limit=3&before=${page.next}`;
    }
    expect(names.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => `page ${9 - i}`));
  });

  test("of two writers who saw the same version one wins", async () => {
    const { id } = await create("ada", "Old");
    const answers = await Promise.all(["A", "B"].map((name) => send("PATCH", `/chat-rooms/${id}`, { name, version: 1 })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 409]);
    expect((await send("DELETE", `/chat-rooms/${id}`)).status).toBe(204);
    expect((await send("DELETE", `/chat-rooms/${id}`)).status).toBe(404);
    for (const unknown of [id, "nonsense", "zz-00000000-0000-0000-0000-000000000000"]) {
      expect((await send("GET", `/chat-rooms/${unknown}`)).status).toBe(404);
      expect((await send("PATCH", `/chat-rooms/${unknown}`, { name: "x", version: 1 })).status).toBe(404);
    }
  });

  test("tells how large each shard is", async () => {
    const { bytes } = await (await send("GET", "/shards")).json<{ bytes: number[] }>();
    expect(bytes).toHaveLength(4);
    for (const size of bytes) expect(size).toBeGreaterThan(0);
  });

  test.each([
    ["no JSON", "{", "not JSON"],
    ["an empty name", '{"name":" "}', '"name"'],
  ])("refuses %s", async (_, body, message) => {
    const response = await exports.default.fetch("https://example.com/owners/ada/chat-rooms", { method: "POST", body });
    expect(response.status).toBe(400);
    expect((await response.json<{ error: string }>()).error).toContain(message);
  });

  test("every list walks an index, in every shard", async () => {
    for (const statement of [
      "SELECT id FROM chat_rooms WHERE owner_id = '' AND (created_at, id) < (1, '') ORDER BY created_at DESC, id DESC LIMIT 1",
      "SELECT id FROM chat_rooms WHERE (created_at, id) < (1, '') ORDER BY created_at DESC, id DESC LIMIT 1",
      "SELECT id FROM chat_rooms WHERE bucket = 1",
    ]) {
      const { results } = await env.DB_2.prepare(`EXPLAIN QUERY PLAN ${statement}`).all<{ detail: string }>();
      const details = results.map((step) => step.detail).join("\n");
      expect(details).toMatch(/SEARCH .* USING/);
      expect(details).not.toMatch(/SCAN|TEMP B-TREE/);
    }
  });
});

describe("sessions", () => {
  test("the answer carries a bookmark of each shard that was asked, and of those it was told", async () => {
    const one = await send("GET", "/owners/ada/chat-rooms");
    const header = one.headers.get(BOOKMARKS_HEADER) ?? "";
    expect(header).toMatch(new RegExp(`^${shardOf(bucketOf("ada"))}\\.[0-9a-f]{8}-[0-9a-f-]+$`));
    const all = await send("GET", "/chat-rooms", undefined, { cookie: `${BOOKMARKS_COOKIE}=${header}` });
    expect((all.headers.get(BOOKMARKS_HEADER) ?? "").split("_")).toHaveLength(4);
    expect(all.headers.get("set-cookie")).toContain(BOOKMARKS_COOKIE);
    const other = OWNERS.find((owner) => shardOf(bucketOf(owner)) !== shardOf(bucketOf("ada"))) ?? "";
    const both = await send("GET", `/owners/${other}/chat-rooms`, undefined, { [BOOKMARKS_HEADER]: header });
    expect((both.headers.get(BOOKMARKS_HEADER) ?? "").split("_")).toHaveLength(2);
  });

  test.each(["first-primary", "0.first-primary", "9.00000001-00000001-00000001-00000001", "0.'; DROP TABLE chat_rooms", "_._._", "x".repeat(5000)])(
    "%j is ignored where it is no bookmark of ours",
    async (value) => expect((await send("GET", "/owners/ada/chat-rooms", undefined, { [BOOKMARKS_HEADER]: value })).status).toBe(200),
  );
});
