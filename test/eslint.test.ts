import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as parser from "@typescript-eslint/parser";
import { ESLint, type Linter } from "eslint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const dist = new URL("../dist/", import.meta.url);

const FILES: Readonly<Record<string, string>> = {
  "wrangler.jsonc": JSON.stringify({ name: "w", main: "src/index.ts", compatibility_date: "2026-01-01", durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] }, migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }] }),
  "src/names.ts": `export const LOBBY = "lobby";\n`,
  "src/room.ts": `import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject<Env> {
  async fetch(): Promise<Response> {
    setInterval(() => this.tick(), 10_000);
    return new Response("ok");
  }
  tick(): void {}
}
`,
  "src/index.ts": `import { LOBBY } from "./names.ts";
export { Room } from "./room.ts";
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return env.ROOM.getByName(LOBBY).fetch(request);
  },
} satisfies ExportedHandler<Env>;
`,
};

let folder: string;
let eslint: ESLint;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "eslint-")));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { default: plugin } = (await import(new URL("eslint.js", dist).href)) as { default: { configs: { recommended: Linter.Config } } };
  eslint = new ESLint({
    cwd: folder,
    overrideConfigFile: true,
    overrideConfig: [{ ...plugin.configs.recommended, files: ["**/*.ts"], languageOptions: { parser } }],
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain = (messages: readonly Linter.LintMessage[], file: string) => messages.map(({ ruleId, line, column, endLine, endColumn }) => ({ rule: ruleId?.replace("do-or-d1/", ""), file, line, column, endLine, endColumn }));

describe("the ESLint plugin", () => {
  it("reports in each file what the command reports there", async () => {
    const results = await eslint.lintFiles(["src"]);
    const fromEslint = results.flatMap((result) => plain(result.messages, result.filePath.slice(folder.length + 1).replaceAll("\\", "/")));
    const output = execFileSync(process.execPath, [fileURLToPath(new URL("cli.js", dist)), "lint", "--format", "json", "--fail-on", "never", "--no-cache"], { cwd: folder, encoding: "utf8" });
    const fromCommand = (JSON.parse(output) as { findings: { rule: string; file: string; line: number; column: number; endLine: number; endColumn: number }[] }).findings
      .filter(({ file }) => file.endsWith(".ts"))
      .map(({ rule, file, line, column, endLine, endColumn }) => ({ rule, file, line, column, endLine, endColumn }));
    expect(fromCommand.map(({ rule }) => rule)).toEqual(expect.arrayContaining(["do-singleton", "do-timer"]));
    expect(fromEslint).toEqual(fromCommand);
  });

  it("looks at text that is not saved yet", async () => {
    const [mended] = await eslint.lintText((FILES["src/room.ts"] ?? "").replace(/ {4}setInterval.*\n/, ""), { filePath: join(folder, "src/room.ts") });
    expect(mended?.messages).toEqual([]);
  });

  it("says who is meant and what to do", async () => {
    const [result] = await eslint.lintFiles(["src/index.ts"]);
    expect(result?.messages[0]?.message).toMatch(/ROOM.*lobby|lobby.*ROOM/s);
  });
});
