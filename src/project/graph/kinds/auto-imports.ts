import { kept } from "../../../kept.ts";
import { namesPattern } from "../prefilter.ts";
import type { Project } from "../project.ts";

// Nuxt and Nitro let server code use what `server/utils/` exports without importing it.
// https://nuxt.com/docs/guide/directory-structure/server#server-utilities

const UTILITY = /^(.*?)server\/utils\/.+\.[cm]?[jt]s$/;
const CONFIG = /^(.*?)(?:nuxt|nitro)\.config\.[cm]?[jt]s$/;

/** The file that offers `name` to server code in `path` without an import; undefined when none does. */
export function autoImported(project: Project, path: string, name: string): string | undefined {
  const root = serverRoot(path);
  return root === undefined ? undefined : utilitiesOf(project).get(root)?.get(name);
}

/** Among `eligible`, the server files that mention what one of `helpers` offers without an import. */
export function autoImporters(project: Project, helpers: ReadonlySet<string>, eligible: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const [root, names] of utilitiesOf(project)) {
    const pattern = namesPattern([...names].filter(([, path]) => helpers.has(path)).map(([name]) => name));
    if (pattern) found.push(...eligible.filter((path) => serverRoot(path) === root && pattern.test(project.checkout.read(path) ?? "")));
  }
  return found;
}

/** The folder whose `server/` a path is in, with a slash at its end unless it is the checkout's own. */
function serverRoot(path: string): string | undefined {
  return /^((?:.*\/)?)server\//.exec(path)?.[1];
}

/** For every folder with a Nuxt or Nitro configuration the names that its server utilities export, with their files. */
const utilitiesOf = kept((project: Project): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const { sources } = project.checkout;
  const roots = new Set(sources.flatMap((path) => CONFIG.exec(path)?.[1] ?? []));
  const table = new Map<string, Map<string, string>>();
  for (const path of roots.size === 0 ? [] : sources) {
    const root = UTILITY.exec(path)?.[1];
    if (root === undefined || !roots.has(root) || project.options.isTest(path)) continue;
    let names = table.get(root);
    if (!names) table.set(root, (names = new Map()));
    for (const name of project.exportedBy(path).names) if (name !== "default" && !names.has(name)) names.set(name, path);
  }
  return table;
});
