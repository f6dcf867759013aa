// The built and packed tool, as a process of its own. `npm test` builds it first.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folderOf } from "./helpers/cli.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const bin = join(root, "dist/cli.js");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const EXAMPLE = join(root, "test/projects/chat-with-mistakes");

describe("the built tool", () => {
  it("says its version and exits with what it found", () => {
    const run = (...argv: readonly string[]) => spawnSync(process.execPath, [bin, ...argv], { cwd: root, encoding: "utf8" });
    expect(run("--version")).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(run("lint", EXAMPLE, "--no-cache")).toMatchObject({ status: 1, stderr: "" });
    expect(run("lint", "--nonsense")).toMatchObject({ status: 2, stdout: "" });
  });

  it("starts in little more than node itself", () => {
    // Processor time, the least of several: what other processes take away is no part of the question.
    const time = (command: string): number => {
      const { stderr } = spawnSync("bash", ["-c", `TIMEFORMAT='%U %S'; time ${command} > /dev/null`], { encoding: "utf8" });
      return stderr.trim().split(" ").reduce((sum, seconds) => sum + Number(seconds), 0);
    };
    const times = Array.from({ length: 8 }, () => ({ node: time(`"${process.execPath}" -e 0`), tool: time(`"${process.execPath}" "${bin}" --version`) }));
    expect(Math.min(...times.map(({ tool }) => tool))).toBeLessThan(1.3 * Math.min(...times.map(({ node }) => node)));
  });

  it("ends quietly when its reader goes away", async () => {
    const child = spawn(process.execPath, [bin, "lint", EXAMPLE, "--no-cache", "--format", "json"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const errors: string[] = [];
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString("utf8")));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(errors.join("")).toBe("");
    expect([0, 1]).toContain(status);
  });

  it("writes whole reports into a pipe, however long", () => {
    const code = `import { DurableObject } from "cloudflare:workers";\n${"// do-or-d1-ignore-next-line nope -- x\n".repeat(2_000)}export class A extends DurableObject {}\n`;
    const folder = folderOf({ "a.ts": code });
    const { stdout } = spawnSync(process.execPath, [bin, "lint", "--no-cache", "--format", "json"], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 });
    expect((JSON.parse(stdout) as { findings: readonly unknown[] }).findings).toHaveLength(2_000);
  });
});

describe("the package", () => {
  const files = (JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as { files: { path: string }[] }[]).flatMap((pack) => pack.files.map(({ path }) => path));

  it("holds what it needs to run, and nothing else", () => {
    for (const path of ["package.json", "README.md", "LICENSE", "dist/cli.js", "dist/data/lint.json", "rules/config.schema.json"]) expect(files).toContain(path);
    const other = files.filter((path) => !/^(?:dist|rules|templates)\/|^(?:package\.json|README\.md|LICENSE)$/.test(path));
    expect(other).toEqual([]);
    expect(files.filter((path) => /node_modules|\.wrangler|\.tsbuildinfo/.test(path))).toEqual([]);
  });

  it("runs where only its files and its dependencies are", () => {
    const folder = folderOf({ "project/wrangler.json": readFileSync(join(EXAMPLE, "wrangler.jsonc"), "utf8"), "project/src/index.ts": readFileSync(join(EXAMPLE, "src/index.ts"), "utf8"), "project/src/room.ts": readFileSync(join(EXAMPLE, "src/room.ts"), "utf8"), "project/src/history.ts": readFileSync(join(EXAMPLE, "src/history.ts"), "utf8") });
    const installed = join(folder, "node_modules/do-or-d1");
    for (const path of files) cpSync(join(root, path), join(installed, path));
    symlinkSync(join(root, "node_modules"), join(installed, "node_modules"));
    const run = (...argv: readonly string[]) => spawnSync(process.execPath, [join(installed, "dist/cli.js"), ...argv], { cwd: join(folder, "project"), encoding: "utf8" });
    expect(run("--version").stdout).toBe(`${version}\n`);
    expect(run("lint", "--no-cache").stdout).toContain("do-singleton");
    expect(run("explain", "do-singleton").stdout).toContain("How to mend it");
    expect(existsSync(join(installed, "src"))).toBe(false);
  });

  it("has a lock file without the address of any registry", () => {
    expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved": "http');
  });
});
