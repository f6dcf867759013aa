import { describe, expect, it } from "vitest";
import { DATABASE_TYPE, exportedNames, exportedTypes } from "../../src/project/graph/prefilter.ts";
import { projectOf } from "./helpers.ts";

it("lists what a text exports without parsing it", () => expect([...exportedNames(`export const a = 1; export async function b() {} export default class C {} export { d as e, f }; export default function () {} exports.g = 1; module.exports = x; export abstract class H {} export * from "x"; export type T = 1`)].sort()).toEqual(["C","H","a","b","default","e","f","g"].sort()));

it.each([
  ["the type of what a function opens", "export type Db = ReturnType<typeof open>;", ["Db"]],
  ["a client's own type", "export type Client = DrizzleD1Database<typeof schema>", ["Client"]],
  ["the type of a client", "export type Store = typeof database;\n", ["Store"]],
  ["a type over several lines", "export type Either =\n  | D1Database\n  | D1DatabaseSession;\nexport const a = 1;", ["Either"]],
  ["an interface that holds one", "export interface Services {\n  name: string;\n\n  db: D1Database;\n}\nexport interface Other {\n  id: string;\n}", ["Services"]],
  ["no types of rows", "export type User = typeof users.$inferSelect;\nexport type NewUser = InferInsertModel<typeof users>;", []],
  ["nothing that only stands further down", "export type Name = string;\nconst db: D1Database = open();", []],
])("finds exported types of databases: %s", (_name, text, expected) => expect(exportedTypes(text, DATABASE_TYPE)).toEqual(expected));

describe("files that rules run on", () => {
  const db = 'import { drizzle } from "drizzle-orm/d1"; import { env } from "cloudflare:workers"; export const db = drizzle(env.DB);';
  const store = (name: string): string => `import { db } from "../db"; import { ${name} } from "../schema"; export const add${name} = (row: object) => db.insert(${name}).values(row);`;
  const stores = { "src/db.ts": db, "src/stores/apples.ts": store("Apples"), "src/stores/pears.ts": store("Pears"), "src/stores/index.ts": 'export * from "./apples"; export * from "./pears";' };

  it.each([
    ["each of what a barrel collects", 'import { addApples } from "./stores"; export const a = addApples;', 'import { addPears } from "./stores"; export const b = addPears;', ["src/a.ts", "src/b.ts"]],
    ["nothing that only stands beside it", 'import { addApples } from "./stores"; export const a = addApples;', 'import { words } from "./stores/words"; export const b = words;', ["src/a.ts"]],
    ["nothing that takes something else from it", 'import { addPears } from "./stores"; export const a = addPears;', 'import { words } from "./stores"; export const b = words;', ["src/a.ts"]],
  ])("callers through barrels: %s", async (_, a, b, expected) => {
    const project = await projectOf({ ...stores, "src/a.ts": a, "src/b.ts": b, "src/stores/words.ts": "export const words = [];" });
    expect(project.files.map((file) => file.path).filter((path) => /src\/[ab]\.ts/.test(path))).toEqual(expected);
  });
});
