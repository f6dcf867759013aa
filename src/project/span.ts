/** A piece of a text file: UTF-16 offsets, `end` exclusive, `file` a POSIX path relative to the checkout's root. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** A value read from a file, with the place it was read from. */
export interface Located<T> {
  readonly value: T;
  readonly span: Span;
}

/** A place as people and reporters see it: 1-based lines and columns (UTF-16 code units), end exclusive. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Offsets at which the lines of `text` start. `\n`, `\r\n` and a lone `\r` end a line. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}

/** The 1-based line and column of `offset`, given the offsets at which lines start. */
export function positionAt(starts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

/** Turns a span into a place, given the line starts of its file. */
export function placeOf(span: Span, starts: readonly number[]): Place {
  const from = positionAt(starts, span.start);
  const to = positionAt(starts, Math.max(span.start, span.end));
  return { file: span.file, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}
