// The objects that `claims.test.ts` runs in workerd. Each method does one thing that a rule makes a claim about.
import { DurableObject } from "cloudflare:workers";

const sharedByAll = { writes: 0 };

export class Probe extends DurableObject {
  seen = 0;

  constructor(ctx, env) {
    super(ctx, env);
    if (env.REARM_ON_WAKE) ctx.blockConcurrencyWhile(() => ctx.storage.setAlarm(Date.now() + 7_200_000));
  }

  async fetch(request) {
    if (request.headers.get("upgrade") === "websocket") {
      const { 0: client, 1: server } = new WebSocketPair();
      this.ctx.acceptWebSocket(server);
      server.serializeAttachment({ kept: true });
      this.seen = 1;
      return new Response(null, { status: 101, webSocket: client });
    }
    const url = new URL(request.url);
    return Response.json(await this[url.pathname.slice(1)](url.searchParams));
  }

  webSocketMessage(socket) {
    socket.send(JSON.stringify({ seen: this.seen, attachment: socket.deserializeAttachment() }));
  }

  alarm() {}

  /** read, wait for somebody else, write */
  async addAcrossFetch() {
    const n = (await this.ctx.storage.get("n")) ?? 0;
    await this.env.ELSEWHERE.fetch("http://elsewhere/");
    await this.ctx.storage.put("n", n + 1);
    return n;
  }

  /** read, wait for nothing but storage, write */
  async addAcrossStorage() {
    const n = (await this.ctx.storage.get("n")) ?? 0;
    await this.ctx.storage.get("something-else");
    await this.ctx.storage.put("n", n + 1);
    return n;
  }

  n() {
    return this.ctx.storage.get("n");
  }

  exec(parameters) {
    const bound = Array.from({ length: Number(parameters.get("bound") ?? 0) }, (_, i) => i);
    try {
      return { rows: this.ctx.storage.sql.exec(parameters.get("sql"), ...bound).toArray() };
    } catch (error) {
      return { error: error.message };
    }
  }

  async asyncTransaction() {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS t (v TEXT)");
    const returned = this.ctx.storage.transactionSync(async () => {
      sql.exec("INSERT INTO t VALUES ('before the await')");
      await Promise.resolve();
      sql.exec("INSERT INTO t VALUES ('after the await')");
      throw new Error("roll back");
    });
    const outcome = await Promise.resolve(returned).then(() => "resolved", (error) => error.message);
    return { outcome, rows: sql.exec("SELECT v FROM t").toArray().map((row) => row.v) };
  }

  async alarmAfterDeleteAll() {
    await this.ctx.storage.setAlarm(Date.now() + 3_600_000);
    await this.ctx.storage.deleteAll();
    return { survived: (await this.ctx.storage.getAlarm()) !== null };
  }

  async arm() {
    await this.ctx.storage.setAlarm(Date.now() + 60_000);
    return this.ctx.storage.getAlarm();
  }

  due() {
    return this.ctx.storage.getAlarm();
  }

  forget() {
    this.ctx.abort("wake up again");
  }

  countInModule() {
    return ++sharedByAll.writes;
  }

  async hold() {
    await this.ctx.blockConcurrencyWhile(async () => {
      await this.env.ELSEWHERE.fetch("http://elsewhere/");
    });
    return true;
  }

  quick() {
    return true;
  }
}

export class NoHandler extends DurableObject {
  async fetch() {
    try {
      await this.ctx.storage.setAlarm(Date.now() + 1_000);
      return Response.json({ armed: true });
    } catch (error) {
      return Response.json({ error: error.message, name: error.name });
    }
  }
}

async function attempt(work) {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: error.message };
  }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const [, area, name, ...rest] = url.pathname.split("/");
    if (area === "d1") return Response.json(await attempt(() => database(env.DB, name, url.searchParams)));
    const namespace = env[area];
    url.pathname = `/${rest.join("/")}`;
    return namespace.get(namespace.idFromName(name)).fetch(new Request(url, request));
  },
};

async function database(db, action, parameters) {
  switch (action) {
    case "run": {
      const bound = Array.from({ length: Number(parameters.get("bound") ?? 0) }, (_, i) => i);
      return (await db.prepare(parameters.get("sql")).bind(...bound).all()).results;
    }
    case "exec":
      return db.exec(parameters.get("sql"));
    case "foreign-keys-off":
      await db.batch([db.prepare("CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY)"), db.prepare("CREATE TABLE IF NOT EXISTS child (p INTEGER REFERENCES parent (id))")]);
      return (await db.batch([db.prepare("PRAGMA foreign_keys = off"), db.prepare("INSERT INTO child VALUES (99)")])).length;
    case "bookmarks": {
      const session = db.withSession("first-unconstrained");
      const before = session.getBookmark();
      await session.prepare("SELECT 1").run();
      return { before, after: typeof session.getBookmark(), exec: typeof session.exec };
    }
    default:
      throw new Error(`no such action: ${action}`);
  }
}
