import { HOLE } from "./statement-text.ts";

export type StatementAction = "read" | "write" | "ddl" | "unknown";

const NAME = `["'\`\\[]?([A-Za-z_][\\w$]*)["'\`\\]]?(?:\\.["'\`\\[]?([A-Za-z_][\\w$]*)["'\`\\]]?)?`;
const READS = new RegExp(`\\b(?:from|join)\\s+${NAME}`, "gi");
const WRITES = new RegExp(`\\b(?:insert\\s+(?:or\\s+\\w+\\s+)?into|replace\\s+into|update(?:\\s+or\\s+(?:rollback|abort|replace|fail|ignore))?|delete\\s+from)\\s+${NAME}`, "gi");

/** What a statement does and to which tables, by its words. `HOLE` stands for what is not known. */
export function readStatement(sql: string): { readonly action: StatementAction; readonly reads: readonly string[]; readonly writes: readonly string[] } {
  const text = sql.replace(/--[^\n]*/g, " ").replace(/\/\*[\s\S]*?\*\//g, " ").replace(/'(?:[^']|'')*'/g, "''").trim();
  const writes = tableNames(text, WRITES).filter((name) => !/^set$/i.test(name));
  const written = new Set(writes);
  const isDelete = /^\s*delete\b/i.test(text);
  const reads = tableNames(text, READS).filter((name) => !(isDelete && written.has(name)) && !/^select$/i.test(name));
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
    default:
      return "unknown";
  }
}

function tableNames(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const name = match[2] ?? match[1];
    return name === undefined ? [] : [name];
  });
}
