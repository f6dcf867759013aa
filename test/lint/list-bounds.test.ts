import { describe, expect, it } from "vitest";
import { boundOf } from "../../src/lint/rules/shared/list-bounds.ts";
import { projectOf } from "../graph/helpers.ts";

/** How long the list given to `use(…)` in a request handler can get. */
function boundIn(body: string, module = ""): Promise<string> {
  return boundOfUse({
    "src/index.ts": `${module}
      export default { async fetch(request: Request, env: { DB: D1Database }) {
        const ids: string[] = await request.json();
        ${body}
      } };`,
  });
}

async function boundOfUse(files: Readonly<Record<string, string>>): Promise<string> {
  const project = await projectOf(files);
  const use = project.file("src/index.ts")?.calls.find((call) => call.callee.type === "Identifier" && call.callee.name === "use");
  const [argument] = use?.arguments ?? [];
  if (!argument) throw new Error("no use()");
  const bound = boundOf(project, argument);
  return bound.kind === "max" ? String(bound.count) : bound.kind === "open" ? `open ${bound.from}` : bound.kind;
}

describe("how long a list can get", () => {
  it.each([
    ["a literal", "3", "use([1, 2, 3]);"],
    ["a literal with a spread", "4", "use([...['a', 'b', 'c'], 'd']);"],
    ["a constant, mapped and made unique", "2", "use([...new Set(LIST.map((entry) => entry.trim()))]);", "const LIST = ['a', 'b'];"],
    ["the request's list", "open request", "use(ids);"],
    ["the request's list, mapped", "open request", "use(ids.filter(Boolean).map((id) => id.trim()));"],
    ["the beginning of it", "50", "use(ids.slice(0, 50));"],
    ["a piece of it", "40", "for (let i = 0; i < ids.length; i += SIZE) { const part = ids.slice(i, i + SIZE); use(part); }", "const SIZE = 40;"],
    ["a piece whose size is divided", "100", "const size = Math.floor(100 / columns()); use(ids.slice(0, size));", "declare function columns(): number;"],
    ["a piece of a size only known at run time", "sized", "use(ids.slice(0, size()));", "declare function size(): number;"],
    ["pieces of a helper", "25", "for (const part of chunked(ids, 25)) use(part);", "declare function chunked<T>(list: T[], size: number): T[][];"],
    ["checked before", "10", "if (ids.length > 10) return; use(ids);"],
    ["checked the other way round", "9", "if (ids.length < 10) use(ids);"],
    ["checked for being empty only", "open request", "if (ids.length === 0) return; use(ids);"],
    ["rows without LIMIT", "open rows", "const { results } = await env.DB.prepare('SELECT id FROM t').all(); use(results);"],
    ["rows with LIMIT", "30", "const found = await env.DB.prepare('SELECT id FROM t LIMIT 30').all(); use(found.results.map((row) => row.id));"],
    ["rows with a bound LIMIT", "20", "const { results } = await env.DB.prepare('SELECT id FROM t WHERE a = ? LIMIT ?').bind(1, PAGE).all(); use(results);", "const PAGE = 20;"],
    ["rows with a LIMIT in a subquery only", "open rows", "const { results } = await env.DB.prepare('SELECT * FROM (SELECT 1 LIMIT 1), t').all(); use(results);"],
    ["a page of a clamped size", "100", "const size = Math.min(Number(request.url), 100); const { results } = await env.DB.prepare('SELECT id FROM t LIMIT ?').bind(size).all(); use(results);"],
    ["the shorter of two by a condition", "3", "use(request.url ? ['a'] : ['a', 'b', 'c']);"],
    ["results of as many promises", "30", "const { results } = await env.DB.prepare('SELECT id FROM t LIMIT 30').all(); const done = await Promise.allSettled(results.map((row) => ask(row))); use(done.filter((one) => one.status === 'fulfilled').map((one) => one.value));", "declare function ask(row: unknown): Promise<string>;"],
    ["results of promises, each a list", "open unknown", "const lists = await Promise.all([ask(1), ask(2)]); use((await Promise.all([ask(1), ask(2)])).flat());", "declare function ask(row: unknown): Promise<string[]>;"],
    ["keys of a literal", "2", "use(Object.keys({ a: 1, b: 2 }));"],
    ["filled by a loop over a literal", "2", "const list = []; for (const id of ['a', 'b']) list.push(id); use(list);"],
    ["filled by a counting loop", "5", "const list: number[] = []; for (let i = 0; i < 5; i++) list.push(i); use(list);"],
    ["filled by a loop over the request's list", "open request", "const list: string[] = []; for (const id of ids) list.push(id); use(list);"],
    ["what every caller gives", "2", "run(['a', 'b']); run(['c']);", "function run(list: string[]) { use(list); }"],
    ["what one caller gives", "open request", "run(['a', 'b']); run(ids);", "function run(list: string[]) { use(list); }"],
    ["an option that every caller writes out", "1", "run({ ids: ['a'] }); run({});", "function run(options: { ids?: string[] }) { use(options.ids); }"],
    ["an option taken out of the options, or none", "3", "const states = request.url ? ['a', 'b', 'c'] : undefined; run({ states }); run();", "function run(options: { states?: string[] } = {}) { const { states } = options; if (states) use(states); }"],
    ["an option with a default", "2", "run({});", "function run(options: { states?: string[] }) { const { states = ['a', 'b'] } = options; use(states); }"],
    ["an option that one caller fills from the request", "open request", "run({ states: ['a'] }); run({ states: ids });", "function run(options: { states?: string[] }) { const { states } = options; if (states) use(states); }"],
    ["a list or nothing", "1", "use(request.url ? ['a'] : null);"],
    ["a closed set of words", "20", "const list = ids as Role[]; run(list);", "type Role = 'admin' | 'reader'; function run(roles: Role[]) { use(roles); }"],
    ["limited by a schema", "50", "const body = schema.parse(await request.json()); use(body.names);", "declare const z: any; const schema = z.object({ names: z.array(z.string()).max(50) });"],
  ])("%s: %s", async (_name, expected, body, module = "") => expect(await boundIn(body, module)).toBe(expected));
});

describe("what a schema of another file allows", () => {
  const SCHEMAS = `import { z } from "zod";
    export const byIds = z.object({
      ids: z.preprocess(
        (text) => String(text).split(","),
        z.array(z.string().max(40))
          .min(1)
          .max(MOST),
      ),
      tags: z.array(z.string().max(12)),
    });
    const MOST = 30;`;
  const app = (code: string): Promise<string> => boundOfUse({ "src/schemas.ts": SCHEMAS, "src/index.ts": `import { byIds } from "./schemas.ts"; interface Env { DB: D1Database }\n${code}` });
  it.each([
    ["a validator before the handler", "30", `app.get("/notes", zValidator("query", byIds), async (c) => { const { ids } = c.req.valid("query"); use(ids); });`],
    ["a property of what it checked", "30", `app.get("/notes", zValidator("query", byIds), async (c) => { use(c.req.valid("query").ids); });`],
    ["the input of a procedure", "30", `export const list = procedure.input(byIds).query(async ({ ctx, input }) => { use(input.ids); });`],
    ["the input of a procedure, written out", "20", `export const list = procedure.input(z.object({ keys: z.string().array().max(20) })).query(async ({ input }) => { const { keys } = input; use(keys); });`],
    ["a body that was parsed", "30", `export async function load(request: Request) { const body = byIds.parse(await request.json()); use(body.ids); }`],
    ["a limit of the elements", "open unknown", `app.get("/notes", zValidator("query", byIds), async (c) => { const { tags } = c.req.valid("query"); use(tags); });`],
    ["a schema of another route", "open unknown", `app.get("/notes", zValidator("query", byIds), (c) => c.text("")); app.get("/all", async (c) => { const { ids } = c.req.valid("query"); use(ids); });`],
  ])("%s: %s", async (_name, expected, code) => expect(await app(code)).toBe(expected));
});

describe("properties of jobs in a queue", () => {
  const queue = (fill: string, take: string): Promise<string> =>
    boundOfUse({ "src/index.ts": `import { DurableObject } from "cloudflare:workers";
      export class Mailer extends DurableObject<{ DB: D1Database }> {
        jobs: { to: string[] }[] = [];
        async enqueue(request: Request) { const to: string[] = await request.json(); ${fill} }
        async run() { ${take} }
      }` });
  it.each([
    ["taken from a field, all jobs written out", "25", "this.jobs.push({ to: to.slice(0, 25) }); this.jobs.unshift({ to: ['a'] });", "const job = this.jobs.shift()!; use(job.to);"],
    ["gone through", "25", "this.jobs.push({ to: to.slice(0, 25) });", "for (const job of this.jobs) use(job.to); this.jobs = [];"],
    ["handed on", "25", "this.jobs.push({ to: to.slice(0, 25) });", "const job = this.jobs.shift()!; this.send(job.to); } private send(list: string[]) { use(list);"],
    ["as many as came", "open request", "this.jobs.push({ to });", "const job = this.jobs.shift()!; use(job.to);"],
    ["also filled by a spread", "open unknown", "this.jobs.push({ to: ['a'] }); this.jobs.push(...to.map((one) => ({ to: [one] })));", "const job = this.jobs.shift()!; use(job.to);"],
    ["also assigned", "open unknown", "this.jobs.push({ to: ['a'] }); this.jobs = JSON.parse(to[0]);", "const job = this.jobs.shift()!; use(job.to);"],
    ["a property that jobs do not have", "open unknown", "this.jobs.push(makeJob(to));", "const job = this.jobs.shift()!; use(job.to);"],
  ])("%s: %s", async (_name, expected, fill, take) => expect(await queue(fill, take)).toBe(expected));
});

describe("rows asked for by their ids", () => {
  const rows = (chain: string): Promise<string> =>
    boundIn(`const db = drizzle(env.DB); const known = ids.slice(0, 40); const found = await db.select().from(notes)${chain}; use(found.map((note) => note.id));`, `import { drizzle } from "drizzle-orm/d1"; import { and, eq, inArray } from "drizzle-orm";`);
  it.each([
    ["no more than ids", "40", ".where(inArray(notes.id, known))"],
    ["no more than ids, and a condition beside", "40", ".where(and(eq(notes.owner, 1), inArray(notes.id, known))).all()"],
    ["a limit counts before", "10", ".where(inArray(notes.id, known)).limit(10)"],
    ["another column may repeat", "open rows", ".where(inArray(notes.owner, known))"],
    ["a join makes more of them", "open rows", ".innerJoin(tags, eq(tags.note, notes.id)).where(inArray(notes.id, known))"],
    ["ids without a limit", "open rows", ".where(inArray(notes.id, ids))"],
  ])("%s: %s", async (_name, expected, chain) => expect(await rows(chain)).toBe(expected));
});
