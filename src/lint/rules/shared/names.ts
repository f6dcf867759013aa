import type { Class } from "../../../project/parse/ast.ts";
import type { Project } from "../../../project/graph/project.ts";

/** The names of classes for messages: `` `Room` ``, `` `Room` and `Lobby` ``, `` `Room` and 3 other classes ``, "the object". */
export function classNames(project: Project, classes: Iterable<Class>): string {
  const names = [...new Set([...classes].flatMap((cls) => project.classes.nameOf(cls) ?? []))].sort().map((name) => `\`${name}\``);
  const [first = "the object", second] = names;
  if (names.length <= 1) return first;
  return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} other classes`;
}
