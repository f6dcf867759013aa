import type { Finding, TextEdit } from "../finding.ts";
import { compareText } from "./order.ts";

/** The edits of one pass, by file, and the findings whose fixes they are. */
export interface FixPlan {
  /** Edits that do not overlap, sorted by their start. */
  readonly edits: ReadonlyMap<string, readonly TextEdit[]>;
  readonly fixed: readonly Finding[];
  /** Findings whose fix touches text that another fix of this pass changes: for the next pass. */
  readonly postponed: readonly Finding[];
}

/**
 * Chooses the fixes that can be applied together. A fix is taken whole or not at all; of two that overlap the first in report
 * order wins. Insertions at one place overlap too, because their order would be a guess; equal edits are one.
 */
export function planFixes(findings: readonly Finding[]): FixPlan {
  const edits = new Map<string, TextEdit[]>();
  const fixed: Finding[] = [];
  const postponed: Finding[] = [];
  for (const finding of findings) {
    if (!finding.fix || finding.fix.length === 0) continue;
    const wanted = finding.fix.filter((edit) => !(edits.get(edit.span.file) ?? []).some((other) => isSame(edit, other)));
    const clashes = wanted.some((edit, at) => [...(edits.get(edit.span.file) ?? []), ...wanted.slice(0, at).filter((other) => other.span.file === edit.span.file)].some((other) => overlaps(edit, other)));
    if (clashes) {
      postponed.push(finding);
      continue;
    }
    for (const edit of wanted) {
      const list = edits.get(edit.span.file);
      if (list) list.push(edit);
      else edits.set(edit.span.file, [edit]);
    }
    fixed.push(finding);
  }
  for (const list of edits.values()) list.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  return { edits: new Map([...edits].sort(([a], [b]) => compareText(a, b))), fixed, postponed };
}

/** A text after edits that do not overlap and are sorted by their start. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let out = "";
  let at = 0;
  for (const { span, text: replacement } of edits) {
    out += text.slice(at, span.start) + replacement;
    at = span.end;
  }
  return out + text.slice(at);
}

function isSame(a: TextEdit, b: TextEdit): boolean {
  return a.span.start === b.span.start && a.span.end === b.span.end && a.text === b.text;
}

function overlaps(a: TextEdit, b: TextEdit): boolean {
  if (a.span.start === b.span.start) return true;
  return a.span.start < b.span.end && b.span.start < a.span.end;
}
