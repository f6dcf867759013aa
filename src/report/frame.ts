import { lineStarts, type Place } from "../project/span.ts";
import { charWidth, textWidth, visible } from "../text.ts";

/** One row of a code frame. `mark` rows hold carets under the row before. */
export interface FrameRow {
  readonly kind: "code" | "mark" | "gap";
  /** 1-based line number; undefined for marks and gaps. */
  readonly line?: number;
  readonly text: string;
}

/** Most lines of one place that are shown with marks. */
const MOST_LINES = 4;
const TAB = "  ";

/**
 * The lines around a place, with carets under it.
 * @param lines the file's, see `splitLines`
 * @param context lines shown before and after
 * @param width columns for the code; longer lines are cut around the place
 */
export function codeFrame(lines: readonly string[], place: Place, context: number, width: number): FrameRow[] {
  const shownEnd = Math.min(place.endLine, place.line + MOST_LINES - 1, lines.length);
  const rows: FrameRow[] = [];
  const first = Math.max(1, place.line - context);
  const last = place.endLine > shownEnd ? shownEnd : Math.min(lines.length, shownEnd + context);
  for (let number = first; number <= last; number++) {
    const line = lines[number - 1] ?? "";
    if (number < place.line || number > shownEnd) {
      if (line.trim() !== "" || (number !== first && number !== last)) rows.push({ kind: "code", line: number, text: crop(cells(line), 0, width).text });
      continue;
    }
    rows.push(...markedRows(line, number, place, width));
  }
  if (place.endLine > shownEnd) rows.push({ kind: "gap", text: "…" });
  return rows;
}

function markedRows(line: string, number: number, place: Place, width: number): FrameRow[] {
  const indent = line.length - line.trimStart().length;
  const from = number === place.line ? place.column - 1 : indent;
  const to = number === place.endLine ? place.endColumn - 1 : line.trimEnd().length;
  const before = textWidth(visible(expand(line.slice(0, from))));
  const marked = Math.max(1, textWidth(visible(expand(line.slice(from, to)))));
  const { text, shift } = crop(cells(line), before, width);
  // A place behind the end of a line that just fits is marked under its last column.
  const start = Math.min(Math.max(0, before - shift), width - 1);
  const carets = "^".repeat(Math.max(1, Math.min(marked, width - start)));
  return [
    { kind: "code", line: number, text },
    { kind: "mark", text: " ".repeat(start) + carets },
  ];
}

/** Every line of a text without its line break. */
export function splitLines(text: string): string[] {
  const starts = lineStarts(text);
  return starts.map((start, at) => text.slice(start, starts[at + 1] ?? text.length).replace(/[\r\n]+$/, ""));
}

function expand(line: string): string {
  return line.replaceAll("\t", TAB);
}

function cells(line: string): string {
  return visible(expand(line).trimEnd());
}

/** Cuts a line to `width` columns so that column `at` is in sight. `shift` is what to take off a column of the whole line. */
function crop(line: string, at: number, width: number): { readonly text: string; readonly shift: number } {
  if (textWidth(line) <= width) return { text: line, shift: 0 };
  const skip = at < width - 8 ? 0 : Math.max(0, at - Math.floor(width / 4));
  let text = skip > 0 ? "…" : "";
  let column = 0;
  let shift = 0;
  for (const char of line) {
    const size = charWidth(char);
    if (column < skip + (skip > 0 ? 1 : 0)) {
      column += size;
      shift = column - 1;
      continue;
    }
    if (textWidth(text) + size > width - 1) return { text: `${text}…`, shift: skip > 0 ? shift : 0 };
    text += char;
    column += size;
  }
  return { text, shift: skip > 0 ? shift : 0 };
}
