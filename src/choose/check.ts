import { didYouMean } from "../nearest.ts";

/** Where in a playbook something is: section, entry (its id or position), key. */
export type Path = readonly string[];

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** A map from YAML, of which nothing is known yet. */
export type Raw = Readonly<Record<string, unknown>>;

/** Ids that may be referred to: a set, or a map's keys. */
export interface Ids {
  has(id: string): boolean;
  keys(): Iterable<string>;
}

/** Reads values out of parsed YAML and notes what is wrong instead of throwing, so that all problems are told at once. */
export interface Check {
  readonly problems: Problem[];
  problem(path: Path, message: string): void;
  text(raw: Raw, key: string, path: Path): string;
  optionalText(raw: Raw, key: string, path: Path): string | undefined;
  number(raw: Raw, key: string, path: Path): number;
  flag(raw: Raw, key: string, path: Path): boolean;
  oneOf<T extends string>(raw: Raw, key: string, allowed: readonly T[], path: Path): T;
  texts(raw: Raw, key: string, path: Path): readonly string[];
  map(value: unknown, path: Path): Raw;
  list(value: unknown, path: Path): readonly unknown[];
  onlyKeys(raw: Raw, allowed: readonly string[], path: Path): void;
  known(id: string, ids: Ids, what: string, path: Path): void;
}

/** A fresh check. Readers give a harmless value where something is wrong; look at `problems` before using the result. */
export function createCheck(): Check {
  const problems: Problem[] = [];
  const problem = (path: Path, message: string): void => void problems.push({ path, message });
  const wrong = (value: unknown, wanted: string, path: Path): void => problem(path, value === undefined ? `is missing; it must be ${wanted}` : `must be ${wanted}, not ${show(value)}`);
  const optionalText = (raw: Raw, key: string, path: Path): string | undefined => {
    const value = raw[key];
    if (value === undefined || (typeof value === "string" && value !== "")) return value;
    wrong(value, "a text", [...path, key]);
    return undefined;
  };
  const isMap = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);
  return {
    problems,
    problem,
    optionalText,
    text(raw, key, path) {
      if (raw[key] === undefined) wrong(undefined, "a text", [...path, key]);
      return optionalText(raw, key, path) ?? "";
    },
    number(raw, key, path) {
      const value = raw[key];
      if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
      wrong(value, "a number that is not negative", [...path, key]);
      return 1;
    },
    flag(raw, key, path) {
      const value = raw[key];
      if (value !== undefined && typeof value !== "boolean") wrong(value, "true or false", [...path, key]);
      return value === true;
    },
    oneOf(raw, key, allowed, path) {
      const value = raw[key];
      const match = allowed.find((candidate) => candidate === value);
      if (match !== undefined) return match;
      const hint = typeof value === "string" ? didYouMean(value, allowed) : "";
      wrong(value, `one of ${allowed.join(", ")}${hint}`, [...path, key]);
      return allowed[0] as (typeof allowed)[number];
    },
    texts(raw, key, path) {
      const value = raw[key];
      if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
      wrong(value, "a list of texts", [...path, key]);
      return [];
    },
    map(value, path) {
      if (isMap(value)) return value;
      wrong(value, "a map", path);
      return {};
    },
    list(value, path) {
      if (Array.isArray(value)) return value;
      wrong(value, "a list", path);
      return [];
    },
    onlyKeys(raw, allowed, path) {
      for (const key of Object.keys(raw)) if (!allowed.includes(key)) problem([...path, key], `is not known here${didYouMean(key, allowed)}; allowed are ${allowed.join(", ")}`);
    },
    known(id, ids, what, path) {
      if (!ids.has(id)) problem(path, `names ${what} "${id}", which does not exist${didYouMean(id, ids.keys())}`);
    },
  };
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
