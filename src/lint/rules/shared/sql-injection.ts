import type { Node } from "../../../project/parse/ast.ts";
import { isIdentifier, isWithin, unwrap } from "../../../project/parse/ast.ts";
import type { Project } from "../../../project/graph/project.ts";
import { sqlSites, writtenTexts, type SqlSite } from "../../../project/graph/queries/sql-sites.ts";
import { holeContext, type HoleContext } from "../../../project/sql/holes.ts";
import type { Confidence, Report, Subject } from "../../finding.ts";
import { textJudge, type Judgement } from "./text-trust.ts";

/** A run-time part of an SQL text that may say more than it should. */
interface Danger {
  readonly hole: Node;
  readonly context: HoleContext;
  readonly judgement: Judgement;
  readonly confidence: Confidence;
  readonly sites: SqlSite[];
}

type Position = "statement" | "value" | "name" | "fragment";

const POSITIONS: Readonly<Record<HoleContext, Position | undefined>> = {
  statement: "statement",
  string: "value", value: "value", "in-list": "value", limit: "value",
  table: "name", column: "name", name: "name", order: "name", direction: "name",
  rows: "fragment", condition: "fragment", assignments: "fragment", clause: "fragment", definition: "fragment", argument: "fragment",
  placeholder: undefined, comment: undefined,
};

/**
 * Places where a value that is not known to be harmless becomes part of an SQL text, one report for each text that is put
 * together. `subjectOf` names the database or class of a site.
 */
export function* injections(project: Project, target: "d1" | "do", subjectOf: (site: SqlSite) => Subject): Iterable<Report> {
  const dangers = new Map<Node, Danger>();
  for (const site of sqlSites(project)) {
    // Templates that bind what is put into them.
    if (site.target !== target || site.method === "tag" || site.method === "run") continue;
    for (const { sql, holes } of writtenTexts(project, site))
      for (const [index, hole] of holes.entries()) {
        const found = holeContext(sql, index);
        if (!found) continue;
        // What is given to `sql.raw()` is a part of a statement, never all of it.
        const context = site.method === "raw" && found === "statement" ? "clause" : found;
        const known = dangers.get(hole);
        if (known) {
          if (!known.sites.includes(site)) known.sites.push(site);
          continue;
        }
        const danger = dangerOf(project, site, hole, context);
        if (danger) dangers.set(hole, danger);
      }
  }
  const texts = new Map<Node, Danger[]>();
  for (const danger of dangers.values()) {
    const text = textAround(danger.hole);
    const list = texts.get(text);
    if (list) list.push(danger);
    else texts.set(text, [danger]);
  }
  for (const [text, list] of texts) yield reportOf(project, text, list, target, subjectOf);
}

function dangerOf(project: Project, site: SqlSite, hole: Node, context: HoleContext): Danger | undefined {
  const position = POSITIONS[context];
  if (!position) return undefined;
  const judgement = textJudge(project).judge(hole);
  const confidence = confidenceIn(judgement, context, position);
  if (!confidence || (judgement.trust === "unknown" && isPlaceholders(hole))) return undefined;
  // A builder's rows are typed by its schema, mostly numbers where nothing is quoted: only a quoted text is sure to be one.
  if (site.method === "text" && judgement.trust === "unknown" && context !== "string") return undefined;
  return { hole, context, judgement, confidence, sites: [site] };
}

/** How sure it is that a hole is a danger; undefined when it is none. */
function confidenceIn({ trust, quoted, weak, isName }: Judgement, context: HoleContext, position: Position): Confidence | undefined {
  if (trust === "safe") return undefined;
  if (position === "statement") return weak ? undefined : trust === "request" ? "high" : trust === "validated" ? "medium" : undefined;
  if (trust === "request") return weak ? "medium" : "high";
  const isValue = context === "string" || context === "value" || quoted !== undefined;
  if (isName) return "low";
  if (trust === "unknown" && weak && quoted === undefined && context !== "string") return "low";
  if (trust === "validated") return isValue ? "medium" : "low";
  return isValue || context === "in-list" ? "medium" : "low";
}

/** `placeholders`, by its name a list of question marks. */
function isPlaceholders(hole: Node): boolean {
  const node = unwrap(hole);
  return isIdentifier(node) && /placeholder|marks|^qs$/i.test(node.name);
}

/** The whole template or concatenation that a hole is part of; the hole itself when it is the text. */
function textAround(hole: Node): Node {
  let text = hole;
  for (let parent = hole.parent ?? undefined; parent; parent = parent.parent ?? undefined) {
    if (parent.type !== "TemplateLiteral" && !(parent.type === "BinaryExpression" && parent.operator === "+")) break;
    text = parent;
  }
  return text;
}

function reportOf(project: Project, text: Node, dangers: readonly Danger[], target: "d1" | "do", subjectOf: (site: SqlSite) => Subject): Report {
  const sorted = [...dangers].sort((a, b) => rank(b.confidence) - rank(a.confidence) || a.hole.start - b.hole.start);
  const [worst] = sorted;
  if (!worst) throw new Error("a text without dangers");
  const others = sorted.slice(1);
  const sites = [...new Set(sorted.flatMap((danger) => danger.sites))];
  const [site] = sites;
  const { origin, quoted } = worst.judgement;
  return {
    span: project.span(worst.context === "statement" && site ? site.argument : (quoted ?? worst.hole)),
    message: message(project, worst, site?.callee ?? "", target),
    confidence: worst.confidence,
    related: [
      ...(quoted ? [{ span: project.span(worst.hole), message: "becomes part of the text here" }] : []),
      ...others.map(({ hole }) => ({ span: project.span(hole), message: "this part of the text as well" })),
      ...(origin && !isWithin(origin, text) ? [{ span: project.span(origin), message: "where the value comes from" }] : []),
      ...sites.map(({ node, callee }) => ({ span: project.span(node), message: `${callee}() runs the text` })),
    ],
    subject: site ? subjectOf(site) : {},
    ...(isBindable(worst.context) ? {} : { help: "Choose the name or fragment from a fixed list in the code; only values can be bound." }),
  };
}

function rank(confidence: Confidence): number {
  return { high: 2, medium: 1, low: 0 }[confidence];
}

function isBindable(context: HoleContext): boolean {
  return POSITIONS[context] === "value" || context === "argument";
}

const MAX_SHOWN = 60;

function message(project: Project, danger: Danger, callee: string, target: "d1" | "do"): string {
  const { judgement } = danger;
  // A part of the text that is itself put together: what matters is the value in quotes within it.
  const hole = judgement.quoted ?? danger.hole;
  const context = judgement.quoted ? "string" : danger.context;
  const shown = shorten(project.text(hole));
  const isBuilders = danger.sites.every((site) => site.method === "text");
  const bind = target === "d1" ? "give the value to `bind()`" : "give the value to `exec()` after the text";
  const advice = isBuilders && (context === "in-list" || isBindable(context)) ? `Give \`${callee}()\` a template of the builder's \`sql\` tag${context === "string" ? ", with no quotes around the value" : ""}: what stands in its \`\${…}\` is bound`
    : context === "in-list"
    ? `Put one \`?\` a value there and ${bind}`
    : isBindable(context) ? `Put a \`?\` there${context === "string" ? ", without the quotes," : ""} and ${bind}` : `What stands for ${wordFor(context)} cannot be bound: take it from a fixed list in the code`;
  if (context === "statement")
    return `The whole statement that \`${callee}()\` runs, \`${shown}\`, comes from the request: whoever sends it can read, change and delete everything in the database. Keep the statements in the code and take only values from the request.`;
  if (judgement.trust === "request" || judgement.trust === "validated") {
    const from = judgement.origin && judgement.origin !== hole ? ` (\`${shorten(project.text(judgement.origin))}\`)` : "";
    return `\`${shown}\` comes from the request${from} and becomes part of the SQL that \`${callee}()\` runs: whoever sends it can read or change rows that are not theirs. ${advice}.`;
  }
  return `\`${shown}\` becomes part of the SQL that \`${callee}()\` runs, and nothing in sight limits what it holds: a quote in it breaks the statement, and text that a user chose can read or change other rows. ${advice}.`;
}

function wordFor(context: HoleContext): string {
  const words: Partial<Record<HoleContext, string>> = { table: "a table", column: "a column", name: "a name", order: "an order", direction: "a direction" };
  return words[context] ?? "a part of the statement";
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line;
}
