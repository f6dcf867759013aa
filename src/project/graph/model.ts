import { objectCode } from "./objects/object-storage.ts";
import type { Project } from "./project.ts";
import { queriesOf } from "./queries/queries.ts";
import { sqlSites } from "./queries/sql-sites.ts";

/**
 * Joins what nearly every rule asks for: the code that the objects of each class run, the queries to D1 and what leads to them, the
 * texts of SQL. All of it would be worked out with the first question; done ahead, the time shows as what it is and not as the first rule's.
 */
export function joinModel(project: Project): void {
  for (const cls of project.classes.durableObjects) objectCode(project, cls);
  queriesOf(project).prepare();
  sqlSites(project);
}
