// The lint command in this process, on real temporary folders.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cli, folderOf, writeFiles } from "../helpers/cli.ts";

const TIMER = [
  'import { DurableObject } from "cloudflare:workers";',
  "export class Arena extends DurableObject {",
  "  start() {",
  "    setInterval(() => this.move(), 100);",
  "  }",
  "  move() {}",
  "}",
  "export default {};",
  "",
].join("\n");
const WRANGLER = JSON.stringify({
  name: "arena",
  main: "src/arena.ts",
  compatibility_date: "2026-03-01",
  durable_objects: { bindings: [{ name: "ARENA", class_name: "Arena" }] },
  migrations: [{ tag: "v1", new_sqlite_classes: ["Arena"] }],
});
const PROJECT = { "wrangler.json": WRANGLER, "src/arena.ts": TIMER };

interface Report {
  readonly findings: readonly { readonly rule: string; readonly file: string; readonly line: number; readonly severity: string; readonly fingerprint: string }[];
  readonly suppressed: number;
  readonly baselined: number;
  readonly diagnostics: readonly { readonly file?: string; readonly line?: number; readonly message: string; readonly kind: string }[];
  readonly summary: { readonly files: number };
}

async function report(folder: string, ...argv: readonly string[]): Promise<Report & { readonly status: number; readonly stderr: string }> {
  const { stdout, stderr, status } = await cli(folder, ["lint", ...argv, "--format", "json"]);
  return { ...(JSON.parse(stdout) as Report), status, stderr };
}

const places = ({ findings }: Report): string[] => findings.map(({ rule, file, line }) => `${file}:${line} ${rule}`);

describe("lint", () => {
  it("finds a mistake, says where, and exits with 1", async () => {
    const { status, stdout, stderr } = await cli(folderOf(PROJECT), ["lint"]);
    expect(stdout).toContain("src/arena.ts\n\n  4:5  warning  do-timer");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("1 problem: 1 warning · 1 file looked at");
    expect([status, stderr]).toEqual([1, ""]);
  });

  it("speaks of files relative to where it runs, also when that lies below or beside them", async () => {
    const folder = folderOf({ "packages/a/wrangler.json": WRANGLER, "packages/a/src/arena.ts": TIMER, "packages/b/x.ts": "" });
    expect(places(await report(folder, "packages/a"))).toEqual(["packages/a/src/arena.ts:4 do-timer"]);
    expect(places(await report(join(folder, "packages/a/src"), ".."))).toEqual(["arena.ts:4 do-timer"]);
    expect(places(await report(join(folder, "packages/b"), "../a"))).toEqual(["../a/src/arena.ts:4 do-timer"]);
    expect(places(await report(folder, join(folder, "packages/a")))).toEqual(["packages/a/src/arena.ts:4 do-timer"]);
  });

  it("gives services paths relative to the repository", async () => {
    const folder = folderOf({ "packages/a/wrangler.json": WRANGLER, "packages/a/src/arena.ts": TIMER, ".git/HEAD": "ref: refs/heads/main\n" });
    const { stdout } = await cli(join(folder, "packages/a"), ["lint", "--format", "github"]);
    expect(stdout).toContain("file=packages/a/src/arena.ts,line=4");
  });

  it("gives the same bytes in two runs and for paths in another order", async () => {
    const folder = folderOf({ ...PROJECT, "z/wrangler.json": WRANGLER, "z/src/arena.ts": TIMER });
    const text = async (...paths: readonly string[]) => (await cli(folder, ["lint", ...paths])).stdout;
    expect(await text("src", "z", "wrangler.json")).toBe(await text("wrangler.json", "z", "src"));
    expect(await text()).toBe(await text());
  });

  it("says plainly that there is no Workers code, and exits with 0", async () => {
    const folder = folderOf({ "a.ts": "export const a = 1;\n", "b.js": "" });
    expect(await cli(folder, ["lint"])).toMatchObject({ status: 0, stdout: expect.stringContaining("looked at 2 files under ., found no wrangler configuration and no Durable Object or D1 code") as string });
    expect(await cli(folder, ["lint", "--format", "json"])).toMatchObject({ status: 0, stderr: expect.stringContaining("looked at 2 files under .") as string });
  });

  it("says that a path does not exist, and exits with 2", async () => {
    const { status, stderr, stdout } = await cli(folderOf(PROJECT), ["lint", "srx"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('srx (did you mean "src"?)');
  });

  it("leaves tests out unless they are asked for", async () => {
    const folder = folderOf({ ...PROJECT, "src/arena.ts": "", "src/arena.test.ts": TIMER });
    expect(places(await report(folder))).not.toContain("src/arena.test.ts:4 do-timer");
    expect(places(await report(folder, "--include-tests"))).toContain("src/arena.test.ts:4 do-timer");
  });

  it("looks at a folder that is asked for by name even when it lies among tests", async () => {
    const folder = folderOf({ "test/projects/arena/wrangler.json": WRANGLER, "test/projects/arena/src/arena.ts": TIMER, "test/projects/arena/src/arena.test.ts": TIMER });
    expect(places(await report(folder))).toEqual([]);
    expect(places(await report(folder, "test/projects/arena"))).toEqual(["test/projects/arena/src/arena.ts:4 do-timer"]);
  });
});

describe("what to report", () => {
  it.each([
    [["--rule", "do-timer=error", "--fail-on", "error"], "error", 1],
    [["--rule", "do-timer=info"], "info", 0],
    [["--rule", "do-timer=info", "--fail-on", "info"], "info", 1],
    [["--fail-on", "never"], "warning", 0],
    [["--only", "do-timer"], "warning", 1],
  ] as const)("%j", async (argv, severity, status) => {
    expect(await report(folderOf(PROJECT), ...argv)).toMatchObject({ findings: [{ rule: "do-timer", severity }], status });
  });

  it("runs only the rules asked for", async () => {
    expect((await report(folderOf(PROJECT), "--only", "unused-suppression")).findings).toEqual([]);
    expect((await report(folderOf(PROJECT), "--rule", "do-timer=off")).findings).toEqual([]);
  });

  it("takes the configuration above each file, and the command line before it", async () => {
    const folder = folderOf({ ...PROJECT, "do-or-d1.yaml": "rules: { do-timer: error }\n" });
    expect(await report(folder)).toMatchObject({ findings: [{ severity: "error" }] });
    expect(await report(folder, "--rule", "do-timer=info")).toMatchObject({ findings: [{ severity: "info" }] });
    writeFiles(folder, { "other/ci.yaml": "rules: { do-timer: off }\n" });
    expect(await report(folder, "--config", "other/ci.yaml")).toMatchObject({ findings: [] });
  });

  it("takes a configuration above the working folder where there is no repository", async () => {
    const folder = folderOf({ "do-or-d1.yaml": "rules: { do-timer: error }\n", "a/wrangler.json": WRANGLER, "a/src/arena.ts": TIMER });
    expect(await report(join(folder, "a"))).toMatchObject({ findings: [{ file: "src/arena.ts", severity: "error" }] });
  });

  it("reports a mistake in a configuration with its place, exits with 2 and lints nothing", async () => {
    const folder = folderOf({ ...PROJECT, "do-or-d1.yaml": "rules:\n  do-timr: off\n" });
    expect(await cli(folder, ["lint"])).toEqual({
      status: 2,
      stdout: "",
      stderr: 'do-or-d1: do-or-d1.yaml:2:3: unknown rule "do-timr" in "rules" (did you mean "do-timer"?)\n  `do-or-d1 lint --list-rules` lists the rules.\n',
    });
    expect(await cli(folder, ["lint", "--config", "nope.yaml"])).toMatchObject({ status: 2, stderr: expect.stringContaining("no such file: nope.yaml") as string });
  });

  it("accepts suppressed findings and reports suppressions that do nothing", async () => {
    const suppressed = TIMER.replace("    setInterval", "    // do-or-d1-ignore-next-line do-timer -- a demo\n    setInterval");
    expect(await report(folderOf({ ...PROJECT, "src/arena.ts": suppressed }))).toMatchObject({ findings: [], suppressed: 1, status: 0 });
    const unused = `// do-or-d1-ignore-next-line do-timer -- a demo\n${TIMER.replace("setInterval", "this.move")}`;
    expect(places(await report(folderOf({ ...PROJECT, "src/arena.ts": unused })))).toEqual(["src/arena.ts:1 unused-suppression"]);
  });

  it("says nothing about suppressions in a file whose package was not linted whole", async () => {
    const unused = `// do-or-d1-ignore-next-line do-timer -- a demo\n${TIMER.replace("setInterval", "this.move")}`;
    expect((await report(folderOf({ ...PROJECT, "src/arena.ts": unused }), "src/arena.ts")).findings).toEqual([]);
  });
});

describe("formats and outputs", () => {
  it("writes several formats in one run", async () => {
    const folder = folderOf(PROJECT);
    const { stdout, status } = await cli(folder, ["lint", "--format", "pretty", "--format", "sarif", "--output", "out/lint.sarif", "--format", "junit", "--output", "out/lint.xml"]);
    expect(stdout).toContain("do-timer");
    expect(JSON.parse(readFileSync(join(folder, "out/lint.sarif"), "utf8"))).toHaveProperty("version", "2.1.0");
    expect(readFileSync(join(folder, "out/lint.xml"), "utf8")).toContain('failures="1"');
    expect(status).toBe(1);
  });

  it("says when an output cannot be written", async () => {
    expect(await cli(folderOf({ ...PROJECT, out: "" }), ["lint", "--format", "json", "--output", "out/a.json"])).toMatchObject({ status: 2, stderr: expect.stringContaining("cannot write out/a.json") as string });
  });

  it("keeps to a narrow terminal and to NO_COLOR, FORCE_COLOR and --no-color", async () => {
    const folder = folderOf(PROJECT);
    const narrow = await cli(folder, ["lint"], { columns: 40 });
    expect(Math.max(...narrow.stdout.split("\n").filter((line) => !line.includes("https://")).map((line) => line.length))).toBeLessThanOrEqual(40);
    const colored = async (argv: readonly string[], env: Record<string, string>) => (await cli(folder, [...argv], { env })).stdout.includes("\u001b[");
    expect(await colored(["lint"], {})).toBe(false);
    expect(await colored(["lint"], { FORCE_COLOR: "1" })).toBe(true);
    expect(await colored(["lint"], { FORCE_COLOR: "0" })).toBe(false);
    expect(await colored(["lint"], { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(false);
    expect(await colored(["lint", "--no-color"], { FORCE_COLOR: "1" })).toBe(false);
    expect(await colored(["--no-color", "lint"], { FORCE_COLOR: "1" })).toBe(false);
  });

  it("lists the rules, and prints statistics beside the report", async () => {
    const folder = folderOf(PROJECT);
    const { stdout, status } = await cli(folder, ["lint", "--list-rules"]);
    expect(stdout).toMatch(/^do-timer +warning +recommended +\S/m);
    expect(status).toBe(0);
    const { rules } = JSON.parse((await cli(folder, ["lint", "--list-rules", "--format", "json"])).stdout) as { rules: readonly { id: string }[] };
    expect(rules).toContainEqual(expect.objectContaining({ id: "do-timer", severity: "warning", profile: "recommended" }));
    const run = await cli(folder, ["lint", "--statistics", "--format", "json"]);
    expect(run.stderr).toMatch(/^ {2}do-timer +\d+\.\d ms {3}1 findings$/m);
    expect(JSON.parse(run.stdout)).toHaveProperty("schema", 1);
  });
});

describe("input that cannot be read", () => {
  it.each([
    ["a syntax error", { "src/broken.ts": "import { DurableObject } from 'cloudflare:workers';\nclass {\n" }, "src/broken.ts", 3],
    ["a TOML error", { "b/wrangler.toml": "name = \"b\"\nmain = \n" }, "b/wrangler.toml", 2],
    ["a JSONC error", { "b/wrangler.jsonc": '{\n  "name": "b",,\n}\n' }, "b/wrangler.jsonc", 2],
  ])("%s is said with its place, exits with 2 and hides nothing", async (_name, files, file, line) => {
    const run = await report(folderOf({ ...PROJECT, ...files }));
    expect(places(run)).toContain("src/arena.ts:4 do-timer");
    expect(run.diagnostics).toContainEqual(expect.objectContaining({ file, line, kind: "input" }));
    expect(run.stderr).toContain(`${file}:${line}`);
    expect(run.status).toBe(2);
  });

  it.each([
    ["a byte order mark", { "src/arena.ts": `\ufeff${TIMER}` }],
    ["CRLF", { "src/arena.ts": TIMER.replaceAll("\n", "\r\n") }],
    ["a big bundle beside it", { "dist/bundle.js": `var a = "DurableObject";\n${"x();".repeat(1_400_000)}` }],
    ["a binary named .ts", { "video.ts": new Uint8Array([0x47, 0, 0, 1, 2, 3]) }],
    ["code nested deeper than the stack", { "src/deep.ts": `import "cloudflare:workers";\nexport const a = ${"(1 + ".repeat(30_000)}1${")".repeat(30_000)};\n` }],
    ["a class that extends itself", { "src/loop.ts": 'import { DurableObject } from "cloudflare:workers";\nclass A extends A {}\nclass B extends C {}\nclass C extends B {}\nexport { A, B, C };\n' }],
    ["two classes of one name", { "src/two.ts": 'import { DurableObject } from "cloudflare:workers";\nexport class Arena extends DurableObject {}\n' }],
    ["an empty file", { "src/empty.ts": "" }],
  ])("%s changes nothing about the rest", async (_name, files) => {
    const run = await report(folderOf({ ...PROJECT, ...files }));
    expect(places(run).filter((place) => place.endsWith("do-timer"))).toEqual(["src/arena.ts:4 do-timer"]);
    expect([0, 1]).toContain(run.status);
  });

  it("a circle of links and a folder that may not be read change nothing about the rest", async () => {
    const folder = folderOf(PROJECT);
    symlinkSync("..", join(folder, "src/up"));
    symlinkSync("loop", join(folder, "src/loop"));
    mkdirSync(join(folder, "locked"));
    chmodSync(join(folder, "locked"), 0);
    const run = await report(folder);
    chmodSync(join(folder, "locked"), 0o755);
    expect(places(run)).toEqual(["src/arena.ts:4 do-timer"]);
  });
});

describe("--fix", () => {
  const unused = { ...PROJECT, "src/arena.ts": `\ufeff// do-or-d1-ignore-next-line do-timer -- a demo\n${TIMER.replace("setInterval", "this.move")}` };

  it("mends what is safe, keeps the byte order mark, and reports what is left", async () => {
    const folder = folderOf(unused);
    const run = await cli(folder, ["lint", "--fix"]);
    expect(readFileSync(join(folder, "src/arena.ts"), "utf8")).toBe(`\ufeff${TIMER.replace("setInterval", "this.move")}`);
    expect(run).toMatchObject({ status: 0, stderr: "Fixed 1 problem in 1 file.\n" });
    expect(await cli(folder, ["lint", "--fix"])).toMatchObject({ status: 0, stderr: "" });
  });

  it("only shows the change with --fix-dry-run", async () => {
    const folder = folderOf(unused);
    const before = readFileSync(join(folder, "src/arena.ts"), "utf8");
    const { stdout } = await cli(folder, ["lint", "--fix-dry-run"]);
    expect(stdout).toContain("--- a/src/arena.ts\n+++ b/src/arena.ts\n@@ -1,4 +1,3 @@\n-// do-or-d1-ignore-next-line");
    expect(readFileSync(join(folder, "src/arena.ts"), "utf8")).toBe(before);
  });
});

describe("a baseline", () => {
  it("accepts today's findings, reports new ones, and is written only when asked", async () => {
    const folder = folderOf(PROJECT);
    expect(await cli(folder, ["lint", "--update-baseline", "--baseline", "old.json"])).toMatchObject({ status: 0, stdout: "", stderr: "old.json: 1 finding accepted.\n" });
    expect(await report(folder, "--baseline", "old.json")).toMatchObject({ findings: [], baselined: 1, status: 0 });
    writeFiles(folder, { "src/second.ts": TIMER.replaceAll("Arena", "Second") });
    const run = await report(folder, "--baseline", "old.json");
    expect([places(run), run.baselined, run.status]).toEqual([["src/second.ts:4 do-timer"], 1, 1]);
  });

  it("is taken from the configuration, and says which entries nothing needs any more", async () => {
    const folder = folderOf({ ...PROJECT, "do-or-d1.yaml": "baseline: accepted.json\n" });
    await cli(folder, ["lint", "--update-baseline"]);
    expect(existsSync(join(folder, "accepted.json"))).toBe(true);
    writeFiles(folder, { "src/arena.ts": TIMER.replace("setInterval", "this.move") });
    expect(await cli(folder, ["lint"])).toMatchObject({ status: 0, stderr: "1 entry of the baseline is no longer needed; --update-baseline takes it out.\n" });
  });

  it("keeps entries for files that a run did not look at", async () => {
    const folder = folderOf({ ...PROJECT, "b/wrangler.json": WRANGLER, "b/src/arena.ts": TIMER });
    await cli(folder, ["lint", "--update-baseline"]);
    await cli(folder, ["lint", "b", "--update-baseline"]);
    expect(await report(folder, "--baseline", "do-or-d1.baseline.json")).toMatchObject({ findings: [], baselined: 2 });
  });

  it("that is named must be there", async () => {
    expect(await cli(folderOf(PROJECT), ["lint", "--baseline", "none.json"])).toMatchObject({ status: 2, stderr: expect.stringContaining("no such file: none.json") as string });
  });
});

describe("--since", () => {
  const git = (folder: string, ...argv: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", ...argv], { cwd: folder, stdio: "pipe" });

  it("reports committed, changed and untracked files, and analyses all", async () => {
    const folder = folderOf({ ...PROJECT, "src/old.ts": TIMER.replace("export default {};", "") });
    git(folder, "init", "-q", "-b", "main");
    git(folder, "add", ".");
    git(folder, "commit", "-q", "-m", "old");
    expect((await report(folder, "--since", "main")).findings).toEqual([]);
    writeFiles(folder, { "src/arena.ts": `${TIMER}// changed\n`, "src/new.ts": TIMER.replace("Arena", "Other") });
    expect(places(await report(folder, "--since", "main"))).toEqual(["src/arena.ts:4 do-timer", "src/new.ts:4 do-timer"]);
    expect(places(await report(join(folder, "src"), "--since", "main"))).toEqual(["arena.ts:4 do-timer", "new.ts:4 do-timer"]);
  });

  it("names a revision that git does not know, and a folder without a repository", async () => {
    const folder = folderOf(PROJECT);
    expect(await cli(folder, ["lint", "--since", "main"])).toMatchObject({ status: 2, stderr: expect.stringContaining("--since needs a git repository") as string });
    git(folder, "init", "-q", "-b", "main");
    expect(await cli(folder, ["lint", "--since", "--upload-pack=x"])).toMatchObject({ status: 2, stderr: expect.stringContaining('git knows no revision "--upload-pack=x"') as string });
  });
});

describe("--stdin", () => {
  it("lints a file as it would be saved, in its project, and nothing else", async () => {
    const folder = folderOf({ ...PROJECT, "src/other.ts": TIMER.replace("Arena", "Other") });
    const run = await cli(folder, ["lint", "--stdin", "--stdin-filename", "src/arena.ts", "--format", "json"], { stdin: `\n${TIMER}` });
    expect(places(JSON.parse(run.stdout) as Report)).toEqual(["src/arena.ts:5 do-timer"]);
    expect(run.status).toBe(1);
  });

  it("takes a file that does not exist yet", async () => {
    const run = await cli(folderOf(PROJECT), ["lint", "--stdin", "--stdin-filename", "src/deep/new.ts", "--format", "json"], { stdin: TIMER.replace("Arena", "Fresh") });
    expect(places(JSON.parse(run.stdout) as Report)).toEqual(["src/deep/new.ts:4 do-timer"]);
  });
});
