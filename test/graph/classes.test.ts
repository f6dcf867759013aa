import { describe, expect, it } from "vitest";
import { functionName } from "../../src/project/graph/classes.ts";
import { enclosingFunction } from "../../src/project/parse/ast.ts";
import { callsNamed, functionStarting, nodeAt, projectOf } from "./helpers.ts";

const WRANGLER = JSON.stringify({ name: "w", main: "src/index.ts", durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] } });

async function objectNames(files: Readonly<Record<string, string>>): Promise<string[]> {
  const project = await projectOf({ "wrangler.json": WRANGLER, ...files });
  return project.classes.durableObjects.map((cls) => project.classes.nameOf(cls) ?? "?");
}

describe("which classes are Durable Objects", () => {
  it("takes the base class, through the project's own bases and re-exports", async () => {
    expect(await objectNames({
      "src/index.ts": `export { Room } from "./room.ts";`,
      "src/room.ts": `import { Base } from "./base.ts"; export class Room extends Base { m() { this.ctx.storage.setAlarm(1); } }`,
      "src/base.ts": `import { DurableObject as D } from "cloudflare:workers"; export abstract class Base extends D {}`,
    })).toEqual(["Base", "Room"]);
  });
  it("takes a plain class that the configuration names and the main module exports", async () => {
    expect(await objectNames({ "src/index.ts": `export class Room { async fetch() {} } export class Other { async fetch() {} }` })).toEqual(["Room"]);
  });
  it("takes one of a file in which nothing else speaks of objects, and the modules it uses", async () => {
    const files = {
      "src/index.ts": `export { Room } from "./room.mjs";`,
      "src/room.mjs": `import { Clock } from "./clock.mjs"; export class Room { constructor(state) { this.state = state; this.clock = new Clock(); } async fetch() { return Response.json(await this.state.storage.get("a")); } }`,
      "src/clock.mjs": `export class Clock { start() { setInterval(() => {}, 1000); } }`,
      "src/view.mjs": `export class View { show() {} }`,
    };
    expect(await objectNames(files)).toEqual(["Room"]);
    expect((await projectOf({ "wrangler.json": WRANGLER, ...files })).files.map(({ path }) => path)).toEqual(["src/clock.mjs", "src/index.ts", "src/room.mjs"]);
    // Without a configuration nothing says that it is one.
    expect((await projectOf(files)).files).toEqual([]);
  });
  it("takes known packages' classes, also under another name", async () => {
    expect(await objectNames({ "src/index.ts": `import { Agent as A } from "agents"; export class Bot extends A {} export class Cli extends Map {}` })).toEqual(["Bot"]);
    expect(await objectNames({ "src/index.ts": `import { AIChatAgent } from "agents-sdk/ai-chat-agent"; export class Chat extends AIChatAgent {}` })).toEqual(["Chat"]);
  });
  it("leaves helpers alone that take an object's state", async () => {
    expect(await objectNames({ "src/index.ts": `import { DurableObject } from "cloudflare:workers"; class Log { constructor(state: DurableObjectState) {} } export class Room extends DurableObject { log = new Log(this.ctx); }` })).toEqual(["Room"]);
  });
  it("leaves a library's classes alone that others make with the state and options of their own", async () => {
    expect(await objectNames({
      "src/sockets.ts": `export class Sockets { constructor(private ctx: DurableObjectState, private config: SocketConfig) {} fetch = (request: Request) => new Response(); }`,
      "src/other.ts": `export class Other { constructor(ctx: DurableObjectState, options: Options = {}) {} } export class Third { constructor(state: DurableObjectState, e: Bindings) {} }`,
    })).toEqual(["Other", "Third"]);
  });
  it("takes the class that a CommonJS module is", async () => {
    expect(await objectNames({ "src/index.js": `exports.Room = require("./room.js");`, "src/room.js": `module.exports = class Room { constructor(state) { this.state = state; } async fetch() { await this.state.storage.deleteAll(); } };` })).toEqual(["Room"]);
  });
  it("does not loop on a class that extends itself, or on two that extend each other", async () => {
    expect(await objectNames({ "src/index.ts": `class A extends A {} class B extends C {} class C extends B {} export class Room extends A { async fetch() { setAlarm(); } }` })).toEqual(["Room"]);
  });
});

describe("whose code it is", () => {
  it("counts helpers that only objects use as part of them", async () => {
    const project = await projectOf({
      "wrangler.json": WRANGLER,
      "src/index.ts": `import { DurableObject } from "cloudflare:workers"; import { Ticker, shared } from "./ticker.ts"; export class Room extends DurableObject { t = new Ticker(this.ctx); m() { shared(); } } export default { fetch() { shared(); } }`,
      "src/ticker.ts": `export class Ticker { constructor(private ctx: DurableObjectState) {} start() { setInterval(() => {}, 1); } } export function shared() { setTimeout(() => {}, 1); }`,
    });
    const owners = (name: string) => [...project.classes.ownersOf(callsNamed(project, "src/ticker.ts", name)[0]!)].map((cls) => project.classes.nameOf(cls));
    expect(owners("setInterval")).toEqual(["Room"]);
    expect(owners("setTimeout")).toEqual([]);
  });
});

describe("calls", () => {
  it("resolves methods through interfaces, fields and imports, and finds the callers again", async () => {
    const project = await projectOf({
      "wrangler.json": WRANGLER,
      "src/index.ts": `import { Users as U } from "./users.ts"; export default { async fetch(r, env) { const u = new U(env.DB); return u.find(1); } }`,
      "src/users.ts": `export class Users { constructor(private db: D1Database) {} find(id) { return this.one("SELECT 1"); } private one(sql) { return this.db.prepare(sql).first(); } }`,
    });
    const find = functionStarting(project, "src/users.ts", "find(id)");
    const one = functionStarting(project, "src/users.ts", "private one");
    expect(project.calls.callersOf(find)).toHaveLength(1);
    expect(project.calls.callersOf(one).map((site) => project.text(site))).toEqual([`this.one("SELECT 1")`]);
    expect([...project.calls.entriesOf(one)]).toEqual(["fetch"]);
    expect(project.kindOf(nodeAt(project, "src/users.ts", "this.db"))).toMatchObject({ kind: "d1" });
  });

  it("follows RPC from a stub into the object's method", async () => {
    const project = await projectOf({
      "wrangler.json": WRANGLER,
      "src/index.ts": `import { DurableObject } from "cloudflare:workers"; export class Room extends DurableObject { async join(who) { return who; } } export default { async fetch(r, env) { return env.ROOM.getByName(r.url).join("a"); } }`,
    });
    const [call] = callsNamed(project, "src/index.ts", "join");
    expect(project.calls.rpcTargetsOf(call!)).toEqual([functionStarting(project, "src/index.ts", "async join")]);
    expect(project.calls.rpcCallersOf(functionStarting(project, "src/index.ts", "async join"))).toEqual([call]);
  });

  it.each([
    ["a route", `import { Hono } from "hono"; const app = new Hono(); app.get("/", async (c) => { work(); }); async function work() { newUniqueId(); } export default app;`, "route"],
    ["a named handler given to a router", `const work = async (c) => { newUniqueId(); }; app.post("/", work);`, "route"],
    ["a schedule", `async function work() { newUniqueId(); } export default { async scheduled() { await work(); } }`, "scheduled"],
    ["a loader", `export async function loader() { await work(); } async function work() { newUniqueId(); }`, "loader"],
    ["a script", `work(); async function work() { newUniqueId(); }`, "module"],
    ["nothing in sight", `async function work() { newUniqueId(); }`, "unknown"],
  ])("knows where code starts: %s", async (_name, code, entry) => {
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
    const [call] = callsNamed(project, "src/index.ts", "newUniqueId");
    let fn = call?.parent ?? undefined;
    while (fn && fn.type !== "FunctionDeclaration" && fn.type !== "ArrowFunctionExpression") fn = fn.parent ?? undefined;
    expect(fn && [...project.calls.entriesOf(fn as never)]).toEqual([entry]);
  });
});

describe("constants", () => {
  const value = async (files: Readonly<Record<string, string>>, text: string) => {
    const project = await projectOf({ "wrangler.json": WRANGLER, ...files });
    const { constants, dynamic } = project.constants.valuesOf(nodeAt(project, "src/index.ts", text));
    return { values: constants.map((constant) => constant.value), dynamic };
  };
  it.each([
    ["a literal", { "src/index.ts": `use("lobby");` }, `"lobby"`, ["lobby"]],
    ["an imported constant", { "src/index.ts": `import { NAME } from "./names"; idFromName(NAME + "!");`, "src/names.ts": `export const NAME = "lobby";` }, `NAME + "!"`, ["lobby!"]],
    ["an enum's member", { "src/index.ts": `enum Names { Lobby = "lobby" } idFromName(Names.Lobby);` }, `Names.Lobby`, ["lobby"]],
    ["a static field", { "src/index.ts": `class N { static readonly LOBBY = "lobby"; } idFromName(N.LOBBY);` }, `N.LOBBY`, ["lobby"]],
    ["an object of constants", { "src/index.ts": `const N = { lobby: "l" } as const; idFromName(N.lobby);` }, `N.lobby`, ["l"]],
    ["a constant picked from a module", { "src/index.ts": `import * as config from "./config"; const { LOBBY } = config; idFromName(LOBBY as string);`, "src/config.ts": `export const LOBBY = "l";` }, `LOBBY as string`, ["l"]],
    ["a constant picked from an object", { "src/index.ts": `const names = { lobby: "l" }; const { lobby: a } = names; idFromName(a as string);` }, `a as string`, ["l"]],
    ["a template of constants", { "src/index.ts": "const v = 2; idFromName(`room-${v}`);" }, "`room-${v}`", ["room-2"]],
    ["a default that nobody overrides", { "src/index.ts": `function stub(name = "lobby") { idFromName(name as string); } stub();` }, `name as string`, ["lobby"]],
  ])("%s is one", async (_name, files, text, values) => expect(await value(files, text)).toEqual({ values, dynamic: false }));

  it.each([
    ["a template with a run-time part", "const id = crypto.randomUUID(); idFromName(`room-${id}`);", "`room-${id}`"],
    ["a variable that changes", `let n = "a"; n = prompt(); idFromName(n + "");`, `n + ""`],
    ["a parameter nobody in sight passes", `export function f(n) { idFromName(n as string); }`, `n as string`],
    ["a field that is assigned", `class A { name = "a"; set(x) { this.name = x; } f() { idFromName(this.name as string); } }`, `this.name as string`],
  ])("%s is none", async (_name, code, text) => expect((await value({ "src/index.ts": code }, text)).dynamic).toBe(true));

  it("gives all values of a parameter with its callers", async () => {
    expect(await value({ "src/index.ts": `function stub(name) { idFromName(name as string); } stub("a"); stub("b"); stub(prompt());` }, `name as string`)).toEqual({ values: ["a", "b"], dynamic: true });
  });
});

describe("entries", () => {
  it("a handler kept in an object of another file is a route", async () => {
    const project = await projectOf({
      "src/index.ts": `import { Hono } from "hono"; import api from "./api"; const app = new Hono<{ Bindings: { DB: D1Database } }>(); app.post("/init", api.init); export default app;`,
      "src/api.ts": `export default { init: async (c) => { await c.env.DB.exec("CREATE TABLE a (id)"); }, other: async (db: D1Database) => db.exec("DROP TABLE a") };`,
    });
    expect([...project.calls.entriesOf(functionStarting(project, "src/api.ts", "init:"))]).toEqual(["route"]);
    expect([...project.calls.entriesOf(functionStarting(project, "src/api.ts", "other:"))]).not.toContain("route");
  });
});

describe("what messages call a function", () => {
  it.each([
    ["a method", `class Desk { file() { work(); } } new Desk();`, "Desk.file"],
    ["a route", `app.post("/notes", () => { work(); });`, "post /notes"],
    ["a procedure", `export const router = t.router({ create: t.procedure.input(s).mutation(async () => { work(); }) });`, "create"],
    ["a server function", `export const save = serverFn({ method: "POST" }).handler(async () => { work(); });`, "save"],
    ["a procedure that nothing keeps", `register(t.procedure.query(async () => { work(); }));`, "query"],
    ["a callback whose result has a name of its own", `const total = rows.map(() => { work(); });`, "map"],
  ])("%s", async (_name, code, expected) => {
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
    const [call] = callsNamed(project, "src/index.ts", "work");
    const fn = call && enclosingFunction(call);
    expect(fn && functionName(project, fn)).toBe(expected);
  });
});
