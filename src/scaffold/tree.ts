import type { TextFile } from "./rename.ts";

/** The files as a tree, folders first, each file with its size. */
export function renderTree(root: string, files: readonly TextFile[]): string {
  const bytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
  return [root, ...branch(files.map((file) => ({ parts: file.path.split("/"), size: sizeOf(file) })), ""), "", `${files.length} files, ${showSize(bytes)}`, ""].join("\n");
}

interface Leaf {
  readonly parts: readonly string[];
  readonly size: number;
}

function branch(leaves: readonly Leaf[], indent: string): readonly string[] {
  const byName = new Map<string, Leaf[]>();
  for (const leaf of leaves) {
    const name = leaf.parts[0] ?? "";
    byName.set(name, [...(byName.get(name) ?? []), leaf]);
  }
  const entries = [...byName].sort(([a, inA], [b, inB]) => Number(isFile(inA)) - Number(isFile(inB)) || (a < b ? -1 : 1));
  return entries.flatMap(([name, inside], index) => {
    const last = index === entries.length - 1;
    const line = `${indent}${last ? "└── " : "├── "}${name}`;
    if (isFile(inside)) return [`${line}  ${showSize(inside[0]?.size ?? 0)}`];
    const below = inside.map((leaf) => ({ ...leaf, parts: leaf.parts.slice(1) }));
    return [`${line}/`, ...branch(below, `${indent}${last ? "    " : "│   "}`)];
  });
}

function isFile(leaves: readonly Leaf[]): boolean {
  return leaves.length === 1 && leaves[0]?.parts.length === 1;
}

function sizeOf(file: TextFile): number {
  return new TextEncoder().encode(file.text).length;
}

/** Bytes for people: `512 B`, `1.4 kB`. */
export function showSize(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
