import { tables } from "../../sql/query.ts";
import { sqlText } from "../../sql/text.ts";
import { HOLE } from "./statement-text.ts";

/** `control` is what opens and closes transactions. */
export type StatementAction = "read" | "write" | "ddl" | "control" | "unknown";

/** What a statement does and to which tables, by its words. `HOLE` stands for what is not known. */
export function readStatement(sql: string): { readonly action: StatementAction; readonly reads: readonly string[]; readonly writes: readonly string[] } {
  const text = sql.replace(/--[^\n]*/g, " ").replace(/\/\*[\s\S]*?\*\//g, " ").trim();
  const { reads, writes } = tables(sqlText(sql.split(HOLE).flatMap((part, index) => (index === 0 ? [part] : [index, part]))));
  return { action: actionOf(text), reads, writes };
}

function actionOf(text: string): StatementAction {
  const first = /^[\s(]*([A-Za-z]+)/.exec(text)?.[1]?.toLowerCase();
  switch (first) {
    case "select":
    case "values":
    case "explain":
      return "read";
    case "insert":
    case "update":
    case "delete":
    case "replace":
      return "write";
    case "with":
      return /\b(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update\s+\S+\s+set|delete\s+from)\b/i.test(text.replaceAll(HOLE, "x")) ? "write" : "read";
    case "create":
    case "alter":
    case "drop":
    case "analyze":
    case "vacuum":
    case "reindex":
    case "pragma":
      return "ddl";
    case "begin":
    case "commit":
    case "end":
    case "rollback":
    case "savepoint":
    case "release":
      return "control";
    default:
      return "unknown";
  }
}
