import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { toPosix } from "../../paths.ts";
import { discoverTree } from "../../project/discover/discover.ts";
import { diskTree, findRoot, relativeToRoot } from "../../project/discover/disk.ts";
import { overlayTree } from "../../project/discover/overlay.ts";
import type { Checkout } from "../../project/discover/types.ts";
import { CONFIG_NAMES } from "../../lint/config/find.ts";

/** The checkout that paths lie in, and how paths are spoken of. */
export interface Workspace {
  /** Absolute. */
  readonly root: string;
  /** Paths that were asked for, relative to the root. */
  readonly asked: readonly string[];
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
 * Finds the checkout around some paths. With `--stdin`, the folder of the package around the file is asked for.
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
  const here = join(root, relativeToRoot(root, cwd, "."));
  return {
    root,
    asked,
    checkout: (overlay) => discoverTree(overlay && overlay.size > 0 ? overlayTree(tree, overlay) : tree, asked),
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
