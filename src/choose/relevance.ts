import { RESULT_SUBJECTS, holds, questionsOf } from "./condition.ts";
import type { Alternative, Answers, Condition, Entry, Heuristic, Playbook, Recommendation, Side } from "./types.ts";

/**
 * Whether an answer to the question could still change the recommendation, the pattern, a warning, or what goes beside it,
 * whatever is answered to the questions that are still open. Sound, not exact: when in doubt it says yes.
 * @param open ids of questions that have not been asked yet; what is neither answered nor open stays unanswered
 */
export function canMatter(playbook: Playbook, question: string, answers: Answers, open: ReadonlySet<string>): boolean {
  const view: View = { playbook, answers, open };
  const settled = settledSides(view);
  const asked = (condition: Condition): boolean => liveClauses(condition, view).some((clause) => questionsOf([clause]).includes(question));
  const askedIn = (entry: { readonly when: Condition; readonly unless?: Condition }): boolean => isPossible(entry.when, view) && (asked(entry.when) || asked(entry.unless ?? []));

  if (playbook.vetoes.some(askedIn)) return true;
  if (playbook.heuristics.some((heuristic) => askedIn(heuristic) && canPull(heuristic, settled))) return true;
  if (playbook.alternatives.some((alternative) => (settled.size === 0 && askedIn(alternative)) || asked(alternative.also) || (question === "residency" && canBeRuledOut(alternative, settled, view)))) return true;

  const possible = possibleRecommendations(settled);
  const result = (condition: Condition): boolean => asked(condition.filter((clause) => clause.every((entry) => entry.subject !== "recommends" || overlaps(entry, possible))));
  if (playbook.warnings.some((warning) => result(warning.when))) return true;
  if (playbook.contradictions.some((contradiction) => asked(contradiction.when))) return true;
  if (asked(playbook.singleton.when)) return true;
  return playbook.patterns.some((pattern) => (pattern.for === "any" || possible.includes(pattern.for)) && (asked(pattern.when) || asked(pattern.unless)));
}

interface View {
  readonly playbook: Playbook;
  readonly answers: Answers;
  readonly open: ReadonlySet<string>;
}

/** Sides that a strong pull holds already, and nothing that is still open could take from them. */
function settledSides(view: View): ReadonlySet<Side> {
  const sides = new Set<Side>();
  for (const heuristic of view.playbook.heuristics) {
    if (heuristic.strength !== "strong" || sides.has(heuristic.toward)) continue;
    const holdsNow = heuristic.when.some((clause) => clause.every((entry) => isDecided(entry, view) && holds([[entry]], view.answers)));
    const canBeTaken =
      isPossible(heuristic.unless, view) ||
      view.playbook.vetoes.some((veto) => veto.setsAside === heuristic.toward && isPossible(veto.when, view)) ||
      view.playbook.alternatives.some((alternative) => alternative.takesOver.has(heuristic.id) && isPossible(alternative.when, view));
    if (holdsNow && !canBeTaken) sides.add(heuristic.toward);
  }
  return sides;
}

/** Beside a settled strong pull hints are moot, and so are strong pulls to the same side. */
function canPull(heuristic: Heuristic, settled: ReadonlySet<Side>): boolean {
  return heuristic.strength === "strong" ? !settled.has(heuristic.toward) : settled.size === 0;
}

function canBeRuledOut(alternative: Alternative, settled: ReadonlySet<Side>, view: View): boolean {
  if (alternative.outOf.length === 0) return false;
  return (settled.size === 0 && isPossible(alternative.when, view)) || isPossible(alternative.also, view);
}

function possibleRecommendations(settled: ReadonlySet<Side>): readonly Recommendation[] {
  if (settled.size === 2) return ["both"];
  if (settled.has("d1")) return ["d1", "both"];
  if (settled.has("durable-objects")) return ["durable-objects", "both"];
  return ["d1", "durable-objects", "both", "neither"];
}

/** Clauses that the open questions could still make hold. */
function liveClauses(condition: Condition, view: View): Condition {
  return condition.filter((clause) => clause.every((entry) => !isDecided(entry, view) || holds([[entry]], view.answers)));
}

function isPossible(condition: Condition, view: View): boolean {
  return liveClauses(condition, view).length > 0;
}

/** Whether an entry's outcome is fixed: what it looks at has been answered, or will not be. The result's own subjects stay open. */
function isDecided({ subject, test }: Entry, { open }: View): boolean {
  if (RESULT_SUBJECTS.includes(subject)) return false;
  return !open.has(subject) && (test.kind !== "over-answer" || !open.has(test.question));
}

function overlaps(entry: Entry, possible: readonly Recommendation[]): boolean {
  const { test } = entry;
  return test.kind !== "any-of" || possible.some((recommendation) => test.values.includes(recommendation));
}
