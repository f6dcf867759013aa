import { describe, expect, it } from "vitest";
import { textJudge } from "../../src/lint/rules/shared/text-trust.ts";
import { projectOf } from "../graph/helpers.ts";

/** How far the argument of `use(…)` in a request handler is trusted. */
async function trustOf(body: string, module = ""): Promise<string> {
  const project = await projectOf({
    "src/index.ts": `${module}
      export default { async fetch(request: Request, env: { DB: D1Database; PREFIX: string }) {
        const url = new URL(request.url);
        const input = url.searchParams.get("input") ?? "";
        ${body}
      } };`,
  });
  const use = project.file("src/index.ts")?.calls.find((call) => call.callee.type === "Identifier" && call.callee.name === "use");
  const [argument] = use?.arguments ?? [];
  if (!argument) throw new Error("no use()");
  return textJudge(project).judge(argument).trust;
}

describe("comes from the request", () => {
  it.each([
    ["as it is", "use(input);"],
    ["trimmed and folded", "use(input.trim().toLowerCase());"],
    ["in a template", "use(`a ${input}`);"],
    ["split and joined", `use(input.split(",").map((part) => \`'\${part}'\`).join(","));`],
    ["picked from the body", "const { name } = await request.json<{ name: string }>(); use(name);"],
    ["keys of the body", "const body = await request.json<object>(); use(Object.keys(body).join());"],
    ["keys of the body's entries", "for (const [key] of Object.entries(await request.json<object>())) use(key);"],
    ["through a helper", "use(clean(input));", "const clean = (text: string) => text.trim();"],
    ["one of two", `use(input === "x" ? "a" : input);`],
    ["assigned under a condition", `let column = "id"; if (input) column = input; use(column);`],
    ["collected", "const parts: string[] = []; parts.push(`name = '${input}'`); use(parts.join(' AND '));"],
    ["a replacement that leaves quotes alone", `use(input.replace(/^https?:/, ""));`],
    ["a request that the application extended", "use(read(request as AuthRequest));", "interface AuthRequest extends Request { user: string } const read = (request: AuthRequest) => request.url;"],
    ["a header", `use(request.headers.get("x-table"));`],
    ["a property set later", `const options = { column: "id" }; options.column = input; use(options.column);`],
    ["a check on something else", `const other = url.hash; if (!["a", "b"].includes(other)) return; use(input);`],
    ["a check that only says it is there", "if (!input) return; use(input);"],
    ["a comparison that rules one value out", `if (input === "password") return; use(input);`],
  ])("%s", async (_name, body, module = "") => expect(await trustOf(body, module)).toBe("request"));
});

describe("is safe", () => {
  it.each([
    ["a literal", `use("id");`],
    ["a number", "use(Number(input)); "],
    ["a length", "use(input.length);"],
    ["an arithmetic result", "use(Number(input) * 10);"],
    ["a date", "use(new Date().toISOString());"],
    ["a fresh id", "use(crypto.randomUUID());"],
    ["a variable of the environment", "use(env.PREFIX);"],
    ["checked against a list", `if (!["a", "b"].includes(input)) return; use(input);`],
    ["checked against a set, the other way round", `if (ALLOWED.has(input)) use(input);`, `const ALLOWED = new Set(["a"]);`],
    ["checked by a pattern", "if (!/^[a-z]+$/.test(input)) return; use(input);"],
    ["checked by a function", "if (!isColumn(input)) return; use(input);", "declare function isColumn(text: string): boolean;"],
    ["one of two literals", `if (input !== "a" && input !== "b") return; use(input);`],
    ["a case", `switch (input) { case "a": case "b": use(input); }`],
    ["checked to be a number", "if (isNaN(Number(input))) return; use(input);"],
    ["looked up", `use(COLUMNS[input] ?? "id");`, `const COLUMNS: Record<string, string> = { name: "name", age: "u.age" };`],
    ["looked up in a map", `use(COLUMNS.get(input));`, `const COLUMNS = new Map([["name", "u.name"]]);`],
    ["found in a list", `use(LIST.find((entry) => entry === input));`, `const LIST = ["a", "b"];`],
    ["a direction", `use(input === "asc" ? "ASC" : "DESC");`],
    ["stripped", `use(input.replace(/[^a-z_]/gi, ""));`],
    ["escaped", `use(input.replace(/'/g, "''"));`],
    ["escaped by a helper", "use(escapeLike(input));", `const escapeLike = (text: string) => text.split("%").join("");`],
    ["placeholders", `use(input.split(",").map(() => "?").join(", "));`],
    ["filtered by a list", `use(input.split(",").filter((part) => ALLOWED.includes(part)).join());`, `const ALLOWED = ["a"];`],
    ["an enum's member", "use(Sort.New);", `enum Sort { New = "at DESC" }`],
    ["typed as one of a few", "const pick = (column: 'a' | 'b') => use(column); pick(input as 'a');"],
    ["conditions of constants", `const where = ["a = 1"]; if (input) where.push("b = ?"); use(where.join(" AND "));`],
    ["a property of what a helper builds", "const { clause } = build(input); use(clause);", `const build = (text: string) => ({ clause: text ? "a = ?" : "1", values: [text] });`],
    ["keys of a literal", "const row = { id: 1, name: input }; use(Object.keys(row).join());"],
    ["every field checked", `const fields = input.split(","); if (!fields.every((field) => ALLOWED.includes(field))) return; use(fields.join());`, `const ALLOWED = ["a"];`],
    ["a number by its type", "const { limit } = await request.json<{ limit: number }>(); if (typeof limit !== 'number') return; use(limit);"],
    ["replaced where it is not in the list", `let column = input; if (column && !["a", "b"].includes(column)) column = "a"; use(column);`],
    ["asserted", "assertColumn(input); use(input);", "declare function assertColumn(text: string): void;"],
  ])("%s", async (_name, body, module = "") => expect(await trustOf(body, module)).toBe("safe"));
});

describe("is neither", () => {
  it.each([
    ["a row of the database", "unknown", `const row = await env.DB.prepare("SELECT name FROM t").first<{ name: string }>(); use(row.name);`],
    ["a call that cannot be seen", "unknown", "use(nameOf());", "declare function nameOf(): string;"],
    ["an argument that is only called a request", "unknown", "run({ operation: nameOf() });", "declare function nameOf(): string; function run(request: InsertRequest) { use(request.operation); } interface InsertRequest { operation: string }"],
    ["through a schema", "validated", "use(schema.parse(await request.json()).name);", "declare const schema: { parse(value: unknown): { name: string } };"],
  ])("%s", async (_name, trust, body, module = "") => expect(await trustOf(body, module)).toBe(trust));
});
