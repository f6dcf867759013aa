import { Hono, type Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { readBookmark, writeBookmark } from "./bookmarks.ts";
import type { ChatRoom } from "./chat-room.ts";
import { readCommand, readId, readLimit, readNumber } from "./input.ts";
import { entriesOfActor, recentLag, topChatRooms } from "./views.ts";

export { ChatRoom } from "./chat-room.ts";

interface App {
  readonly Bindings: Env;
  readonly Variables: { readonly db: D1DatabaseSession };
}

const app = new Hono<App>();

// What changes, or must be true this moment, is asked of the one object that owns it.

app.post("/chat-rooms/:id/commands", async (c) => {
  const outcome = await objectOf(c).apply(c.req.param("id"), readCommand(await c.req.json()));
  return c.json(outcome, outcome.status === "refused" ? 409 : 200);
});

app.get("/chat-rooms/:id", async (c) => orNotFound(c, await objectOf(c).state()));

app.get("/chat-rooms/:id/outbox", async (c) => orNotFound(c, await objectOf(c).outboxStatus()));

// For operators: put it behind your authentication.
app.post("/chat-rooms/:id/replay", async (c) => ((await objectOf(c).replay()) ? c.body(null, 202) : notFound(c)));

// What spans objects is asked of D1, never of the objects one by one. It follows a moment behind; `seq` says how far. One session a request, and
// its bookmark handed on, so that a caller never sees an older view than before, whichever replica answers.

const reads = new Hono<App>();

reads.use(async (c, next) => {
  const session = c.env.DB.withSession(readBookmark(c) ?? "first-unconstrained");
  c.set("db", session);
  await next();
  writeBookmark(c, session.getBookmark());
});

reads.get("/chat-rooms", async (c) => {
  const limit = readLimit(c.req.query("limit"));
  return c.json({ chatRooms: await topChatRooms(c.get("db"), readNumber("below", c.req.query("below")), limit) });
});

reads.get("/actors/:actor/entries", async (c) => {
  const limit = readLimit(c.req.query("limit"));
  return c.json({ entries: await entriesOfActor(c.get("db"), c.req.param("actor"), readNumber("before", c.req.query("before")), limit) });
});

reads.get("/lag", async (c) => c.json(await recentLag(c.get("db"))));

app.route("/", reads);

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  if (error instanceof SyntaxError) return c.json({ error: "the body is not JSON" }, 400);
  console.error(error);
  return c.json({ error: "internal error" }, 500);
});

export default app;

function objectOf(c: Context<App>): DurableObjectStub<ChatRoom> {
  return c.env.CHAT_ROOM.getByName(readId(c.req.param("id")));
}

function orNotFound(c: Context, value: object | undefined): Response {
  return value === undefined ? notFound(c) : c.json(value);
}

function notFound(c: Context): Response {
  return c.json({ error: "not found" }, 404);
}
