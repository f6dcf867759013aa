import type { SqlSite } from "../../../project/graph/queries/sql-sites.ts";
import { isTransactionControl, statementsOf } from "../../../project/sql/statement.ts";
import { readableSql, type SqlText } from "../../../project/sql/text.ts";

/** The first statement of a site that controls a transaction (`BEGIN IMMEDIATE`), shortened for messages; undefined when there is none. */
export function transactionStatementOf(site: SqlSite): string | undefined {
  for (const { sql } of site.texts) {
    const found = controlIn(sql);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first statement of a text that controls a transaction, shortened for messages. */
export function controlIn(sql: string | SqlText): string | undefined {
  for (const { kind, tokens } of statementsOf(sql))
    if (isTransactionControl(kind) && isWhole(tokens)) return readableSql(tokens.slice(0, 3).map((token) => token.text).join(" "));
  return undefined;
}

const WORDS = /^(?:BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|TRANSACTION|DEFERRED|IMMEDIATE|EXCLUSIVE|TO)$/;

/** Whether the statement is what its first word says, and not prose that begins with it: `Release notes for …`. */
function isWhole(tokens: readonly { readonly value: string; readonly kind: string }[]): boolean {
  const [first, second] = tokens;
  if (tokens.length > 5) return false;
  if (first?.value === "SAVEPOINT" || first?.value === "RELEASE") return second !== undefined;
  return second === undefined || WORDS.test(second.value);
}
