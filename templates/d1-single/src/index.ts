import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { readBookmark, writeBookmark } from "./bookmarks.ts";
import { createChatRoom, deleteChatRoom, getChatRoom, listChatRooms, renameChatRoom } from "./chat-rooms.ts";
import { readLimit, readNewChatRoom, readPosition, readRename, showPosition } from "./input.ts";

interface App {
  readonly Bindings: Env;
  readonly Variables: { readonly db: D1DatabaseSession };
}

const app = new Hono<App>();

// Every request has one session for all its queries. With read replication on, reads are answered by the nearest replica that is as
// new as the bookmark; without it the session changes nothing.
app.use(async (c, next) => {
  const session = c.env.DB.withSession(readBookmark(c) ?? "first-unconstrained");
  c.set("db", session);
  await next();
  writeBookmark(c, session.getBookmark());
});

app.get("/chat-rooms", async (c) => {
  const limit = readLimit(c.req.query("limit"));
  const page = await listChatRooms(c.get("db"), {
    ownerId: c.req.query("owner"),
    label: c.req.query("label"),
    before: readPosition(c.req.query("before")),
    limit,
  });
  const last = page.at(-1);
  return c.json({ chatRooms: page, next: last !== undefined && page.length === limit ? showPosition(last) : null });
});

app.post("/chat-rooms", async (c) => {
  const created = await createChatRoom(c.get("db"), readNewChatRoom(await c.req.json()), Date.now());
  return c.json(created, 201, { location: `/chat-rooms/${created.id}` });
});

app.get("/chat-rooms/:id", async (c) => {
  const found = await getChatRoom(c.get("db"), c.req.param("id"));
  return found === undefined ? c.json({ error: "not found" }, 404) : c.json(found);
});

app.patch("/chat-rooms/:id", async (c) => {
  const outcome = await renameChatRoom(c.get("db"), c.req.param("id"), readRename(await c.req.json()));
  if (outcome === "not-found") return c.json({ error: "not found" }, 404);
  if (outcome === "changed-meanwhile") return c.json({ error: "somebody changed it meanwhile: read it again" }, 409);
  return c.body(null, 204);
});

app.delete("/chat-rooms/:id", async (c) => {
  const deleted = await deleteChatRoom(c.get("db"), c.req.param("id"));
  return deleted ? c.body(null, 204) : c.json({ error: "not found" }, 404);
});

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  if (error instanceof SyntaxError) return c.json({ error: "the body is not JSON" }, 400);
  console.error(error);
  return c.json({ error: "internal error" }, 500);
});

export default app;
