/** Around the number of a hole in an SQL text: characters that no SQL contains. */
export const HOLE_OPEN = "\uE000";
export const HOLE_CLOSE = "\uE001";

/**
 * - `word`: keywords and bare names, also with a hole in them (`log_${year}`).
 * - `name`: quoted names, `"x"`, `` `x` ``, `[x]`.
 * - `param`: `?`, `?1`, `:a`, `@a`, `$a`.
 * - `hole`: a part only known at run time that stands by itself.
 */
export type TokenKind = "word" | "name" | "string" | "number" | "blob" | "param" | "punct" | "hole" | "comment" | "space";

export interface Token {
  readonly kind: TokenKind;
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** A word in capitals, a name or string without its quotes; otherwise the text. */
  readonly value: string;
  /** The holes in the token, in order. */
  readonly holes: readonly number[];
}

/**
 * Splits SQL in SQLite's dialect into tokens. Together they cover the text; nothing is refused: what is not closed ends with
 * the text, and a stray character is a `punct`. Takes time linear in the length of the text.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < text.length;) {
    const [kind, end] = next(text, start);
    const raw = text.slice(start, end);
    tokens.push({ kind, start, end, text: raw, value: valueOf(kind, raw), holes: raw.includes(HOLE_OPEN) ? holesIn(raw) : [] });
    start = end;
  }
  return tokens;
}

/** Tokens that mean something: no spaces, no comments. */
export function significant(tokens: readonly Token[]): Token[] {
  return tokens.filter((token) => token.kind !== "space" && token.kind !== "comment");
}

function next(text: string, start: number): [TokenKind, number] {
  const char = text.charAt(start);
  if (isSpace(char)) return ["space", skip(text, start + 1, isSpace)];
  if (char === "-" && text[start + 1] === "-") return ["comment", upTo(text, "\n", start + 2)];
  if (char === "/" && text[start + 1] === "*") return ["comment", upTo(text, "*/", start + 2)];
  if (char === "'") return ["string", quoted(text, start, "'")];
  if (char === '"' || char === "`") return ["name", quoted(text, start, char)];
  if (char === "[") return ["name", upTo(text, "]", start + 1)];
  if ((char === "x" || char === "X") && text[start + 1] === "'") return ["blob", quoted(text, start + 1, "'")];
  if (char === HOLE_OPEN) return hole(text, start);
  if (char === "?") return ["param", skipWith(text, start + 1, isDigit)];
  if ((char === ":" || char === "@" || char === "$" || char === "#") && (isWordStart(text.charAt(start + 1)) || text[start + 1] === HOLE_OPEN))
    return ["param", skipWith(text, start + 1, isWordPart)];
  if (isDigit(char) || (char === "." && isDigit(text.charAt(start + 1)))) return ["number", number(text, start)];
  if (isWordStart(char)) return ["word", skipWith(text, start + 1, isWordPart)];
  return ["punct", start + operatorLength(text, start)];
}

/** A hole alone, or as the beginning of a word: `${prefix}_log`. */
function hole(text: string, start: number): [TokenKind, number] {
  const end = upTo(text, HOLE_CLOSE, start);
  return isWordPart(text.charAt(end)) ? ["word", skipWith(text, end, isWordPart)] : ["hole", end];
}

function number(text: string, start: number): number {
  if (text[start] === "0" && (text[start + 1] === "x" || text[start + 1] === "X")) return skip(text, start + 2, isWordPart);
  let end = skipWith(text, start, (char) => isDigit(char) || char === "_" || char === ".");
  if (text[end] === "e" || text[end] === "E") {
    const sign = text[end + 1] === "+" || text[end + 1] === "-" ? 1 : 0;
    if (isDigit(text.charAt(end + 1 + sign))) end = skip(text, end + 1 + sign, isDigit);
  }
  return end;
}

/** The end of a text in quotes, where a doubled quote stands for itself. */
function quoted(text: string, start: number, quote: string): number {
  for (let end = text.indexOf(quote, start + 1); end >= 0; end = text.indexOf(quote, end + 2)) if (text[end + 1] !== quote) return end + 1;
  return text.length;
}

function upTo(text: string, closing: string, from: number): number {
  const end = text.indexOf(closing, from);
  return end < 0 ? text.length : end + closing.length;
}

function skip(text: string, from: number, accepts: (char: string) => boolean): number {
  let end = from;
  while (end < text.length && accepts(text.charAt(end))) end++;
  return end;
}

/** Like `skip`, and over holes in between. */
function skipWith(text: string, from: number, accepts: (char: string) => boolean): number {
  let end = from;
  for (;;) {
    end = skip(text, end, accepts);
    if (text[end] !== HOLE_OPEN) return end;
    end = upTo(text, HOLE_CLOSE, end);
  }
}

const OPERATORS = ["->>", "||", "<<", ">>", "<=", ">=", "==", "!=", "<>", "->"];

function operatorLength(text: string, start: number): number {
  return OPERATORS.find((operator) => text.startsWith(operator, start))?.length ?? 1;
}

function isSpace(char: string): boolean {
  return char === " " || char === "\n" || char === "\t" || char === "\r" || char === "\f" || char === "\uFEFF";
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

function isWordStart(char: string): boolean {
  return (char >= "a" && char <= "z") || (char >= "A" && char <= "Z") || char === "_" || (char >= "\u0080" && char !== HOLE_OPEN && char !== HOLE_CLOSE && char !== "\uFEFF");
}

function isWordPart(char: string): boolean {
  return isWordStart(char) || isDigit(char) || char === "$";
}

function valueOf(kind: TokenKind, raw: string): string {
  switch (kind) {
    case "word":
      return raw.toUpperCase();
    case "string":
      return unquoted(raw, "'");
    case "name":
      return raw.startsWith("[") ? raw.slice(1, raw.endsWith("]") ? -1 : undefined) : unquoted(raw, raw.charAt(0));
    default:
      return raw;
  }
}

function unquoted(raw: string, quote: string): string {
  return raw.slice(1, raw.length > 1 && raw.endsWith(quote) ? -1 : undefined).replaceAll(quote + quote, quote);
}

function holesIn(raw: string): number[] {
  const holes: number[] = [];
  for (let start = raw.indexOf(HOLE_OPEN); start >= 0; start = raw.indexOf(HOLE_OPEN, start + 1)) {
    const end = raw.indexOf(HOLE_CLOSE, start);
    if (end < 0) break;
    holes.push(Number(raw.slice(start + 1, end)));
  }
  return holes;
}
