import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { cli, folderOf } from "../helpers/cli.ts";

const RECORD = "do-or-d1.decision.yaml";
const record = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify({ schema: 1, recommendation: "durable-objects", ...fields });
const decided = record({ pattern: "do-per-entity", answers: { atom_name: "Game Table" }, adr: "docs/adr/0001-use-objects.md" });

describe("scaffold", () => {
  it("writes a project and says what comes next", async () => {
    const cwd = folderOf({});
    const { status, stdout, stderr } = await cli(cwd, ["scaffold", "my-chat", "--pattern", "do-per-entity", "--atom", "room"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Wrote 18 files to my-chat\. Next:\n\n {2}cd my-chat\n {2}npm install\n {2}npm run dev\n/);
    expect(stdout).toContain("curl -X PUT http://localhost:8787/rooms/first");
    expect(stderr).toContain("Pattern do-per-entity: ");
    expect(stderr).toMatch(/Stack (modern|node20): /);
    expect(readFileSync(join(cwd, "my-chat/wrangler.jsonc"), "utf8")).toContain('"name": "my-chat"');
    expect(readFileSync(join(cwd, "my-chat/src/room.ts"), "utf8")).toContain("export class Room extends DurableObject");
  });

  it("takes pattern, atom, record and ADR from the decision", async () => {
    const cwd = folderOf({ [RECORD]: decided, "docs/adr/0001-use-objects.md": "# Use objects\n" });
    expect(await cli(cwd, ["scaffold", "app"])).toMatchObject({ status: 0 });
    expect(existsSync(join(cwd, "app/src/game-table.ts"))).toBe(true);
    expect(readFileSync(join(cwd, "app", RECORD), "utf8")).toContain("docs/adr/0001-use-objects.md");
    expect(readFileSync(join(cwd, "app/docs/adr/0001-use-objects.md"), "utf8")).toBe("# Use objects\n");
    expect(readFileSync(join(cwd, "app/README.md"), "utf8")).toContain("(docs/adr/0001-use-objects.md)");
  });

  it("brings along an ADR that lies elsewhere, and the copied record finds it", async () => {
    const cwd = folderOf({ [`decisions/${RECORD}`]: "schema: 1\nadr: ../adrs/0007-use-d1.md\npattern: d1-single\n", "adrs/0007-use-d1.md": "# Use D1\n" });
    expect(await cli(cwd, ["scaffold", "app", "--decision", `decisions/${RECORD}`])).toMatchObject({ status: 0 });
    const { adr } = parse(readFileSync(join(cwd, "app", RECORD), "utf8")) as { adr: string };
    expect(readFileSync(join(cwd, "app", adr), "utf8")).toBe("# Use D1\n");
  });

  it("works in the folder that the decision was recorded in", async () => {
    const cwd = folderOf({ [RECORD]: decided, "docs/adr/0001-use-objects.md": "# Use objects\n", ".git/HEAD": "" });
    expect(await cli(cwd, ["scaffold", "--name", "here"])).toMatchObject({ status: 0, stdout: expect.stringContaining("Next:\n\n  npm install") as string });
    expect(readFileSync(join(cwd, RECORD), "utf8")).toBe(decided);
  });

  it("shows the tree and writes nothing", async () => {
    const cwd = folderOf({ "app/README.md": "mine" });
    const { status, stdout, stderr } = await cli(cwd, ["scaffold", "app", "--pattern", "d1-single", "--dry-run"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^app\n├── \.github\/\n/);
    expect(stdout).toMatch(/├── README\.md {2}[\d.]+ kB\n/);
    expect(stdout).toMatch(/\n\d+ files, [\d.]+ kB\n$/);
    expect(stderr).toContain("It would be refused: app already has README.md.");
    expect(readdirSync(join(cwd, "app"))).toEqual(["README.md"]);
  });

  it("gives the same bytes each time", async () => {
    const cwd = folderOf({});
    const argv = ["scaffold", "app", "--pattern", "hot-do-d1-views", "--dry-run"];
    expect(await cli(cwd, argv)).toEqual(await cli(cwd, argv));
  });

  it("takes the package manager from the checkout, else from what runs it", async () => {
    const cwd = folderOf({ "repo/pnpm-lock.yaml": "", "repo/.git/HEAD": "" });
    expect((await cli(cwd, ["scaffold", "repo/app", "--pattern", "d1-single"])).stdout).toContain("  pnpm install\n  pnpm run dev\n");
    const env = { npm_config_user_agent: "bun/1.2.0 npm/? node/v24.0.0 linux x64" };
    expect((await cli(cwd, ["scaffold", "app", "--pattern", "d1-single"], { env })).stdout).toContain("  bun install\n  bun run dev\n");
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
    ["no decision and no pattern", [], {}, "there is no do-or-d1.decision.yaml here, and no --pattern"],
    ["a pattern nobody knows", ["--pattern", "d1"], {}, 'no template for the pattern "d1"'],
    ["an atom that is no name", ["--pattern", "d1-single", "--atom", "room'; drop table"], {}, "--atom: "],
    ["a Worker's name that is none", ["--pattern", "d1-single", "--name", "My App"], {}, "Try --name my-app"],
    ["a stack nobody knows", ["--pattern", "d1-single", "--stack", "node18"], {}, "Stacks: modern, node20."],
    ["a package manager nobody knows", ["--pattern", "d1-single", "--package-manager", "cargo"], {}, "One of npm, pnpm, yarn, bun."],
    ["a decision for a redesign", [], { [RECORD]: record({ pattern: "redesign" }) }, "decide again"],
    ["a decision for neither", [], { [RECORD]: record({ pattern: null }) }, "neither D1 nor Durable Objects"],
    ["a pattern that was not decided", ["--decision", RECORD, "--pattern", "d1-single"], { [RECORD]: decided }, "is not what was decided (do-per-entity)"],
    ["a decision file that is not there", ["--decision", "gone.yaml"], {}, "cannot be read"],
    ["a decision file that is no YAML", ["--decision", "bad.yaml"], { "bad.yaml": "a: [" }, "is no YAML"],
    ["a decision file that is none", ["--decision", "other.yaml"], { "other.yaml": "a: 1" }, "is no recorded decision"],
    ["a folder with a file of its own", ["--pattern", "d1-single"], { "app/package.json": "{}" }, "already has package.json"],
  ])("refuses %s, in one message, and writes nothing", async (_, argv, files, message) => {
    const cwd = folderOf(files);
    const before = readdirSync(cwd, { recursive: true });
    const { status, stdout, stderr } = await cli(cwd, ["scaffold", "app", ...argv]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(cwd, { recursive: true })).toEqual(before);
  });
});
