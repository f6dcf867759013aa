import type { CallExpression, Node } from "../../project/parse/ast.ts";
import { isCall, isWithin } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import type { Span } from "../../project/span.ts";
import { controlFlow } from "../../project/flow/flow.ts";
import { bodyOf, natureOf, repetitionOfCall, repetitionsAround, type Repetition } from "../../project/graph/loops.ts";
import { bodyLeaves } from "../../project/graph/outside.ts";
import type { Project } from "../../project/graph/project.ts";
import { queriesOf, runRoot, useOf, type D1Query, type ReachedQuery } from "../../project/graph/queries.ts";
import { defineRule } from "../rule.ts";
import { callWords, databaseSubject, queryWords, shortText } from "./shared/d1-words.ts";
import { isMaintenance } from "./shared/maintenance.ts";
import { platformValue } from "./shared/platform-facts.ts";

// Every D1 query is a round trip to the one place where the database lives, and an invocation may make a limited number of them.

/** A list this short, written down in the code, costs no more trips than the author sees. */
const SHORT_LIST = 5;
const MAX_RELATED = 6;
/** Behind more calls than this something is likely to stand in between that cannot be seen: a cache, a setting. */
const FAR = 3;

/** A query or a call that leads to queries, inside a repetition. */
interface Trigger {
  readonly node: Node;
  readonly reached: readonly ReachedQuery[];
}

export default defineRule({
  id: "d1-query-in-loop",
  *check({ project }) {
    for (const file of project.files) {
      const loops = new Map<Node, { repetition: Repetition; triggers: Trigger[] }>();
      for (const trigger of triggersIn(project, file)) {
        const repetition = costlyRepetition(project, trigger.node);
        if (!repetition || trigger.reached.every(({ query, path }) => collectsTurns(project, query, path.length === 0 ? repetition.node : undefined))) continue;
        const known = loops.get(repetition.node);
        if (known) known.triggers.push(trigger);
        else loops.set(repetition.node, { repetition, triggers: [trigger] });
      }
      for (const { repetition, triggers } of loops.values()) {
        const queries = triggers.flatMap((trigger) => trigger.reached.map(({ query }) => query));
        const calls = file.calls.filter((call) => isWithin(call, repetition.node));
        const alsoWaits = bodyLeaves(project, bodyOf(repetition), calls, triggers.map((trigger) => trigger.node));
        const nearest = Math.min(...triggers.flatMap((trigger) => trigger.reached.map(({ path }) => path.length)));
        yield {
          span: headerSpan(project, repetition),
          message: message(project, repetition, triggers),
          confidence: alsoWaits || nearest > FAR ? "low" : nearest === 0 ? "high" : "medium",
          related: triggers.slice(0, MAX_RELATED).flatMap((trigger) => relatedTo(project, trigger)),
          subject: databaseSubject(queries),
        };
      }
    }
  },
});

/** Queries of a file, calls in it that lead to some, and callbacks by name that do: `ids.map(loadUser)`. */
function* triggersIn(project: Project, file: SourceFile): Iterable<Trigger> {
  const queries = queriesOf(project);
  const own = new Map(queries.in(file).map((query) => [query.node as Node, query]));
  for (const query of own.values()) if (counts(query)) yield { node: query.node, reached: [{ query, path: [] }] };
  for (const call of file.calls) {
    if (own.has(call)) continue;
    const repetition = repetitionOfCall(call);
    if (repetition) yield* namedCallback(project, call);
    if (repetitionsAround(call).length === 0) continue;
    const use = useOf(call);
    if (use === "dropped" || use === "background") continue;
    const reached = queries.reached(call).filter(({ query }) => counts(query));
    if (reached.length > 0 && !isCallbackRunner(call)) yield { node: call, reached };
  }
}

/** `Promise.all(ids.map(loadUser))`: the callback is a function of the project. */
function* namedCallback(project: Project, call: CallExpression): Iterable<Trigger> {
  for (const argument of call.arguments) {
    if (argument.type !== "Identifier" && argument.type !== "MemberExpression") continue;
    const kind = project.kindOf(argument);
    if (kind?.kind !== "function") continue;
    const reached = queriesOf(project).runBy(kind.fn).filter(({ query }) => counts(query));
    if (reached.length > 0) yield { node: argument, reached: reached.map(({ query, path }) => ({ query, path: [call, ...path] })) };
  }
}

/** The queries of a callback given to a call are seen where they stand. */
function isCallbackRunner(call: CallExpression): boolean {
  return call.callee.type === "ArrowFunctionExpression" || call.callee.type === "FunctionExpression";
}

/** Schema statements run once a deployment, if at all, and cannot all be batched; nobody waits for what is handed to `waitUntil`. */
function counts(query: D1Query): boolean {
  return query.action !== "ddl" && query.use !== "background" && query.use !== "dropped" && !isMaintenance(query.file, query.node);
}

/** Whether a batch sends what several turns collected: its list is made outside the loop, or outside the helper that sends it. */
function collectsTurns(project: Project, query: D1Query, loop: Node | undefined): boolean {
  if (!query.batch || query.node.type !== "CallExpression") return false;
  const [list] = query.node.arguments;
  if (list?.type !== "Identifier" && list?.type !== "MemberExpression") return false;
  if (list.type === "MemberExpression") return true;
  const variable = query.file.scopes.resolve(list);
  if (!variable || variable.kind === "parameter") return false;
  const scope = loop ?? runRoot(query.node);
  return scope !== undefined && project.fileOf(scope) === query.file && !isWithin(variable.node, scope);
}

/** The outermost repetition over data around a node, when one turn asks the database for one element. */
function costlyRepetition(project: Project, node: Node): Repetition | undefined {
  const around = repetitionsAround(node);
  const own = isCall(node.parent) && node.parent.arguments.includes(node as CallExpression["arguments"][number]) ? repetitionOfCall(node.parent) : undefined;
  const all = own && !around.some((repetition) => repetition.node === own.node) ? [own, ...around] : around;
  let found: Repetition | undefined;
  for (const repetition of all) {
    const nature = natureOf(project, repetition);
    if (nature.kind === "data" || (nature.kind === "constant" && nature.length > SHORT_LIST)) {
      if (comesAgain(repetition, node)) found = repetition;
    } else if (nature.kind === "chunks" && !found) {
      // The query handles the whole piece at once.
      return undefined;
    }
  }
  return found && !isMaintenance(project.fileOf(found.node), found.node) ? found : undefined;
}

/** Whether a turn that got to the query may be followed by another one: not when it returns or breaks right after, nor when only a failure leads on. */
function comesAgain(repetition: Repetition, node: Node): boolean {
  if (repetition.node.type === "CallExpression") return true;
  const root = runRoot(node);
  if (!root) return true;
  const flow = controlFlow(root);
  if (!flow.has(node) || !flow.has(repetition.node)) return true;
  return flow.somePath({ from: node, to: node, avoiding: (_, step) => isCatch(step.region, repetition.node) }) !== undefined;
}

function isCatch(region: { readonly kind: string; readonly node: Node; readonly outer: unknown } | undefined, loop: Node): boolean {
  for (let current = region; current; current = current.outer as typeof region) if (current.kind === "catch" && isWithin(current.node, loop)) return true;
  return false;
}

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
  const together = repetition.node.type === "CallExpression" || isJoined(repetition) ? "even side by side they queue up at the one database" : "each waits for the one before";
  return `${capital(what)} ${subject}${more}: every query is a round trip of its own to the database, ${together}, and an invocation is cut off after ${platformValue("d1-limits", "d1-queries-per-invocation-paid")} of them (${platformValue("d1-limits", "d1-queries-per-invocation-free")} on the free plan).`;
}

function isJoined(repetition: Repetition): boolean {
  return repetition.callback !== undefined;
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
