import { HOLE_CLOSE, HOLE_OPEN } from "./tokens.ts";

/** SQL as code writes it: literal pieces, and holes that are only filled at run time, numbered as the caller likes. */
export interface SqlText {
  readonly parts: readonly (string | number)[];
  /** The pieces joined, each hole as a marker that `tokenize` knows. */
  readonly text: string;
}

/**
 * Puts together SQL from its pieces: `sqlText(["SELECT * FROM ", 0, " WHERE id = ?"])`. Marker characters in literal pieces
 * are dropped, so that a text cannot pretend to hold a hole.
 */
export function sqlText(parts: readonly (string | number)[]): SqlText {
  const text = parts.map((part) => (typeof part === "number" ? `${HOLE_OPEN}${part}${HOLE_CLOSE}` : withoutMarkers(part))).join("");
  return { parts, text };
}

/** The text as a person may read it: holes as `${…}`. */
export function readableSql(text: string): string {
  return text.replaceAll(/\uE000\d*\uE001?/g, "${…}");
}

function withoutMarkers(part: string): string {
  return part.includes(HOLE_OPEN) || part.includes(HOLE_CLOSE) ? part.replaceAll(HOLE_OPEN, "").replaceAll(HOLE_CLOSE, "") : part;
}
