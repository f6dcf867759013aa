import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import type { Diagnostic, Finding } from "../../lint/finding.ts";
import { applyEdits, planFixes } from "../../lint/findings/fixes.ts";
import type { LintResults } from "../../lint/results.ts";
import { lint, type LintOptions } from "../../lint/run.ts";
import { parseSource } from "../../project/parse/parse.ts";
import type { Workspace } from "./workspace.ts";

/** Fixes may uncover others (a suppression that is no longer needed); so often the run is repeated, at most. */
const MOST_PASSES = 8;

/** What fixing did. Nothing is written yet. */
export interface FixOutcome {
  /** Results after the fixes. */
  readonly results: LintResults;
  /** New texts of changed files, by path relative to the root. */
  readonly texts: ReadonlyMap<string, string>;
  readonly originals: ReadonlyMap<string, string>;
  readonly fixed: number;
}

/** Applies fixes in memory, linting again after each pass, until none is left. A fix that would break a file's syntax is not applied. */
export async function fixAll(workspace: Workspace, options: LintOptions): Promise<FixOutcome> {
  const texts = new Map<string, string>();
  const originals = new Map<string, string>();
  const refused: Diagnostic[] = [];
  const blocked = new Set<string>();
  let fixed = 0;
  for (let pass = 0; ; pass++) {
    const checkout = await workspace.checkout(texts);
    const results = lint(checkout, options);
    const { edits, fixed: taken } = planFixes(results.findings.filter((finding) => !finding.fix?.some((edit) => blocked.has(edit.span.file))));
    if (edits.size === 0 || pass === MOST_PASSES) return { results: { ...results, diagnostics: [...results.diagnostics, ...refused] }, texts, originals, fixed };
    for (const [file, list] of edits) {
      const before = checkout.read(file) ?? "";
      const after = applyEdits(before, list);
      const problem = syntaxProblem(file, after);
      if (problem !== undefined) {
        blocked.add(file);
        refused.push(refusal(file, problem, taken));
        continue;
      }
      if (!originals.has(file)) originals.set(file, before);
      texts.set(file, after);
    }
    fixed += taken.filter((finding) => !finding.fix?.some((edit) => blocked.has(edit.span.file))).length;
  }
}

function syntaxProblem(file: string, text: string): string | undefined {
  if (!/\.[cm]?[jt]sx?$/.test(file)) return undefined;
  const parsed = parseSource(file, text, false);
  return "program" in parsed ? undefined : parsed.message;
}

function refusal(file: string, problem: string, taken: readonly Finding[]): Diagnostic {
  const rules = [...new Set(taken.filter((finding) => finding.fix?.some((edit) => edit.span.file === file)).map(({ rule }) => rule))].join(", ");
  return { file, message: `internal error: the fixes of ${rules} would leave this file with a ${problem}; they were not applied`, hint: "Please report this.", internal: `fix of ${rules}: ${problem}` };
}

/**
 * Writes fixed files. A byte order mark stays.
 * @throws UserError when a file has changed since it was read, or cannot be written
 */
export function writeFixes(workspace: Workspace, { texts, originals }: FixOutcome): void {
  for (const [file, text] of texts) {
    const path = join(workspace.root, file);
    const now = existsSync(path) ? readFileSync(path, "utf8") : "";
    const mark = now.startsWith("\ufeff") ? "\ufeff" : "";
    if (now !== mark + (originals.get(file) ?? "")) throw new UserError(`${workspace.path(file)} changed while it was being linted; its fixes were not written`, { hint: "Run the command again." });
    try {
      writeFileSync(path, mark + text);
    } catch (error) {
      throw new UserError(`cannot write ${workspace.path(file)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
