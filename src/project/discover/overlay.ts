import { baseOf, dirOf } from "../../paths.ts";
import { contentOf, type FileTree, type TreeEntry } from "./tree.ts";

/**
 * A tree with some texts in place of, or beside, what is in it: an editor's unsaved file, fixes that are not written yet.
 * @param texts by path relative to the root
 */
export function overlayTree(tree: FileTree, texts: ReadonlyMap<string, string>): FileTree {
  const added = new Map<string, Map<string, TreeEntry>>();
  for (const path of texts.keys())
    for (let current = path, kind: TreeEntry["kind"] = "file"; current !== ""; current = dirOf(current), kind = "folder") {
      const names = added.get(dirOf(current)) ?? new Map<string, TreeEntry>();
      added.set(dirOf(current), names.set(baseOf(current), { name: baseOf(current), kind, isLink: false }));
    }
  return {
    list: (folder) => {
      const listed = tree.list(folder);
      const extra = added.get(folder);
      if (!extra) return listed;
      const entries = listed && "reason" in listed ? [] : (listed ?? []);
      const known = new Set(entries.map(({ name }) => name));
      return [...entries, ...[...extra.values()].filter(({ name }) => !known.has(name))];
    },
    read: (path) => {
      const text = texts.get(path);
      return text === undefined ? tree.read(path) : contentOf(text);
    },
  };
}
