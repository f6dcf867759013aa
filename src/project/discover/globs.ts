/** What a test file is, unless the configuration says otherwise. */
export const DEFAULT_TEST_GLOBS: readonly string[] = ["**/*.{test,spec,vitest,e2e}.*", "**/test/**", "**/tests/**", "**/__tests__/**"];

/**
 * Compiles globs into one test over POSIX paths relative to the root: `*` and `?` stay inside a segment, `**` crosses
 * them, `{a,b}` are alternatives, `[ab]` a set. No glob matches nothing.
 */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  const pattern = new RegExp(`^(?:${globs.map(globSource).join("|")})$`);
  return (path) => pattern.test(path);
}

function globSource(glob: string): string {
  let source = "";
  let depth = 0;
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at] ?? "";
    if (char === "*") {
      if (glob[at + 1] !== "*") source += "[^/]*";
      else if (glob[at + 2] === "/") {
        source += "(?:.*/)?";
        at += 2;
      } else {
        source += ".*";
        at++;
      }
    } else if (char === "?") source += "[^/]";
    else if (char === "{") {
      depth++;
      source += "(?:";
    } else if (char === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (char === "," && depth > 0) source += "|";
    else if (char === "[" && glob.indexOf("]", at + 2) > 0) {
      const end = glob.indexOf("]", at + 2);
      source += `[${glob.slice(at + 1, end).replace(/^!/, "^").replaceAll("\\", "\\\\")}]`;
      at = end;
    } else source += char.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  return source + ")".repeat(depth);
}
