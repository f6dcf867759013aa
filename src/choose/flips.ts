import { questionsOf } from "./condition.ts";
import { createQuickWeigher, type QuickWeigher } from "./quick-weigh.ts";
import type { AnswerValue, Answers, Change, Condition, Flip, Playbook, Question, Recommendation } from "./types.ts";

/** What changing answers does. */
export interface Sensitivity {
  /** Every smallest change that leads to another recommendation: of one answer, then of two of which neither is enough alone. */
  readonly flips: readonly Flip[];
  readonly runnerUp: Recommendation;
  /** -1 to 1: of all changes of one answer, the share that changes nothing less the share that leads to the runner-up. */
  readonly margin: number;
  /** Unanswered questions whose answer alone could flip the recommendation. */
  readonly unknowns: readonly string[];
}

const FALLBACK: Readonly<Record<Recommendation, Recommendation>> = { d1: "both", "durable-objects": "both", both: "durable-objects", neither: "d1" };
const ORDER: readonly Recommendation[] = ["both", "durable-objects", "d1", "neither"];

/**
 * Tries every change of one answer, and every pair of changes of two questions of which neither flips alone. A change gives a
 * question another value. Questions that no heuristic looks at are left out, and a number is tried only at the thresholds that
 * something compares it with: within two thresholds it changes nothing.
 */
export function sensitivityOf(playbook: Playbook, answers: Answers, recommendation: Recommendation): Sensitivity {
  const weigher = createQuickWeigher(playbook, answers);
  const flips: Flip[] = [];
  const inert: Tried[] = [];
  const reached = new Map<Recommendation, number>();
  let tried = 0;
  for (const change of candidateChanges(playbook, answers)) {
    const turned = weigher.effectOf(change.question, change.to);
    const outcome = weigher.outcomeWith(turned);
    if (outcome) {
      tried++;
      reached.set(outcome.recommendation, (reached.get(outcome.recommendation) ?? 0) + 1);
    }
    // One that contradicts another answer flips nothing alone, but a second change may mend it.
    if (!outcome || outcome.recommendation === recommendation) inert.push({ change, turned });
    else flips.push({ changes: [change], ...outcome });
  }
  const singles = flips.length;
  for (const [index, first] of inert.entries()) flips.push(...flipsWith(weigher, first, inert.slice(index + 1), recommendation));

  const runnerUp = ORDER.filter((other) => other !== recommendation).reduce((best, other) => ((reached.get(other) ?? 0) > (reached.get(best) ?? 0) ? other : best), nextAfter(recommendation, flips));
  const margin = tried === 0 ? 1 : ((reached.get(recommendation) ?? 0) - (reached.get(runnerUp) ?? 0)) / tried;
  const unknowns = [...new Set(flips.slice(0, singles).flatMap((flip) => flip.changes.filter((change) => change.from === undefined).map((change) => change.question)))];
  return { flips, runnerUp, margin: Math.round(margin * 100) / 100, unknowns };
}

/** A change that flips nothing by itself, with the checks that it turns round. */
interface Tried {
  readonly change: Change;
  readonly turned: readonly number[];
}

function flipsWith(weigher: QuickWeigher, first: Tried, others: readonly Tried[], recommendation: Recommendation): readonly Flip[] {
  const flips: Flip[] = [];
  weigher.set(first.change.question, first.change.to);
  for (const { change, turned } of others) {
    if (change.question === first.change.question) continue;
    const turnedNow = weigher.effectAfter(first.change.question, change.question, change.to, turned);
    const outcome = turnedNow.length === 0 ? undefined : weigher.outcomeWith(turnedNow);
    if (outcome && outcome.recommendation !== recommendation) flips.push({ changes: [first.change, change], ...outcome });
  }
  weigher.set(first.change.question, first.change.from);
  return flips;
}

/** Where no single answer leads elsewhere: what the first pair leads to, or the neighbour in kind. */
function nextAfter(recommendation: Recommendation, flips: readonly Flip[]): Recommendation {
  return flips[0]?.recommendation ?? FALLBACK[recommendation];
}

function candidateChanges(playbook: Playbook, answers: Answers): readonly Change[] {
  const thresholds = decisiveThresholds(playbook);
  return playbook.questions.flatMap((question) => {
    const numbers = thresholds.get(question.id);
    if (!numbers) return [];
    const from = answers[question.id];
    return candidateValues(question, from, numbers)
      .filter((to) => !same(to, from))
      .map((to): Change => (from === undefined ? { question: question.id, to } : { question: question.id, from, to }));
  });
}

function candidateValues(question: Question, from: AnswerValue | undefined, numbers: ReadonlySet<number>): readonly AnswerValue[] {
  const ids = question.values.map((value) => value.id);
  switch (question.kind) {
    case "choice":
      return ids;
    case "number":
      return [...numbers].sort((a, b) => a - b);
    case "list":
      return listCandidates(question, ids, typeof from === "object" ? from : undefined);
    case "text":
      return [];
  }
}

/** Lists without an order: every subset. Lists with a main one: each value alone, added at either end, taken out, or made the main one. */
function listCandidates(question: Question, ids: readonly string[], from: readonly string[] | undefined): readonly (readonly string[])[] {
  if (question.id !== "data") return ids.reduce<readonly (readonly string[])[]>((subsets, id) => [...subsets, ...subsets.map((subset) => [...subset, id])], [[]]);
  const alone = ids.map((id) => [id]);
  if (!from || from.includes("none")) return alone;
  const others = ids.filter((id) => id !== "none" && !from.includes(id));
  const variants = [
    ...others.flatMap((id) => [[...from, id], [id, ...from]]),
    ...from.map((id) => from.filter((item) => item !== id)).filter((rest) => rest.length > 0),
    ...from.map((id) => [id, ...from.filter((item) => item !== id)]),
  ];
  return [...new Map([...alone, ...variants].map((list) => [list.join(), list])).values()];
}

const thresholdCache = new WeakMap<Playbook, ReadonlyMap<string, ReadonlySet<number>>>();

/** The questions that can change a recommendation, each with the numbers on both sides of every threshold it is compared with. */
function decisiveThresholds(playbook: Playbook): ReadonlyMap<string, ReadonlySet<number>> {
  const cached = thresholdCache.get(playbook);
  if (cached) return cached;
  const found = new Map<string, Set<number>>();
  const conditions: Condition[] = [...playbook.vetoes.map((veto) => veto.when), ...[...playbook.heuristics, ...playbook.alternatives].flatMap((entry) => [entry.when, entry.unless])];
  for (const condition of conditions) {
    for (const id of questionsOf(condition)) if (!found.has(id)) found.set(id, new Set());
    for (const { subject, test } of condition.flat()) if (test.kind === "number") for (const number of bothSides(test.compare, test.than)) found.get(subject)?.add(number);
  }
  if (playbook.alternatives.some((alternative) => alternative.outOf.length > 0)) found.set("residency", found.get("residency") ?? new Set());
  thresholdCache.set(playbook, found);
  return found;
}

function bothSides(compare: "at_least" | "over" | "at_most" | "below", than: number): readonly number[] {
  const [low, high] = compare === "at_least" || compare === "below" ? [than - 1, than] : [than, than + 1];
  return low < 0 ? [high] : [low, high];
}

function same(a: AnswerValue, b: AnswerValue | undefined): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
