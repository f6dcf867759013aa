import ignore, { type Ignore } from "ignore";
import { baseOf } from "../../paths.ts";
import { SKIPPED_FOLDERS } from "./names.ts";

/** The rules of one ignore file. */
export interface IgnoreRules {
  readonly lines: readonly string[];
  /** Rules about a name alone (`dist`, `*.log`), and what they said about each name: names repeat all over a checkout. */
  readonly byName: Ignore;
  readonly known: Map<string, Verdict>;
  /** Rules about a path (`/out`, `apps/x/gen`); undefined when there are none. */
  readonly byPath: Ignore | undefined;
  /** A piece of text for each rule about a path without which a path cannot match it: asking the rules costs far more. */
  readonly needles: readonly string[];
}

type Verdict = "ignored" | "kept" | "silent";

/** The ignore files that hold for a folder, from the outermost to the innermost, each with the folder it lies in. */
export type IgnoreChain = readonly { readonly folder: string; readonly rules: IgnoreRules }[];

/** Reads an ignore file. Compiling costs: share the result among files of the same text (templates repeat theirs). */
export function readIgnoreFile(text: string): IgnoreRules {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const aboutPaths = lines.filter((line) => /\/./.test(line.trim()));
  const aboutNames = lines.filter((line) => !aboutPaths.includes(line));
  return { lines, byName: compile(aboutNames), known: new Map(), byPath: aboutPaths.length > 0 ? compile(aboutPaths) : undefined, needles: aboutPaths.map(needleOf) };
}

/** The longest piece of a rule between wildcards and slashes; "" when it has none. */
function needleOf(line: string): string {
  const pieces = line.trim().replace(/^!/, "").replace(/\[[^\]]*\]/g, "*").split(/[*?/\\]+/);
  return pieces.reduce((longest, piece) => (piece.length > longest.length ? piece : longest), "");
}

function compile(lines: readonly string[]): Ignore {
  return ignore({ ignoreCase: false }).add(lines.join("\n"));
}

/** Whether a path is ignored, its folder being known not to be: the innermost file that has something to say decides, as in git. */
export function isIgnoredBy(chain: IgnoreChain, path: string, isFolder: boolean): boolean {
  for (let at = chain.length - 1; at >= 0; at--) {
    const file = chain[at];
    if (!file) continue;
    const verdict = verdictOf(file.rules, baseOf(path), file.folder === "" ? path : path.slice(file.folder.length + 1), isFolder ? "/" : "");
    if (verdict !== "silent") return verdict === "ignored";
  }
  return false;
}

function verdictOf(rules: IgnoreRules, name: string, path: string, slash: string): Verdict {
  let byName = rules.known.get(name + slash);
  if (byName === undefined) rules.known.set(name + slash, (byName = ask(rules.byName, name + slash)));
  const byPath = rules.byPath && rules.needles.some((needle) => path.includes(needle)) ? ask(rules.byPath, path + slash) : "silent";
  if (byPath === "silent" || byName === byPath) return byName;
  // Both have something to say: the last rule of the file that matches decides.
  return byName === "silent" ? byPath : ask(compile(rules.lines), path + slash);
}

function ask(rules: Ignore, path: string): Verdict {
  const { ignored, unignored } = rules.test(path);
  return ignored ? "ignored" : unignored ? "kept" : "silent";
}

/** Whether a folder of this name is never looked into. */
export function isSkippedFolder(name: string): boolean {
  return SKIPPED_FOLDERS.has(name);
}
