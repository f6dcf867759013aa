import { DurableObject } from "cloudflare:workers";
import { isInUse, migrate } from "./schema.ts";
import type { ChatRoomProfile, ClientEvent, Connection, HistoryOptions, Message, NewMessage, ServerEvent } from "./types.ts";

/** How long nothing may happen before everything is deleted. */
export const IDLE_MS = 24 * 60 * 60 * 1000;
const HISTORY = 50;

type MessageRow = Record<"seq" | "sent_at", number> & Record<"id" | "member" | "text", string>;

/**
 * One object for each chat room: it alone decides the order of what happens there. All state is in its SQLite storage or attached to its
 * sockets, none in fields, because memory is gone after every hibernation, eviction and deploy.
 */
export class ChatRoom extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // This runs at every wake-up, so it stays short. Answering pings here lets the object sleep through them.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    // Nothing here is asynchronous, so no event can come between: there is nothing for blockConcurrencyWhile to hold back.
    // An object that is not in use gets no tables: a look at a name that nobody opened, or at one that has expired, must not leave
    // storage behind to be billed for ever.
    if (isInUse(ctx.storage)) migrate(ctx.storage);
  }

  /** Opens the chat room, or gives the one that is open already. `id` is the name that the object is addressed by. */
  async open(id: string, title: string): Promise<ChatRoomProfile> {
    migrate(this.ctx.storage);
    const now = Date.now();
    this.ctx.storage.sql.exec(
      "INSERT INTO profile (only_row, id, title, opened_at, last_active_at) VALUES (1, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      id,
      title,
      now,
      now,
    );
    const profile = this.#requireProfile();
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(now + IDLE_MS);
    return profile;
  }

  /** What the chat room is now, or undefined when it is not open. */
  profile(): ChatRoomProfile | undefined {
    if (!isInUse(this.ctx.storage)) return undefined;
    const row = this.ctx.storage.sql
      .exec<{ id: string; title: string; opened_at: number; last_active_at: number; last_seq: number | null }>(
        "SELECT id, title, opened_at, last_active_at, (SELECT max(seq) FROM messages) AS last_seq FROM profile",
      )
      .toArray()[0];
    if (row === undefined) return undefined;
    const { id, title, opened_at: openedAt, last_active_at: lastActiveAt, last_seq: lastSeq } = row;
    return { id, title, openedAt, lastActiveAt, lastSeq: lastSeq ?? 0, members: this.#members() };
  }

  /** The newest messages, oldest first, of one member or of all; undefined when the chat room is not open. */
  history({ before = Number.MAX_SAFE_INTEGER, member }: HistoryOptions = {}): readonly Message[] | undefined {
    if (!isInUse(this.ctx.storage)) return undefined;
    const { sql } = this.ctx.storage;
    const rows =
      member === undefined
        ? sql.exec<MessageRow>("SELECT seq, id, member, text, sent_at FROM messages WHERE seq < ? ORDER BY seq DESC LIMIT ?", before, HISTORY)
        : sql.exec<MessageRow>(
            "SELECT seq, id, member, text, sent_at FROM messages WHERE member = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            member,
            before,
            HISTORY,
          );
    return rows.toArray().reverse().map(toMessage);
  }

  /** Records a message and tells everybody who is connected. The same id again changes nothing, so callers may retry. */
  post(input: NewMessage): Message | undefined {
    if (!isInUse(this.ctx.storage)) return undefined;
    const sentAt = Date.now();
    // Both writes reach the disk together: no await lies between them.
    const inserted = this.ctx.storage.sql
      .exec<{ seq: number }>(
        "INSERT INTO messages (id, member, text, sent_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING seq",
        input.id,
        input.member,
        input.text,
        sentAt,
      )
      .toArray()[0];
    if (inserted === undefined) return this.#find(input.id);
    this.ctx.storage.sql.exec("UPDATE profile SET last_active_at = ?", sentAt);
    const message = { seq: inserted.seq, ...input, sentAt };
    this.#broadcast({ type: "message", message });
    return message;
  }

  /** Ends the chat room now: closes its sockets and leaves nothing behind. Tells whether there was one. */
  async end(reason = "ended"): Promise<boolean> {
    if (!isInUse(this.ctx.storage)) return false;
    for (const socket of this.ctx.getWebSockets()) socket.close(4410, reason);
    // Only deleteAll removes everything, bookkeeping included, and with it the alarm. Afterwards isInUse() is false, in this instance and in
    // every later one: no constructor brings the tables back.
    await this.ctx.storage.deleteAll();
    return true;
  }

  /** Fires IDLE_MS after the chat room was opened, or after the last look found it busy. May run twice: the second time changes nothing. */
  override async alarm(): Promise<void> {
    const profile = this.profile();
    if (profile === undefined) return;
    const now = Date.now();
    const idleAt = (profile.members.length > 0 ? now : profile.lastActiveAt) + IDLE_MS;
    if (idleAt > now) await this.ctx.storage.setAlarm(idleAt);
    else await this.end("expired");
  }

  /** Takes over a WebSocket. The Worker has checked the request and says who the member is. */
  override fetch(request: Request): Response {
    const member = new URL(request.url).searchParams.get("member");
    const profile = this.profile();
    if (profile === undefined || member === null) return new Response("not open", { status: 404 });
    const { 0: client, 1: server } = new WebSocketPair();
    // Not server.accept(): that would keep the object in memory, and billed, for as long as somebody is connected.
    this.ctx.acceptWebSocket(server);
    attach(server, { member, joinedAt: Date.now(), sent: 0 });
    send(server, { type: "welcome", profile: { ...profile, members: this.#members() }, history: this.history() ?? [] });
    this.#broadcast({ type: "members", members: this.#members() });
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const event = readClientEvent(data);
    const connection = connectionOf(socket);
    if (event === undefined || connection === undefined) return send(socket, { type: "error", error: 'expected { "type": "say", "id", "text" }' });
    // The attachment is a copy: a change lasts only when it is attached again.
    attach(socket, { ...connection, sent: connection.sent + 1 });
    this.post({ id: event.id, member: connection.member, text: event.text });
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // The runtime answers the closing handshake itself from compatibility date 2026-04-07. Before that this line does; after it, it is harmless.
    socket.close(code >= 3000 && code < 5000 ? code : 1000);
    this.#broadcast({ type: "members", members: this.#members(socket) });
  }

  override webSocketError(socket: WebSocket): void {
    this.#broadcast({ type: "members", members: this.#members(socket) });
  }

  /** Everybody connected, read from the attachments: they outlive hibernation, a list in a field would not. */
  #members(except?: WebSocket): readonly Connection[] {
    return this.ctx
      .getWebSockets()
      .filter((socket) => socket !== except && socket.readyState === WebSocket.OPEN)
      .map(connectionOf)
      .filter((connection) => connection !== undefined)
      .sort((a, b) => a.joinedAt - b.joinedAt);
  }

  #broadcast(event: ServerEvent): void {
    for (const socket of this.ctx.getWebSockets()) if (socket.readyState === WebSocket.OPEN) send(socket, event);
  }

  #find(id: string): Message | undefined {
    const row = this.ctx.storage.sql.exec<MessageRow>("SELECT seq, id, member, text, sent_at FROM messages WHERE id = ?", id).toArray()[0];
    return row === undefined ? undefined : toMessage(row);
  }

  #requireProfile(): ChatRoomProfile {
    const profile = this.profile();
    if (profile === undefined) throw new Error("The profile was just written, yet it is not there.");
    return profile;
  }
}

function toMessage({ sent_at: sentAt, ...rest }: MessageRow): Message {
  return { ...rest, sentAt };
}

function attach(socket: WebSocket, connection: Connection): void {
  socket.serializeAttachment(connection);
}

function connectionOf(socket: WebSocket): Connection | undefined {
  return (socket.deserializeAttachment() as Connection | null) ?? undefined;
}

function send(socket: WebSocket, event: ServerEvent): void {
  socket.send(JSON.stringify(event));
}

function readClientEvent(data: string | ArrayBuffer): ClientEvent | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const event = JSON.parse(data) as Partial<Record<keyof ClientEvent, unknown>> | null;
    if (event?.type !== "say" || typeof event.id !== "string" || typeof event.text !== "string") return undefined;
    if (event.id === "" || event.id.length > 64 || event.text === "" || event.text.length > 4000) return undefined;
    return { type: "say", id: event.id, text: event.text };
  } catch {
    return undefined;
  }
}
