/** POSIX path helpers for paths relative to a checkout's root. "" is the root itself. */

/** The folder of a path; "" when it has none. */
export function dirOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The last segment of a path. */
export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * Joins and normalises (`.`, `..`, doubled slashes). Returns undefined when the result would lie above the root:
 * nothing outside the checkout is ever looked at.
 */
export function joinPath(...parts: readonly string[]): string | undefined {
  const out: string[] = [];
  for (const segment of parts.join("/").split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") out.push(segment);
    else if (out.pop() === undefined) return undefined;
  }
  return out.join("/");
}

/** Whether `path` is `dir` or lies below it. */
export function isInside(path: string, dir: string): boolean {
  return dir === "" || path === dir || path.startsWith(`${dir}/`);
}

/** Turns a platform path into a POSIX one. */
export function toPosix(path: string): string {
  return path.replaceAll("\\", "/");
}
