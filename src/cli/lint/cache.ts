import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { hashText } from "../../lint/findings/hash.ts";
import type { DiskTree } from "../../project/discover/disk.ts";
import { contentKey, listingKey, type Trace } from "../../project/discover/trace.ts";
import type { Io } from "../io.ts";

// A result is replayed only when everything that its run asked of the disk would be answered the same way again. The run is
// traced: each file read, each folder listed, also those that were not there. Asking again costs a `stat` each, because size,
// times and inode tell whether a file changed, with one exception, which git calls racy: a change in the same tick of the clock as
// the last one leaves no trace in them. So whatever changed shortly before or during the run is compared by its content.

/** Changes later than this before a run are compared by content: the coarsest clock of a file system that is in use. */
const RACY_MS = 2_000;
/** Results kept for one checkout, for different options and folders. */
const MOST_RESULTS = 16;
const SCHEMA = 1;

/** `outside`: a file by its absolute path; the others are relative to the root. */
type Kind = "file" | "folder" | "outside";
/** Path, kind, size, modified, changed, inode (no numbers when it was not there), and a hash of the content where that is compared. */
type Seen = readonly [path: string, kind: Kind, stat: readonly [number, number, number, number] | null, content: string | null];

interface Stored<T> {
  readonly schema: number;
  readonly key: string;
  readonly root: string;
  readonly seen: readonly Seen[];
  readonly value: T;
}

/** Where results of a checkout are kept: with the other caches of its node_modules, or with those of the user. */
export function cacheFolder(root: string, env: Io["env"]): string {
  if (existsSync(join(root, "node_modules"))) return join(root, "node_modules/.cache/do-or-d1");
  const own = env["XDG_CACHE_HOME"] ?? (process.platform === "win32" ? env["LOCALAPPDATA"] : process.platform === "darwin" ? join(homedir(), "Library/Caches") : undefined);
  return join(own !== undefined && isAbsolute(own) ? own : join(homedir(), ".cache"), "do-or-d1", hashText(root));
}

/**
 * The value that was kept under a key, if nothing that it depends on has changed.
 * @param tree the checkout's, to compare contents with
 * @param key everything else that the value depends on: version, options
 */
export function readCached<T>(folder: string, key: string, tree: DiskTree): T | undefined {
  const path = join(folder, `${hashText(key)}.json`);
  const now = Date.now();
  try {
    const stored = JSON.parse(readFileSync(path, "utf8")) as Stored<T>;
    if (stored.schema !== SCHEMA || stored.key !== key) return undefined;
    const seen: Seen[] = [];
    for (const entry of stored.seen) {
      const again = check(entry, stored.root, tree, now);
      if (!again) return undefined;
      seen.push(again);
    }
    // What was compared by content and has rested since need not be next time.
    if (seen.some((entry, at) => entry[3] !== stored.seen[at]?.[3])) store(path, { ...stored, seen });
    return stored.value;
  } catch {
    // Not there, damaged, or unreadable: all the same.
    return undefined;
  }
}

/**
 * Keeps a value with all that it depends on. Failing to is no error.
 * @param extra texts of files outside of the tree, by absolute path
 * @param started when the run began, in milliseconds since the epoch
 */
export function writeCached<T>(folder: string, key: string, root: string, tree: DiskTree, trace: Trace, extra: ReadonlyMap<string, string>, started: number, value: T): void {
  const seen: Seen[] = [];
  for (const [path, content] of trace.reads) seen.push(describe(path, "file", root, started, () => contentKey(content)));
  for (const [path, listing] of trace.lists) seen.push(describe(path, "folder", root, tree.linked.has(path) ? 0 : started, () => listingKey(listing)));
  for (const [path, text] of extra) seen.push(describe(path, "outside", root, started, () => text));
  store(join(folder, `${hashText(key)}.json`), { schema: SCHEMA, key, root, seen, value });
}

/** Whether an entry is still as it was; then as it should be kept from now on. */
function check(entry: Seen, root: string, tree: DiskTree, now: number): Seen | undefined {
  const [path, kind, stat, content] = entry;
  const today = statOf(placeOf(path, kind, root));
  if (content === null) return same(today, stat) ? entry : undefined;
  const current = kind === "folder" ? listingKey(tree.list(path)) : kind === "file" ? contentKey(tree.read(path)) : readFileSync(path, "utf8");
  if (hashText(current) !== content) return undefined;
  return [path, kind, today, isRacy(today, kind === "folder" && tree.linked.has(path) ? 0 : now) ? content : null];
}

function describe(path: string, kind: Kind, root: string, started: number, key: () => string): Seen {
  const stat = statOf(placeOf(path, kind, root));
  return [path, kind, stat, isRacy(stat, started) ? hashText(key()) : null];
}

/** What is not there has no times that could tell when it went, so that too is compared by what was answered. */
function isRacy(stat: Seen[2], started: number): boolean {
  return stat === null || Math.max(stat[1], stat[2]) > started - RACY_MS;
}

/** Put together by hand: over thousands of files `node:path` costs as much as asking the disk. */
function placeOf(path: string, kind: Kind, root: string): string {
  return kind === "outside" ? path : `${root}/${path}`;
}

function statOf(path: string): Seen[2] {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? [stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino] : null;
  } catch {
    return null;
  }
}

function same(a: Seen[2], b: Seen[2]): boolean {
  return a === null || b === null ? a === b : a.every((part, at) => part === b[at]);
}

/** Written beside and moved into place, so that a reader sees the old or the new one whole. */
function store<T>(path: string, stored: Stored<T>): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    prune(dirname(path));
    writeFileSync(draft, JSON.stringify(stored));
    renameSync(draft, path);
  } catch {
    discard(draft);
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // There was nothing to write to in the first place.
  }
}

function prune(folder: string): void {
  const kept = readdirSync(folder).filter((name) => name.endsWith(".json"));
  if (kept.length < MOST_RESULTS) return;
  const byAge = kept.map((name) => ({ name, age: statOf(join(folder, name))?.[1] ?? 0 })).sort((a, b) => a.age - b.age);
  for (const { name } of byAge.slice(0, kept.length - MOST_RESULTS + 1)) unlinkSync(join(folder, name));
}
