import { DurableObject } from "cloudflare:workers";
import type { Env } from "./index";

const IDLE_CHECK = 60_000;

export class Room extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.setAlarm(Date.now() + IDLE_CHECK);
  }

  async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(from: WebSocket, body: string | ArrayBuffer): Promise<void> {
    for (const socket of this.ctx.getWebSockets()) if (socket !== from) socket.send(body);
  }

  async webSocketClose(): Promise<void> {
    if (this.ctx.getWebSockets().length === 0) await this.close();
  }

  async alarm(): Promise<void> {
    if (this.ctx.getWebSockets().length === 0) await this.close();
  }

  async close(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}
