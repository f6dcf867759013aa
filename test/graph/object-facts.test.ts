import { describe, expect, it } from "vitest";
import { natureOf } from "../../src/project/graph/objects/awaits.ts";
import { objectEvents } from "../../src/project/graph/objects/events.ts";
import { fieldsOf } from "../../src/project/graph/objects/fields.ts";
import { hibernationOf } from "../../src/project/graph/objects/hibernation.ts";
import { portableKeys, readOf, writeOf } from "../../src/project/graph/objects/storage-access.ts";
import { functionName } from "../../src/project/graph/classes.ts";
import { nodeAt, projectOf } from "./helpers.ts";

const WRANGLER = JSON.stringify({
  name: "w", main: "src/index.ts", kv_namespaces: [{ binding: "CACHE", id: "x" }], d1_databases: [{ binding: "DB" }],
  durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
});

const room = (body: string, base = "DurableObject", from = "cloudflare:workers"): string => `import { ${base} } from "${from}"; export class Room extends ${base}<Env> { ${body} }`;

async function roomOf(code: string) {
  const project = await projectOf({ "wrangler.json": WRANGLER, "src/index.ts": code });
  const [cls] = project.classes.durableObjects;
  if (!cls) throw new Error("no object class");
  return { project, cls };
}

describe("what an awaited call waits for", () => {
  it.each([
    ["its own storage", `this.ctx.storage.get("a")`, "storage"],
    ["its own SQL", `this.ctx.storage.sql.exec("SELECT 1")`, "storage"],
    ["the network", `fetch("https://a.example")`, "network"],
    ["a binding", `this.env.CACHE.get("a")`, "binding"],
    ["a D1 statement", `this.env.DB.prepare("SELECT 1").run()`, "binding"],
    ["another object", `this.env.ROOM.getByName("a").ping()`, "object"],
    ["the address of another object", `this.env.ROOM.getByName("a")`, "local"],
    ["a request's body", `request.json()`, "body"],
    ["a sleep", `scheduler.wait(10)`, "timer"],
    ["work of the processor", `crypto.subtle.digest("SHA-256", data)`, "local"],
    ["something of a package", `pack(data)`, "unknown"],
    ["a client of a package that speaks to the network", `ai.generateText()`, "network"],
    ["a function of the project", `this.help()`, undefined],
  ])("%s", async (_name, text, nature) => {
    const { project } = await roomOf(`import { pack } from "pack"; import * as ai from "ai"; ${room(`async f(request: Request) { await ${text}; } async help() {}`)}`);
    const call = nodeAt(project, "src/index.ts", text);
    expect(call.type === "CallExpression" && natureOf(project, call)).toBe(nature);
  });
});

describe("what storage calls read and write", () => {
  it.each([
    [`this.ctx.storage.get("users")`, ["constant:users"], undefined],
    ["this.ctx.storage.get(`user:${id}`)", ["key:`user:${id}`"], undefined],
    [`this.ctx.storage.sql.exec("SELECT * FROM jobs JOIN Users ON 1")`, ["table:jobs", "table:users"], undefined],
    [`this.ctx.storage.put("users", list)`, undefined, { keys: ["constant:users"], mode: "replace", stored: ["list"] }],
    [`this.ctx.storage.sql.exec("UPDATE jobs SET a = ?, n = n + ? WHERE id = ?", a, n, id)`, undefined, { keys: ["table:jobs"], mode: "patch", stored: ["a"] }],
    [`this.ctx.storage.sql.exec("INSERT INTO log (a) VALUES (?)", a)`, undefined, { keys: ["table:log"], mode: "append", stored: ["a"] }],
    [`this.ctx.storage.sql.exec("INSERT INTO t VALUES (?) ON CONFLICT DO UPDATE SET a = 1", a)`, undefined, { keys: ["table:t"], mode: "replace", stored: ["a"] }],
    [`this.ctx.storage.sql.exec("DELETE FROM jobs WHERE id = ?", id)`, undefined, undefined],
  ])("%s", async (text, read, written) => {
    const { project } = await roomOf(room(`f(id, list, a, n) { ${text}; }`));
    const node = nodeAt(project, "src/index.ts", text);
    expect(readOf(project, node)?.keys).toEqual(read);
    const write = writeOf(project, node);
    expect(write && { keys: write.keys, mode: write.mode, stored: write.values.map((value) => project.text(value)) }).toEqual(written);
  });

  it("takes along into other functions only the keys that mean the same there", () => {
    expect(portableKeys(["constant:users", "key:key", "key:`user:${id}`", "key:this.key", "table:jobs"])).toEqual(["constant:users", "key:user:*", "key:this.key", "table:jobs"]);
  });
});

describe("fields of objects", () => {
  it("tells reads, assignments and changes of what a field holds", async () => {
    const { project, cls } = await roomOf(room(`list = []; f(x) { this.list.push(x); this.list = x; this.list[0].n = 1; this.list.get(1).m++; delete this.list[1]; this.list.clear(); return this.list.map((y) => y); }`));
    expect(fieldsOf(project, cls).get("list")?.uses.map((use) => use.kind)).toEqual(["mutate", "assign", "mutate", "mutate", "remove", "remove", "read"]);
  });

  it("takes no method for a field", async () => {
    const { project, cls } = await roomOf(room(`go = () => this.stop(); stop() { this.go(); }`));
    expect([...fieldsOf(project, cls).keys()]).toEqual([]);
  });
});

describe("events of objects", () => {
  it("knows handlers, public methods, and listeners that the constructor sets up", async () => {
    const { project, cls } = await roomOf(room(`constructor(ctx, env) { super(ctx, env); this.load(); app.get("/", () => this.count()); } load() {} count() {} fetch() { this.help(); } help() {} alarm() {} ping() {} #own() {}`));
    const { events, wake } = objectEvents(project, cls);
    expect(events.map(({ name }) => name)).toEqual(["fetch", "alarm", "ping", undefined]);
    expect([...wake].map((fn) => functionName(project, fn))).toEqual(["Room.constructor", "Room.load"]);
  });

  it.each([
    ["takes sockets for it", room("fetch() { this.ctx.acceptWebSocket(new WebSocketPair()[1]); }"), true],
    ["takes none", room("fetch() {}"), false],
    ["has a base that always does", room("", "Agent", "agents"), true],
    ["has a base that does when asked, and asks", room("static options = { hibernate: true };", "Server", "partyserver"), true],
    ["has a base that does when asked, and does not ask", room("onMessage() {}", "Server", "partyserver"), false],
  ])("hibernates when the class %s", async (_name, code, does) => {
    const { project, cls } = await roomOf(code);
    expect(hibernationOf(project, cls) !== undefined).toBe(does);
  });
});
