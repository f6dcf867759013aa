import type { Span } from "../../project/span.ts";

/** A comment: its span with the comment marks, and the offset and text of what stands between them. */
export interface CommentText {
  readonly span: Span;
  readonly text: string;
  readonly textStart: number;
}

/** How a language writes comments and strings; `null` marks a file type without comments that we know. */
interface Syntax {
  readonly line: readonly string[];
  readonly block: boolean;
  readonly strings: readonly string[];
}

const SYNTAXES = {
  c: { line: ["//"], block: true, strings: ['"'] },
  hash: { line: ["#"], block: false, strings: ['"""', "'''", '"', "'"] },
  terraform: { line: ["#", "//"], block: true, strings: ['"'] },
  sql: { line: ["--"], block: true, strings: ["'", '"', "`"] },
} as const satisfies Record<string, Syntax>;

const BY_EXTENSION: Readonly<Record<string, Syntax>> = {
  jsonc: SYNTAXES.c, json: SYNTAXES.c, toml: SYNTAXES.hash, yml: SYNTAXES.hash, yaml: SYNTAXES.hash, sh: SYNTAXES.hash, py: SYNTAXES.hash,
  tf: SYNTAXES.terraform, sql: SYNTAXES.sql,
};

/** The comments of a file that is no JavaScript or TypeScript, by its ending; none for unknown endings. */
export function commentsOf(file: string, text: string): readonly CommentText[] {
  const syntax = BY_EXTENSION[file.slice(file.lastIndexOf(".") + 1).toLowerCase()];
  return syntax ? scan(file, text, syntax) : [];
}

function scan(file: string, text: string, syntax: Syntax): CommentText[] {
  const comments: CommentText[] = [];
  let at = 0;
  while (at < text.length) {
    const mark = syntax.line.find((candidate) => text.startsWith(candidate, at));
    if (mark !== undefined && isCommentStart(text, at, mark)) {
      const end = endOfLine(text, at);
      comments.push({ span: { file, start: at, end }, text: text.slice(at + mark.length, end), textStart: at + mark.length });
      at = end;
    } else if (syntax.block && text.startsWith("/*", at)) {
      const close = text.indexOf("*/", at + 2);
      const end = close < 0 ? text.length : close + 2;
      comments.push({ span: { file, start: at, end }, text: text.slice(at + 2, close < 0 ? end : close), textStart: at + 2 });
      at = end;
    } else {
      const quote = syntax.strings.find((candidate) => text.startsWith(candidate, at));
      at = quote === undefined ? at + 1 : endOfString(text, at, quote, syntax === SYNTAXES.sql);
    }
  }
  return comments;
}

/** In YAML and shell scripts `#` starts a comment only after white space or at the start of a line; in TOML the white space is usual. */
function isCommentStart(text: string, at: number, mark: string): boolean {
  return mark !== "#" || at === 0 || /\s/.test(text[at - 1] ?? "");
}

function endOfLine(text: string, from: number): number {
  for (let i = from; i < text.length; i++) if (text[i] === "\n" || text[i] === "\r") return i;
  return text.length;
}

/**
 * The offset after a string. One without an end on its line is no string (an apostrophe in plain YAML), except triple-quoted
 * ones and SQL's, which may span lines.
 */
function endOfString(text: string, from: number, quote: string, sql: boolean): number {
  const spansLines = sql || quote.length === 3;
  for (let i = from + quote.length; i < text.length; i++) {
    if (!sql && text[i] === "\\" && quote !== "'" && quote !== "'''") i++;
    else if (text.startsWith(quote, i)) return i + quote.length;
    else if (!spansLines && (text[i] === "\n" || text[i] === "\r")) return from + quote.length;
  }
  return from + quote.length;
}
