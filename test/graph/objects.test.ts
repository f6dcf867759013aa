import { describe, expect, it } from "vitest";
import { socketEnds } from "../../src/project/graph/objects/sockets.ts";
import { callsNamed, projectOf } from "./helpers.ts";

const WRANGLER = JSON.stringify({ name: "w", main: "src/index.ts", durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] } });

async function ownersOfWork(files: Readonly<Record<string, string>>, path = "src/index.ts") {
  const project = await projectOf({ "wrangler.json": WRANGLER, ...files });
  const [call] = callsNamed(project, path, "work");
  if (!call) throw new Error("no call of work");
  return [...project.classes.ownersOf(call)].map((cls) => project.classes.nameOf(cls));
}

const ROOM = `import { DurableObject } from "cloudflare:workers";`;

describe("whose code something is", () => {
  it("follows a function that calls itself to what else calls it", async () => {
    expect(await ownersOfWork({ "src/index.ts": `${ROOM} function walk(n) { work(); if (n > 0) walk(n - 1); } export class Room extends DurableObject { fetch() { walk(3); } }` })).toEqual(["Room"]);
  });

  it("says nothing of two functions that only call each other", async () => {
    expect(await ownersOfWork({ "src/index.ts": `${ROOM} function a() { work(); b(); } function b() { a(); } export class Room extends DurableObject {}` })).toEqual([]);
  });

  it("says nothing when one of a circle is also called by a Worker", async () => {
    const code = `${ROOM} function a() { work(); b(); } function b() { a(); } export class Room extends DurableObject { fetch() { a(); } } export default { fetch() { b(); } };`;
    expect(await ownersOfWork({ "src/index.ts": code })).toEqual([]);
  });

  it("knows a helper in a file that names no platform API, and classes built on an object's class elsewhere", async () => {
    const files = {
      "src/index.ts": `${ROOM} import { begin } from "./clock"; export class Room extends DurableObject { start() { begin(); } }`,
      "src/clock.ts": `export function begin() { work(); setInterval(() => {}, 1000); }`,
    };
    expect(await ownersOfWork(files, "src/clock.ts")).toEqual(["Room"]);
    const used = { ...files, "src/page.ts": `import { begin } from "./clock"; export function render() { begin(); }` };
    expect(await ownersOfWork(used, "src/clock.ts")).toEqual([]);
    const project = await projectOf({ "src/base.ts": `${ROOM} export class Base extends DurableObject {}`, "src/index.ts": `import { Base } from "./base"; export class Room extends Base {}` });
    expect(project.classes.durableObjects.map((cls) => project.classes.nameOf(cls))).toEqual(["Base", "Room"]);
  });
});

describe("ends of sockets", () => {
  it.each([
    ["a parameter typed as a socket", `${ROOM} export class Room extends DurableObject { fetch() { const p = new WebSocketPair(); this.join(p[1]); } join(s: WebSocket) { s.accept(); } }`, ["server"]],
    ["a field", `${ROOM} export class Room extends DurableObject { s: WebSocket; fetch() { const [c, s] = Object.values(new WebSocketPair()); this.s = s; this.s.accept(); } }`, ["server"]],
    ["a socket to somewhere", `${ROOM} export class Room extends DurableObject { fetch() { const s = new WebSocket("wss://x.example"); s.accept(); } }`, ["outgoing"]],
    ["a parameter nobody in sight passes", `${ROOM} export function join(s: WebSocket) { s.accept(); }`, ["unknown"]],
    ["what an object brings that is handed on", `${ROOM} export class Room extends DurableObject { fetch() { const [, far] = Object.values(new WebSocketPair()); this.take({ socket: far, since: 1 }); } take(joined) { const { socket, since } = joined; socket.accept(); } }`, ["server"]],
    ["what a parameter takes apart", `${ROOM} export class Room extends DurableObject { fetch() { const [, far] = Object.values(new WebSocketPair()); const joined = { ws: far }; this.take(joined); } take({ ws: socket }) { socket.accept(); } }`, ["server"]],
    ["a property of what is handed on", `${ROOM} export class Room extends DurableObject { fetch() { const [, far] = Object.values(new WebSocketPair()); this.take({ ws: far }); } take(joined) { joined.ws.accept(); } }`, ["server"]],
    ["another property of it", `${ROOM} export class Room extends DurableObject { async fetch() { const [, far] = Object.values(new WebSocketPair()); this.take({ far, near: new WebSocket("wss://a.example") }); } take({ near }) { near.accept(); } }`, ["outgoing"]],
    ["names declared first, by an assignment of both", `${ROOM} export class Room extends DurableObject { fetch() { let near: WebSocket; let far: WebSocket; [near, far] = Object.values(new WebSocketPair()); far.accept(); } }`, ["server"]],
    ["names declared first, by an assignment of properties", `${ROOM} export class Room extends DurableObject { fetch() { let near, far; ({ 0: near, 1: far } = new WebSocketPair()); near.accept(); } }`, ["client"]],
  ])("%s", async (_name, code, ends) => {
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
    const [call] = callsNamed(project, "src/index.ts", "accept");
    if (call?.callee.type !== "MemberExpression") throw new Error("no accept()");
    expect([...socketEnds(project, call.callee.object)]).toEqual(ends);
  });
});

describe("where code starts", () => {
  it("comes to an end where methods are handed around in a circle", async () => {
    const code = `${ROOM} export class Room extends DurableObject {
      a = { go: () => { work(); take(this.b.go); } };
      b = { go: () => { take(this.a.go); } };
    }
    function take(fn) { fn(); }
    export default { fetch() {} };`;
    const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
    const [call] = callsNamed(project, "src/index.ts", "work");
    expect(call && typeof project.calls.isOnRequestPath(call)).toBe("boolean");
  });
});
