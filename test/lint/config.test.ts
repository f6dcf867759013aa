import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/lint/config/configuration.ts";
import { configJsonSchema } from "../../src/lint/config/schema.ts";
import { ruleDocuments } from "../../src/lint/documents.ts";
import type { Rule } from "../../src/lint/rule.ts";
import { lint } from "../../src/lint/run.ts";
import { checkoutOf } from "../../src/project/discover/discover.ts";
import type { UserError } from "../../src/errors.ts";

const IDS = ["do-timer", "do-fan-out-query", "do-singleton"];
const parse = (text: string, file = "do-or-d1.yaml", dir = "") => parseConfiguration(text, file, dir, IDS);

function mistake(text: string, file = "do-or-d1.yaml"): string {
  try {
    parse(text, file);
  } catch (error) {
    const { place, message } = error as UserError;
    return `${place}: ${message}`;
  }
  return "none";
}

describe("the configuration file", () => {
  it("says what code cannot", () => {
    const configuration = parse(`
profile: strict
databases: { DB: { read_replication: auto } }
singletons: { allow: [{ class: Scheduler, reason: "one clock for the fleet" }] }
rules: { do-fan-out-query: warning, do-timer: off }
lookup_tables: [countries]
ignore: [generated/**]
tests: ["**/*.check.ts"]
baseline: old.json
`);
    expect(configuration).toMatchObject({
      profile: "strict",
      ratings: new Map([["do-fan-out-query", "warning"], ["do-timer", "off"]]),
      settings: {
        databases: new Map([["DB", { readReplication: "auto", evidence: "do-or-d1.yaml" }]]),
        allowedSingletons: [{ class: "Scheduler", reason: "one clock for the fleet" }],
        lookupTables: ["countries"],
      },
      baseline: "old.json",
    });
    expect(configuration?.ignores("generated/a/b.ts")).toBe(true);
    expect(configuration?.ignores("src/generated/b.ts")).toBe(false);
    expect(configuration?.isTest?.("src/a.check.ts")).toBe(true);
    expect(configuration?.isTest?.("src/a.test.ts")).toBe(false);
  });

  it("is read from JSON and from package.json too", () => {
    expect(parse('{ "profile": "strict" }', "do-or-d1.json")?.profile).toBe("strict");
    expect(parse('{ "name": "x", "do-or-d1": { "profile": "strict" } }', "package.json")?.profile).toBe("strict");
    expect(parse('{ "devDependencies": { "do-or-d1": "1" } }', "package.json")).toBeUndefined();
    expect(parse("# nothing yet\n")?.profile).toBeUndefined();
  });

  it("has globs relative to its folder", () => {
    const configuration = parse("ignore: [vendor, '*.gen.ts', src/old/]\n", "apps/chat/do-or-d1.yaml", "apps/chat");
    expect(["apps/chat/src/vendor/x.ts", "apps/chat/a.gen.ts", "apps/chat/src/old/a.ts"].map((path) => configuration?.ignores(path))).toEqual([true, true, true]);
    expect(["apps/web/vendor/x.ts", "vendor/x.ts", "apps/chat/old/a.ts"].map((path) => configuration?.ignores(path))).toEqual([false, false, false]);
  });

  it.each([
    ["rulse: {}\n", 'do-or-d1.yaml:1:1: unknown key "rulse" in the configuration (did you mean "rules"?)'],
    ["rules:\n  do-timr: off\n", 'do-or-d1.yaml:2:3: unknown rule "do-timr" in "rules" (did you mean "do-timer"?)'],
    ["rules:\n  do-timer: warn\n", 'do-or-d1.yaml:2:13: "rules.do-timer" is "warn" (did you mean "warning"?)'],
    ["profile: stict\n", 'do-or-d1.yaml:1:10: "profile" is "stict" (did you mean "strict"?)'],
    ["databases:\n  DB:\n    read_replicaton: auto\n", 'do-or-d1.yaml:3:5: unknown key "read_replicaton" in "databases.DB" (did you mean "read_replication"?)'],
    ["singletons:\n  allow:\n    - class: A\n", 'do-or-d1.yaml:3:7: "singletons.allow[0]" lacks "reason"'],
    ["singletons:\n  allow:\n    - reason: A\n", 'do-or-d1.yaml:3:7: "singletons.allow[0]" names none of "class", "binding", "name"'],
    ["ignore: generated\n", 'do-or-d1.yaml:1:9: "ignore" should be a list'],
    ["rules: [a]\n", 'do-or-d1.yaml:1:8: "rules" should be a map of keys and values'],
    ["rules:\n", 'do-or-d1.yaml:1:1: "rules" has no value'],
    ["- a\n", "do-or-d1.yaml:1:1: the configuration should be a map of keys and values"],
  ])("names a mistake, its place and the nearest valid word: %j", (text, expected) => {
    expect(mistake(text)).toBe(expected);
  });

  it("names the place of a syntax error", () => {
    expect(mistake("rules: {\n  a: [\n")).toMatch(/^do-or-d1\.yaml:\d+:\d+: /);
    expect(mistake('{ "do-or-d1": { "profil": "strict" } }', "package.json")).toBe('package.json:1:17: unknown key "profil" in the configuration (did you mean "profile"?)');
  });
});

describe("the JSON schema", () => {
  const schema = configJsonSchema([...ruleDocuments().keys()]);

  it("is published as the code makes it (write it anew with vitest -u)", async () => {
    await expect(`${JSON.stringify(schema, undefined, 2)}\n`).toMatchFileSnapshot("../../rules/config.schema.json");
  });

  it("accepts what the reader accepts and refuses what it refuses", () => {
    const validate = new Ajv().compile(schema);
    const cases: readonly [unknown, boolean][] = [
      [{ profile: "strict", rules: { "unused-suppression": "off" }, databases: { DB: { read_replication: "auto" } } }, true],
      [{ singletons: { allow: [{ class: "A", reason: "b" }] } }, true],
      [{ singletons: { allow: [{ class: "A" }] } }, false],
      [{ singletons: { allow: [{ reason: "b" }] } }, false],
      [{ rulse: {} }, false],
      [{ rules: { nope: "off" } }, false],
      [{ ignore: "a" }, false],
    ];
    for (const [value, valid] of cases) {
      expect(validate(value), JSON.stringify(value)).toBe(valid);
      expect(mistakeOf(value) === undefined, JSON.stringify(value)).toBe(valid);
    }
  });

  function mistakeOf(value: unknown): string | undefined {
    try {
      parseConfiguration(JSON.stringify(value), "do-or-d1.json", "", [...ruleDocuments().keys()]);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
});

describe("several configurations in one checkout", () => {
  /** Reports every file's start, and what the settings say about the database `DB`. */
  const probe: Rule = {
    id: "unused-suppression",
    *check({ project, settings }) {
      for (const { path } of project.files) yield { span: { file: path, start: 0, end: 1 }, message: settings.databases.get("DB")?.readReplication ?? "unset", confidence: "high" };
    },
  };
  const code = 'import { DurableObject } from "cloudflare:workers";\nexport class A extends DurableObject {}\n';
  const found = async (files: Readonly<Record<string, string>>) =>
    lint(await checkoutOf(files), { rules: [probe] }).findings.map(({ file, severity, message }) => `${file} ${severity} ${message}`);

  it("each hold for the files below them", async () => {
    expect(
      await found({
        "do-or-d1.yaml": "databases: { DB: { read_replication: auto } }\n",
        "src/a.ts": code,
        "apps/b/do-or-d1.yml": "rules: { unused-suppression: error }\n",
        "apps/b/src/deep/b.ts": code,
        "apps/c/package.json": '{ "do-or-d1": { "databases": { "DB": { "read_replication": "disabled" } } } }',
        "apps/c/c.ts": code,
        "apps/d/package.json": '{ "name": "d" }',
        "apps/d/d.ts": code,
        "apps/e/do-or-d1.json": '{ "ignore": ["gen"] }',
        "apps/e/gen/e.ts": code,
        "apps/f/do-or-d1.yaml": "rules: { unused-suppression: off }\n",
        "apps/f/f.ts": code,
      }),
    ).toEqual(["apps/b/src/deep/b.ts error unset", "apps/c/c.ts warning disabled", "apps/d/d.ts warning auto", "src/a.ts warning auto"]);
  });

  it("are not sought among CI workflows", async () => {
    expect(await found({ ".github/workflows/do-or-d1.yml": "name: lint\non: push\n", "a.ts": code })).toEqual(["a.ts warning unset"]);
  });
});
