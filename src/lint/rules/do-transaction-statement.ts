import { sqlSites } from "../../project/graph/queries/sql-sites.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";
import { placeOfStatement } from "./shared/statement-place.ts";
import { controlIn, transactionStatementOf } from "./shared/transactions.ts";

// The runtime refuses transaction control in `sql.exec()`: it keeps its own transaction around every event's writes.
// https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#exec

export default defineRule({
  id: "do-transaction-statement",
  *check({ project }) {
    for (const site of sqlSites(project)) {
      if (site.target !== "do") continue;
      const statement = transactionStatementOf(site);
      if (!statement) continue;
      const owners = project.classes.ownersOf(site.node);
      const [cls] = owners;
      const where = owners.size > 0 ? ` in ${classNames(project, owners)}` : "";
      yield {
        ...placeOfStatement(project, site, (text) => controlIn(text) !== undefined),
        message: `\`${statement}\`${where} is refused by the runtime: this call throws every time, and what was meant to be one transaction is not. Put the statements into the callback of \`ctx.storage.transactionSync()\`, which rolls back when it throws.`,
        confidence: "high",
        subject: cls ? { class: project.classes.nameOf(cls) ?? "" } : {},
      };
    }
  },
});
