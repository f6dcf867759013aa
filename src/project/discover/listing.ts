import { baseOf, dirOf } from "../../paths.ts";
import { isSkippedFolder, type IgnoreChain, type IgnoreRules, isIgnoredBy, readIgnoreFile } from "./ignores.ts";
import type { FileTree, TreeEntry } from "./tree.ts";

/** A folder's names, read once. */
export interface Listing {
  /** Sorted by name. */
  readonly entries: readonly TreeEntry[];
  readonly byName: ReadonlyMap<string, TreeEntry>;
  /** Why the folder could not be read. */
  readonly unreadable?: string;
}

const NOTHING: Listing = { entries: [], byName: new Map() };

/** A file tree with what was asked remembered, and the ignore files applied. */
export class Folders {
  private readonly tree: FileTree;
  private readonly userIgnores: IgnoreChain;
  private readonly listings = new Map<string, Listing>();
  private readonly rules = new Map<string, IgnoreRules>();
  private readonly chains = new Map<string, IgnoreChain | undefined>();

  /** @param userIgnores the tool's own ignore patterns, in gitignore syntax, relative to the root */
  constructor(tree: FileTree, userIgnores: readonly string[]) {
    this.tree = tree;
    this.userIgnores = userIgnores.length > 0 ? [{ folder: "", rules: readIgnoreFile(userIgnores.join("\n")) }] : [];
  }

  /** The names in a folder; empty when there is no such folder. */
  list(folder: string): Listing {
    const known = this.listings.get(folder);
    if (known) return known;
    const listing = toListing(this.tree.list(folder));
    this.listings.set(folder, listing);
    return listing;
  }

  /** What is at a path, or undefined when nothing is. */
  at(path: string): TreeEntry | undefined {
    if (path === "") return { name: "", kind: "folder", isLink: false };
    const slash = path.lastIndexOf("/");
    return this.list(slash < 0 ? "" : path.slice(0, slash)).byName.get(path.slice(slash + 1));
  }

  /** The ignore files that hold in a folder; undefined when the folder itself is ignored. */
  chainOf(folder: string): IgnoreChain | undefined {
    if (this.chains.has(folder)) return this.chains.get(folder);
    const chain = this.workOutChain(folder);
    this.chains.set(folder, chain);
    return chain;
  }

  /** Whether a file is ignored, or lies in a folder that is. */
  isIgnored(path: string): boolean {
    const chain = this.chainOf(dirOf(path));
    return chain === undefined || this.isIgnoredIn(chain, path, false);
  }

  /** Whether a name in a folder that holds `chain` is ignored. */
  isIgnoredIn(chain: IgnoreChain, path: string, isFolder: boolean): boolean {
    return isIgnoredBy(this.userIgnores, path, isFolder) || isIgnoredBy(chain, path, isFolder);
  }

  /** From here on a folder counts as not ignored: somebody asked for it by name. */
  admit(folder: string): void {
    if (this.chainOf(folder) === undefined) this.chains.set(folder, this.withOwn([], folder));
  }

  private workOutChain(folder: string): IgnoreChain | undefined {
    if (folder === "") return this.withOwn([], folder);
    const above = this.chainOf(dirOf(folder));
    if (above === undefined || isSkippedFolder(baseOf(folder)) || this.isIgnoredIn(above, folder, true)) return undefined;
    return this.withOwn(above, folder);
  }

  private withOwn(chain: IgnoreChain, folder: string): IgnoreChain {
    if (this.list(folder).byName.get(".gitignore")?.kind !== "file") return chain;
    const content = this.tree.read(folder === "" ? ".gitignore" : `${folder}/.gitignore`);
    return content.kind === "text" ? [...chain, { folder, rules: this.rulesOf(content.text) }] : chain;
  }

  private rulesOf(text: string): IgnoreRules {
    let rules = this.rules.get(text);
    if (!rules) this.rules.set(text, (rules = readIgnoreFile(text)));
    return rules;
  }
}

function toListing(found: ReturnType<FileTree["list"]>): Listing {
  if (found === undefined) return NOTHING;
  if ("reason" in found) return { ...NOTHING, unreadable: found.reason };
  const entries = [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { entries, byName: new Map(entries.map((entry) => [entry.name, entry])) };
}
