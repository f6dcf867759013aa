import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { toPosix } from "../../paths.ts";
import { type DiskTree, diskTree, findRoot, relativeToRoot } from "../../project/discover/disk.ts";
import { type Trace, tracedTree } from "../../project/discover/trace.ts";
import type { Checkout } from "../../project/discover/types.ts";
import { CONFIG_NAMES } from "../../lint/config/find.ts";

/** The checkout that paths lie in, and how paths are spoken of. */
export interface Workspace {
  /** Absolute. */
  readonly root: string;
  /** Paths that were asked for, relative to the root. */
  readonly asked: readonly string[];
  readonly tree: DiskTree;
  /** All that checkouts asked of the disk so far. */
  readonly trace: Trace;
  /** Takes stock, with some texts in place of those on disk. */
  checkout(overlay?: ReadonlyMap<string, string>): Promise<Checkout>;
  /** A path relative to the working folder, POSIX. */
  path(file: string): string;
  /** A path relative to the git repository, or to the working folder where there is none. */
  repositoryPath(file: string): string;
  /** A path as a user gives it, relative to the root; `..` when it lies outside. */
  fromUser(path: string): string;
}

/**
 * Finds the checkout around some paths.
 * @throws UserError when a path does not exist
 */
export function openWorkspace(cwd: string, paths: readonly string[]): Workspace {
  const found = findRoot(cwd, paths);
  const isRepository = existsSync(join(found, ".git"));
  const root = isRepository ? found : configuredRoot(found);
  const asked = paths.map((path) => relativeToRoot(root, cwd, path));
  const fromUser = (path: string): string => toPosix(relative(root, realJoin(root, cwd, path)));
  const display = (file: string, from: string): string => toPosix(relative(from, join(root, file))) || ".";
  const tree = diskTree(root);
  const traced = tracedTree(tree);
  const here = join(root, relativeToRoot(root, cwd, "."));
  return {
    root,
    asked,
    tree,
    trace: traced.trace,
    checkout: async (overlay) => {
      const [{ discoverTree }, { overlayTree }] = await Promise.all([import("../../project/discover/discover.ts"), import("../../project/discover/overlay.ts")]);
      return discoverTree(overlay && overlay.size > 0 ? overlayTree(traced.tree, overlay) : traced.tree, asked);
    },
    path: (file) => display(file, here),
    repositoryPath: (file) => display(file, isRepository ? root : here),
    fromUser,
  };
}

/** Where no repository says how far up a project reaches, a configuration file above it does. */
function configuredRoot(root: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    if (CONFIG_NAMES.some((name) => name !== "package.json" && existsSync(join(folder, name)))) return folder;
    if (dirname(folder) === folder) return root;
  }
}

function realJoin(root: string, cwd: string, path: string): string {
  return isAbsolute(path) ? path : join(root, relativeToRoot(root, cwd, "."), path) || resolve(cwd, path);
}
