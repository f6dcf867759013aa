import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { createChatRoom, deleteChatRoom, getChatRoom, listOfAll, listOfOwner, renameChatRoom, sizesOfShards } from "./chat-rooms.ts";
import { readLimit, readName, readOwner, readPosition, readRename, showNext } from "./input.ts";
import { readBookmarks, writeBookmarks } from "./keyed-bookmarks.ts";
import { openShards, type ShardSessions } from "./shards.ts";

interface App {
  readonly Bindings: Env;
  readonly Variables: { readonly shards: ShardSessions };
}

const app = new Hono<App>();

// Every request has at most one session with each shard, at the bookmark that the caller has of it.
app.use(async (c, next) => {
  const known = readBookmarks(c);
  const shards = openShards(c.env, known);
  c.set("shards", shards);
  await next();
  writeBookmarks(c, known, shards.bookmarks());
});

app.post("/owners/:owner/chat-rooms", async (c) => {
  const created = await createChatRoom(c.get("shards"), readOwner(c.req.param("owner")), readName(await c.req.json()), Date.now());
  return c.json(created, 201, { location: `/chat-rooms/${created.id}` });
});

app.get("/owners/:owner/chat-rooms", async (c) => {
  const limit = readLimit(c.req.query("limit"));
  const page = await listOfOwner(c.get("shards"), readOwner(c.req.param("owner")), { before: readPosition(c.req.query("before")), limit });
  return c.json({ chatRooms: page, next: showNext(page, limit) });
});

app.get("/chat-rooms", async (c) => {
  const limit = readLimit(c.req.query("limit"));
  const page = await listOfAll(c.get("shards"), { before: readPosition(c.req.query("before")), limit });
  return c.json({ chatRooms: page, next: showNext(page, limit) });
});

app.get("/chat-rooms/:id", async (c) => {
  const found = await getChatRoom(c.get("shards"), c.req.param("id"));
  return found === undefined ? c.json({ error: "not found" }, 404) : c.json(found);
});

app.patch("/chat-rooms/:id", async (c) => {
  const outcome = await renameChatRoom(c.get("shards"), c.req.param("id"), readRename(await c.req.json()));
  if (outcome === "not-found") return c.json({ error: "not found" }, 404);
  if (outcome === "changed-meanwhile") return c.json({ error: "somebody changed it meanwhile: read it again" }, 409);
  return c.body(null, 204);
});

app.delete("/chat-rooms/:id", async (c) => {
  const deleted = await deleteChatRoom(c.get("shards"), c.req.param("id"));
  return deleted ? c.body(null, 204) : c.json({ error: "not found" }, 404);
});

// For operators: put it behind your authentication.
app.get("/shards", async (c) => c.json({ bytes: await sizesOfShards(c.get("shards")) }));

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  if (error instanceof SyntaxError) return c.json({ error: "the body is not JSON" }, 400);
  console.error(error);
  return c.json({ error: "internal error" }, 500);
});

export default app;
