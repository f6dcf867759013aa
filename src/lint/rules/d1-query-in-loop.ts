import type { Node } from "../../project/parse/ast.ts";
import { isFunction } from "../../project/parse/ast.ts";
import type { Span } from "../../project/span.ts";
import type { Repetition } from "../../project/graph/loops.ts";
import type { Project } from "../../project/graph/project.ts";
import { factText } from "../facts.ts";
import { defineRule } from "../rule.ts";
import { callWords, databaseSubject, queryWords, shortText } from "./shared/d1-words.ts";
import { queryLoops, type Trigger } from "./shared/query-loops.ts";

// Every D1 query is a round trip to the one place where the database lives, and an invocation may make a limited number of them.

const MAX_RELATED = 6;

export default defineRule({
  id: "d1-query-in-loop",
  *check({ project }) {
    for (const file of project.files)
      for (const { repetition, triggers, confidence } of queryLoops(project, file))
        yield {
          span: headerSpan(project, repetition),
          message: message(project, repetition, triggers),
          confidence,
          related: triggers.slice(0, MAX_RELATED).flatMap((trigger) => relatedTo(project, trigger)),
          subject: databaseSubject(triggers.flatMap((trigger) => trigger.reached.map(({ query }) => query))),
        };
  },
});

/** The loop's head, so that the mark (and a suppression above it) is one line and not the whole body. */
function headerSpan(project: Project, repetition: Repetition): Span {
  const { node } = repetition;
  const span = project.span(node);
  if (node.type === "CallExpression") return project.span(node.callee);
  return { ...span, end: node.type === "DoWhileStatement" ? node.start + 2 : Math.max(node.body.start, node.start + 1) };
}

function message(project: Project, repetition: Repetition, triggers: readonly Trigger[]): string {
  const over = repetition.over ? shortText(project, repetition.over) : undefined;
  const [first] = triggers;
  const [reached] = first?.reached ?? [];
  if (!first || !reached) return "";
  const [call] = reached.path;
  const what = call && !(repetition.node === call) ? `${callWords(call)} ${queryWords(reached.query)}` : `this ${queryWords(reached.query)}`;
  const subject = over === undefined ? "on every turn of the loop" : `once for every element of \`${over}\``;
  const several = new Set(triggers.flatMap((trigger) => trigger.reached.map(({ query }) => query.node))).size;
  const more = several > 1 ? `, and so ${several === 2 ? "does" : "do"} ${several === 2 ? "one other query" : `${several - 1} other queries`} in it` : "";
  const together = repetition.node.type === "CallExpression" || triggers.every((trigger) => !holdsUpTurn(trigger.node, repetition.node)) ? "even side by side they queue up at the one database" : "each waits for the one before";
  return `${capital(what)} ${subject}${more}: every query is a round trip of its own to the database, ${together}, and an invocation is cut off after ${factText("d1-queries-per-invocation-paid")} of them (${factText("d1-queries-per-invocation-free")} on the free plan).`;
}

/** Whether a loop's turn waits for a node: not when its promise, or that of the function around it, is only put aside. */
function holdsUpTurn(node: Node, loop: Node): boolean {
  let waits = false;
  for (let current: Node | undefined = node; current && current !== loop; current = current.parent ?? undefined) {
    if (current.type === "AwaitExpression") waits = true;
    else if (isFunction(current)) waits = false;
  }
  return waits;
}

function capital(text: string): string {
  return text.startsWith("`") ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

function relatedTo(project: Project, trigger: Trigger): { span: Span; message: string }[] {
  const [first] = trigger.reached;
  if (!first) return [];
  const here = { span: project.span(trigger.node), message: first.path.length === 0 ? `${queryWords(first.query)}, one round trip a turn` : "leads to the query, one round trip a turn" };
  return first.path.length === 0 ? [here] : [here, { span: project.span(first.query.node), message: `the query: ${queryWords(first.query)}` }];
}
