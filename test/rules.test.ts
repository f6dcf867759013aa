// Runs every example of every rule document through the whole pipeline, and keeps modules, documents and index together.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type BadExample, type GoodExample, ruleDocuments, type RuleDocument, UNUSED_SUPPRESSION } from "../src/lint/documents.ts";
import type { Finding } from "../src/lint/finding.ts";
import { applyEdits, planFixes } from "../src/lint/findings/fixes.ts";
import { lint } from "../src/lint/run.ts";
import { rules } from "../src/lint/rules/index.ts";
import { checkoutOf } from "../src/project/discover/discover.ts";
import { parseSource } from "../src/project/parse/parse.ts";
import { exampleFiles } from "../src/report/rule-markdown.ts";

const documents = [...ruleDocuments().values()];
const folder = fileURLToPath(new URL("../src/lint/rules/", import.meta.url));

/** Findings of the document's rule in an example's files. */
async function findingsOf(document: RuleDocument, files: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const own = rules.filter((rule) => rule.id === document.id);
  const results = lint(await checkoutOf(files), {
    // The rule alone, for speed; suppressions can only be judged where all rules run.
    ...(document.id === UNUSED_SUPPRESSION ? {} : { rules: own }),
    ...(document.profile === "strict" && { profile: "strict" }),
  });
  expect(results.diagnostics).toEqual([]);
  return results.findings.filter((finding) => finding.rule === document.id);
}

/** The file that an expectation means when it names none. */
function mainFile(example: GoodExample): string {
  return example.code === undefined ? (Object.keys(exampleFiles(example))[0] ?? "") : "src/index.ts";
}

function placesOf(example: BadExample): string[] {
  return example.expect.map(({ file, line }) => `${file ?? mainFile(example)}:${line}`).sort();
}

function fixedFiles(example: BadExample): Readonly<Record<string, string>> {
  if (example.fixed === undefined) return {};
  return typeof example.fixed === "string" ? { [mainFile(example)]: example.fixed } : example.fixed;
}

for (const document of documents)
  describe(document.id, () => {
    for (const example of document.examples.bad) {
      it(`reports: ${example.name}`, async () => {
        const findings = await findingsOf(document, exampleFiles(example));
        expect(findings.map(({ file, line }) => `${file}:${line}`).sort()).toEqual(placesOf(example));
        for (const { file, line, message } of example.expect) {
          const at = findings.filter((finding) => finding.file === (file ?? mainFile(example)) && finding.line === line).map((finding) => finding.message);
          if (message !== undefined) expect(at.some((text) => text.includes(message)), `${JSON.stringify(message)} in ${JSON.stringify(at)}`).toBe(true);
        }
      });
      if (example.fixed !== undefined)
        it(`mends: ${example.name}`, async () => {
          const files = exampleFiles(example);
          const { edits, postponed } = planFixes(await findingsOf(document, files));
          expect(postponed).toEqual([]);
          const after = { ...files, ...Object.fromEntries([...edits].map(([file, list]) => [file, applyEdits(files[file] ?? "", list)])) };
          for (const [file, text] of Object.entries(fixedFiles(example))) expect(after[file]).toBe(text);
          for (const [file, text] of Object.entries(after)) if (/\.[cm]?[jt]sx?$/.test(file)) expect(parseSource(file, text, false)).toHaveProperty("program");
          expect(await findingsOf(document, after)).toEqual([]);
        });
    }
    for (const example of document.examples.good)
      it(`leaves alone: ${example.name}`, async () => {
        const findings = await findingsOf(document, exampleFiles(example));
        expect(findings.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([]);
      });
  });

describe("the set of rules", () => {
  const modules = readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && readFileSync(`${folder}/${name}`, "utf8").includes("defineRule({"))
    .map((name) => name.slice(0, -".ts".length))
    .sort();

  it("has a line in the index for each module, sorted by id", () => {
    expect(rules.map(({ id }) => id)).toEqual(modules);
  });

  it("has a document for each module, and a module for each document", () => {
    expect(documents.map(({ id }) => id).filter((id) => id !== UNUSED_SUPPRESSION)).toEqual(modules);
  });

  it("has examples with different names that each say something", () => {
    for (const { id, examples } of documents) {
      const names = [...examples.bad, ...examples.good].map(({ name }) => name);
      expect(new Set(names).size, id).toBe(names.length);
      for (const example of [...examples.bad, ...examples.good]) expect(Object.keys(exampleFiles(example)).length, `${id}: ${example.name}`).toBeGreaterThan(0);
    }
  });
});

describe.each(documents)("the document of $id", (document) => {
  const isPage = (url: string): boolean => URL.canParse(url) && new URL(url).protocol === "https:";

  it("has every part, in the shape that reports need", () => {
    expect(ruleDocuments().get(document.id)).toBe(document);
    expect(["error", "warning", "info"]).toContain(document.severity);
    expect(["recommended", "strict"]).toContain(document.profile);
    expect(document.summary.trim(), "one line").toMatch(/^[^\n]+$/);
    expect(document.help.trim(), "one sentence").toMatch(/^[^\n]+\.$/);
    for (const text of [document.why, document.fix]) expect(text.trim().length).toBeGreaterThan(20);
    const keys = ["id", "severity", "profile", "summary", "help", "why", "docs", "sources", "fix", "options", "examples"];
    expect(Object.keys(document).filter((key) => !keys.includes(key))).toEqual([]);
  });

  it("names its sources, each with the day it was read", () => {
    expect(isPage(document.docs), document.docs).toBe(true);
    expect(document.sources.length).toBeGreaterThan(0);
    for (const { url, read, says } of document.sources) {
      expect(isPage(url), url).toBe(true);
      expect(String(read)).toMatch(/^20\d\d-[01]\d-[0-3]\d$/);
      expect(says.trim()).not.toBe("");
    }
  });

  it("has at least one bad and one good example, of known keys", () => {
    expect(document.examples.bad.length).toBeGreaterThan(0);
    expect(document.examples.good.length).toBeGreaterThan(0);
    const keys = ["name", "code", "wrangler", "config", "files", "expect", "fixed"];
    for (const example of [...document.examples.bad, ...document.examples.good]) expect(Object.keys(example).filter((key) => !keys.includes(key))).toEqual([]);
    for (const example of document.examples.bad) expect(example.expect.length, example.name).toBeGreaterThan(0);
  });
});
