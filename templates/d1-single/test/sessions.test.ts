import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { BOOKMARK_COOKIE, BOOKMARK_HEADER } from "../src/bookmarks.ts";

const create = (headers: Record<string, string> = {}): Promise<Response> =>
  exports.default.fetch("https://example.com/chat-rooms", {
    method: "POST",
    headers,
    body: JSON.stringify({ name: "Lobby", ownerId: "ada" }),
  });

const read = (headers: Record<string, string>): Promise<Response> => exports.default.fetch("https://example.com/chat-rooms", { headers });

test("a response carries the bookmark in a header and a cookie", async () => {
  const response = await create();
  const bookmark = response.headers.get(BOOKMARK_HEADER);
  expect(bookmark).toMatch(/^[0-9a-f]{8}-/);
  expect(response.headers.get("set-cookie")).toContain(`${BOOKMARK_COOKIE}=${bookmark}`);
  expect(response.headers.get("set-cookie")).toContain("HttpOnly");
});

test("a bookmark sent back is honoured, from either place, and never goes backwards", async () => {
  const older = bookmarkOf(await create());
  const newer = bookmarkOf(await create());
  expect(newer > older).toBe(true);
  for (const headers of [
    { [BOOKMARK_HEADER]: newer },
    { cookie: `${BOOKMARK_COOKIE}=${newer}` },
    { [BOOKMARK_HEADER]: older, cookie: `${BOOKMARK_COOKIE}=${newer}` },
  ])
    expect(bookmarkOf(await read(headers)) >= newer).toBe(true);
});

test("what is no bookmark is ignored", async () => {
  for (const value of ["first-primary", "'; DROP TABLE chat_rooms", "0".repeat(500)]) {
    const response = await read({ [BOOKMARK_HEADER]: value });
    expect(response.status).toBe(200);
  }
});

test("every list walks an index", async () => {
  const plans = [
    "SELECT id FROM chat_rooms WHERE (created_at, id) < (1, '') ORDER BY created_at DESC, id DESC LIMIT 1",
    "SELECT id FROM chat_rooms WHERE owner_id = '' AND (created_at, id) < (1, '') ORDER BY created_at DESC, id DESC LIMIT 1",
    "SELECT chat_room_id FROM chat_room_labels WHERE label = '' AND (created_at, chat_room_id) < (1, '') ORDER BY created_at DESC, chat_room_id DESC LIMIT 1",
  ];
  for (const statement of plans) {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${statement}`).all<{ detail: string }>();
    const details = results.map((step) => step.detail).join("\n");
    expect(details).toMatch(/SEARCH .* USING/);
    expect(details).not.toMatch(/SCAN|TEMP B-TREE/);
  }
});

function bookmarkOf(response: Response): string {
  const bookmark = response.headers.get(BOOKMARK_HEADER);
  if (bookmark === null) throw new Error("The response carries no bookmark.");
  return bookmark;
}
