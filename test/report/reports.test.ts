import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/lint/finding.ts";
import { FORMATS } from "../../src/report/report.ts";
import { loadReporter } from "../../src/report/index.ts";
import { formatGithub } from "../../src/report/github.ts";
import { formatGitlab } from "../../src/report/gitlab.ts";
import { formatJson } from "../../src/report/json.ts";
import { formatJunit } from "../../src/report/junit.ts";
import { formatMarkdown } from "../../src/report/markdown.ts";
import { formatSarif } from "../../src/report/sarif.ts";
import { FILES, FINDINGS, inputOf, placeIn } from "../helpers/results.ts";

const [room, config] = FINDINGS as readonly [Finding, Finding];
const suppressed = { finding: room, reason: "one lobby is what we want", comment: placeIn("src/chat room.ts", "// 部屋 🎉") };
const diagnostics = [
  { file: "src/broken.ts", line: 3, column: 7, message: "syntax error: unexpected token", hint: "Mend the syntax." },
  { file: "", message: "internal error in the rule `do-timer`: boom", internal: "Error: boom\n    at check" },
];

describe("every format", () => {
  it.each(FORMATS)("%s gives the same bytes for the same results", async (format) => {
    const reporter = await loadReporter(format);
    const input = inputOf({ findings: FINDINGS, suppressed: [suppressed], diagnostics });
    expect(reporter(input)).toBe(reporter(input));
  });

  it.each(FORMATS)("%s copes with a run without findings", async (format) => {
    const text = (await loadReporter(format))(inputOf());
    expect(text === "" || text.endsWith("\n")).toBe(true);
  });
});

describe("json", () => {
  it("has the documented shape", () => {
    const report = JSON.parse(formatJson(inputOf({ findings: FINDINGS, suppressed: [suppressed], baselined: [config], diagnostics }))) as Record<string, unknown>;
    expect(Object.keys(report)).toEqual(["schema", "tool", "findings", "suppressed", "baselined", "diagnostics", "summary"]);
    expect(report).toMatchObject({
      schema: 1,
      tool: { name: "do-or-d1", version: "1.2.3" },
      suppressed: 1,
      baselined: 1,
      summary: { error: 1, warning: 1, info: 0, files: 3, durationMs: 12 },
      diagnostics: [{ file: "src/broken.ts", line: 3, column: 7, message: "syntax error: unexpected token", hint: "Mend the syntax.", kind: "input" }, { kind: "internal" }],
    });
  });

  it("maps a finding by hand, with 1-based places and the text edits of its fix", () => {
    const { findings } = JSON.parse(formatJson(inputOf({ findings: FINDINGS }))) as { findings: readonly Record<string, unknown>[] };
    expect(findings[0]).toEqual({
      rule: "unused-suppression",
      severity: "warning",
      confidence: "high",
      message: room.message,
      file: "src/chat room.ts",
      line: 6,
      column: 10,
      endLine: 6,
      endColumn: 35,
      related: [{ file: "src/chat room.ts", line: 2, column: 7, endLine: 2, endColumn: 22, message: "the name comes from here" }],
      subject: { class: "Room", binding: "ROOM" },
      help: room.help,
      docs: room.docs,
      fingerprint: "0123456789abcdef",
      fix: [{ file: "src/chat room.ts", line: 1, column: 53, endLine: 2, endColumn: 5, start: 52, end: 57, text: "ROOMS" }],
    });
    expect(findings[1]).toHaveProperty("suggestion.description");
    expect(findings[1]).not.toHaveProperty("fix");
  });
});

describe("sarif", () => {
  // The official schema is of draft 4; what it uses means the same in draft 7 under the newer name of its id.
  const { id: _id, $schema: _draft, ...schema } = JSON.parse(readFileSync(new URL("../fixtures/sarif-schema-2.1.0.json", import.meta.url), "utf8")) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true });
  (addFormats as unknown as (instance: Ajv) => void)(ajv);
  const validate = ajv.compile(schema);
  const log = (part: Parameters<typeof inputOf>[0]) => JSON.parse(formatSarif(inputOf(part))) as { runs: { results: Record<string, unknown>[]; tool: { driver: { rules: { id: string }[] } }; invocations: { executionSuccessful: boolean }[] }[] };

  it.each([
    ["without findings", {}],
    ["with findings, fixes and related places", { findings: FINDINGS }],
    ["with suppressed and baselined ones", { suppressed: [suppressed], baselined: [config] }],
    ["with files that could not be read and our own errors", { diagnostics }],
  ])("is valid by the official schema %s", (_name, part) => {
    validate(log(part));
    expect(validate.errors).toBe(null);
  });

  it("is refused by the schema when a part is missing, so the check means something", () => {
    const broken = log({ findings: FINDINGS });
    delete broken.runs[0]?.results[0]?.["message"];
    expect(validate(broken)).toBe(false);
  });

  it("has what code scanning reads: rule, level, relative encoded path, fingerprint, related places, paths", () => {
    const run = log({ findings: FINDINGS }).runs[0];
    expect(run?.tool.driver.rules[0]).toMatchObject({ id: "unused-suppression", help: { markdown: expect.stringContaining("# unused-suppression") as string }, properties: { "problem.severity": "warning" } });
    expect(run?.results[0]).toMatchObject({
      ruleId: "unused-suppression",
      ruleIndex: 0,
      level: "warning",
      partialFingerprints: { primaryLocationLineHash: "0123456789abcdef:1" },
      locations: [{ physicalLocation: { artifactLocation: { uri: "apps/chat/src/chat%20room.ts", uriBaseId: "%SRCROOT%" }, region: { startLine: 6, startColumn: 10, endLine: 6, endColumn: 35 } } }],
      relatedLocations: [{ id: 1, message: { text: "the name comes from here" } }],
    });
    expect(run?.results[0]).toHaveProperty("codeFlows[0].threadFlows[0].locations.length", 2);
  });

  it("lists suppressed findings as suppressed, with the reason, and says when a run failed", () => {
    const run = log({ suppressed: [suppressed], baselined: [config], diagnostics }).runs[0];
    expect(run?.results.map((result) => result["suppressions"])).toEqual([
      [{ kind: "inSource", justification: "one lobby is what we want" }],
      [{ kind: "external", justification: "Accepted in the baseline." }],
    ]);
    expect(run?.invocations[0]?.executionSuccessful).toBe(false);
  });
});

describe("github", () => {
  const tricky: Finding = { ...room, file: "a,b:c%.ts", message: "50% of\r\nusers", help: "x::y" };

  it("escapes what would end a property or a command", () => {
    const [line = ""] = formatGithub(inputOf({ findings: [tricky] })).split("\n");
    expect(line).toBe(
      `::warning file=apps/chat/a%2Cb%3Ac%25.ts,line=6,endLine=6,col=10,endColumn=35,title=do-or-d1%3A unused-suppression::50%25 of%0D%0Ausers%0A%0Ax::y%0A${room.docs}`,
    );
  });

  it("gives one line a finding and a diagnostic, and leaves out columns of places over several lines", () => {
    const lines = formatGithub(inputOf({ findings: [{ ...config, endLine: 9 }, { ...room, severity: "info" }], diagnostics })).trimEnd().split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["::error", "::notice", "::warning", "::error"]);
    expect(lines[0]).not.toContain("col=");
  });
});

describe("gitlab", () => {
  it("is a list of issues with unique fingerprints", () => {
    const issues = JSON.parse(formatGitlab(inputOf({ findings: [room, { ...room, file: "other.ts" }, config] }))) as { fingerprint: string; severity: string; location: unknown }[];
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(3);
    expect(issues.map(({ severity }) => severity)).toEqual(["major", "major", "critical"]);
    expect(issues[0]?.location).toEqual({ path: "apps/chat/src/chat room.ts", lines: { begin: 6, end: 6 } });
  });
});

describe("junit", () => {
  it("counts a failure a finding and an error a diagnostic, and passes when there is neither", () => {
    const text = formatJunit(inputOf({ findings: FINDINGS, diagnostics }));
    expect(text).toContain('<testsuites name="do-or-d1" tests="4" failures="2" errors="2">');
    expect(text.match(/<failure /g)).toHaveLength(2);
    expect(formatJunit(inputOf())).toContain('tests="1" failures="0" errors="0"');
  });

  it("is well-formed whatever a message holds", () => {
    const text = formatJunit(inputOf({ findings: [{ ...room, message: 'a "b" <c> & \u0000\u001b[31m\ud800 d\ne' }] }));
    expect(text).toContain("a &quot;b&quot; &lt;c&gt; &amp; \ufffd\ufffd[31m\ufffd d&#10;e");
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  });
});

describe("markdown", () => {
  it("shows code in a fence that its own backticks cannot end, and escapes what would be markup", () => {
    const file = "src/sql.ts";
    const text = formatMarkdown(inputOf({ findings: [{ ...room, file, line: 1, endLine: 1, related: [] }] }, { text: () => "sql = ```x```;" }));
    expect(text).toContain("````ts\nsql = ```x```;\n````");
    expect(text).toContain("\\<at most\\>");
    expect(text).toContain("`ROOM`");
  });

  it("groups by file", () => {
    const text = formatMarkdown(inputOf({ findings: FINDINGS }));
    expect(text.match(/^## .*/gm)).toEqual(["## `src/chat room.ts`", "## `wrangler.toml`"]);
    expect(text).toContain("**2 problems** (1 error, 1 warning) in 2 files of 3.");
    expect(FILES["wrangler.toml"]).toContain("new_classes");
  });
});
