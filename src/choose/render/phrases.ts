import { showValue } from "../answers.ts";
import type { Change, Decision, Flip, Pattern, Playbook, Reason, Recommendation } from "../types.ts";

/** What every form of the result says in the same words. */

/** `Build on Durable Objects: one for each room.` */
export function verdictOf(playbook: Playbook, decision: Decision): string {
  const becomes = outcomeText(playbook, decision);
  return isRedesign(decision) ? `Stop: this is one thing for the whole product. With a smaller atom it becomes: ${becomes}` : becomes;
}

function outcomeText(playbook: Playbook, decision: Decision): string {
  const { verdict } = playbook.outcomes[decision.recommendation];
  if (decision.recommendation === "neither") return `Neither D1 nor Durable Objects: use ${productName(playbook, decision.instead ?? "")}.`;
  const atom = decision.answers["atom_name"];
  if (typeof atom !== "string" || decision.recommendation === "d1") return verdict;
  const each = `one object for each ${atom}`;
  return decision.recommendation === "both" ? `${verdict.replace(/\.$/, "")}, ${each}.` : `${verdict.replace(/\.$/, "")}: ${each}.`;
}

/** Whether a singleton was described. */
export function isRedesign(decision: Decision): boolean {
  return decision.pattern === "redesign";
}

/** The recommended pattern; undefined for `neither`. */
export function patternOf(playbook: Playbook, decision: Decision): Pattern | undefined {
  return playbook.patterns.find((pattern) => pattern.id === decision.pattern);
}

/** What the recommended design is, in a sentence or two. */
export function summaryOf(playbook: Playbook, decision: Decision): string {
  const alternative = decision.reasons.find((reason) => reason.toward === "neither");
  return patternOf(playbook, decision)?.summary ?? alternative?.says ?? playbook.outcomes[decision.recommendation].means;
}

export function productName(playbook: Playbook, id: string): string {
  return playbook.products[id]?.name ?? id;
}

/** `D1`, `Durable Objects`, `Durable Objects and D1`, `neither`. */
export function nameOf(playbook: Playbook, recommendation: Recommendation): string {
  return playbook.outcomes[recommendation].name;
}

/** `serialization: required` */
export function answerText(reason: Reason): string {
  return `${reason.question}: ${showValue(reason.value)}`;
}

/** Where a reason pulls: `towards D1`, `sets D1 aside`, `neither way`. */
export function pullText(playbook: Playbook, reason: Reason): string {
  if (reason.strength === "veto") return "veto";
  if (reason.toward === "none") return "neither way";
  if (reason.toward === "neither") return "towards another product";
  return `towards ${nameOf(playbook, reason.toward)}${reason.setAside === undefined ? "" : ", set aside"}`;
}

/** `cross_entity_sql: frequent` or `cross_entity_sql: none → frequent` */
export function changeText({ question, from, to }: Change): string {
  return `${question}: ${from === undefined ? "" : `${showValue(from)} → `}${showValue(to)}`;
}

/** Where a flip leads: `Durable Objects and D1`, or the product for `neither`. */
export function flipTarget(playbook: Playbook, flip: Flip): string {
  return flip.instead === undefined ? nameOf(playbook, flip.recommendation) : productName(playbook, flip.instead);
}

/** Flips that lead to the same place by changing the same questions, told once with the first way to do it. */
export function mainFlips(flips: readonly Flip[]): readonly Flip[] {
  const seen = new Set<string>();
  return flips.filter((flip) => {
    const key = `${flip.changes.map((change) => change.question).join()}→${flip.recommendation}${flip.instead ?? ""}`;
    return seen.size < seen.add(key).size;
  });
}

/** `0.71`, with what it means in a word. */
export function confidenceText(confidence: number): string {
  const word = confidence >= 0.75 ? "high" : confidence >= 0.5 ? "fair" : confidence >= 0.25 ? "low" : "very low";
  return `${confidence.toFixed(2)} (${word})`;
}

/** `src/room.ts:12 accepts WebSockets`, for the answers that code suggested. */
export function evidenceOf(decision: Decision, question: string): readonly string[] {
  return (decision.evidence?.[question] ?? []).map((evidence) => `${evidence.file}:${evidence.line} ${evidence.says}`);
}
