// What the scaffold writes is what the linter asks for: no finding of any rule, and no suppression.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PATTERNS } from "../../src/scaffold/template.ts";
import { cli, folderOf } from "../helpers/cli.ts";

test.each(PATTERNS.flatMap((pattern) => ["modern", "node20"].map((stack) => [pattern, stack] as const)))("%s on %s has nothing to find", async (pattern, stack) => {
  const cwd = folderOf({});
  expect(await cli(cwd, ["scaffold", "app", "--pattern", pattern, "--stack", stack, "--atom", "order"])).toMatchObject({ status: 0 });
  const { status, stdout, stderr } = await cli(cwd, ["lint", "app", "--profile", "strict", "--fail-on", "info", "--format", "json"]);
  const { findings, suppressed, diagnostics, summary } = JSON.parse(stdout) as Record<string, unknown> & { summary: { files: number } };
  expect({ status, findings, suppressed, diagnostics, stderr }).toEqual({ status: 0, findings: [], suppressed: 0, diagnostics: [], stderr: "" });
  expect(summary.files).toBeGreaterThan(3);
});

test.each([
  ["d1-single", ["DB"]],
  ["hot-do-d1-views", ["DB"]],
  ["d1-per-tenant-hot-do", ["TENANT_ACME", "TENANT_GLOBEX"]],
  ["d1-sharded", ["DB_0", "DB_1", "DB_2", "DB_3"]],
] as const)("%s is ready for read replication", async (pattern, bindings) => {
  const databases = Object.fromEntries(bindings.map((binding) => [binding, { read_replication: "auto" }]));
  const cwd = folderOf({ "app/do-or-d1.yaml": JSON.stringify({ databases }) });
  await cli(cwd, ["scaffold", "app", "--pattern", pattern]);
  const { findings } = JSON.parse((await cli(cwd, ["lint", "app", "--profile", "strict", "--format", "json"])).stdout) as { findings: unknown };
  expect(findings).toEqual([]);
});

test("no template asks the linter to look away", () => {
  const templates = join(import.meta.dirname, "../../templates");
  const files = readdirSync(templates, { recursive: true, encoding: "utf8" }).filter((path) => /\.(ts|mjs|jsonc?|sql|ya?ml|md)$/.test(path) && !path.includes("node_modules"));
  expect(files.length).toBeGreaterThan(60);
  for (const path of files) expect(readFileSync(join(templates, path), "utf8"), path).not.toMatch(/do-or-d1-ignore|eslint-disable|@ts-(?:ignore|expect-error|nocheck)|as any\b/);
});
