import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { checkoutOf, discover, discoverTree, findRoot } from "../../src/project/discover/index.ts";
import { memoryTree, type FileTree } from "../../src/project/discover/tree.ts";
import { tmpTree } from "../helpers/tmp-tree.ts";

/** Runs as a user for whom permissions count: for the superuser no folder is closed. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isSuperuser) process.seteuid?.(0);
  }
}

describe("what is found", () => {
  it("takes code and the files rules look at, and leaves ignored and generated folders out", async () => {
    const root = tmpTree({
      ".gitignore": "/dist\n*.gen.ts\n",
      "src/a.ts": "",
      "src/b.jsx": "",
      "src/types.d.ts": "",
      "src/x.gen.ts": "",
      "src/style.css": "",
      "dist/out.js": "",
      "lib/dist/kept.js": "",
      "node_modules/p/index.js": "",
      ".history/src/index_20260101.js": "",
      ".wrangler/tmp/bundle.js": "",
      ".next/server.js": "",
      "migrations/0001_init.sql": "",
      "infra/main.tf": "",
      ".github/workflows/ci.yml": "",
      "scripts/deploy.sh": "",
      "tsconfig.build.json": "{}",
    });
    const checkout = await discover(root, ["."]);
    expect(checkout.sources).toEqual(["lib/dist/kept.js", "src/a.ts", "src/b.jsx", "src/types.d.ts"]);
    expect(checkout.others).toEqual([".github/workflows/ci.yml", "infra/main.tf", "migrations/0001_init.sql", "scripts/deploy.sh", "tsconfig.build.json"]);
    expect(checkout.diagnostics).toEqual([]);
  });

  it("lets the innermost ignore file and the last matching rule decide, as git does", async () => {
    const checkout = await checkoutOf({
      ".gitignore": "*.js\nbuild/\n!keep.js\napps/x/gen\n",
      "a.js": "",
      "keep.js": "",
      "build/b.ts": "",
      "apps/x/gen/c.ts": "",
      "apps/y/gen/c.ts": "",
      "tools/.gitignore": "!*.js\n",
      "tools/d.js": "",
      "Build/e.ts": "",
    });
    expect(checkout.sources).toEqual(["Build/e.ts", "apps/y/gen/c.ts", "keep.js", "tools/d.js"]);
    expect([checkout.isIgnored("a.js"), checkout.isIgnored("build/b.ts"), checkout.isIgnored("keep.js"), checkout.isIgnored("tools/d.js")]).toEqual([true, true, false, false]);
  });

  it("agrees with git about which files are ignored", async () => {
    const root = tmpTree({
      ".gitignore": "dist\n*.log.ts\n/only-here.ts\nsub/**/deep.ts\n!sub/a/deep.ts\n\\#odd.ts\n",
      "dist/a.ts": "", "sub/dist/a.ts": "", "x.log.ts": "", "only-here.ts": "", "sub/only-here.ts": "", "sub/a/deep.ts": "", "sub/a/b/deep.ts": "", "#odd.ts": "",
      "sub/.gitignore": "*.tmp.ts\n!x.log.ts\n", "sub/q.tmp.ts": "", "sub/x.log.ts": "", "q.tmp.ts": "",
    });
    execFileSync("git", ["init", "-q"], { cwd: root });
    const kept = execFileSync("git", ["ls-files", "--others", "--exclude-standard", "*.ts"], { cwd: root, encoding: "utf8" }).trim().split("\n").map((path) => path.replaceAll('"', ""));
    expect((await discover(root, ["."])).sources).toEqual(kept.sort());
  });

  it("leaves out what the user's own patterns name", async () => {
    const checkout = await checkoutOf({ "src/a.ts": "", "generated/b.ts": "", "src/c.gen.ts": "" }, { ignore: ["generated/**", "*.gen.ts"] });
    expect(checkout.sources).toEqual(["src/a.ts"]);
  });

  it("lints a file or folder asked for by name even when it is ignored", async () => {
    const root = tmpTree({ ".gitignore": "gen\nskip.ts\n", "skip.ts": "", "gen/a.ts": "", "src/b.ts": "" });
    expect((await discover(root, ["skip.ts"])).sources).toEqual(["skip.ts"]);
    expect((await discover(root, ["gen"])).sources).toEqual(["gen/a.ts"]);
    expect((await discover(root, ["gen/a.ts", "src"])).sources).toEqual(["gen/a.ts", "src/b.ts"]);
  });

  it("gives the same in any order of paths and files", async () => {
    const files = { "b/x.ts": "1", "a/y.ts": "2", "wrangler.toml": 'name = "x"', "package.json": "{}", "a/package.json": '{"name":"a"}' };
    const turned = Object.fromEntries(Object.entries(files).reverse());
    const shape = ({ sources, others, packages, configs }: Awaited<ReturnType<typeof checkoutOf>>) => ({ sources, others, packages: packages.map(({ file }) => file), configs: configs.map(({ file }) => file) });
    expect(shape(await checkoutOf(turned))).toEqual(shape(await checkoutOf(files)));
    expect(shape(await discoverTree(memoryTree(files), ["b", "a"]))).toEqual(shape(await discoverTree(memoryTree(turned), ["a", "b"])));
  });
});

describe("paths", () => {
  it("names a path that is not there, and the nearest one that is", async () => {
    const root = tmpTree({ "packages/chat/a.ts": "" });
    await expect(discover(root, ["packages/cht"])).rejects.toThrow(new UserError('no such file or folder: packages/cht (did you mean "chat"?)'));
  });

  it("refuses a path outside the root", async () => {
    const root = tmpTree({ "a/x.ts": "", "b/y.ts": "" });
    await expect(discover(join(root, "a"), ["../b"])).rejects.toThrow(UserError);
  });

  it("takes the folder with .git at or above as the root, else the working folder, else what holds all paths", () => {
    const repo = tmpTree({ ".git/HEAD": "", "packages/x/a.ts": "" });
    expect(findRoot(join(repo, "packages/x"), ["."])).toBe(repo);
    const plain = tmpTree({ "one/a.ts": "", "two/b.ts": "" });
    expect(findRoot(join(plain, "one"), ["."])).toBe(join(plain, "one"));
    expect(findRoot(join(plain, "one"), ["../two"])).toBe(plain);
  });

  it("finds configurations, packages and ignore files above the folders asked for, and says what was asked", async () => {
    const root = tmpTree({
      ".gitignore": "*.gen.ts",
      "package.json": '{"name":"root","workspaces":["packages/*"]}',
      "wrangler.toml": 'name = "top"',
      "packages/a/package.json": '{"name":"a"}',
      "packages/a/src/x.ts": "",
      "packages/a/src/x.gen.ts": "",
      "packages/a/wrangler.jsonc": '{"name":"a"}',
      "packages/b/package.json": '{"name":"b"}',
      "packages/b/src/y.ts": "",
      "packages/b/wrangler.jsonc": '{"name":"b"}',
    });
    const checkout = await discover(root, ["packages/a/src"]);
    expect(checkout.sources).toEqual(["packages/a/src/x.ts"]);
    expect(checkout.configs.map(({ file }) => file)).toEqual(["packages/a/wrangler.jsonc", "wrangler.toml"]);
    expect(checkout.packages.map(({ name }) => name)).toEqual(["root", "a", "b"]);
    expect([checkout.isAsked("packages/a/src/x.ts"), checkout.isAsked("packages/a/wrangler.jsonc"), checkout.isAsked("packages/b/src/y.ts")]).toEqual([true, false, false]);
    expect(checkout.read("packages/b/src/y.ts")).toBe("");
  });
});

describe("files that cannot be read", () => {
  it("takes a byte order mark off and keeps line ends", async () => {
    const checkout = await discover(tmpTree({ "a.ts": "\uFEFFlet a;\r\nlet b;\r\n" }), ["."]);
    expect(checkout.read("a.ts")).toBe("let a;\r\nlet b;\r\n");
  });

  it("skips a binary named .ts and a bundle over 5 MB, says so, and goes on", async () => {
    const root = tmpTree({ "video.ts": new Uint8Array([0x47, 0x40, 0, 0x10, 0]), "bundle.js": "x".repeat(5_000_001), "ok.ts": "let a;" });
    const checkout = await discover(root, ["."]);
    expect(checkout.sources.map((path) => checkout.read(path))).toEqual([undefined, "let a;", undefined]);
    expect(checkout.diagnostics.map(({ file, message }) => `${file}: ${message}`)).toEqual(["bundle.js: not checked: 5.0 MB, over the limit of 5 MB", "video.ts: not checked: a binary file"]);
  });

  it("lists no diagnostic before a file is read, and one however often it is", async () => {
    const checkout = await checkoutOf({ "a.ts": "\0" });
    expect(checkout.diagnostics).toEqual([]);
    checkout.read("a.ts");
    checkout.read("./a.ts");
    expect(checkout.diagnostics).toHaveLength(1);
  });

  it("survives links in a circle, links to nowhere and links out of the root, and takes linked code once", async () => {
    const outside = tmpTree({ "secret.ts": "let s;", "wrangler.toml": 'name = "outside"' });
    const root = tmpTree({ "src/a.ts": "let a;", "conf/real.toml": 'name = "linked"\nworkers_dev = true' });
    symlinkSync(root, join(root, "src/loop"));
    symlinkSync("self", join(root, "self"));
    symlinkSync("gone.ts", join(root, "src/dangling.ts"));
    symlinkSync(outside, join(root, "out"));
    symlinkSync(join(outside, "secret.ts"), join(root, "src/secret.ts"));
    symlinkSync("a.ts", join(root, "src/again.ts"));
    symlinkSync("conf/real.toml", join(root, "wrangler.toml"));
    const checkout = await discover(root, ["."]);
    expect(checkout.sources).toEqual(["src/a.ts"]);
    expect(checkout.configs.map(({ file, top }) => `${file} ${top.workerName?.value}`)).toEqual(["wrangler.toml linked"]);
    expect(checkout.diagnostics).toEqual([]);
    expect(["out/secret.ts", "src/secret.ts", "src/dangling.ts", "../x.ts", "src/loop/src/a.ts"].map((path) => checkout.read(path))).toEqual([undefined, undefined, undefined, undefined, "let a;"]);
    expect([checkout.exists("src/again.ts"), checkout.exists("src/secret.ts"), checkout.exists("src")]).toEqual([true, false, false]);
  });

  it("reports a folder that cannot be read, with the others' files still found", async () => {
    const tree = memoryTree({ "src/a.ts": "", "closed/b.ts": "" });
    const closed: FileTree = { read: tree.read, list: (folder) => (folder === "closed" ? { reason: "permission denied" } : tree.list(folder)) };
    const checkout = await discoverTree(closed, [""]);
    expect(checkout.sources).toEqual(["src/a.ts"]);
    expect(checkout.diagnostics).toEqual([{ file: "closed", message: "folder could not be read (permission denied); what lies in it was not checked" }]);
  });

  it("reports a folder without permission on a real disk", async () => {
    const root = tmpTree({ "src/a.ts": "", "closed/b.ts": "" });
    chmodSync(root, 0o755);
    chmodSync(join(root, "closed"), 0);
    const checkout = await asOrdinaryUser(() => discover(root, ["."]));
    chmodSync(join(root, "closed"), 0o755);
    expect(checkout.sources).toEqual(["src/a.ts"]);
    expect(checkout.diagnostics.map(({ file }) => file)).toEqual(["closed"]);
  });

  it("does without a file that goes away between listing and reading", async () => {
    const root = tmpTree({ "a.ts": "let a;", "b.ts": "let b;" });
    const checkout = await discover(root, ["."]);
    rmSync(join(root, "b.ts"));
    mkdirSync(join(root, "b.ts"));
    expect(checkout.sources.map((path) => checkout.read(path))).toEqual(["let a;", undefined]);
    expect(checkout.diagnostics).toEqual([]);
  });
});

describe("packages", () => {
  it("reads names, scripts and dependencies", async () => {
    const checkout = await checkoutOf({ "package.json": '{"name":"x","scripts":{"a":"b","n":1},"dependencies":{"agents":"1"},"devDependencies":{"wrangler":"^4"}}' });
    const [info] = checkout.packages;
    expect([info?.name, [...(info?.scripts ?? [])], info?.dependencies.get("wrangler")]).toEqual(["x", [["a", "b"]], "^4"]);
  });

  it("says where a package.json is broken, and still has the package", async () => {
    const checkout = await checkoutOf({ "a/package.json": '{\n  "name": "x",\n  oops\n}', "b/package.json": "[]", "c/package.json": '{"name": "{{name}}", {{#if x}} }' });
    expect(checkout.packages.map(({ dir, name }) => [dir, name])).toEqual([["a", undefined], ["b", undefined], ["c", undefined]]);
    expect(checkout.diagnostics).toEqual([{ file: "a/package.json", line: 3, column: 3, message: "not valid JSON, so the package's name, scripts and dependencies are unknown" }]);
  });

  it("finds workspace packages of npm, pnpm and nested patterns", async () => {
    const tree = memoryTree({
      "package.json": '{"workspaces":{"packages":["apps/*","!apps/old"]}}',
      "pnpm-workspace.yaml": 'packages:\n  - "libs/**"\n  # more\n  - tools/cli\ncatalog:\n  - nothing\n',
      "apps/a/package.json": "{}",
      "libs/x/y/package.json": "{}",
      "tools/cli/package.json": "{}",
      "tools/other/package.json": "{}",
      "src/a.ts": "",
    });
    const checkout = await discoverTree(tree, ["src"]);
    expect(checkout.packages.map(({ dir }) => dir)).toEqual(["apps/a", "libs/x/y", "", "tools/cli"]);
  });
});

describe("wrangler configurations", () => {
  const found = async (files: Readonly<Record<string, string>>): Promise<string[]> => (await checkoutOf(files)).configs.map(({ file, role, inTests }) => `${file} ${role}${inTests ? " tests" : ""}`);

  it("finds them in every format and under the names people use", async () => {
    const text = 'name = "x"\nmain = "y.ts"';
    expect(await found({ "a/wrangler.toml": text, "b/wrangler.jsonc": "{}", "c/wrangler.json": "{}", "d/wrangler.production.toml": text, "e/wrangler-monitor.jsonc": '{"name":"x","main":"y"}', "f/worker-a.wrangler.jsonc": '{"d1_databases":[]}', "g/cloudflare.config.ts": "export default { name: 'x' };" })).toEqual([
      "a/wrangler.toml primary", "b/wrangler.jsonc primary", "c/wrangler.json primary", "d/wrangler.production.toml primary", "e/wrangler-monitor.jsonc primary", "f/worker-a.wrangler.jsonc primary", "g/cloudflare.config.ts primary",
    ]);
  });

  it("takes a like-named file of something else for none", async () => {
    expect(await found({ "wrangler-schema.json": '{"$schema":"x","type":"object"}', "package-wrangler.json": '{"name":"x","main":"y","version":"1.0.0"}', "wrangler.toml.bak": 'name = "x"', "wrangler.ts": "" })).toEqual([]);
  });

  it("reads the one that wrangler would of several in a folder", async () => {
    expect(await found({ "wrangler.toml": 'name = "x"', "wrangler.jsonc": "{}", "wrangler.staging.toml": 'name = "s"\nmain = "x"' })).toEqual(["wrangler.jsonc primary", "wrangler.staging.toml primary"]);
  });

  it("reads one that git ignores, unless one that git knows is beside it", async () => {
    expect(await found({ ".gitignore": "wrangler.toml", "wrangler.toml": 'name = "x"' })).toEqual(["wrangler.toml primary"]);
    expect(await found({ ".gitignore": "wrangler.json", "wrangler.json": "{}", "wrangler.jsonc": "{}" })).toEqual(["wrangler.jsonc primary"]);
  });

  it.each(["wrangler.example.toml", "wrangler.template.toml", "template.wrangler.toml", "wrangler.toml.example", "wrangler.toml.sample", "wrangler.toml.template"])("reads %s only where nothing else is beside it", async (name) => {
    const text = 'name = "x"\ncompatibility_date = "2026-01-01"';
    expect(await found({ [name]: text })).toEqual([`${name} example`]);
    expect(await found({ [name]: text, "wrangler.toml": 'name = "y"' })).toEqual(["wrangler.toml primary"]);
    expect(await found({ [name]: text, "wrangler.jsonc": "{}" })).toEqual(["wrangler.jsonc primary"]);
  });

  it("says nothing about the syntax of a template that is yet to be filled in", async () => {
    const checkout = await checkoutOf({ "a/wrangler.toml": 'name = {{project-name}}\ncompatibility_date = "2026-01-01"\n', "b/wrangler.toml": 'name = "x\n' });
    expect(checkout.configs.map(({ file, role }) => `${file} ${role}`)).toEqual(["a/wrangler.toml example", "b/wrangler.toml primary"]);
    expect(checkout.diagnostics.map(({ file }) => file)).toEqual(["b/wrangler.toml"]);
  });

  it("marks those of tests", async () => {
    expect(await found({ "test/wrangler.jsonc": "{}", "e2e-tests/wrangler.jsonc": "{}", "fixtures/a/wrangler.jsonc": "{}", "latest/wrangler.jsonc": "{}", "wrangler.test.jsonc": '{"name":"x","main":"y"}' })).toEqual([
      "e2e-tests/wrangler.jsonc primary tests", "fixtures/a/wrangler.jsonc primary tests", "latest/wrangler.jsonc primary", "test/wrangler.jsonc primary tests", "wrangler.test.jsonc primary tests",
    ]);
  });

  it("follows a redirect, though .wrangler and the output are ignored", async () => {
    const checkout = await checkoutOf({
      ".gitignore": ".wrangler\ndist\n",
      "wrangler.jsonc": '{"name":"own"}',
      ".wrangler/deploy/config.json": '{"configPath":"../../dist/server/wrangler.json"}',
      "dist/server/wrangler.json": '{"name":"built","main":"index.js"}',
    });
    expect(checkout.configs.map(({ file, role, redirectedFrom, top }) => [file, role, redirectedFrom, top.workerName?.value])).toEqual([
      ["dist/server/wrangler.json", "redirected", "", "built"],
      ["wrangler.jsonc", "primary", undefined, "own"],
    ]);
  });

  it("says when a redirect leads nowhere, with its place", async () => {
    const checkout = await checkoutOf({ "app/.wrangler/deploy/config.json": '{\n  "configPath": "../../dist/wrangler.json"\n}', "app/wrangler.toml": 'name = "x"' });
    expect(checkout.diagnostics).toMatchObject([{ file: "app/.wrangler/deploy/config.json", line: 2, column: 17, message: "the configuration it redirects to is not there: ../../dist/wrangler.json" }]);
    expect(checkout.configs.map(({ file }) => file)).toEqual(["app/wrangler.toml"]);
    expect((await checkoutOf({ ".wrangler/deploy/config.json": "{}" })).diagnostics).toMatchObject([{ message: 'no "configPath" in this redirect: wrangler refuses it' }]);
  });

  it("gives the place of a syntax error, and what could be read", async () => {
    const checkout = await checkoutOf({
      "a/wrangler.jsonc": '{\r\n  // a comment\r\n  "name": "chat"\r\n  "d1_databases": [{ "binding": "DB" }]\r\n}\r\n',
      "b/wrangler.toml": 'name = "chat"\nmain = \n[[d1_databases]]\nbinding = "DB"\n',
    });
    expect(checkout.diagnostics.map(({ file, line, column }) => [file, line, column])).toEqual([["a/wrangler.jsonc", 4, 3], ["b/wrangler.toml", 2, 8]]);
    expect(checkout.configs.map(({ top }) => [top.workerName?.value, top.d1[0]?.binding.value])).toEqual([["chat", "DB"], ["chat", "DB"]]);
  });
});
