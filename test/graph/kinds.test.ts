import { describe, expect, it } from "vitest";
import { nodeAt, projectOf } from "./helpers.ts";

const WRANGLER = JSON.stringify({
  name: "w", main: "src/index.ts",
  durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
  d1_databases: [{ binding: "DB" }], kv_namespaces: [{ binding: "CACHE", id: "x" }],
});

async function kindIn(code: string, text: string, more: Readonly<Record<string, string>> = {}) {
  const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code, ...more });
  return project.kindOf(nodeAt(project, "src/index.ts", text));
}

describe("namespaces and databases, however they are reached", () => {
  it.each([
    ["a handler's env", `export default { async fetch(request, env) { return env.ROOM.get(1); } }`, "env.ROOM"],
    ["Hono's context", `app.get("/", (c) => c.env.ROOM.get(1));`, "c.env.ROOM"],
    ["a loader's context", `export async function loader({ context }) { return context.cloudflare.env.ROOM.get(1); }`, "context.cloudflare.env.ROOM"],
    ["the global env", `import { env } from "cloudflare:workers"; export const x = () => env.ROOM.get(1);`, "env.ROOM"],
    ["a field", `import { WorkerEntrypoint } from "cloudflare:workers"; export class A extends WorkerEntrypoint { f() { return this.env.ROOM.get(1); } }`, "this.env.ROOM"],
    ["destructuring", `export default { async fetch(request, env) { const { ROOM: rooms } = env; return rooms.get(1); } }`, "rooms.get"],
    ["loopback exports", `import { DurableObject } from "cloudflare:workers"; export class Room extends DurableObject { f() { return this.ctx.exports.Room.getByName("a"); } }`, "this.ctx.exports.Room"],
  ])("%s", async (_name, code, text) => {
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
    let node = nodeAt(project, "src/index.ts", text);
    if (text === "rooms.get" && node.type === "MemberExpression") node = node.object;
    expect(project.kindOf(node)).toMatchObject({ kind: "namespace" });
  });

  it("knows the binding behind an argument typed as a namespace", async () => {
    const kind = await kindIn(`function rooms(ns: DurableObjectNamespace) { return ns.getByName("x"); }\nexport default { fetch(r, env) { return rooms(env.ROOM); } }`, `ns.getByName("x")`);
    expect(kind).toMatchObject({ kind: "stub", from: "name", namespace: { binding: "ROOM", className: "Room" } });
  });

  it("does not take a KV namespace, a Map or an unknown value for one", async () => {
    expect(await kindIn(`export default { fetch(r, env) { return env.CACHE.get("a"); } }`, `env.CACHE`)).toMatchObject({ kind: "binding", type: "kv" });
    expect(await kindIn(`const ROOMS = new Map(); export default { fetch(r) { return ROOMS.get("a"); } }`, `ROOMS.get("a")`)).toBeUndefined();
    expect(await kindIn(`export default { fetch(r, env) { return anything.ROOM; } }`, `anything.ROOM`)).toBeUndefined();
  });

  it("gives up on a cycle of values instead of running for ever", async () => {
    expect(await kindIn(`const a = b; const b = a; export default { fetch(r, env) { env.ROOM; return a.get(1); } }`, `a.get(1)`)).toBeUndefined();
  });
});

describe("what is made of them", () => {
  const stub = `export default { fetch(r, env) { const id = env.ROOM.idFromName("lobby"); const s = env.ROOM.get(id); return s.fetch(r); } }`;
  it("follows an id into its stub", async () => expect(await kindIn(stub, "env.ROOM.get(id)")).toMatchObject({ kind: "stub", from: "name", namespace: { binding: "ROOM" } }));

  it("follows statements through helpers in other files", async () => {
    const kind = await kindIn(`import { find } from "./db.ts"; export default { fetch(r, env) { return find(env.DB).first(); } }`, "find(env.DB)", {
      "src/db.ts": `export const find = (db: D1Database) => db.prepare("SELECT 1");`,
    });
    expect(kind).toMatchObject({ kind: "d1-statement", database: { kind: "d1", binding: "DB" } });
  });

  it("tells Drizzle on D1 from Drizzle on an object", async () => {
    expect(await kindIn(`import { drizzle } from "drizzle-orm/d1"; export default { fetch(r, env) { const db = drizzle(env.DB); return db.select(); } }`, "drizzle(env.DB)")).toMatchObject({ kind: "orm", library: "drizzle", target: "d1", database: { binding: "DB" } });
    expect(await kindIn(`import { drizzle } from "drizzle-orm/durable-sqlite"; import { DurableObject } from "cloudflare:workers"; export class Room extends DurableObject { db = drizzle(this.ctx.storage); }`, "drizzle(this.ctx.storage)")).toMatchObject({ kind: "orm", target: "do" });
  });

  it("knows both ends of a socket pair", async () => {
    const code = `export default { fetch(r, env) { env.ROOM; const [client, server] = Object.values(new WebSocketPair()); server.accept(); return client; } }`;
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
    const accept = nodeAt(project, "src/index.ts", "server.accept");
    expect(accept.type === "MemberExpression" && project.kindOf(accept.object)).toMatchObject({ kind: "websocket", end: "server" });
  });

  it("finds what middleware stored for Hono handlers", async () => {
    const code = `import { drizzle } from "drizzle-orm/d1"; app.use((c) => { c.set("db", drizzle(c.env.DB)); }); app.get("/", (c) => c.get("db").select());`;
    expect(await kindIn(code, `c.get("db")`)).toMatchObject({ kind: "orm", target: "d1" });
  });
});

describe("the inside of objects", () => {
  it.each([
    ["the modern base", `import { DurableObject } from "cloudflare:workers"; export class Room extends DurableObject { f() { return this.ctx.storage.sql.exec("SELECT 1"); } }`, "this.ctx.storage.sql", "do-sql"],
    ["a classic class in JavaScript", `export class Room { constructor(state, env) { this.state = state; } async fetch() { return this.state.storage.get("a"); } }`, "this.state.storage", "do-storage"],
    ["a private field", `export class Room { #s: DurableObjectStorage; constructor(s: DurableObjectState) { this.#s = s.storage; } async fetch() { return this.#s.get("a"); } }`, "this.#s", "do-storage"],
    ["a constructor's parameter property", `export class Room { constructor(private readonly state: DurableObjectState) {} async fetch() { return this.state.storage.get("a"); } }`, "this.state.storage", "do-storage"],
    ["a transaction's argument", `import { DurableObject } from "cloudflare:workers"; export class Room extends DurableObject { f() { return this.ctx.storage.transaction(async (txn) => { await txn.put("a", 1); }); } }`, "txn.put", "do-storage"],
  ])("%s", async (_name, code, text, expected) => {
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
    let node = nodeAt(project, "src/index.ts", text);
    if (text === "txn.put" && node.type === "MemberExpression") node = node.object;
    expect(project.kindOf(node)?.kind).toBe(expected);
  });
});

describe("what a framework hands on with each request", () => {
  const SCHEMA = `import { drizzle } from "drizzle-orm/d1"; export const open = (env) => drizzle(env.DB); export type Client = ReturnType<typeof open>;`;
  const ORM = { kind: "orm", library: "drizzle", target: "d1" };
  it.each([
    ["the context of a tRPC procedure", `import { eq } from "drizzle-orm"; export const list = procedure.query(async ({ ctx }) => ctx.db.select());`, "ctx.db",
      `import { open } from "./db.ts"; export const createContext = async (opts) => ({ db: open(opts.env), user: 1 });`],
    ["a loader's context, by its type", `import { eq } from "drizzle-orm"; export async function loader({ context }) { return context.db.select(); }`, "context.db",
      `import type { Client } from "./db.ts"; declare module "react-router" { interface AppLoadContext { db: Client } }`],
    ["Hono's variables, by their type", `import { eq } from "drizzle-orm"; app.get("/", (c) => c.get("db").select());`, `c.get("db")`,
      `import type { Client } from "./db.ts"; export interface AppEnv { Bindings: Env; Variables: { db: Client } }`],
    ["SvelteKit's locals, taken apart", `import { eq } from "drizzle-orm"; export const load = async ({ locals: { db } }) => ({ rows: await db.select().from(notes) });`, "db.select()",
      `import { open } from "./db.ts"; export const handle = async ({ event, resolve }) => { event.locals.db = open(event.platform.env); return resolve(event); };`],
  ])("%s", async (_name, code, text, maker) => {
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": "export default {};", "src/page.ts": code, "src/db.ts": SCHEMA, "src/maker.ts": maker });
    expect(project.files.map((file) => file.path)).toContain("src/page.ts");
    let node = nodeAt(project, "src/page.ts", text);
    if (text.endsWith("()") && node.type === "CallExpression" && node.callee.type === "MemberExpression") node = node.callee.object;
    expect(project.kindOf(node)).toMatchObject(ORM);
  });

  it("follows a database that is only known by its type into the files that take it, and on to those that build on them", async () => {
    const project = await projectOf({
      "wrangler.json": WRANGLER, "src/index.ts": "export default {};", "src/db.ts": SCHEMA,
      "src/ledger.ts": `import type { Client } from "./db.ts"; export const entries = async (db: Client) => db.select().from(entry);`,
      "src/trpc.ts": `import type { Client } from "./db.ts"; export const createContext = (opts: { db: Client }) => ({ db: opts.db }); export const procedure = t.procedure;`,
      "src/notes.ts": `import { procedure } from "./trpc.ts"; export const list = procedure.query(async ({ ctx }) => ctx.db.select().from(notes));`,
      "src/services.ts": `import type { Client } from "./db.ts";\nexport interface Services {\n  store: Client;\n}\n`,
      "src/mail.ts": `import type { Services } from "./services.ts"; export const send = async (services: Services) => services.store.select().from(mail);`,
      "src/view.ts": `import type { Row } from "./db.ts"; export const show = (row: Row) => row.id;`,
    });
    const paths = project.files.map((file) => file.path);
    expect(paths).toEqual(expect.arrayContaining(["src/ledger.ts", "src/mail.ts", "src/notes.ts", "src/trpc.ts"]));
    expect(paths).not.toContain("src/view.ts");
    expect(project.kindOf(nodeAt(project, "src/notes.ts", "ctx.db"))).toMatchObject(ORM);
    expect(project.kindOf(nodeAt(project, "src/mail.ts", "services.store"))).toMatchObject(ORM);
  });

  it("what Nuxt offers server code without an import", async () => {
    const project = await projectOf({
      "nuxt.config.ts": "export default defineNuxtConfig({ modules: ['@nuxthub/core'] });",
      "server/utils/db.ts": `import { drizzle } from "drizzle-orm/d1"; export const useDb = () => drizzle(hubDatabase());`,
      "server/api/notes.get.ts": `export default eventHandler(async () => useDb().select().from(notes));`,
      "other/notes.ts": `export const all = () => useDb().select().from(notes);`,
    });
    expect(project.kindOf(nodeAt(project, "server/api/notes.get.ts", "useDb()"))).toMatchObject({ kind: "orm", library: "drizzle", target: "d1" });
    expect(project.files.map((file) => file.path)).toContain("server/api/notes.get.ts");
    expect(project.kindOf(nodeAt(project, "other/notes.ts", "useDb()"))).toBeUndefined();
  });

  it("leaves it open where two kinds of database go by one name", async () => {
    const project = await projectOf({
      "wrangler.json": WRANGLER, "src/index.ts": "export default {};", "src/db.ts": SCHEMA,
      "src/page.ts": `import { eq } from "drizzle-orm"; export const list = procedure.query(async ({ ctx }) => ctx.db.select());`,
      "src/a.ts": `import { open } from "./db.ts"; export const createContext = (opts) => ({ db: open(opts.env) });`,
      "src/b.ts": `import { drizzle } from "drizzle-orm/durable-sqlite"; export const createObjectContext = (storage) => ({ db: drizzle(storage) });`,
    });
    expect(project.kindOf(nodeAt(project, "src/page.ts", "ctx.db"))).toBeUndefined();
  });
});

describe("databases that nothing declares", () => {
  it("knows one by its being asked to prepare", async () => {
    const project = await projectOf({ "functions/links.js": `export async function onRequestGet(context) { const { env, params } = context; return env.LINKS.prepare("SELECT 1").first(); }` });
    expect(project.kindOf(nodeAt(project, "functions/links.js", "env.LINKS"))).toMatchObject({ kind: "d1", binding: "LINKS" });
  });

  it("takes a type of the project that is only a name for it", async () => {
    expect(await kindIn(`type D1Database = any; export function all(db: D1Database) { return db.prepare("SELECT 1"); }`, `db.prepare("SELECT 1")`)).toMatchObject({ kind: "d1-statement" });
  });
});

describe("types of what the platform's methods give", () => {
  it("knows stubs, ids and statements by the result of the method that makes them", async () => {
    const code = `
      export class Room extends DurableObject {}
      type RoomStub = ReturnType<DurableObjectNamespace<Room>["get"]>;
      interface Env { ROOM: DurableObjectNamespace<Room> }
      export function run(a: RoomStub, b: ReturnType<Env["ROOM"]["idFromName"]>, c: ReturnType<D1Database["prepare"]>, d: ReturnType<Map<string, string>["get"]>) {
        return [a.id, b.name, c.raw, d.length];
      }`;
    expect(await kindIn(code, "a")).toMatchObject({ kind: "stub", namespace: { className: "Room" } });
    expect(await kindIn(code, "b")).toMatchObject({ kind: "object-id" });
    expect(await kindIn(code, "c")).toMatchObject({ kind: "d1-statement" });
    expect(await kindIn(code, "d")).toBeUndefined();
  });
});
