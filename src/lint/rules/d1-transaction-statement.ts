import type { CallExpression, Node } from "../../project/parse/ast.ts";
import { calleeMember, isFunction, unwrap, wrapped } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import type { Project } from "../../project/graph/project.ts";
import { sqlSites } from "../../project/graph/queries/sql-sites.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { placeOfStatement } from "./shared/statement-place.ts";
import { controlIn, transactionStatementOf } from "./shared/transactions.ts";

// Each call of D1 may run on another connection, so D1 refuses transaction control; `batch()` is its transaction.
// https://developers.cloudflare.com/d1/worker-api/d1-database/#batch

export default defineRule({
  id: "d1-transaction-statement",
  *check({ project }) {
    for (const site of sqlSites(project)) {
      if (site.target !== "d1") continue;
      const statement = transactionStatementOf(site);
      if (!statement) continue;
      yield {
        ...placeOfStatement(project, site, (text) => controlIn(text) !== undefined),
        message: `D1 refuses \`${statement}\`: this call throws when it runs, and the statements around it are not one transaction. Send them together with \`batch([…])\`, which is committed or rolled back as a whole.`,
        confidence: "high",
        subject: site.binding === undefined ? {} : { database: site.binding },
      };
    }
    for (const file of project.files)
      for (const name of ["transaction", "$transaction"])
        for (const member of file.members.get(name) ?? []) {
          const call = wrapped(member).parent;
          if (call?.type !== "CallExpression" || calleeMember(call) !== member) continue;
          const report = interactiveTransaction(project, file, call, member.object);
          if (report) yield report;
        }
  },
});

/** `db.transaction(…)` of a builder that speaks to D1. */
function interactiveTransaction(project: Project, file: SourceFile, call: CallExpression, object: Node): Report | undefined {
  const kind = project.kindOf(object);
  if (kind?.kind !== "orm" || kind.target === "do" || kind.target === "other") return undefined;
  // A builder whose database is not in sight counts as D1's only where the package has the adapter for it.
  if (kind.target === "unknown" && !hasAdapter(project, file, kind.library)) return undefined;
  const [first] = call.arguments;
  const takesCallback = first !== undefined && first.type !== "SpreadElement" && isCallback(project, first);
  const span = { file: file.path, start: call.start, end: call.callee.end };
  const subject = kind.database?.kind === "d1" && kind.database.binding !== undefined ? { database: kind.database.binding } : {};
  const name = project.text(unwrap(call.callee)).replaceAll(/\s+/g, "");
  if (kind.library === "prisma")
    return {
      span, subject, confidence: takesCallback ? "high" : "medium",
      message: `\`${name}\` is no transaction on D1: Prisma's adapter sends the queries one by one, so when one fails those before it stay written. Send what belongs together as one \`batch([…])\` of the D1 binding.`,
    };
  if (kind.library === "drizzle" && takesCallback)
    return {
      span, subject, confidence: "high",
      message: `\`${name}\` begins with BEGIN, which D1 refuses: the call throws and nothing in it is written. Use \`db.batch([…])\`, which is committed or rolled back as a whole.`,
    };
  if (kind.library === "kysely")
    return {
      span, subject, confidence: "high",
      message: `\`${name}\` needs a transaction over several calls, which D1 does not have: its Kysely dialect throws. Send the compiled queries with \`batch([…])\` of the D1 binding.`,
    };
  return undefined;
}

function isCallback(project: Project, node: Node): boolean {
  return isFunction(unwrap(node)) || project.kindOf(node)?.kind === "function";
}

const ADAPTERS: Readonly<Record<string, RegExp>> = { prisma: /@prisma\/adapter-d1/, kysely: /kysely-d1/ };

function hasAdapter(project: Project, file: SourceFile, library: string): boolean {
  const adapter = ADAPTERS[library];
  return adapter !== undefined && project.checkout.packages.some(({ dir, text }) => (dir === "" || file.path.startsWith(`${dir}/`)) && adapter.test(text));
}
