import { UserError } from "../errors.ts";
import { namesOf, type NameForms, type Names } from "./names.ts";
import { isReservedInCode, isReservedInSql } from "./reserved.ts";

/**
 * Templates are written with an atom of two words ("chat room"). Each form of it (`ChatRoom`, `chat_rooms`, `chat-room` …) shows by itself which
 * convention it follows, and none of them hides in another word, so renaming needs no parser and breaks nothing unrelated.
 */
const PLACEHOLDER = ["chat", "room"] as const;
const OLD = namesOf(PLACEHOLDER);
const FORM = /chat[-_ ]?rooms?/gi;
// Forms that are part of a path or a sentence, where any word may stand.
const IN_PROSE = /chat[- ]rooms?/gi;

/** A file of a template: path relative to the project, and its text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** The renaming that was chosen, and why when it is not simply the atom that was asked for. */
export interface Renaming {
  readonly names: Names;
  /** The name in the template that the plain atom would have run into. */
  readonly avoided: string | undefined;
}

type Rename = ReadonlyMap<string, string>;

/** Puts the atom's forms in the place of the template's. */
export function renameText(text: string, names: Names): string {
  const rename = tableOf(names);
  return text.replace(FORM, (found) => rename.get(found) ?? found);
}

/**
 * Finds names that are safe in these files: no renamed identifier, table, column or file is a reserved word or meets a name that is there already.
 * The atom's own words are tried first; where they clash, a second word tells the two apart.
 * @throws UserError when nothing helps
 */
export function chooseNames(words: readonly string[], files: readonly TextFile[]): Renaming {
  let avoided: string | undefined;
  for (const candidate of [words, [...words, "item"], [...words, "record"], ["app", ...words]]) {
    const names = namesOf(candidate);
    const clash = findClash(files, names);
    if (clash === undefined) return { names, avoided };
    avoided ??= clash;
  }
  throw new UserError(`"${words.join(" ")}" clashes with "${avoided ?? ""}" in this template`, { place: "--atom", hint: "Take another word for it." });
}

/** The first name that would be reserved or taken, or undefined. */
export function findClash(files: readonly TextFile[], names: Names): string | undefined {
  const rename = tableOf(names);
  const paths = new Set(files.map((file) => file.path));
  for (const { path } of files) {
    const renamed = renameText(path, names);
    if (renamed !== path && paths.has(renamed)) return renamed;
  }
  const tokens = new Set(files.filter((file) => isCode(file.path)).flatMap((file) => tokensOf(file.text)));
  const changed = [...tokens].filter((token) => FORM.test(resetting(token)));
  const target = (token: string): string => token.replace(FORM, (found) => rename.get(found) ?? found);
  for (const token of changed) {
    const renamed = target(token);
    if (tokens.has(renamed) && !isKeywordInCapitals(renamed)) return renamed;
    if (isReservedInCode(renamed)) return renamed;
    if (/^[a-z0-9_]+$/.test(token) && isReservedInSql(renamed)) return renamed;
  }
  // A word without a plural: one name for a row and for the table.
  return names.singular.prose === names.plural.prose ? names.plural.prose : undefined;
}

/** Every form of the placeholder with what takes its place. */
function tableOf(names: Names): Rename {
  const pairs: [string, string][] = [];
  for (const number of ["singular", "plural"] as const)
    for (const form of Object.keys(OLD[number]) as (keyof NameForms)[]) pairs.push([OLD[number][form], names[number][form]]);
  return new Map(pairs);
}

// `ORDER` in a statement is a keyword and no name that a binding could meet.
function isKeywordInCapitals(token: string): boolean {
  return token === token.toUpperCase() && isReservedInSql(token.toLowerCase());
}

function isCode(path: string): boolean {
  return /\.(ts|mjs|js|sql|json|jsonc)$/.test(path);
}

// Comments are prose and may say anything. A token that only looks like a comment's can do no more than cause an extra word in a name.
function tokensOf(text: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(^|\s)(\/\/|--).*$/gm, " ").replace(IN_PROSE, " ");
  return code.match(/[A-Za-z_$][\w$]*/g) ?? [];
}

// A global expression remembers where it stopped.
function resetting(token: string): string {
  FORM.lastIndex = 0;
  return token;
}
