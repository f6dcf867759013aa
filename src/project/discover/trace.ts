import type { FileContent, FileTree } from "./tree.ts";

type Listing = ReturnType<FileTree["list"]>;

/** What was asked of a tree, and what it answered: all that a run over it can depend on. */
export interface Trace {
  readonly reads: ReadonlyMap<string, FileContent>;
  readonly lists: ReadonlyMap<string, Listing>;
}

/** A tree that keeps account of what is asked of it. */
export function tracedTree(tree: FileTree): { readonly tree: FileTree; readonly trace: Trace } {
  const reads = new Map<string, FileContent>();
  const lists = new Map<string, Listing>();
  return {
    trace: { reads, lists },
    tree: {
      list: (folder) => {
        const listing = tree.list(folder);
        lists.set(folder, listing);
        return listing;
      },
      read: (path) => {
        const content = tree.read(path);
        reads.set(path, content);
        return content;
      },
    },
  };
}

/** A text that is the same exactly when two answers about a file are. */
export function contentKey(content: FileContent): string {
  switch (content.kind) {
    case "text":
      return `text:${content.text}`;
    case "too-large":
      return `too-large:${content.bytes}`;
    case "unreadable":
      return `unreadable:${content.reason}`;
    case "absent":
    case "binary":
      return content.kind;
  }
}

/** A text that is the same exactly when two answers about a folder are, whatever their order. */
export function listingKey(listing: Listing): string {
  if (listing === undefined) return "absent";
  if ("reason" in listing) return `unreadable:${listing.reason}`;
  return listing.map(({ name, kind, isLink }) => `${name}\0${kind}\0${isLink}`).sort().join("\n");
}
