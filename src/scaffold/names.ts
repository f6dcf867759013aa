import { UserError } from "../errors.ts";

/** One name in every form that a project needs. Forms of several words are joined the way each language does it. */
export interface NameForms {
  /** `ChatRoom` */
  readonly pascal: string;
  /** `chatRoom` */
  readonly camel: string;
  /** `CHAT_ROOM` */
  readonly constant: string;
  /** `chat_room` */
  readonly snake: string;
  /** `chat-room` */
  readonly kebab: string;
  /** `chat room` */
  readonly prose: string;
  /** `Chat room` */
  readonly sentence: string;
}

/** A name's forms for one and for many. */
export interface Names {
  readonly singular: NameForms;
  readonly plural: NameForms;
}

const LONGEST_ATOM = 40;
const LONGEST_WORKER = 54;

/**
 * The words of a coordination atom as a person writes it: `my-room`, `MyRoom`, "chat rooms" (taken as one of them).
 * @returns words of a-z and 0-9, the first beginning with a letter
 * @throws UserError when no identifier can be made of it
 */
export function atomWords(text: string): readonly string[] {
  const latin = toLatin(text.trim());
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  if (latin === "") throw refused(`${shown} is no name`);
  if (!/^[A-Za-z0-9 _-]+$/.test(latin))
    throw refused(`${shown} cannot become a class, a table and a route: only Latin letters, digits, spaces, "-" and "_" can`);
  const words = splitWords(latin);
  if (words.length === 0) throw refused(`${shown} has no letter`);
  if (/^[0-9]/.test(words[0] ?? ""))
    throw refused(`${shown} begins with a digit, which no class may`, `Put a letter first, as in "room ${words.join(" ")}".`);
  if (words.join(" ").length > LONGEST_ATOM) throw refused(`${shown} is longer than ${LONGEST_ATOM} characters`);
  return [...words.slice(0, -1), singularOf(words.at(-1) ?? "")];
}

/** All forms of a name. */
export function namesOf(words: readonly string[]): Names {
  return { singular: formsOf(words), plural: formsOf([...words.slice(0, -1), pluralOf(words.at(-1) ?? "")]) };
}

/**
 * Checks the name of a Worker, which also becomes the package's name and part of a host name.
 * @throws UserError
 */
export function requireWorkerName(name: string): string {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > LONGEST_WORKER) {
    const suggestion = workerNameFrom(name);
    throw new UserError(`"${name.slice(0, 80)}" cannot be a Worker's name: it has 1 to ${LONGEST_WORKER} lower-case letters, digits and "-"`, {
      place: "--name",
      hint: suggestion === undefined ? undefined : `Try --name ${suggestion}`,
    });
  }
  return name;
}

/** The nearest name that a Worker may have, for example of a folder's name; undefined when nothing of it can stay. */
export function workerNameFrom(text: string): string | undefined {
  const name = toLatin(text)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_WORKER)
    .replace(/^-+|-+$/g, "");
  return name === "" ? undefined : name;
}

function formsOf(words: readonly string[]): NameForms {
  const prose = words.join(" ");
  const pascal = words.map(capitalised).join("");
  return {
    pascal,
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    constant: words.join("_").toUpperCase(),
    snake: words.join("_"),
    kebab: words.join("-"),
    prose,
    sentence: capitalised(prose),
  };
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

// Letters that Unicode does not take apart into a Latin one and a mark.
const LETTERS: Readonly<Record<string, string>> = { ß: "ss", ẞ: "SS", æ: "ae", Æ: "AE", œ: "oe", Œ: "OE", ø: "o", Ø: "O", ł: "l", Ł: "L", đ: "d", Đ: "D", ð: "d", þ: "th", ı: "i" };

function toLatin(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^\0-\x7f]/gu, (letter) => LETTERS[letter] ?? letter);
}

function splitWords(text: string): readonly string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

const IRREGULAR: Readonly<Record<string, string>> = {
  person: "people",
  child: "children",
  man: "men",
  woman: "women",
  mouse: "mice",
  foot: "feet",
  tooth: "teeth",
  goose: "geese",
  quiz: "quizzes",
  criterion: "criteria",
  phenomenon: "phenomena",
  leaf: "leaves",
  knife: "knives",
  life: "lives",
  wolf: "wolves",
  half: "halves",
  shelf: "shelves",
  self: "selves",
  loaf: "loaves",
  thief: "thieves",
  hero: "heroes",
  potato: "potatoes",
  tomato: "tomatoes",
  echo: "echoes",
  veto: "vetoes",
  cargo: "cargoes",
};
const SINGULARS: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(IRREGULAR).map(([one, many]) => [many, one]));
// The same word for one and for many, or a singular that ends like a plural.
const SAME = new Set(["series", "species", "sheep", "fish", "news", "means", "equipment", "information", "data", "metadata", "media", "staff", "software", "money"]);
const ENDS_IN_S = new Set(["lens", "gas", "atlas", "canvas", "alias", "bias", "iris", "tennis", "chess", "express"]);

/** The plural of an English word in lower case. Words that have none stay as they are. */
export function pluralOf(word: string): string {
  if (SAME.has(word)) return word;
  const irregular = IRREGULAR[word];
  if (irregular !== undefined) return irregular;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  if (/[^aeiou]sis$|xis$/.test(word) || /[aeiou]sis$/.test(word)) return `${word.slice(0, -2)}es`;
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return `${word}s`;
}

// Only what is surely a plural: "class", "status", "analysis", "lens" and "series" are none.
function singularOf(word: string): string {
  if (SAME.has(word) || ENDS_IN_S.has(word)) return word;
  const irregular = SINGULARS[word];
  if (irregular !== undefined) return irregular;
  if (/[^aeiou]ies$/.test(word) && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (/[^su]s$/.test(word) && !/(is|as|os|us)$/.test(word) && word.length > 2) return word.slice(0, -1);
  return word;
}

function refused(message: string, hint = 'Say what one object or row stands for, in one or two plain words: --atom room, --atom "shopping cart".'): UserError {
  return new UserError(message, { place: "--atom", hint });
}
