import { readData } from "../data.ts";
import { UserError } from "../errors.ts";
import { SECTIONS, readPlaybook } from "./playbook.ts";
import type { Path, Problem, Raw } from "./check.ts";
import type { Fact, Playbook } from "./types.ts";

/** A playbook of the user's own: its parsed document, and a way to say where in the file something is. */
export interface OwnPlaybook {
  readonly raw: unknown;
  /** `file:line:column` of the nearest thing to `path` that the file has; undefined when the section is not in it. */
  readonly place: (path: Path) => string | undefined;
  readonly file: string;
}

let facts: ReadonlyMap<string, Fact> | undefined;
let builtIn: Playbook | undefined;

/** All platform facts under rules/platform by id, in the order of the files. */
export function platformFacts(): ReadonlyMap<string, Fact> {
  facts ??= new Map(
    Object.values(readData("platform")).flatMap((document) => {
      const { read, facts: list } = document as { read?: string; facts?: readonly Omit<Fact, "read">[] };
      return (list ?? []).map((fact): [string, Fact] => [fact.id, { ...fact, read: String(read) }]);
    }),
  );
  return facts;
}

/**
 * The playbook: the one that comes with the tool, with the entries of the user's own put over it. An entry with an id that is
 * already there replaces it (`off: true` takes it out), others are added; single values are replaced.
 * @throws UserError naming file, line and key of everything that is wrong in the user's playbook
 */
export function loadPlaybook(own?: OwnPlaybook): Playbook {
  if (!own) return (builtIn ??= checked(builtInSections(), undefined));
  if (typeof own.raw !== "object" || own.raw === null || Array.isArray(own.raw)) throw new UserError("a playbook is a map of sections", { place: own.file, hint: `Sections: ${Object.keys(SECTIONS).join(", ")}.` });
  return checked(merged(builtInSections(), own.raw as Raw), own);
}

function builtInSections(): Raw {
  return Object.assign({}, ...Object.values(readData("choose"))) as Raw;
}

function checked(sections: Raw, own: OwnPlaybook | undefined): Playbook {
  const { playbook, problems } = readPlaybook(sections, platformFacts());
  if (problems.length > 0) throw new UserError(problems.map((problem) => told(problem, own)).join("\n"), { hint: "The playbook's own documents under rules/choose show the form of every section." });
  return playbook;
}

function told({ path, message }: Problem, own: OwnPlaybook | undefined): string {
  const place = own?.place(path);
  return `${place === undefined ? "" : `${place}: `}${path.join(" › ")} ${message}`;
}

function merged(base: Raw, own: Raw): Raw {
  const result: Record<string, unknown> = { ...base };
  for (const [section, value] of Object.entries(own)) {
    const kind = (SECTIONS as Readonly<Record<string, string>>)[section];
    if (kind === "list" && Array.isArray(value)) result[section] = mergedList(base[section], value);
    else if (kind === "map" && isMap(value) && isMap(base[section])) result[section] = { ...base[section], ...value };
    else if (kind === "plain" && Array.isArray(value)) result[section] = [...(base[section] as readonly unknown[]), ...value];
    else result[section] = value;
  }
  return result;
}

function mergedList(base: unknown, own: readonly unknown[]): readonly unknown[] {
  const list = [...(base as readonly unknown[])];
  for (const entry of own) {
    const at = isMap(entry) ? list.findIndex((candidate) => isMap(candidate) && candidate["id"] === entry["id"]) : -1;
    if (isMap(entry) && entry["off"] === true && at >= 0) list.splice(at, 1);
    else if (at >= 0) list[at] = entry;
    else list.push(entry);
  }
  return list;
}

function isMap(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
