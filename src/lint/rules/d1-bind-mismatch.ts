import type { CallExpression, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, isIdentifier, isMember, propertyName, unwrap, wrapped } from "../../project/parse/ast.ts";
import type { Project } from "../../project/graph/project.ts";
import { sqlSites, type SqlSite } from "../../project/graph/queries/sql-sites.ts";
import { placeholders } from "../../project/sql/query.ts";
import { statementsOf } from "../../project/sql/statement.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";

/** D1 takes this many bound parameters a query. https://developers.cloudflare.com/d1/platform/limits/ */
const MAX_PARAMETERS = 100;

const RUN = new Set(["first", "all", "run", "raw"]);

export default defineRule({
  id: "d1-bind-mismatch",
  *check({ project }) {
    for (const site of sqlSites(project)) {
      if (site.target !== "d1" || site.method !== "prepare" || site.node.type !== "CallExpression") continue;
      const required = requiredCounts(project, site);
      if (required.length === 0) continue;
      for (const bind of site.binds) {
        const report = bindReport(project, site, bind, required);
        if (report) yield report;
      }
      const unbound = required.every((count) => count > 0) ? runWithoutBind(site.node) : undefined;
      if (unbound)
        yield {
          span: project.span(site.argument),
          message: `This statement has ${counted(required[0] ?? 0, "placeholder")} but is run with \`${unbound}()\` and no \`bind()\`: D1 refuses it every time with "Wrong number of parameter bindings".`,
          confidence: "high",
          subject: subjectOf(site),
        };
    }
  },
});

/** How many values each text that the site may run needs; empty when a part of it is only known at run time. */
function requiredCounts(project: Project, site: SqlSite): readonly number[] {
  const { constants, dynamic } = project.constants.valuesOf(site.argument);
  if (dynamic) return [];
  const counts: number[] = [];
  for (const { value } of constants) {
    const [statement, second] = statementsOf(value);
    if (!statement || second) return [];
    const { required, named } = placeholders(statement);
    if (named.length > 0) return [];
    counts.push(required);
  }
  return counts;
}

function bindReport(project: Project, site: SqlSite, bind: CallExpression, required: readonly number[]): Report | undefined {
  const given = givenCount(project, bind);
  const needed = required[0] ?? 0;
  const wrong = given.exact ? required.every((count) => count !== given.count) : required.every((count) => given.count > count);
  const place = { span: project.span(bind), subject: subjectOf(site), confidence: "high" as const };
  const related = bind.callee.type === "MemberExpression" && unwrap(bind.callee.object) === site.node ? [] : [{ span: project.span(site.argument), message: "the statement" }];
  if (wrong)
    return {
      ...place, related,
      message: `The statement has ${counted(needed, "placeholder")} and \`bind()\` is given ${given.exact ? "" : "at least "}${counted(given.count, "value")}: D1 refuses it every time with "Wrong number of parameter bindings".`,
    };
  if (given.exact && given.count > MAX_PARAMETERS)
    return { ...place, related, message: `\`bind()\` is given ${given.count} values; D1 takes ${MAX_PARAMETERS} bound parameters a query at most, so this fails every time. Split the statement and send the parts with \`batch([…])\`.` };
  return undefined;
}

/** How many arguments a call has; `exact` is false with a spread of unknown length. */
function givenCount(project: Project, bind: CallExpression): { readonly count: number; readonly exact: boolean } {
  let count = 0;
  let exact = true;
  for (const argument of bind.arguments) {
    if (argument.type !== "SpreadElement") count++;
    else {
      const list = fixedList(project, argument.argument);
      if (list && !list.elements.some((element) => element?.type === "SpreadElement")) count += list.elements.length;
      else exact = false;
    }
  }
  return { count, exact };
}

/** A list as it is written out: in place, or in a constant that nothing is added to. */
function fixedList(project: Project, raw: Node): Extract<Node, { type: "ArrayExpression" }> | undefined {
  const node = unwrap(raw);
  if (node.type === "ArrayExpression") return node;
  if (!isIdentifier(node)) return undefined;
  const file = project.fileOf(node);
  const variable = file.scopes.resolve(node);
  if (variable?.kind !== "const" || variable.declaration.type !== "VariableDeclarator" || variable.declaration.id.type !== "Identifier") return undefined;
  const init = variable.declaration.init && unwrap(variable.declaration.init);
  // Whoever else gets hold of the list may change it.
  const isOnlySpread = (file.identifiers.get(node.name) ?? []).every((use) => use === variable.node || file.scopes.resolve(use) !== variable || wrapped(use).parent?.type === "SpreadElement");
  return init?.type === "ArrayExpression" && isOnlySpread ? init : undefined;
}

/** The method that runs a statement straight after `prepare(…)`. */
function runWithoutBind(prepare: CallExpression): string | undefined {
  const outer = wrapped(prepare);
  const member = outer.parent;
  const holder = member?.type === "ArrayExpression" ? wrapped(member).parent : undefined;
  if (holder?.type === "CallExpression" && calleeName(holder) === "batch") return "batch";
  if (!isMember(member) || member.object !== outer) return undefined;
  const name = propertyName(member);
  const call = wrapped(member).parent;
  return name !== undefined && RUN.has(name) && call?.type === "CallExpression" && calleeMember(call) === member ? name : undefined;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count === 0 ? "no" : count} ${noun}s`;
}

function subjectOf(site: SqlSite): { readonly database?: string } {
  return site.binding === undefined ? {} : { database: site.binding };
}
