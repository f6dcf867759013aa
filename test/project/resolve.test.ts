import { describe, expect, it } from "vitest";
import { checkoutOf, discoverTree, packageOf, resolveImport, tsconfigPathsFor } from "../../src/project/discover/index.ts";
import { memoryTree } from "../../src/project/discover/tree.ts";

/** Resolves each specifier from `from` in a checkout of empty files, those with a text given as a pair. */
async function resolved(from: string, files: readonly (string | readonly [string, unknown])[], specifiers: readonly string[]): Promise<(string | undefined)[]> {
  const contents = Object.fromEntries(files.map((file) => (typeof file === "string" ? [file, ""] : [file[0], typeof file[1] === "string" ? file[1] : JSON.stringify(file[1])])));
  const checkout = await checkoutOf(contents);
  return specifiers.map((specifier) => resolveImport(checkout, from, specifier));
}

describe("relative imports", () => {
  it.each([
    ["./b", ["src/b.ts"], "src/b.ts"],
    ["./b.js", ["src/b.ts"], "src/b.ts"],
    ["./b.js", ["src/b.tsx"], "src/b.tsx"],
    ["./b.js", ["src/b.ts", "src/b.js"], "src/b.ts"],
    ["./b.js", ["src/b.js"], "src/b.js"],
    ["./b.mjs", ["src/b.mts"], "src/b.mts"],
    ["./b.cjs", ["src/b.cts"], "src/b.cts"],
    ["./b.ts", ["src/b.ts"], "src/b.ts"],
    ["./b", ["src/b/index.tsx"], "src/b/index.tsx"],
    ["./b", ["src/b.ts", "src/b/index.ts"], "src/b.ts"],
    ["./b.server", ["src/b.server.ts"], "src/b.server.ts"],
    ["../lib", ["lib/index.js"], "lib/index.js"],
    [".", ["src/index.ts"], "src/index.ts"],
    ["..", ["index.ts"], "index.ts"],
    ["./q.sql?raw", ["src/q.sql"], "src/q.sql"],
    ["./gone", ["src/b.ts"], undefined],
    ["../../outside", ["outside.ts"], undefined],
    ["../node_modules/p/index.js", ["node_modules/p/index.js"], undefined],
  ] as const)("%s with %j", async (specifier, files, expected) => {
    expect(await resolved("src/a.ts", [...files, "src/a.ts"], [specifier])).toEqual([expected]);
  });

  it("takes a folder's package.json main back to its source", async () => {
    expect(await resolved("a.ts", [["lib/package.json", { main: "./dist/main.js" }], "lib/src/main.ts"], ["./lib"])).toEqual(["lib/src/main.ts"]);
  });
});

describe("aliases of tsconfig files", () => {
  it("follows paths, longest pattern first, and baseUrl", async () => {
    const tsconfig = { compilerOptions: { baseUrl: ".", paths: { "@/*": ["./src/*"], "@/db/*": ["./database/*"], "~env": ["./src/env.ts"] } } };
    expect(await resolved("src/a.ts", [["tsconfig.json", tsconfig], "src/b.ts", "database/q.ts", "src/db/q.ts", "src/env.ts", "lib/x.ts"], ["@/b", "@/db/q", "~env", "lib/x", "lib/y"])).toEqual(["src/b.ts", "database/q.ts", "src/env.ts", "lib/x.ts", undefined]);
  });

  it("reads comments and trailing commas, follows extends, relative to where paths are written", async () => {
    const files = [
      ["packages/web/tsconfig.json", '{ // own\n "extends": ["../../tsconfig.base.json"], }'],
      ["tsconfig.base.json", { compilerOptions: { paths: { "#shared/*": ["./shared/*"], "self/*": ["${configDir}/src/*"] } } }],
      "shared/x.ts",
      "packages/web/src/y.ts",
    ] as const;
    expect(await resolved("packages/web/src/a.ts", files, ["#shared/x", "self/y"])).toEqual(["shared/x.ts", "packages/web/src/y.ts"]);
  });

  it("follows references beside it, as Vite templates have them, and a workspace package's configuration", async () => {
    const references = [["tsconfig.json", { files: [], references: [{ path: "./tsconfig.app.json" }, { path: "./packages/x" }] }], ["tsconfig.app.json", { compilerOptions: { paths: { "@/*": ["./app/*"] } } }], "app/b.ts"] as const;
    expect(await resolved("app/a.ts", references, ["@/b"])).toEqual(["app/b.ts"]);
    const shared = [["package.json", { workspaces: ["packages/*"] }], ["packages/conf/package.json", { name: "@acme/conf" }], ["packages/conf/base.json", { compilerOptions: { paths: { "lib/*": ["../lib/*"] } } }], ["tsconfig.json", { extends: "@acme/conf/base.json" }], "packages/lib/x.ts"] as const;
    expect(await resolved("a.ts", shared, ["lib/x"])).toEqual(["packages/lib/x.ts"]);
  });

  it("takes the nearest file that has any, survives a circle of extends and a broken file", async () => {
    const checkout = await checkoutOf({ "tsconfig.json": '{"compilerOptions":{"paths":{"x":["./x.ts"]}}}', "a/tsconfig.json": '{"extends":"./other.json"}', "a/other.json": '{"extends":"./tsconfig.json"}', "b/tsconfig.json": "{ oops" });
    expect(tsconfigPathsFor(checkout, "a").patterns).toEqual([{ pattern: "x", targets: ["x.ts"] }]);
    expect(tsconfigPathsFor(checkout, "b").patterns).toHaveLength(1);
  });
});

describe("packages", () => {
  const library = (exports: unknown): [string, unknown] => ["packages/lib/package.json", { name: "@acme/lib", ...(typeof exports === "object" ? (exports as object) : {}) }];
  const root = ["package.json", { name: "root", workspaces: ["packages/*"] }] as const;

  it.each([
    [{ exports: { ".": { types: "./dist/index.d.ts", import: "./dist/index.js" } } }, "@acme/lib", "packages/lib/src/index.ts"],
    [{ exports: { "./room": "./dist/room.js" } }, "@acme/lib/room", "packages/lib/src/room.ts"],
    [{ exports: { "./*": { import: "./dist/*.mjs" } } }, "@acme/lib/room", "packages/lib/src/room.ts"],
    [{ exports: "./src/index.ts" }, "@acme/lib", "packages/lib/src/index.ts"],
    [{ main: "lib/index.js" }, "@acme/lib", "packages/lib/src/index.ts"],
    [{ module: "./dist/esm/index.js" }, "@acme/lib", "packages/lib/src/index.ts"],
    [{}, "@acme/lib", "packages/lib/src/index.ts"],
    [{}, "@acme/lib/src/room", "packages/lib/src/room.ts"],
    [{ exports: { ".": "./dist/index.js" } }, "@acme/other", undefined],
  ])("%j: %s", async (manifest, specifier, expected) => {
    expect(await resolved("packages/app/a.ts", [root, library(manifest), "packages/lib/src/index.ts", "packages/lib/src/room.ts"], [specifier])).toEqual([expected]);
  });

  it("takes built code where there is no source", async () => {
    expect(await resolved("a.ts", [root, library({ main: "dist/index.js" }), "packages/lib/dist/index.js"], ["@acme/lib"])).toEqual(["packages/lib/dist/index.js"]);
  });

  it("follows the imports map of the nearest package", async () => {
    expect(await resolved("src/a.ts", [["package.json", { imports: { "#db": "./src/db.ts", "#lib/*": { workerd: "./src/lib/*.js" } } }], "src/db.ts", "src/lib/x.ts"], ["#db", "#lib/x", "#gone"])).toEqual(["src/db.ts", "src/lib/x.ts", undefined]);
  });

  it("never leads into dependencies, URLs or built-in modules", async () => {
    expect(await resolved("a.ts", ["node_modules/hono/index.ts", "node_modules/hono/package.json"], ["hono", "cloudflare:workers", "node:fs", "https://x/y.ts", "/abs", ""])).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
  });

  it("knows the aliases that frameworks keep in generated files", async () => {
    expect(await resolved("web/src/routes/a.ts", [["web/package.json", { name: "web" }], "web/src/lib/db.ts", "web/app/x.ts"], ["$lib/db", "~/x", "@/lib/db"])).toEqual(["web/src/lib/db.ts", "web/app/x.ts", "web/src/lib/db.ts"]);
  });

  it("resolves into packages that were not asked for", async () => {
    const tree = memoryTree({ "package.json": '{"workspaces":["packages/*"]}', "packages/a/x.ts": "", "packages/a/package.json": "{}", "packages/b/package.json": '{"name":"b","main":"dist/i.js"}', "packages/b/src/i.ts": "" });
    const checkout = await discoverTree(tree, ["packages/a"]);
    expect(checkout.sources).toEqual(["packages/a/x.ts"]);
    expect(resolveImport(checkout, "packages/a/x.ts", "b")).toBe("packages/b/src/i.ts");
    expect(packageOf(checkout, "packages/b/src/i.ts")?.name).toBe("b");
  });
});
