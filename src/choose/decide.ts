import { contradictionsIn, describePair } from "./answers.ts";
import { capacityOf, type Excess } from "./capacity.ts";
import { holdingClause, holds, questionsOf, type ResultSubjects } from "./condition.ts";
import { confidenceOf } from "./confidence.ts";
import { costOf } from "./cost.ts";
import { sourcesOf } from "./facts.ts";
import { sensitivityOf } from "./flips.ts";
import { reasonsFor } from "./reasons.ts";
import { isAllowed, weigh, type Weighing } from "./weigh.ts";
import type { AlsoProduct, Answers, Decision, DecisionWarning, Playbook, Warning } from "./types.ts";

/**
 * Decides. Pure and deterministic: the same playbook and answers give the same decision.
 * @param answers checked answers, as `readAnswers` gives them
 */
export function decide(playbook: Playbook, answers: Answers): Decision {
  const weighing = weigh(playbook, answers);
  const { recommendation, instead } = weighing;
  const singleton = holds(playbook.singleton.when, answers, subjects(weighing, [], false, false)) && isOwned(weighing, answers);
  const pattern = patternOf(playbook, answers, weighing, singleton);
  const capacity = capacityOf(playbook, answers, pattern);
  const contradictions = contradictionsIn(playbook, answers);
  const result = subjects(weighing, capacity.exceeds, singleton, contradictions.length > 0);
  const { flips, runnerUp, margin, unknowns } = sensitivityOf(playbook, answers, recommendation);
  return {
    schema: 1,
    recommendation,
    pattern,
    ...(instead ? { instead: instead.product } : {}),
    also: alsoOf(playbook, answers, instead?.product),
    confidence: confidenceOf(playbook, answers, weighing.clearness),
    runnerUp,
    margin,
    pulls: weighing.sums,
    reasons: reasonsFor(playbook, answers, weighing, singleton),
    flips,
    warnings: playbook.warnings.flatMap((warning) => warningsOf(playbook, warning, answers, result, contradictions)),
    capacity: capacity.lines,
    cost: costOf(playbook, answers, recommendation),
    unknowns,
    answers,
  };
}

function subjects(weighing: Weighing, exceeds: readonly Excess[], singleton: boolean, contradiction: boolean): ResultSubjects {
  return { recommends: weighing.recommendation, exceeds, singleton, contradiction };
}

/** One entity among a database's rows is no singleton; it is one only where an object would own it, or where the atom is said to be global. */
function isOwned(weighing: Weighing, answers: Answers): boolean {
  return answers["atom"] === "global" || weighing.recommendation === "durable-objects" || weighing.recommendation === "both";
}

function patternOf(playbook: Playbook, answers: Answers, { recommendation }: Weighing, singleton: boolean): string | null {
  const fits = singleton
    ? playbook.patterns.find((pattern) => pattern.for === "any")
    : playbook.patterns.find((pattern) => pattern.for === recommendation && (pattern.when.some((clause) => clause.length === 0) || holds(pattern.when, answers)) && !holds(pattern.unless, answers));
  return fits?.id ?? null;
}

function alsoOf(playbook: Playbook, answers: Answers, instead: string | undefined): readonly AlsoProduct[] {
  const products = new Map<string, AlsoProduct>();
  for (const alternative of playbook.alternatives)
    if (alternative.product !== instead && !products.has(alternative.product) && holds(alternative.also, answers) && isAllowed(alternative, answers))
      products.set(alternative.product, { product: alternative.product, because: alternative.says, question: alternative.question, sources: sourcesOf(playbook, alternative.sources) });
  return [...products.values()];
}

function warningsOf(playbook: Playbook, warning: Warning, answers: Answers, result: ResultSubjects, contradictions: ReturnType<typeof contradictionsIn>): readonly DecisionWarning[] {
  const clause = holdingClause(warning.when, answers, result);
  if (!clause) return [];
  const told: Omit<DecisionWarning, "answers"> = { id: warning.id, title: warning.title, says: warning.says, do: warning.do, rules: warning.rules, sources: sourcesOf(playbook, warning.sources) };
  if (clause.some((entry) => entry.subject === "contradiction")) return contradictions.map((contradiction) => ({ ...told, says: `${describePair(contradiction, answers)}: ${contradiction.says}.`, answers: contradiction.pair }));
  const behind = clause.some((entry) => entry.subject === "singleton") ? questionsOf(playbook.singleton.when) : questionsOf([clause]);
  return [{ ...told, answers: behind.filter((id) => answers[id] !== undefined) }];
}
