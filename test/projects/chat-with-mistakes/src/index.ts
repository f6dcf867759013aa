import { listRooms } from "./history";

export { Room } from "./room";

export interface Env {
  ROOM: DurableObjectNamespace<import("./room").Room>;
  DB: D1Database;
}

const LOBBY = "lobby";

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/chat") return env.ROOM.getByName(LOBBY).fetch(request);
    if (pathname === "/rooms") return Response.json(await listRooms(env.DB));
    return new Response("not found", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
