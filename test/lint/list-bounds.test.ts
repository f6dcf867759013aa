import { describe, expect, it } from "vitest";
import { boundOf } from "../../src/lint/rules/shared/list-bounds.ts";
import { projectOf } from "../graph/helpers.ts";

/** How long the list given to `use(…)` in a request handler can get. */
async function boundIn(body: string, module = ""): Promise<string> {
  const project = await projectOf({
    "src/index.ts": `${module}
      export default { async fetch(request: Request, env: { DB: D1Database }) {
        const ids: string[] = await request.json();
        ${body}
      } };`,
  });
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
    ["a closed set of words", "20", "const list = ids as Role[]; run(list);", "type Role = 'admin' | 'reader'; function run(roles: Role[]) { use(roles); }"],
    ["limited by a schema", "50", "const body = schema.parse(await request.json()); use(body.names);", "declare const z: any; const schema = z.object({ names: z.array(z.string()).max(50) });"],
  ])("%s: %s", async (_name, expected, body, module = "") => expect(await boundIn(body, module)).toBe(expected));
});
