import fc from "fast-check";
import { parse as parseJsonc, type ParseError } from "jsonc-parser";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { UserError } from "../../src/errors.ts";
import { readTemplate } from "../../src/scaffold/apply.ts";
import { atomWords } from "../../src/scaffold/names.ts";
import { PACKAGE_MANAGERS } from "../../src/scaffold/package-manager.ts";
import { planScaffold, type ScaffoldPlan, type ScaffoldRequest } from "../../src/scaffold/plan.ts";
import { stackForNode } from "../../src/scaffold/stack.ts";
import { PATTERNS, requirePattern, type ScaffoldPattern, type Template } from "../../src/scaffold/template.ts";

const templates = new Map<ScaffoldPattern, Template>();
for (const pattern of PATTERNS) templates.set(pattern, await readTemplate(pattern));

function templateOf(pattern: ScaffoldPattern): Template {
  const template = templates.get(pattern);
  if (template === undefined) throw new Error(`no template ${pattern}`);
  return template;
}

function plan(pattern: ScaffoldPattern, request: Partial<ScaffoldRequest> = {}): ScaffoldPlan {
  const template = templateOf(pattern);
  const node = request.node ?? "24.0.0";
  return planScaffold(template, { name: "my-worker", atom: "room", stack: stackForNode(template.stacks, node), packageManager: "npm", node, ...request });
}

function fileOf(made: ScaffoldPlan, path: string): string {
  const found = made.files.find((file) => file.path === path);
  if (found === undefined) throw new Error(`no ${path} among ${made.files.map((file) => file.path).join(", ")}`);
  return found.text;
}

/** Every fault that a reader of the files would stumble over. */
function faults(made: ScaffoldPlan): readonly string[] {
  return made.files.flatMap(({ path, text }) => {
    if (/\.(ts|mjs)$/.test(path)) return parseSync(path, text).errors.map((error) => `${path}: ${error.message}`);
    if (path.endsWith(".yml")) return parseYaml(text) === null ? [`${path}: empty`] : [];
    if (!/\.jsonc?$/.test(path)) return [];
    const errors: ParseError[] = [];
    parseJsonc(text, errors, { allowTrailingComma: false });
    return errors.map((error) => `${path}: JSON error ${error.error} at ${error.offset}`);
  });
}

const leftovers = (made: ScaffoldPlan): readonly string[] =>
  made.files.filter(({ path, text }) => /chat[-_ ]?room|scaffolded-worker/i.test(path + text)).map((file) => file.path);

describe.each(PATTERNS)("%s", (pattern) => {
  test("is made whole: named throughout, and every file reads", () => {
    const made = plan(pattern);
    expect(leftovers(made)).toEqual([]);
    expect(faults(made)).toEqual([]);
    for (const path of ["README.md", "package.json", "wrangler.jsonc", "tsconfig.json", ".gitignore", ".github/workflows/ci.yml"]) fileOf(made, path);
    const { scripts } = JSON.parse(fileOf(made, "package.json")) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["dev", "test", "typecheck", "lint", "deploy", "migrate"]));
    expect(fileOf(made, "README.md")).toMatch(/^# my-worker\n\n```sh\nnpm install/);
  });

  test("has a manifest that says what the files say", () => {
    const { manifest, files } = templateOf(pattern);
    expect(manifest.pattern).toBe(pattern);
    expect(manifest.parameters.atom.placeholder).toBe("chat room");
    expect(files.some((file) => file.text.includes(manifest.parameters.name.placeholder))).toBe(true);
    expect(manifest.firstRequest).toMatch(/^curl .*http:\/\/localhost:8787\/\S/);
  });

  test("the same input gives the same bytes", () => expect(plan(pattern)).toEqual(plan(pattern)));

  test("an article never stands before the name, whose first letter nobody knows", () => {
    for (const { path, text } of templateOf(pattern).files) expect(/\ban?\s+`?chat[- ]?room/i.exec(text)?.[0], path).toBeUndefined();
  });

  test("the template has no form of its atom that renaming would pass over", () => {
    const known = /^(chat room|chat-room|chat_room|chatRoom|ChatRoom|CHAT_ROOM|Chat room)s?$|^CHAT_ROOMS$/;
    for (const { path, text } of templateOf(pattern).files)
      for (const [found] of text.matchAll(/chat[-_ ]?rooms?/gi)) expect(found, path).toMatch(known);
  });

  test.each(["class", "order", "Straße", "my-room", "message", "index", "map", "value", "series", "request", "sqlite thing", "DB", "env", "package"])(
    "takes the name %s",
    (atom) => expect(faults(plan(pattern, { atom }))).toEqual([]),
  );

  test("renaming never joins two names, makes none reserved, and loses none", { timeout: 60_000 }, () => {
    const word = fc.oneof(fc.constantFrom("room", "order", "message", "item", "table", "map", "key", "user", "s"), fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), (words) => {
        const atom = words.join(" ");
        const made = plan(pattern, { atom });
        expect(leftovers(made)).toEqual([]);
        expect(faults(made)).toEqual([]);
        expect(new Set(made.files.map((file) => file.path)).size).toBe(plan(pattern).files.length);
        expect(made.names.singular.prose).toContain(atomWords(atom).join(" "));
      }),
      { numRuns: 60 },
    );
  });

  test("stands on the stack that its own Node runs", () => {
    const modern = plan(pattern, { node: "22.12.0" });
    const older = plan(pattern, { node: "22.11.0" });
    expect(fileOf(modern, "vitest.config.ts")).toContain('"@cloudflare/vitest-plugin"');
    expect(fileOf(older, "vitest.config.ts")).toContain('"@cloudflare/vitest-pool-workers"');
    expect(older.files.some((file) => file.text.includes("@cloudflare/vitest-plugin"))).toBe(false);
    expect(older.notes.join("\n")).toContain("--stack modern");
    const config = (made: ScaffoldPlan): Record<string, unknown> => parseJsonc(fileOf(made, "wrangler.jsonc")) as Record<string, unknown>;
    expect(config(older)["exports"]).toBeUndefined();
    expect(config(modern)["migrations"]).toBeUndefined();
    expect(Object.keys((config(modern)["exports"] ?? {}) as object)).toEqual(
      ((config(older)["migrations"] ?? []) as { new_sqlite_classes: string[] }[]).flatMap((entry) => entry.new_sqlite_classes),
    );
    expect(config(older)["compatibility_date"]).toBe("2026-03-17");
  });

  test.each(PACKAGE_MANAGERS.filter((manager) => manager !== "npm"))("speaks %s where that is used", (packageManager) => {
    const made = plan(pattern, { packageManager });
    for (const path of ["README.md", ".github/workflows/ci.yml"])
      expect(/(?<!p)npm (run|install|ci|test)|npx wrangler/.exec(fileOf(made, path))?.[0], path).toBeUndefined();
    expect(faults(made)).toEqual([]);
    const manifest = JSON.parse(fileOf(made, "package.json")) as Record<string, Readonly<Record<string, unknown>>>;
    expect(manifest["allowScripts"]).toBeUndefined();
    expect(Object.keys(manifest["scripts"] ?? {})).toContain(packageManager === "yarn" ? "postinstall" : "prepare");
    expect(manifest["dependencies"]).toHaveProperty("hono");
    expect(fileOf(made, ".github/workflows/ci.yml")).toContain(packageManager === "yarn" ? "corepack enable" : packageManager === "pnpm" ? "pnpm/action-setup" : "oven-sh/setup-bun");
  });
});

test("files that several templates share are the same in all", () => {
  const shared = new Map<string, Map<string, ScaffoldPattern[]>>();
  for (const path of ["tsconfig.json", "migrate.mjs", "src/bookmarks.ts", "src/keyed-bookmarks.ts", "test/env.d.ts", "test/support/evict.ts"])
    for (const [pattern, template] of templates) {
      const text = template.files.find((file) => file.path === path)?.text;
      if (text === undefined) continue;
      const versions = shared.get(path) ?? new Map<string, ScaffoldPattern[]>();
      versions.set(text, [...(versions.get(text) ?? []), pattern]);
      shared.set(path, versions);
    }
  for (const [path, versions] of shared) expect([...versions.values()], path).toHaveLength(1);
});

test("a stack that this Node cannot run is written all the same, and that is said", () => {
  const { stacks } = templateOf("d1-single");
  const [modern] = stacks;
  if (modern === undefined) throw new Error("no stacks");
  expect(plan("d1-single", { stack: modern, node: "20.20.2" }).notes.join("\n")).toContain("This is Node 20.20.2: the project needs a newer one to run.");
});

test.each([
  ["redesign", "decide again"],
  ["d1-per-tenant", "d1-single"],
  ["d1-singel", "d1-single"],
])("the pattern %s is refused with a way on", (pattern, hint) => {
  try {
    requirePattern(pattern);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).hint).toContain(hint);
  }
});
