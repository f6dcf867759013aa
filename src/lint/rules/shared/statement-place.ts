import type { Node } from "../../../project/parse/ast.ts";
import { isIdentifier, isWithin, unwrap } from "../../../project/parse/ast.ts";
import type { Span } from "../../../project/span.ts";
import type { Project } from "../../../project/graph/project.ts";
import type { SqlSite } from "../../../project/graph/queries/sql-sites.ts";

/** Where a statement is written: the place to report, and the other places that belong to it. */
export interface StatementPlace {
  readonly span: Span;
  readonly related: readonly { readonly span: Span; readonly message: string }[];
}

/**
 * The place of the texts of a site that satisfy `isMeant`. A helper that only hands on what its callers write is not the
 * place to mend: then the first caller's text is, and the helper is related.
 */
export function placeOfStatement(project: Project, site: SqlSite, isMeant: (text: string) => boolean): StatementPlace {
  const origins = project.constants.valuesOf(site.argument).constants.flatMap(({ value, origin }) => (isMeant(value) && !isWithin(origin, site.argument) ? [origin] : []));
  const [first, ...others] = [...new Set(origins)];
  const here = project.span(site.argument);
  if (!first) return { span: here, related: [] };
  const also = (nodes: readonly Node[]): StatementPlace["related"] => nodes.map((node) => ({ span: project.span(node), message: "the text of the statement" }));
  if (!isHandedOn(project, site.argument)) return { span: here, related: also([first, ...others]) };
  return { span: project.span(first), related: [{ span: project.span(site.node), message: `${site.callee}() runs it` }, ...also(others)] };
}

/** Whether an expression is a parameter of the function around it. */
function isHandedOn(project: Project, node: Node): boolean {
  const value = unwrap(node);
  return isIdentifier(value) && project.fileOf(value).scopes.resolve(value)?.kind === "parameter";
}
