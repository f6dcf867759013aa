import { Hono, type Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ChatRoom } from "./chat-room.ts";
import { createChatRoom, deleteChatRoom, getChatRoom, listChatRooms } from "./chat-rooms.ts";
import { readHolder, readId, readLimit, readNewChatRoom, readTime } from "./input.ts";
import { readBookmarks, writeBookmarks } from "./keyed-bookmarks.ts";
import { databaseOf } from "./tenants.ts";

export { ChatRoom } from "./chat-room.ts";

interface App {
  readonly Bindings: Env;
  readonly Variables: { readonly db: D1DatabaseSession; readonly tenant: string };
}

const app = new Hono<App>();

// Everything below belongs to one tenant. Put your authentication here: whoever comes further has this tenant's database, and no other.
app.use("/tenants/:tenant/*", async (c, next) => {
  const tenant = c.req.param("tenant");
  const database = databaseOf(c.env, tenant);
  if (database === undefined) return c.json({ error: "not found" }, 404);
  // One session a request, at the bookmark that the caller has of this database. Bookmarks of other databases mean nothing to it.
  const known = readBookmarks(c);
  const session = database.withSession(known.get(tenant) ?? "first-unconstrained");
  c.set("tenant", tenant);
  c.set("db", session);
  await next();
  const bookmark = session.getBookmark();
  if (bookmark !== null) writeBookmarks(c, known, new Map([[tenant, bookmark]]));
});

app.get("/tenants/:tenant/chat-rooms", async (c) => {
  const limit = readLimit(c.req.query("limit"));
  return c.json({ chatRooms: await listChatRooms(c.get("db"), readTime("before", c.req.query("before")), limit) });
});

app.post("/tenants/:tenant/chat-rooms", async (c) => {
  const created = await createChatRoom(c.get("db"), readNewChatRoom(await c.req.json()), Date.now());
  return c.json(created, 201, { location: `/tenants/${c.get("tenant")}/chat-rooms/${created.id}` });
});

app.get("/tenants/:tenant/chat-rooms/:id", async (c) => {
  const found = await getChatRoom(c.get("db"), c.req.param("id"));
  if (found === undefined) return notFound(c);
  // The database's `taken` is a moment old; the object's claims are what holds now.
  return c.json({ ...found, claims: await objectOf(c, found.id).claims() });
});

app.delete("/tenants/:tenant/chat-rooms/:id", async (c) => {
  const id = readId(c.req.param("id"));
  const deleted = await deleteChatRoom(c.get("db"), id);
  // Also when the row was gone already: a delete that was cut short is finished by asking again.
  await objectOf(c, id).end();
  return deleted ? c.body(null, 204) : notFound(c);
});

app.post("/tenants/:tenant/chat-rooms/:id/claims", async (c) => {
  const id = readId(c.req.param("id"));
  const outcome = await objectOf(c, id).claim(c.get("tenant"), id, readHolder(await c.req.json()));
  if (outcome.status === "claimed") return c.json(outcome.claim);
  return outcome.status === "full" ? c.json({ error: "full" }, 409) : notFound(c);
});

app.delete("/tenants/:tenant/chat-rooms/:id/claims/:holder", async (c) => {
  const released = await objectOf(c, readId(c.req.param("id"))).release(c.req.param("holder"));
  return released ? c.body(null, 204) : notFound(c);
});

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  if (error instanceof SyntaxError) return c.json({ error: "the body is not JSON" }, 400);
  console.error(error);
  return c.json({ error: "internal error" }, 500);
});

export default app;

// The tenant is part of the name, so that the same id of two tenants is two objects. Neither can contain the "/".
function objectOf(c: Context<App>, id: string): DurableObjectStub<ChatRoom> {
  return c.env.CHAT_ROOM.getByName(`${c.get("tenant")}/${id}`);
}

function notFound(c: Context): Response {
  return c.json({ error: "not found" }, 404);
}
