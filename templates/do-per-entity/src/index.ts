import { Hono, type Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ChatRoom } from "./chat-room.ts";
import { readId, readMember, readNewMessage, readSeq, readTitle } from "./input.ts";

export { ChatRoom } from "./chat-room.ts";

// The Worker checks and shapes; only what needs one owner goes to the object.
const app = new Hono<{ Bindings: Env }>();

app.put("/chat-rooms/:id", async (c) => c.json(await objectOf(c).open(c.req.param("id"), readTitle(await c.req.json()))));

app.get("/chat-rooms/:id", async (c) => orNotFound(c, await objectOf(c).profile()));

app.delete("/chat-rooms/:id", async (c) => ((await objectOf(c).end()) ? c.body(null, 204) : notFound(c)));

app.get("/chat-rooms/:id/messages", async (c) => {
  const before = readSeq(c.req.query("before"));
  return orNotFound(c, await objectOf(c).history({ before, member: c.req.query("member") }));
});

app.post("/chat-rooms/:id/messages", async (c) => orNotFound(c, await objectOf(c).post(readNewMessage(await c.req.json()))));

app.get("/chat-rooms/:id/socket", (c) => {
  // Refused here, a wrong request costs no request to the object.
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return c.json({ error: "this address speaks WebSocket" }, 426);
  // Put your authentication here: the object believes what the Worker says about who is calling.
  const member = readMember(c.req.query("member"));
  const address = `https://object/socket?${new URLSearchParams({ member })}`;
  return objectOf(c).fetch(address, { headers: { upgrade: "websocket" } });
});

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  if (error instanceof SyntaxError) return c.json({ error: "the body is not JSON" }, 400);
  console.error(error);
  return c.json({ error: "internal error" }, 500);
});

export default app;

// One object for each id. Never a constant name: that would be one object for everybody, and one object serves some 500 requests a second.
function objectOf(c: Context<{ Bindings: Env }>): DurableObjectStub<ChatRoom> {
  return c.env.CHAT_ROOM.getByName(readId(c.req.param("id")));
}

function orNotFound(c: Context, value: object | undefined): Response {
  return value === undefined ? notFound(c) : c.json(value);
}

function notFound(c: Context): Response {
  return c.json({ error: "not found" }, 404);
}
