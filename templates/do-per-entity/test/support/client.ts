import { exports } from "cloudflare:workers";
import type { ServerEvent } from "../../src/types.ts";

/** A WebSocket client that keeps what it gets until somebody asks for it. */
export interface Client {
  readonly socket: WebSocket;
  /** The next event of this type; others before it are dropped. */
  readonly next: <T extends ServerEvent["type"]>(type: T) => Promise<Extract<ServerEvent, { type: T }>>;
  readonly say: (id: string, text: string) => void;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Connects to one chat room through the Worker, as a browser would. */
export async function connect(id: string, member: string): Promise<Client> {
  const response = await exports.default.fetch(`https://example.com/chat-rooms/${id}/socket?member=${member}`, {
    headers: { upgrade: "websocket" },
  });
  const socket = response.webSocket;
  if (socket === null) throw new Error(`No socket: ${response.status} ${await response.text()}`);
  const waiting: ((event: ServerEvent) => void)[] = [];
  const arrived: ServerEvent[] = [];
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as ServerEvent;
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(event);
    else waiter(event);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => socket.addEventListener("close", resolve));
  socket.accept();

  const take = (): Promise<ServerEvent> => {
    const event = arrived.shift();
    return event === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(event);
  };
  return {
    socket,
    closed,
    say: (messageId, text) => socket.send(JSON.stringify({ type: "say", id: messageId, text })),
    next: async <T extends ServerEvent["type"]>(type: T) => {
      for (;;) {
        const event = await take();
        if (event.type === type) return event as Extract<ServerEvent, { type: T }>;
      }
    },
  };
}
