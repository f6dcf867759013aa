// A cache that is ever wrong is worse than none: what it replays is held against a fresh answer after all kinds of changes.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cacheFolder, readCached, writeCached } from "../../src/cli/lint/cache.ts";
import { diskTree } from "../../src/project/discover/disk.ts";
import { contentKey, listingKey, tracedTree } from "../../src/project/discover/trace.ts";
import type { FileTree } from "../../src/project/discover/tree.ts";
import { folderOf, writeFiles } from "../helpers/cli.ts";

/** Reads a whole tree, as discovery does: what it gives depends on every name and every text. */
function survey(tree: FileTree, folder = ""): string {
  const listing = tree.list(folder);
  const entries = listing && !("reason" in listing) ? [...listing].sort((a, b) => (a.name < b.name ? -1 : 1)) : [];
  const parts = entries.map(({ name, kind, isLink }) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    return kind === "file" ? `${path}=${contentKey(tree.read(path))}` : isLink ? `${path} -> folder` : survey(tree, path);
  });
  return [`${folder}: ${listingKey(listing)}`, ...parts, contentKey(tree.read(`${folder === "" ? "" : `${folder}/`}absent.txt`))].join("\n");
}

/** A run with the cache: replayed or fresh. `pause` moves the clock on, so that files have rested. */
function run(root: string, cache: string, key = "k", pause = 0): { readonly value: string; readonly replayed: boolean } {
  const tree = diskTree(root);
  const known = readCached<string>(cache, key, tree);
  if (known !== undefined) return { value: known, replayed: true };
  const traced = tracedTree(tree);
  const value = survey(traced.tree);
  writeCached(cache, key, root, tree, traced.trace, new Map(), Date.now() + pause, value);
  return { value, replayed: false };
}

const fresh = (root: string): string => survey(diskTree(root));
/** Long enough for any file to count as rested. */
const RESTED = 60_000;

describe("the cache", () => {
  it("replays when nothing has changed", () => {
    const [root, cache] = [folderOf({ "a.ts": "1", "b/c.ts": "2" }), folderOf({})];
    expect(run(root, cache).replayed).toBe(false);
    expect(run(root, cache)).toEqual({ value: fresh(root), replayed: true });
    expect(run(root, cache, "other options").replayed).toBe(false);
  });

  it("needs no content any more once files have rested", () => {
    const [root, cache] = [folderOf({ "a.ts": "1" }), folderOf({})];
    run(root, cache, "k", RESTED);
    const [name = ""] = readdirSync(cache);
    const { seen } = JSON.parse(readFileSync(join(cache, name), "utf8")) as { seen: readonly (readonly [string, string, unknown, string | null])[] };
    expect(seen.filter(([path]) => path === "a.ts").map(([, , , content]) => content)).toEqual([null]);
  });

  it.each<[string, (root: string) => void]>([
    ["a changed file", (root) => writeFileSync(join(root, "a.ts"), "changed")],
    ["a file of the same size in the same tick", (root) => writeFileSync(join(root, "a.ts"), "9")],
    ["a file whose times are set back", (root) => {
      const { atime, mtime } = statSync(join(root, "a.ts"));
      writeFileSync(join(root, "a.ts"), "9");
      utimesSync(join(root, "a.ts"), atime, mtime);
    }],
    ["a new file", (root) => writeFileSync(join(root, "b/new.ts"), "")],
    ["a file that was asked for and not there", (root) => writeFileSync(join(root, "absent.txt"), "")],
    ["a deleted file", (root) => unlinkSync(join(root, "b/c.ts"))],
    ["a renamed file", (root) => renameSync(join(root, "a.ts"), join(root, "z.ts"))],
    ["a deleted folder", (root) => rmSync(join(root, "b"), { recursive: true })],
    ["a file in place of a folder", (root) => {
      rmSync(join(root, "b"), { recursive: true });
      writeFileSync(join(root, "b"), "");
    }],
    ["what a link leads to", (root) => rmSync(join(root, "target"), { recursive: true })],
  ])("does not replay after %s", (_name, change) => {
    const [root, cache] = [folderOf({ "a.ts": "1", "b/c.ts": "2", "target/x.ts": "3" }), folderOf({})];
    symlinkSync("target", join(root, "link"));
    run(root, cache);
    change(root);
    expect(run(root, cache)).toEqual({ value: fresh(root), replayed: false });
  });

  it("notices what a dangling link comes to lead to", () => {
    const [root, cache] = [folderOf({ "a.ts": "1", "hidden/x.ts": "2" }), folderOf({})];
    symlinkSync("hidden/later", join(root, "link"));
    run(root, cache, "k", RESTED);
    mkdirSync(join(root, "hidden/later"));
    expect(run(root, cache).value).toBe(fresh(root));
  });

  it("does not believe a file that changed while the run went on", () => {
    const [root, cache] = [folderOf({ "a.ts": "1", "gone.ts": "2" }), folderOf({})];
    const tree = diskTree(root);
    const traced = tracedTree(tree);
    const started = Date.now();
    const value = survey(traced.tree);
    writeFileSync(join(root, "a.ts"), "2");
    unlinkSync(join(root, "gone.ts"));
    writeCached(cache, "k", root, tree, traced.trace, new Map(), started, value);
    expect(run(root, cache)).toEqual({ value: fresh(root), replayed: false });
  });

  it("takes a damaged or foreign file for none", () => {
    const [root, cache] = [folderOf({ "a.ts": "1" }), folderOf({})];
    run(root, cache);
    for (const text of ["", "{", "null", '{"schema":1,"key":"k"}', '{"schema":99}']) {
      for (const name of readdirSync(cache)) writeFileSync(join(cache, name), text);
      expect(run(root, cache).value).toBe(fresh(root));
    }
  });

  it("compares files outside of the checkout by content or times too", () => {
    const [root, cache, other] = [folderOf({ "a.ts": "1" }), folderOf({}), folderOf({ "config.yaml": "old" })];
    const path = join(other, "config.yaml");
    const tree = diskTree(root);
    const traced = tracedTree(tree);
    const value = survey(traced.tree);
    writeCached(cache, "k", root, tree, traced.trace, new Map([[path, "old"]]), Date.now(), value);
    expect(readCached(cache, "k", diskTree(root))).toBe(value);
    writeFileSync(path, "new");
    expect(readCached(cache, "k", diskTree(root))).toBeUndefined();
  });

  it("keeps a handful of results, and says nothing when it cannot write", () => {
    const [root, cache] = [folderOf({ "a.ts": "1" }), folderOf({ file: "" })];
    for (let at = 0; at < 40; at++) run(root, join(cache, "c"), `options ${at}`);
    expect(readdirSync(join(cache, "c")).length).toBeLessThanOrEqual(16);
    expect(run(root, join(cache, "file"))).toEqual({ value: fresh(root), replayed: false });
  });

  it("is never wrong, whatever is done to the files between runs", () => {
    const names = ["a.ts", "b.ts", "d/a.ts", "d/b.ts", "d/e/a.ts", "absent.txt"];
    const name = fc.constantFrom(...names);
    const change = fc.oneof(
      fc.record({ do: fc.constant("write" as const), name, text: fc.constantFrom("", "1", "2", "22") }),
      fc.record({ do: fc.constant("delete" as const), name }),
      fc.record({ do: fc.constant("rename" as const), name, to: name }),
      fc.record({ do: fc.constant("touch" as const), name, at: fc.constantFrom(1, 1_000_000) }),
      fc.record({ do: fc.constant("run" as const) }),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 3, maxLength: 14 }), (changes) => {
        const [root, cache] = [folderOf({ "a.ts": "1", "d/a.ts": "2" }), folderOf({})];
        for (const step of changes) {
          if (step.do === "run") {
            expect(run(root, cache).value).toBe(fresh(root));
            continue;
          }
          const path = join(root, step.name);
          if (step.do === "write") writeFiles(root, { [step.name]: step.text });
          else if (!existsSync(path)) continue;
          else if (step.do === "delete") unlinkSync(path);
          else if (step.do === "touch") utimesSync(path, step.at, step.at);
          else {
            mkdirSync(dirname(join(root, step.to)), { recursive: true });
            renameSync(path, join(root, step.to));
          }
        }
        expect(run(root, cache).value).toBe(fresh(root));
      }),
      { numRuns: 60 },
    );
  });
});

describe("lint with the cache", () => {
  const bin = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
  const code = (body: string): string => `import { DurableObject } from "cloudflare:workers";\nexport class A extends DurableObject {\n  go() {\n    ${body}\n  }\n}\nexport default {};\n`;
  const files = {
    "wrangler.json": '{ "name": "a", "main": "a.ts", "durable_objects": { "bindings": [{ "name": "A", "class_name": "A" }] }, "migrations": [{ "tag": "v1", "new_sqlite_classes": ["A"] }] }',
    "a.ts": code("setInterval(() => this.go(), 1);"),
  };
  const lint = (root: string, cache: string, ...argv: readonly string[]) =>
    spawnSync(process.execPath, [bin, "lint", ...argv], { cwd: root, encoding: "utf8", env: { PATH: process.env["PATH"], XDG_CACHE_HOME: cache } });

  it("replays the same bytes, and forgets with every change of code, configuration or options", () => {
    const [root, cache] = [folderOf(files), folderOf({})];
    const first = lint(root, cache);
    expect(first.stdout).toContain("do-timer");
    const second = lint(root, cache, "--statistics");
    expect(second.stderr).toContain("replayed from the cache");
    expect([second.stdout, second.status]).toEqual([first.stdout, first.status]);
    expect(lint(root, cache, "--statistics", "--no-cache").stderr).not.toContain("replayed");
    expect(lint(root, cache, "--rule", "do-timer=off").stdout).not.toContain("do-timer");
    writeFiles(root, { "do-or-d1.yaml": "rules: { do-timer: off }\n" });
    expect(lint(root, cache).stdout).not.toContain("do-timer");
    unlinkSync(join(root, "do-or-d1.yaml"));
    writeFiles(root, { "a.ts": code("this.go();") });
    expect(lint(root, cache)).toMatchObject({ status: 0 });
  });

  it("writes nothing into the checkout unless it has a node_modules for it", () => {
    const [root, cache] = [folderOf(files), folderOf({})];
    lint(root, cache);
    expect(readdirSync(root).sort()).toEqual(["a.ts", "wrangler.json"]);
    expect(readdirSync(join(cache, "do-or-d1"))).toHaveLength(1);
    mkdirSync(join(root, "node_modules"));
    expect(cacheFolder(root, {})).toBe(join(root, "node_modules/.cache/do-or-d1"));
  });
});
