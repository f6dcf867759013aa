import { holds, questionsOf } from "./condition.ts";
import { sourcesOf } from "./facts.ts";
import type { Answers, Playbook, Reason } from "./types.ts";
import { isAllowed, type Weighing } from "./weigh.ts";

/** Facts that say which of the two can be held to a jurisdiction. */
const JURISDICTIONS = ["d1-jurisdictions", "do-jurisdictions"];

/** For each answer given, which way it pulled and how hard: in the order of the practical heuristic, answers that pull neither way last. */
export function reasonsFor(playbook: Playbook, answers: Answers, weighing: Weighing, singleton: boolean): readonly Reason[] {
  const told = [...(singleton ? ofSingleton(playbook, answers) : []), ...ofVetoes(playbook, answers, weighing), ...ofAlternative(playbook, answers, weighing), ...ofResidency(playbook, answers), ...ofHeuristics(playbook, answers, weighing)];
  const explained = new Set(told.map((reason) => reason.question));
  return [...told, ...ofNothing(playbook, answers, explained)];
}

function ofSingleton(playbook: Playbook, answers: Answers): readonly Reason[] {
  const value = answers["atom"];
  if (value === undefined) return [];
  return [{ question: "atom", value, toward: "none", strength: "veto", weight: 0, heuristic: "global-singleton", says: playbook.singleton.says, basis: "playbook: anti-pattern 1, the global singleton", sources: sourcesOf(playbook, playbook.singleton.sources) }];
}

/** The residency rules out products that cannot be held to a jurisdiction, where the data would have asked for them. */
function ofResidency(playbook: Playbook, answers: Answers): readonly Reason[] {
  const value = answers["residency"];
  const ruledOut = playbook.alternatives.filter((alternative) => !isAllowed(alternative, answers) && ((holds(alternative.when, answers) && !holds(alternative.unless, answers)) || holds(alternative.also, answers)));
  if (value === undefined || ruledOut.length === 0) return [];
  const names = [...new Set(ruledOut.map((alternative) => playbook.products[alternative.product]?.name ?? alternative.product))].join(" and ");
  return [{ question: "residency", value, toward: "none", strength: "veto", weight: 0, heuristic: "residency", says: `${names} cannot be held to a jurisdiction; D1 and Durable Objects can.`, basis: "playbook: residency", sources: sourcesOf(playbook, JURISDICTIONS) }];
}

function ofVetoes(playbook: Playbook, answers: Answers, { vetoes }: Weighing): readonly Reason[] {
  return vetoes.flatMap((veto) => {
    const value = answers[veto.question];
    if (value === undefined) return [];
    const toward = veto.setsAside === "d1" ? "durable-objects" : "d1";
    return [{ question: veto.question, value, toward: veto.question === "existing_database" ? ("none" as const) : toward, strength: "veto" as const, weight: 0, heuristic: veto.id, says: veto.says, basis: veto.basis, sources: sourcesOf(playbook, veto.sources) }];
  });
}

function ofAlternative(playbook: Playbook, answers: Answers, { instead }: Weighing): readonly Reason[] {
  const value = instead ? answers[instead.question] : undefined;
  if (!instead || value === undefined) return [];
  return [{ question: instead.question, value, toward: "neither", strength: "strong", weight: playbook.strengths.strong, heuristic: instead.id, says: instead.says, basis: instead.basis, sources: sourcesOf(playbook, instead.sources) }];
}

function ofHeuristics(playbook: Playbook, answers: Answers, { active, vetoes, instead }: Weighing): readonly Reason[] {
  return active.flatMap((heuristic) => {
    const value = answers[heuristic.question];
    if (value === undefined) return [];
    const setAside = vetoes.find((veto) => veto.setsAside === heuristic.toward)?.id ?? (instead?.takesOver.has(heuristic.id) ? instead.id : undefined);
    const reason: Reason = {
      question: heuristic.question,
      value,
      toward: heuristic.toward,
      strength: heuristic.strength,
      weight: playbook.strengths[heuristic.strength],
      heuristic: heuristic.id,
      ...(setAside === undefined ? {} : { setAside }),
      says: heuristic.says,
      basis: heuristic.basis,
      sources: sourcesOf(playbook, heuristic.sources),
    };
    return [reason];
  });
}

function ofNothing(playbook: Playbook, answers: Answers, explained: ReadonlySet<string>): readonly Reason[] {
  const decisive = new Set([...playbook.heuristics, ...playbook.alternatives].flatMap((entry) => questionsOf(entry.when)));
  return playbook.questions.flatMap(({ id, kind }) => {
    const value = answers[id];
    if (value === undefined || explained.has(id)) return [];
    const says = kind === "text" ? "Names things; it pulls neither way." : decisive.has(id) ? "Said like this, it pulls neither way." : "Counts for the pattern, capacity and cost, not for the choice.";
    return [{ question: id, value, toward: "none" as const, strength: "none" as const, weight: 0, says, basis: "playbook: its questions", sources: [] }];
  });
}
