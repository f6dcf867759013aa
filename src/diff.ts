/** Lines around a change that are shown with it. */
const CONTEXT = 3;

interface Row {
  readonly kind: " " | "-" | "+";
  readonly text: string;
}

/**
 * A unified diff of two texts, "" when they are equal. Lines keep their line breaks, so a diff that only changes those shows.
 * @param path the file's name in the header
 */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return "";
  const rows = diffRows(splitLines(before), splitLines(after));
  const hunks = hunksOf(rows);
  return [`--- a/${path}\n+++ b/${path}\n`, ...hunks.map(({ from, to }) => formatHunk(rows, from, to))].join("");
}

/** The lines that differ, `-` those that go and `+` those that come, without their line breaks. */
export function changedLines(before: string, after: string): readonly { readonly kind: "-" | "+"; readonly text: string }[] {
  return diffRows(splitLines(before), splitLines(after)).flatMap(({ kind, text }) => (kind === " " ? [] : [{ kind, text: text.replace(/[\r\n]+$/, "") }]));
}

function splitLines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

/** Edit script: common start and end taken off, the longest common subsequence of the middle kept. */
function diffRows(before: readonly string[], after: readonly string[]): Row[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const same = (lines: readonly string[]): Row[] => lines.map((text) => ({ kind: " ", text }));
  const middle = middleRows(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [...same(before.slice(0, head)), ...middle, ...same(before.slice(before.length - tail))];
}

function middleRows(before: readonly string[], after: readonly string[]): Row[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row) row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  const rows: Row[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) rows.push({ kind: " ", text: old }), i++, j++;
    else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) rows.push({ kind: "-", text: old }), i++;
    else if (fresh !== undefined) rows.push({ kind: "+", text: fresh }), j++;
  }
  return rows;
}

function hunksOf(rows: readonly Row[]): { from: number; to: number }[] {
  const hunks: { from: number; to: number }[] = [];
  rows.forEach((row, at) => {
    if (row.kind === " ") return;
    const last = hunks.at(-1);
    if (last && at - last.to <= CONTEXT) last.to = Math.min(rows.length, at + 1 + CONTEXT);
    else hunks.push({ from: Math.max(0, at - CONTEXT), to: Math.min(rows.length, at + 1 + CONTEXT) });
  });
  return hunks;
}

function formatHunk(rows: readonly Row[], from: number, to: number): string {
  const counted = (part: readonly Row[], without: "-" | "+"): number => part.filter((row) => row.kind !== without).length;
  const [before, hunk] = [rows.slice(0, from), rows.slice(from, to)];
  const range = (without: "-" | "+"): string => {
    const length = counted(hunk, without);
    return `${counted(before, without) + (length === 0 ? 0 : 1)},${length}`;
  };
  const body = hunk.map(({ kind, text }) => (text.endsWith("\n") ? `${kind}${text}` : `${kind}${text}\n\\ No newline at end of file\n`));
  return `@@ -${range("+")} +${range("-")} @@\n${body.join("")}`;
}
