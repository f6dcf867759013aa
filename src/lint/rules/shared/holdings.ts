import { keptForEach } from "../../../kept.ts";
import type { Class } from "../../../project/parse/ast.ts";
import { calleeName, walk } from "../../../project/parse/ast.ts";
import { objectCode, sqlOf } from "../../../project/graph/objects/object-storage.ts";
import type { Project } from "../../../project/graph/project.ts";
import { tables } from "../../../project/sql/query.ts";
import { statementsOf } from "../../../project/sql/statement.ts";

/** What one object of a class keeps, as far as the code shows. */
export interface Holdings {
  /** Names of its SQL tables, in the order in which they are created. */
  readonly tables: readonly string[];
  readonly sockets: boolean;
  readonly alarm: boolean;
}

/** SQL tables, WebSockets and alarms of a DO class, helpers included. */
export const holdingsOf = keptForEach((project: Project, cls: Class): Holdings => {
  const code = objectCode(project, cls);
  const created = new Set<string>();
  for (const use of code.uses) {
    const sql = sqlOf(project, use);
    if (!sql) continue;
    for (const statement of statementsOf(sql)) if (statement.kind === "create-table") for (const table of tables(statement).writes) created.add(table);
  }
  let sockets = (project.classes.knownBase(cls)?.hibernates ?? "never") !== "never";
  for (const fn of code.functions)
    walk(fn, project.fileOf(fn).keys, (node) => {
      if (node.type === "CallExpression" && calleeName(node) === "acceptWebSocket") sockets = true;
      return !sockets;
    });
  return { tables: [...created], sockets, alarm: code.uses.some(({ operation }) => operation === "setAlarm") };
});
