import { type Dirent, existsSync, readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { UserError } from "../../errors.ts";
import { toPosix } from "../../paths.ts";
import { type FileContent, type FileTree, type TreeEntry, contentOf } from "./tree.ts";

/** A tree on disk. */
export interface DiskTree extends FileTree {
  /** Listed folders that hold links: what such a folder lists also depends on what its links lead to. */
  readonly linked: ReadonlySet<string>;
}

/** The tree of files below an absolute folder. Links that lead out of it, nowhere, or in a circle are not there. */
export function diskTree(rootAbs: string): DiskTree {
  const root = realpathSync(rootAbs);
  const absolute = (path: string): string => (path === "" ? root : `${root}/${path}`);
  // A link may lead out of the root, so the real place decides. Plain folders found in a listing need no asking.
  const inside = new Map<string, boolean>();
  const linked = new Set<string>();
  const isInside = (folder: string): boolean => {
    const known = inside.get(folder);
    if (known !== undefined) return known;
    let result = false;
    try {
      const real = realpathSync(absolute(folder));
      result = real === root || real.startsWith(root === "/" ? root : `${root}/`);
    } catch {
      // Absent, or a circle of links.
    }
    inside.set(folder, result);
    return result;
  };

  function entryOf(folder: string, entry: Dirent): TreeEntry | undefined {
    if (entry.isFile()) return { name: entry.name, kind: "file", isLink: false };
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      inside.set(path, true);
      return { name: entry.name, kind: "folder", isLink: false };
    }
    if (!entry.isSymbolicLink()) return undefined;
    linked.add(folder);
    if (!isInside(path)) return undefined;
    const target = statSync(absolute(path), { throwIfNoEntry: false });
    if (!target) return undefined;
    return target.isFile() || target.isDirectory() ? { name: entry.name, kind: target.isFile() ? "file" : "folder", isLink: true } : undefined;
  }

  return {
    linked,
    list: (folder) => {
      try {
        if (!isInside(folder)) return undefined;
        const names = readdirSync(absolute(folder), { withFileTypes: true });
        return names.flatMap((entry) => entryOf(folder, entry) ?? []);
      } catch (error) {
        const code = codeOf(error);
        return ABSENT.has(code) ? undefined : { reason: reasonOf(code) };
      }
    },
    read: (path): FileContent => {
      try {
        // Asking for the size first would cost more, over thousands of files, than reading the odd big one for nothing.
        return contentOf(readFileSync(absolute(path), "utf8"));
      } catch (error) {
        const code = codeOf(error);
        if (code === "ERR_STRING_TOO_LONG") return { kind: "too-large", bytes: statSync(absolute(path)).size };
        return ABSENT.has(code) ? { kind: "absent" } : { kind: "unreadable", reason: reasonOf(code) };
      }
    },
  };
}

const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function reasonOf(code: string): string {
  return code === "EACCES" || code === "EPERM" ? "permission denied" : code;
}

/**
 * The root of what is linted: the nearest folder with a `.git` at or above `cwd` and all paths, or `cwd` when there is
 * none; a folder that holds them all when a path lies elsewhere.
 */
export function findRoot(cwd: string, paths: readonly string[]): string {
  const places = paths.map((path) => real(resolve(cwd, path)));
  let common = real(cwd);
  for (const place of places) while (!within(place, common)) common = dirname(common);
  for (let folder = common; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (dirname(folder) === folder) return common;
  }
}

/** A path as given by the user, as a POSIX path relative to the root. */
export function relativeToRoot(rootAbs: string, cwd: string, path: string): string {
  const root = real(rootAbs);
  const place = real(resolve(cwd, path));
  if (!within(place, root)) throw new UserError(`${path} lies outside ${root}`);
  return toPosix(relative(root, place));
}

function within(place: string, folder: string): boolean {
  return place === folder || place.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The real path, with links resolved as far as the path exists. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(real(dirname(path)), basename(path));
  }
}
