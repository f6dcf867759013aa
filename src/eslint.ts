import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ruleDocuments } from "./lint/documents.ts";
import { toPosix } from "./paths.ts";
import { NAME, VERSION } from "./cli/version.ts";

/*
 * The ESLint plugin, `do-or-d1/eslint`. A finding of ours may depend on any file of a Worker and on its configuration, so one
 * run of the command looks at the whole project and each file reports its share of it. Running the command keeps the two from
 * ever disagreeing, and ESLint's synchronous rules from having to wait for our asynchronous discovery.
 */

interface Position { readonly line: number; readonly column: number }
interface JsonEdit { readonly file: string; readonly start: number; readonly end: number; readonly text: string }
interface JsonFinding {
  readonly rule: string; readonly message: string; readonly help: string; readonly file: string;
  readonly line: number; readonly column: number; readonly endLine: number; readonly endColumn: number;
  readonly fix?: readonly JsonEdit[];
  readonly suggestion?: { readonly description: string; readonly edits: readonly JsonEdit[] };
}

interface Fixer { replaceTextRange(range: readonly [number, number], text: string): unknown }
type Fix = (fixer: Fixer) => unknown[];
interface RuleContext {
  readonly filename: string;
  readonly cwd: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sourceCode: { readonly text: string };
  report(problem: {
    readonly loc: { readonly start: Position; readonly end: Position };
    readonly message: string;
    readonly fix?: Fix;
    readonly suggest?: readonly { readonly desc: string; readonly fix: Fix }[];
  }): void;
}

/** How long one look at a project serves all of its files, in milliseconds. An editor asks again after every change. */
const FRESH_FOR = 20_000;

const runs = new Map<string, { readonly at: number; readonly findings: ReadonlyMap<string, readonly JsonFinding[]> }>();

function findingsOf(context: RuleContext): readonly JsonFinding[] {
  const file = toPosix(relative(context.cwd, context.filename));
  const profile = settingsOf(context).profile ?? "recommended";
  const { text } = context.sourceCode;
  const saved = savedText(context.filename);
  const key = `${context.cwd}\0${profile}\0${saved === text ? "" : `${file}\0${text}`}`;
  const known = runs.get(key);
  if (known && Date.now() - known.at < FRESH_FOR) return known.findings.get(file) ?? [];
  const findings = run(context.cwd, profile, saved === text ? undefined : { file, text });
  if (runs.size > 50) runs.clear();
  runs.set(key, { at: Date.now(), findings });
  return findings.get(file) ?? [];
}

/** One run of the command: over the folder ESLint works in, or over text that is not saved yet, as one of its files. */
function run(cwd: string, profile: string, unsaved: { readonly file: string; readonly text: string } | undefined): ReadonlyMap<string, readonly JsonFinding[]> {
  const cli = fileURLToPath(new URL("./cli.js", import.meta.url));
  const args = [cli, "lint", "--format", "json", "--fail-on", "never", "--profile", profile, ...(unsaved ? ["--stdin", "--stdin-filename", unsaved.file] : [])];
  const result = spawnSync(process.execPath, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28, ...(unsaved ? { input: unsaved.text } : {}) });
  let findings: readonly JsonFinding[];
  try {
    findings = (JSON.parse(result.stdout) as { readonly findings: readonly JsonFinding[] }).findings;
  } catch {
    throw new Error(`${NAME} could not run: ${result.stderr || result.error?.message || `exit ${result.status}`}`);
  }
  const byFile = new Map<string, JsonFinding[]>();
  for (const finding of findings) {
    const list = byFile.get(finding.file);
    if (list) list.push(finding);
    else byFile.set(finding.file, [finding]);
  }
  return byFile;
}

function settingsOf(context: RuleContext): { readonly profile?: string } {
  const settings = context.settings[NAME];
  return typeof settings === "object" && settings !== null ? settings : {};
}

function savedText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch {
    return undefined;
  }
}

/** The fix of a finding, when all of it lies in the file that is being linted. */
function fixOf(edits: readonly JsonEdit[] | undefined, file: string): Fix | undefined {
  if (!edits || edits.length === 0 || edits.some((edit) => edit.file !== file)) return undefined;
  return (fixer) => edits.map((edit) => fixer.replaceTextRange([edit.start, edit.end], edit.text));
}

function report(context: RuleContext, finding: JsonFinding): void {
  const fix = fixOf(finding.fix, finding.file);
  const suggestion = fixOf(finding.suggestion?.edits, finding.file);
  context.report({
    loc: { start: { line: finding.line, column: finding.column - 1 }, end: { line: finding.endLine, column: finding.endColumn - 1 } },
    message: `${finding.message} ${finding.help}`,
    ...(fix ? { fix } : {}),
    ...(suggestion && finding.suggestion ? { suggest: [{ desc: finding.suggestion.description, fix: suggestion }] } : {}),
  });
}

const documents = [...ruleDocuments().values()];

const rules = Object.fromEntries(
  documents.map((document) => [
    document.id,
    {
      meta: {
        type: document.severity === "error" ? "problem" : "suggestion",
        docs: { description: document.summary, url: document.docs, recommended: document.profile === "recommended" },
        fixable: "code",
        hasSuggestions: true,
        schema: [],
      },
      create: (context: RuleContext) => ({
        Program: () => {
          for (const finding of findingsOf(context)) if (finding.rule === document.id) report(context, finding);
        },
      }),
    },
  ]),
);

function levels(profiles: readonly string[]): Record<string, "error" | "warn"> {
  return Object.fromEntries(
    documents.filter((document) => profiles.includes(document.profile)).map((document) => [`${NAME}/${document.id}`, document.severity === "error" ? "error" : "warn"] as const),
  );
}

const plugin = {
  meta: { name: NAME, version: VERSION },
  rules,
  configs: {} as Record<string, object>,
};
plugin.configs.recommended = { plugins: { [NAME]: plugin }, rules: levels(["recommended"]) };
plugin.configs.strict = { plugins: { [NAME]: plugin }, settings: { [NAME]: { profile: "strict" } }, rules: levels(["recommended", "strict"]) };

/** The ESLint plugin: every lint rule by its id, and the configurations `recommended` and `strict`. */
export default plugin;
