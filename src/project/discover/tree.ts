/** One name in a folder. A link is given as what it points to, when that lies inside the root; any other link is left out. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
  readonly isLink: boolean;
}

/** What became of reading a file. */
export type FileContent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "binary" }
  | { readonly kind: "too-large"; readonly bytes: number }
  | { readonly kind: "unreadable"; readonly reason: string };

/**
 * Files as discovery sees them: a disk, or a map in memory. Paths are POSIX and relative to the root, "" is the root.
 * Nothing outside the root can be reached.
 */
export interface FileTree {
  /** The names in a folder, in any order; a reason when the folder cannot be read; undefined when there is no such folder. */
  list(folder: string): readonly TreeEntry[] | { readonly reason: string } | undefined;
  /** Only paths that `list` showed to be files are asked for. */
  read(path: string): FileContent;
}

/** Files above this size are bundles or data, never hand-written code. */
export const MAX_FILE_BYTES = 5_000_000;

/** Bytes at the start of a file in which a NUL means that it is binary: what git looks at. */
const BINARY_PROBE = 8_000;

/** Sorts out what a file's text is: binary, too large, or text without its byte order mark. */
export function contentOf(text: string): FileContent {
  if (text.slice(0, BINARY_PROBE).includes("\0")) return { kind: "binary" };
  if (text.length > MAX_FILE_BYTES) return { kind: "too-large", bytes: text.length };
  return { kind: "text", text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
}

/** A tree of files in memory, for tests, examples and editors. */
export function memoryTree(files: Readonly<Record<string, string>>): FileTree {
  const folders = new Map<string, Map<string, TreeEntry>>([["", new Map()]]);
  for (const path of Object.keys(files)) {
    const segments = path.split("/");
    for (let depth = 0; depth < segments.length; depth++) {
      const folder = segments.slice(0, depth).join("/");
      const name = segments[depth] ?? "";
      const names = folders.get(folder) ?? new Map<string, TreeEntry>();
      folders.set(folder, names.set(name, { name, kind: depth === segments.length - 1 ? "file" : "folder", isLink: false }));
    }
  }
  return {
    list: (folder) => {
      const names = folders.get(folder);
      return names && [...names.values()];
    },
    read: (path) => {
      const text = Object.hasOwn(files, path) ? files[path] : undefined;
      if (text === undefined) return { kind: "absent" };
      return contentOf(text);
    },
  };
}
