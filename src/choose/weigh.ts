import { holds } from "./condition.ts";
import type { Alternative, Answers, Heuristic, Playbook, Recommendation, Side, Veto } from "./types.ts";

/** What the answers weigh, before anything is told about it. */
export interface Weighing {
  readonly recommendation: Recommendation;
  /** The alternative that makes the recommendation `neither`. */
  readonly instead: Alternative | undefined;
  /** Heuristics that hold, in the playbook's order; also those that a veto sets aside. */
  readonly active: readonly Heuristic[];
  readonly vetoes: readonly Veto[];
  /** Sums of weights after vetoes. */
  readonly sums: Readonly<Record<Side, number>>;
  /** How clear the outcome is, in units of weight: the whole of a strong pull, or the difference of the sums where only weak ones pull. */
  readonly clearness: number;
}

/**
 * The whole model, as told at the head of heuristics.yaml: strong pulls decide, on both sides together they earn `both`,
 * another product serves where none is left, and weak pulls are added up only where there is no strong one.
 */
export function weigh(playbook: Playbook, answers: Answers): Weighing {
  const vetoes = playbook.vetoes.filter((veto) => holds(veto.when, answers));
  const active = playbook.heuristics.filter((heuristic) => holds(heuristic.when, answers) && !holds(heuristic.unless, answers));
  const counted = vetoes.length === 0 ? active : active.filter((heuristic) => !vetoes.some((veto) => veto.setsAside === heuristic.toward));

  const sums: Record<Side, number> = { d1: 0, "durable-objects": 0 };
  for (const heuristic of counted) sums[heuristic.toward] += playbook.strengths[heuristic.strength];
  const strong = counted.filter((heuristic) => heuristic.strength === "strong");

  const instead = playbook.alternatives.find((alternative) => serves(alternative, answers) && strong.every((heuristic) => alternative.takesOver.has(heuristic.id)));
  const recommendation = instead ? "neither" : (byStrongPulls(strong) ?? byWeight(sums, counted, playbook.strengths.fair));
  const decided = instead !== undefined || strong.length > 0;
  const clearness = decided ? playbook.strengths.strong : Math.min(playbook.strengths.strong, Math.abs(sums.d1 - sums["durable-objects"]));
  return { recommendation, instead, active, vetoes, sums, clearness };
}

/** Whether the alternative is what the data asks for and may be used where the data must stay. */
export function serves(alternative: Alternative, answers: Answers): boolean {
  return holds(alternative.when, answers) && !holds(alternative.unless, answers) && isAllowed(alternative, answers);
}

/** Whether the required residency leaves the product in the running. */
export function isAllowed(alternative: Alternative, answers: Answers): boolean {
  const residency = answers["residency"];
  return typeof residency !== "string" || !alternative.outOf.includes(residency);
}

function byStrongPulls(strong: readonly Heuristic[]): Recommendation | undefined {
  const toObjects = strong.some((heuristic) => heuristic.toward === "durable-objects");
  const toDatabase = strong.some((heuristic) => heuristic.toward === "d1");
  if (toObjects && toDatabase) return "both";
  if (toObjects) return "durable-objects";
  return toDatabase ? "d1" : undefined;
}

/**
 * Weak pulls add up; a tie goes to the side of the first of them, because the practical heuristic has an order. D1 is the safe
 * start where there is nothing, and where less than a fair pull speaks for objects: a hint names no owner.
 */
function byWeight(sums: Readonly<Record<Side, number>>, counted: readonly Heuristic[], least: number): Side {
  if (sums["durable-objects"] < least) return "d1";
  if (sums.d1 !== sums["durable-objects"]) return sums.d1 > sums["durable-objects"] ? "d1" : "durable-objects";
  return counted[0]?.toward ?? "d1";
}
