import { questionsOf } from "./condition.ts";
import type { Answers, Condition, Playbook } from "./types.ts";

/** How steeply confidence rises with the first answers: 1 − (1 − share)³, so that a third of all that matters gives 0.7. */
const CURVE = 3;

/**
 * How sure the recommendation is, 0 to 1: the share of all that could change it that has been answered, plus how clear the
 * answers then are. An answer counts for as much as it could change the outcome, up to a strong pull; clearness can fall by no
 * more than that when a question is answered, so leaving a question open never raises confidence.
 */
export function confidenceOf(playbook: Playbook, answers: Answers, clearness: number): number {
  const stakes = stakesOf(playbook);
  let known = 0;
  let all = playbook.strengths.strong;
  for (const [question, stake] of stakes) {
    all += stake;
    if (answers[question] !== undefined) known += stake;
  }
  const share = (known + clearness) / all;
  return Math.round((1 - (1 - share) ** CURVE) * 100) / 100;
}

const cache = new WeakMap<Playbook, ReadonlyMap<string, number>>();

/** By question, the most that its answer can move the outcome, in units of weight. */
export function stakesOf(playbook: Playbook): ReadonlyMap<string, number> {
  const cached = cache.get(playbook);
  if (cached) return cached;
  const { strong } = playbook.strengths;
  const stakes = new Map<string, number>();
  const add = (conditions: readonly Condition[], weight: number): void => {
    for (const id of new Set(conditions.flatMap(questionsOf))) stakes.set(id, Math.min(strong, (stakes.get(id) ?? 0) + weight));
  };
  for (const heuristic of playbook.heuristics) add([heuristic.when, heuristic.unless], playbook.strengths[heuristic.strength]);
  for (const veto of playbook.vetoes) add([veto.when], strong);
  for (const alternative of playbook.alternatives) add([alternative.when, alternative.unless], strong);
  if (playbook.alternatives.some((alternative) => alternative.outOf.length > 0)) stakes.set("residency", strong);
  cache.set(playbook, stakes);
  return stakes;
}
