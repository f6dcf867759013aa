import { describe, expect, it } from "vitest";
import { natureOf, repetitionsAround } from "../../src/project/graph/loops.ts";
import type { Project } from "../../src/project/graph/project.ts";
import { queriesOf } from "../../src/project/graph/queries/queries.ts";
import type { D1Query } from "../../src/project/graph/queries/query.ts";
import { replicatedBindings } from "../../src/project/graph/queries/replication.ts";
import { sessionsOf } from "../../src/project/graph/queries/sessions.ts";
import { templateText, textsOf } from "../../src/project/graph/queries/statement-text.ts";
import { readStatement } from "../../src/project/graph/queries/statement-words.ts";
import { writeParts } from "../../src/project/graph/queries/write-parts.ts";
import { callsNamed, projectOf } from "./helpers.ts";

const ENV = "interface Env { DB: D1Database }\n";

function shown(query: D1Query): string {
  return [query.via, query.method, query.action, query.reads.join("+"), query.writes.join("+"), query.use].join(" ");
}

async function queriesIn(code: string, more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const project = await projectOf({ "src/index.ts": ENV + code, ...more });
  return queriesOf(project).all.map(shown);
}

async function one(code: string): Promise<{ project: Project; query: D1Query }> {
  const project = await projectOf({ "src/index.ts": ENV + code });
  const [query] = queriesOf(project).all;
  if (!query) throw new Error("no query");
  return { project, query };
}

describe("queries of D1 itself", () => {
  it.each([
    ["a chain", 'await env.DB.prepare("SELECT * FROM a JOIN b ON 1").bind(1).all();', "d1 all read a+b  awaited"],
    ["a statement kept in a variable", 'const s = env.DB.prepare("DELETE FROM a"); await s.run();', "d1 run write  a awaited"],
    ["a text put together", 'const t = "a"; let sql = `UPDATE ${t} SET x = 1`; sql += " WHERE id = ?"; await env.DB.prepare(sql).bind(1).run();', "d1 run write  a awaited"],
    ["a batch of a mapped list", 'await env.DB.batch([1, 2].map((n) => env.DB.prepare("INSERT INTO a VALUES (?)").bind(n)));', "d1 batch write  a awaited"],
    ["a batch of a list that was filled", 'const l: D1PreparedStatement[] = []; l.push(env.DB.prepare("INSERT INTO a VALUES (1)")); await env.DB.batch(l);', "d1 batch write  a awaited"],
    ["left to itself", 'env.DB.prepare("INSERT INTO a VALUES (1)").run();', "d1 run write  a dropped"],
    ["handed to waitUntil", 'ctx.waitUntil(env.DB.prepare("INSERT INTO a VALUES (1)").run());', "d1 run write  a background"],
    ["one of several", 'await Promise.all([env.DB.prepare("SELECT 1 FROM a").first()]);', "d1 first read a  joined"],
    ["through then", 'await env.DB.prepare("SELECT 1 FROM a").first().then((row) => row);', "d1 first read a  awaited"],
    ["schema", 'await env.DB.exec("CREATE TABLE a (id)");', "d1 exec ddl  a awaited"],
  ])("%s", async (_, body, expected) => {
    expect(await queriesIn(`export default { async fetch(request: Request, env: Env, ctx: ExecutionContext) { ${body} return new Response(); } };`)).toEqual([expected]);
  });

  it("a project's own tag that runs statements", async () => {
    expect(await queriesIn('let db: D1Database; export const use = (env: Env) => { db = env.DB; };\nexport async function sql(strings: TemplateStringsArray, ...values: unknown[]) { return db.prepare(strings.join("?")).bind(...values).all(); }\nexport async function f(id: string) { await sql`UPDATE a SET x = 1 WHERE id = ${id}`; }'))
      .toEqual(["d1 all read   returned", "d1 sql write  a awaited"]);
  });

  it("says nothing about receivers it does not know", async () => {
    expect(await queriesIn('import { open } from "some-sqlite"; export const f = () => open("x").prepare("SELECT 1 FROM a").all();')).toEqual([]);
  });

  it("leaves an object's own SQLite alone", async () => {
    expect(await queriesIn('import { DurableObject } from "cloudflare:workers"; export class A extends DurableObject { f() { return this.ctx.storage.sql.exec("SELECT 1 FROM a").one(); } }')).toEqual([]);
  });

  it("takes a project's own interface over D1 for a database", async () => {
    expect(await queriesIn('interface Statement { bind(...v: unknown[]): Statement; first(): Promise<unknown>; run(): Promise<unknown> }\ninterface Db { prepare(sql: string): Statement; batch(list: Statement[]): Promise<unknown> }\nexport async function f(db: Db) { return await db.prepare("SELECT 1 FROM a").first(); }')).toEqual(["d1 first read a  awaited"]);
  });
});

describe("queries of builders", () => {
  const drizzle = 'import { drizzle } from "drizzle-orm/d1"; import { users, posts } from "./schema"; export async function f(env: Env) { const db = drizzle(env.DB); ';
  it.each([
    ["awaited", "await db.select().from(users);", ["drizzle select read users  awaited"]],
    ["relational", "await db.query.users.findFirst({});", ["drizzle findFirst read users  awaited"]],
    ["a write", "await db.update(users).set({ a: 1 }).where(x);", ["drizzle update write  users awaited"]],
    ["ended by a method", "return db.delete(posts).run();", ["drizzle delete write  posts returned"]],
    ["awaited later", "let q = db.select().from(users).$dynamic(); q = q.limit(1); await q;", ["drizzle select read users  kept"]],
    ["a subquery is no query of its own", "await db.select().from(users).where(inArray(users.id, db.select().from(posts)));", ["drizzle select read users  awaited"]],
    ["a list put together for a batch", "const all = [...rows.map((row) => db.insert(users).values(row)) as Item[], ...old.map((row) => { return db.delete(users).where(row); })]; await db.batch(all as Batch);", ["drizzle batch write  users awaited"]],
    ["a list handed out", "return rows.map((row) => db.insert(users).values(row));", []],
    ["a list that is waited for", "await Promise.all(rows.map((row) => { return db.insert(users).values(row); }));", ["drizzle insert write  users returned"]],
    ["a list kept, then waited for", "const all = rows.map((row) => db.insert(users).values(row)); await Promise.all([...all, other()]);", ["drizzle insert write  users joined"]],
    ["lists of lists that are waited for", "await Promise.all(rows.map((row) => row.tags.map((tag) => db.insert(users).values(tag))).flat());", ["drizzle insert write  users joined"]],
    ["pushed to a list that is waited for", "const all = []; for (const row of rows) all.push(db.insert(users).values(row)); await Promise.all(all);", ["drizzle insert write  users kept"]],
    ["pushed to a list for a batch", "const all = []; for (const row of rows) all.push(db.insert(users).values(row)); await db.batch(all);", ["drizzle batch write  users awaited"]],
    ["an async callback runs its builder", "const all = rows.map(async (row) => db.insert(users).values(row)); return all;", ["drizzle insert write  users joined"]],
    ["a batch is one", "await db.batch([db.insert(users).values({}), db.delete(posts)]);", ["drizzle batch write  users+posts awaited"]],
  ])("drizzle: %s", async (_, body, expected) => {
    expect(await queriesIn(`${drizzle}${body} }`)).toEqual(expected);
  });

  it("drizzle on an object's SQLite is none", async () => {
    expect(await queriesIn('import { drizzle } from "drizzle-orm/durable-sqlite"; import { DurableObject } from "cloudflare:workers"; export class A extends DurableObject { db = drizzle(this.ctx.storage); async f() { await this.db.select().from(users); } }')).toEqual([]);
  });

  it("prisma over the D1 adapter, its client generated anywhere", async () => {
    expect(await queriesIn('import { PrismaClient } from "../generated/prisma"; import { PrismaD1 } from "@prisma/adapter-d1"; export async function f(env: Env) { const prisma = new PrismaClient({ adapter: new PrismaD1(env.DB) }); await prisma.user.update({ where: {}, data: {} }); }')).toEqual(["prisma update write  user awaited"]);
  });

  it("kysely over D1", async () => {
    expect(await queriesIn('import { Kysely } from "kysely"; import { D1Dialect } from "kysely-d1"; export async function f(env: Env) { const db = new Kysely({ dialect: new D1Dialect({ database: env.DB }) }); await db.selectFrom("pet").selectAll().execute(); }')).toEqual(["kysely selectFrom read pet  awaited"]);
  });

  it.each([
    ["react", 'import { cache } from "react"; const getDb = cache(() => drizzle(env.DB));', "getDb()"],
    ["react, asynchronous", 'import { cache } from "react"; const getDb = cache(async () => drizzle(env.DB));', "(await getDb())"],
    ["a named function", 'import { createServerOnlyFn } from "@tanstack/react-start"; function open() { return drizzle(env.DB); } const getDb = createServerOnlyFn(open);', "getDb()"],
  ])("a database that a wrapped function gives: %s", async (_, start, db) => {
    expect(await queriesIn(`import { drizzle } from "drizzle-orm/d1"; import { env } from "cloudflare:workers"; ${start} export async function f() { await ${db}.select().from(users); }`)).toEqual(["drizzle select read users  awaited"]);
  });

  it("a wrapper that is not known gives nothing", async () => {
    expect(await queriesIn('import { drizzle } from "drizzle-orm/d1"; import { env } from "cloudflare:workers"; import { subscribe } from "somewhere"; const stop = subscribe(() => drizzle(env.DB)); export async function f() { await stop().select().from(users); }')).toEqual([]);
  });

  it("what a framework keeps for the request", async () => {
    expect(await queriesIn('import { drizzle } from "drizzle-orm/d1"; export const handle = async ({ event }) => { event.locals.db = drizzle(event.platform.env.DB); }; export const load = async ({ locals }) => { await locals.db.select().from(users); };')).toEqual(["drizzle select read users  awaited"]);
  });
});

describe("queries that a call leads to", () => {
  const helper = 'async function tags(db: D1Database, id: string, options?: { fresh?: boolean }, known?: string[]) { if (options?.fresh) return (await db.prepare("SELECT 1 FROM fresh").all()).results; return known ?? (await db.prepare("SELECT 1 FROM tags").all()).results; }\n';
  it.each([
    ["tags(env.DB, id)", ["tags"]],
    ["tags(env.DB, id, { fresh: true }, [])", ["fresh"]],
    ["tags(env.DB, id, undefined, lists.map((l) => l.tag))", []],
    ["tags(env.DB, id, options)", ["fresh", "tags"]],
  ])("%s", async (call, expected) => {
    const project = await projectOf({ "src/index.ts": `${ENV}${helper}export async function f(env: Env, id: string, options: {}, lists: { tag: string }[]) { await ${call}; }` });
    const site = callsNamed(project, "src/index.ts", "tags").at(-1);
    expect(site && queriesOf(project).reached(site).flatMap(({ query }) => query.reads)).toEqual(expected);
  });

  it("a helper that is given its SQL does what each call says", async () => {
    const project = await projectOf({ "src/index.ts": `${ENV}const sql = (db: D1Database, text: string) => db.prepare(text).all();\nconst twice = (db: D1Database, text: string) => sql(db, text);\nexport async function f(env: Env) { await sql(env.DB, "SELECT 1 FROM a"); await twice(env.DB, "DELETE FROM b"); }` });
    const sites = [...callsNamed(project, "src/index.ts", "sql"), ...callsNamed(project, "src/index.ts", "twice")].slice(1);
    expect(sites.flatMap((site) => queriesOf(project).reached(site).map(({ query }) => [query.action, ...query.reads, ...query.writes]))).toEqual([["read", "a"], ["write", "b"]]);
  });

  it("a helper that is given a table's name reads and writes that table only", async () => {
    const project = await projectOf({ "src/index.ts": `${ENV}const add = (db: D1Database, table: string, name: string) => db.prepare(\`INSERT INTO \${table} (name) VALUES (?)\`).bind(name).run();\nexport async function f(env: Env) { await add(env.DB, "apples", "x"); await add(env.DB, "pears", "y"); }` });
    const sites = callsNamed(project, "src/index.ts", "add");
    expect(sites.map((site) => queriesOf(project).reached(site).flatMap(({ query }) => query.writes))).toEqual([["apples"], ["pears"]]);
  });

  it("through files, up to a bound, and not in circles", async () => {
    const project = await projectOf({
      "src/index.ts": `${ENV}import { a } from "./a"; export const f = (env: Env) => a(env.DB);`,
      "src/a.ts": 'import { b } from "./b"; export function a(db: D1Database): Promise<unknown> { return b(db); }',
      "src/b.ts": 'import { a } from "./a"; export async function b(db: D1Database) { if (db) await a(db); return db.prepare("SELECT 1 FROM c").first(); }',
    });
    const [site] = callsNamed(project, "src/index.ts", "a");
    expect(site && queriesOf(project).reached(site).map(({ query, path }) => [query.reads[0], path.length])).toEqual([["c", 2]]);
  });
});

describe("texts", () => {
  it.each([
    ['"SELECT 1"', "SELECT 1"],
    ["`SELECT ${x} FROM a`", "SELECT \uFFFC FROM a"],
    ['"SELECT " + "*"', "SELECT *"],
    ['["SELECT *", "FROM a"].join("\\n")', "SELECT *\nFROM a"],
    ["QUERIES.list", "SELECT * FROM list"],
  ])("%s", async (expression, expected) => {
    const project = await projectOf({ "src/index.ts": `${ENV}const QUERIES = { list: "SELECT * FROM list" };\nexport const f = (env: Env, x: string) => env.DB.prepare(${expression}).all();` });
    const [call] = callsNamed(project, "src/index.ts", "prepare");
    const [argument] = call?.arguments ?? [];
    expect(argument && textsOf(project, argument).map(templateText)).toEqual([expected]);
  });

  it.each([
    ["WITH x AS (SELECT 1 FROM a) SELECT * FROM x", "read", ["a"], []],
    ["WITH x AS (SELECT 1 FROM a) DELETE FROM b WHERE id IN (SELECT * FROM x)", "write", ["a"], ["b"]],
    ["INSERT OR IGNORE INTO \"a\" SELECT * FROM b", "write", ["b"], ["a"]],
    ["-- note\nUPDATE a SET x = 'from z'", "write", [], ["a"]],
    ["PRAGMA foreign_keys", "ddl", [], []],
    ["\uFFFC", "unknown", [], []],
  ])("%s", (sql, action, reads, writes) => {
    expect(readStatement(sql)).toEqual({ action, reads, writes });
  });
});

describe("repetitions", () => {
  it.each([
    ["for (const id of ids) await q(id);", ["data"]],
    ["for (const kind of ['a', 'b']) await q(kind);", ["constant"]],
    ["for (let i = 0; i < ids.length; i += 50) await q(i);", ["chunks"]],
    ["for (const chunk of split(ids)) await q(chunk);", ["chunks"]],
    ["for (let attempt = 0; attempt < 5; attempt++) await q(attempt);", ["retry"]],
    ["while (true) { const r = await q(1); if (!r) break; }", ["pages"]],
    ["while (ids.length) { await q(ids.shift()); }", ["data"]],
    ["await Promise.all(ids.map((id) => q(id)));", ["data"]],
    ["for (const id of await q(1)) id;", []],
    ["for (const list of lists) for (const id of list) await q(id);", ["data", "data"]],
    ["const later = () => ids; for (const id of later()) { button.on('click', () => q(id)); }", []],
  ])("%s", async (body, expected) => {
    const project = await projectOf({ "src/index.ts": `${ENV}export async function f(env: Env, ids: string[], lists: string[][]) { const q = async (x: unknown) => env.DB.prepare("SELECT 1 FROM a").bind(x).first(); ${body} }` });
    const call = callsNamed(project, "src/index.ts", "q").at(-1);
    expect(call && repetitionsAround(call).map((repetition) => natureOf(project, repetition).kind)).toEqual(expected);
  });

  it.each([
    ["added one by one", "const list = ['a']; if (ids[0]) list.push(ids[0]); if (ids[1]) list.push(ids[1], 'b');", 4],
    ["added to a set, made a list again", "const set = new Set(['a']); if (ids[0]) set.add(ids[0]); const list = [...set];", 2],
    ["added in a loop", "const list = ['a']; for (const id of ids) list.push(id);", undefined],
    ["added by a callback", "const list = ['a']; ids.forEach((id) => list.push(id));", undefined],
    ["added by a spread", "const list = ['a']; list.push(...ids);", undefined],
    ["made and filled in the same turn", "for (const id of ids) { const list = ['a']; list.push(id); for (const x of list) await q(x); } const list = ['a'];", 1],
  ])("lists of a few: %s", async (_name, body, length) => {
    const project = await projectOf({ "src/index.ts": `${ENV}export async function f(env: Env, ids: string[]) { const q = async (x: unknown) => env.DB.prepare("SELECT 1 FROM a").bind(x).first(); ${body} for (const id of list) await q(id); }` });
    const call = callsNamed(project, "src/index.ts", "q").at(-1);
    expect(call && repetitionsAround(call).map((repetition) => natureOf(project, repetition))).toEqual([length === undefined ? { kind: "data" } : { kind: "constant", length }]);
  });
});

describe("parts of writes", () => {
  it("columns with their values, by position and by number", async () => {
    const { project, query } = await one('export const f = (env: Env, a: number, b: number) => env.DB.prepare("UPDATE t SET x = ?2, y = y + 1, z = 0 WHERE id = ?1").bind(a, b).run();');
    expect(writeParts(project, query).map(({ kind, sets, guards }) => [kind, sets.map((set) => [set.column, set.value && project.text(set.value), set.fromItself, set.constant]), guards])).toEqual([
      ["update", [["x", "b", false, false], ["y", undefined, true, false], ["z", undefined, false, true]], ["id"]],
    ]);
  });

  it("what an upsert writes over the row", async () => {
    const { project, query } = await one('export const f = (env: Env, a: number, b: number) => env.DB.prepare("INSERT INTO t (id, n) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET n = excluded.n").bind(a, b).run();');
    expect(writeParts(project, query).map(({ kind, sets }) => [kind, sets.map((set) => [set.column, set.value && project.text(set.value)])])).toEqual([["upsert", [["n", "b"]]]]);
  });
});

describe("sessions and replicas", () => {
  it.each([
    ["env.DB.withSession()", "unconstrained"],
    ['env.DB.withSession("first-primary")', "primary"],
    ['env.DB.withSession(fresh ? "first-primary" : "first-unconstrained")', "unconstrained"],
    ['env.DB.withSession(bookmark ?? "first-unconstrained")', "bookmark"],
  ])("%s", async (code, start) => {
    const project = await projectOf({ "src/index.ts": `${ENV}export const f = (env: Env, bookmark: string | null, fresh: boolean) => ${code};` });
    expect(sessionsOf(project).map((session) => session.start)).toEqual([start]);
  });

  it("a database is told from another by the name that infrastructure code gives it", async () => {
    const project = await projectOf({
      "src/index.ts": "export default { async fetch(request: Request, env: { A: D1Database; B: D1Database }) { return env.A; } };",
      "wrangler.jsonc": '{ "name": "w", "main": "src/index.ts", "d1_databases": [{ "binding": "A", "database_name": "one" }, { "binding": "B", "database_name": "two" }] }',
      "main.tf": 'resource "cloudflare_d1_database" "x" {\n  name = "two"\n  read_replication = { mode = "auto" }\n}',
    });
    expect(replicatedBindings(project, new Map()).map(({ binding, evidence }) => [binding, evidence.source])).toEqual([["B", "Terraform"]]);
    expect(replicatedBindings(project, new Map([["B", { readReplication: "disabled", evidence: "do-or-d1.yaml" }]]))).toEqual([]);
  });
});
