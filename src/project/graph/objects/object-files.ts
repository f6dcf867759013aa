import { scanSpecifiers, withoutTypeImports } from "../prefilter.ts";
import type { Project } from "../project.ts";

/** How far modules that objects use are followed, in imports. */
const HELPER_DEPTH = 3;

const DECLARES_CLASS = /\bclass\b/;
const OBJECT_CLASS = /\bclass\b[^{;]*\b(?:extends|implements)\b|\bDurableObject/;
const EXTENDS = /\bclass\b[^{;]*\bextends\s+[\w$.]/;

/** What matters in a helper that objects use although nothing in it names them: timers, sockets, state at module level and in static fields. */
const LIVES_IN_OBJECT = /^[ \t]*(?:(?:public|private|protected)\s+)?static\s+(?!readonly\b)[#\w$]+\s*[!?]?\s*(?::[^=;()\n]+)?[=;]|\bset(?:Interval|Timeout)\s*\(|\.accept\s*\(\s*\)|^(?:export\s+)?(?:let|var)\s|^(?:export\s+)?const\s+[\w$]+[^=\n]*=\s*(?:new\s+(?:Map|Set)\b|\[\s*\]|\{\s*\})/m;

/**
 * Files that belong to objects without saying so: classes built on a DO class of another file, and modules that DO classes
 * use, with all that imports those, so that code only objects run can be told from code that others run too.
 * @param wanted paths known to hold Durable Object code
 * @param eligible paths that rules may run on
 */
export function objectFiles(project: Project, wanted: ReadonlySet<string>, eligible: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const read = (path: string): string => project.checkout.read(path) ?? "";
  const bases = new Set([...wanted].filter((path) => DECLARES_CLASS.test(read(path))));
  const extending = eligible.filter((path) => !wanted.has(path) && EXTENDS.test(read(path)));
  for (let grown = bases.size > 0; grown; ) {
    grown = false;
    for (const path of extending) {
      if (found.has(path) || ![...project.importedPaths(path).values()].some((target) => bases.has(target))) continue;
      found.add(path);
      bases.add(path);
      grown = true;
    }
  }
  // A class of the classic form says nothing of objects itself: the configuration does.
  const configured = project.classes.configuredDeclaration;
  const holdsObject = (path: string): boolean =>
    (OBJECT_CLASS.test(read(path)) || configured?.test(read(path)) === true) && !project.classes.isKnownPackage(path) && (project.file(path)?.classes.some((cls) => project.classes.mayBeDurableObject(cls)) ?? false);
  const helpers = helperFiles(project, [...bases].filter(holdsObject), new Set(eligible));
  if (helpers.size === 0) return found;
  for (const path of eligible)
    for (const target of project.importedPaths(path).values())
      if (helpers.has(target) && project.exportedBy(target).pattern?.test(read(path)) !== false) found.add(path);
  for (const path of helpers) found.add(path);
  return found;
}

/** What a file imports for more than its types. */
function usedBy(project: Project, path: string): ReadonlySet<string> {
  const specifiers = scanSpecifiers(withoutTypeImports(project.checkout.read(path) ?? ""));
  return new Set([...project.importedPaths(path)].flatMap(([specifier, target]) => (specifiers.has(specifier) ? [target] : [])));
}

/** Modules reachable from the files of DO classes that hold something which lives in an object's memory. */
function helperFiles(project: Project, objects: readonly string[], eligible: ReadonlySet<string>): ReadonlySet<string> {
  const helpers = new Set<string>();
  const seen = new Set(objects);
  let frontier = objects;
  for (let depth = 0; depth < HELPER_DEPTH && frontier.length > 0; depth++) {
    const next: string[] = [];
    for (const path of frontier)
      for (const target of usedBy(project, path)) {
        if (seen.has(target) || !eligible.has(target)) continue;
        seen.add(target);
        next.push(target);
        if (LIVES_IN_OBJECT.test(project.checkout.read(target) ?? "")) helpers.add(target);
      }
    frontier = next;
  }
  return helpers;
}
