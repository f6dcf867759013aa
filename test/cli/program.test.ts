// The other commands, and what all of them share.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { usesColor, widthOf } from "../../src/cli/terminal.ts";
import { playbookIds } from "../../src/choose/explain.ts";
import { ruleDocuments } from "../../src/lint/documents.ts";
import { cli, folderOf } from "../helpers/cli.ts";

const here = process.cwd();
const run = (...argv: readonly string[]) => cli(here, argv);

describe("the program", () => {
  it("lists its commands with examples, and explains each", async () => {
    const { stdout, status } = await run("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("Examples:\n");
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) (?:\[|<| )/gm)].map(([, name]) => name ?? "").filter((name) => !["do", "help"].includes(name));
    expect(commands).toEqual(expect.arrayContaining(["lint", "explain", "init", "completion"]));
    for (const command of commands) {
      const help = await run(command, "--help");
      expect(help.status, command).toBe(0);
      expect(help.stdout, command).toMatch(/\nExamples?:\n/);
    }
  });

  it("keeps help to the width of the terminal", async () => {
    const { stdout } = await cli(here, ["lint", "--help"], { columns: 60 });
    const options = stdout.slice(stdout.indexOf("Options:"), stdout.indexOf("Examples:")).split("\n");
    expect(Math.max(...options.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it.each([
    [["lnt"], 'do-or-d1: unknown command "lnt" (did you mean "lint"?). See do-or-d1 --help.\n'],
    [["help", "lnt"], 'do-or-d1: unknown command "lnt" (did you mean "lint"?). See do-or-d1 --help.\n'],
    [["lint", "--basline", "x"], 'do-or-d1: unknown option "--basline" (did you mean "--baseline"?). See do-or-d1 lint --help.\n'],
    [["lint", "--format", "jsno"], 'do-or-d1: --format: unknown format "jsno" (did you mean "json"?)\n  Valid: pretty, json, sarif, github, gitlab, junit, markdown.\n'],
    [["lint", "--format"], "do-or-d1: option '--format <format>' argument missing\n"],
    [["explain"], "do-or-d1: missing required argument 'id'\n"],
    [["explain", "do-timr"], expect.stringContaining('"do-timr" (did you mean "do-timer"?)')],
    [["completion", "fich"], expect.stringContaining('unknown shell "fich" (did you mean "fish"?)')],
  ])("names what is wrong in %j, and the nearest valid word", async (argv, stderr) => {
    expect(await run(...argv)).toEqual({ status: 2, stdout: "", stderr });
  });

  it("shows its help when nothing is asked for, as wrong use", async () => {
    expect(await run()).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("Usage: do-or-d1") as string });
  });
});

describe("explain", () => {
  it("says why, shows examples with the lines that are reported, how to mend it, and sources", async () => {
    const { stdout, status } = await run("explain", "do-timer");
    expect(status).toBe(0);
    for (const part of ["do-timer", "Why", "Reported: ", "Left alone: ", "How to mend it", "Sources", "https://"]) expect(stdout).toContain(part);
    expect(stdout).toMatch(/^> .*setInterval/m);
  });

  it("knows every rule", async () => {
    for (const id of ruleDocuments().keys()) expect((await run("explain", id)).stdout, id).toMatch(new RegExp(`^${id} `));
  });

  it("knows the questions, patterns, warnings and facts of the playbook", async () => {
    const ids = playbookIds();
    expect(ids.length).toBeGreaterThan(50);
    for (const id of ids) {
      const { stdout, status } = await run("explain", id);
      expect(status, id).toBe(0);
      expect(stdout.startsWith(`${id} `), id).toBe(true);
    }
  });

  it("keeps prose to the width of the terminal", async () => {
    const { stdout } = await cli(here, ["explain", "do-timer"], { columns: 50 });
    const why = stdout.slice(stdout.indexOf("\nWhy\n"), stdout.indexOf("\nReported"));
    expect(Math.max(...why.split("\n").map((line) => line.length))).toBeLessThanOrEqual(50);
  });
});

describe("completion", () => {
  it.each(["bash", "zsh", "fish"])("for %s knows commands, options, values and ids", async (shell) => {
    const { stdout, status } = await run("completion", shell);
    expect(status).toBe(0);
    for (const word of ["lint", "explain", "fail-on", "sarif", "recommended", "do-timer"]) expect(stdout).toContain(word);
  });

  it("works in bash", async () => {
    const { stdout: script } = await run("completion", "bash");
    const complete = (...words: readonly string[]): string[] => {
      const list = words.map((word) => `'${word}'`).join(" ");
      const code = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _do_or_d1; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", code], { encoding: "utf8" });
      expect(stderr).toBe("");
      return stdout.split("\n").filter((word) => word !== "");
    };
    expect(complete("do-or-d1", "li")).toEqual(["lint"]);
    expect(complete("do-or-d1", "lint", "--fail")).toEqual(["--fail-on"]);
    expect(complete("do-or-d1", "lint", "--format", "s")).toEqual(["sarif"]);
    expect(complete("do-or-d1", "lint", "--rule", "do-tim")).toEqual(["do-timer="]);
    expect(complete("do-or-d1", "explain", "do-singl")).toEqual(["do-singleton"]);
  });
});

describe("init", () => {
  const files = {
    "wrangler.json": '{ "name": "a", "main": "a.ts", "durable_objects": { "bindings": [{ "name": "A", "class_name": "A" }] }, "migrations": [{ "tag": "v1", "new_sqlite_classes": ["A"] }] }',
    "a.ts": 'import { DurableObject } from "cloudflare:workers";\nexport class A extends DurableObject {\n  go() {\n    setInterval(() => this.go(), 1);\n  }\n}\nexport default {};\n',
  };

  it("writes a configuration, a baseline and a workflow, after which lint is quiet", async () => {
    const folder = folderOf(files);
    expect(await cli(folder, ["lint"])).toMatchObject({ status: 1 });
    const { stdout, status } = await cli(folder, ["init"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^wrote do-or-d1\.yaml\nwrote do-or-d1\.baseline\.json: 1 finding accepted for now\nwrote \.github\/workflows\/do-or-d1\.yml\n/);
    expect(parse(readFileSync(join(folder, ".github/workflows/do-or-d1.yml"), "utf8"))).toHaveProperty("jobs.lint.steps");
    expect(await cli(folder, ["lint"])).toMatchObject({ status: 0, stderr: "" });
  });

  it("never overwrites", async () => {
    const folder = folderOf({ ...files, "do-or-d1.yml": "profile: strict\n", ".github/workflows/do-or-d1.yml": "mine" });
    const { stdout } = await cli(folder, ["init"]);
    expect(stdout).toMatch(/^kept {2}do-or-d1\.yml: it is there already\nwrote do-or-d1\.baseline\.json: .*\nkept {2}\.github/);
    expect(stdout).toContain("Add `baseline: do-or-d1.baseline.json` to do-or-d1.yml.");
    expect(existsSync(join(folder, "do-or-d1.yaml"))).toBe(false);
    expect(readFileSync(join(folder, ".github/workflows/do-or-d1.yml"), "utf8")).toBe("mine");
  });

  it("in a package of a repository writes the workflow where the service looks for it", async () => {
    const folder = folderOf({ ".git/HEAD": "ref: refs/heads/main\n", "apps/chat/wrangler.json": files["wrangler.json"], "apps/chat/a.ts": files["a.ts"] });
    await cli(join(folder, "apps/chat"), ["init"]);
    expect(readFileSync(join(folder, ".github/workflows/do-or-d1-apps-chat.yml"), "utf8")).toContain("working-directory: apps/chat");
    expect(existsSync(join(folder, "apps/chat/do-or-d1.yaml"))).toBe(true);
  });
});

describe("the terminal", () => {
  it.each([
    [{ isTTY: true }, {}, false, true],
    [{ isTTY: true }, { CI: "true" }, false, false],
    [{ isTTY: true }, { TERM: "dumb" }, false, false],
    [{ isTTY: true }, { NO_COLOR: "" }, false, true],
    [{ isTTY: true }, { NO_COLOR: "0" }, false, false],
    [{}, { CI: "true", FORCE_COLOR: "1" }, false, true],
    [{ isTTY: true }, { FORCE_COLOR: "1" }, true, false],
  ])("%j with %j and --no-color %s: colour %s", (stream, env, noColor, expected) => {
    expect(usesColor(stream, env, noColor)).toBe(expected);
  });

  it("has a width: the terminal's, COLUMNS, or one for logs", () => {
    expect(widthOf({ columns: 40 }, {})).toBe(40);
    expect(widthOf({}, { COLUMNS: "72" })).toBe(72);
    expect(widthOf({}, { COLUMNS: "wide" })).toBe(100);
    expect(widthOf({ columns: 5 }, {})).toBe(20);
  });
});
