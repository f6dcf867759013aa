import { holds, questionsOf } from "./condition.ts";
import { serves } from "./weigh.ts";
import type { AnswerValue, Answers, Condition, Playbook, Recommendation } from "./types.ts";

/** The outcome of a weighing without its reasons. */
export interface QuickOutcome {
  readonly recommendation: Recommendation;
  readonly instead?: string;
}

/** Answers that can be changed one by one, and what is recommended on them. */
export interface QuickWeigher {
  /** Sets or, with undefined, takes back one answer. */
  set(question: string, value: AnswerValue | undefined): void;
  /** The checks whose outcome another answer would turn round. */
  effectOf(question: string, value: AnswerValue): readonly number[];
  /** The same, given what it would have been before `changed` was set: only checks that look at both questions are made again. */
  effectAfter(changed: string, question: string, value: AnswerValue, before: readonly number[]): readonly number[];
  /** The same as `weigh` says if these checks were turned round; undefined where two answers contradict each other. */
  outcomeWith(turned: readonly number[]): QuickOutcome | undefined;
}

/**
 * `weigh` for thousands of changes to the same answers: what a question is not part of is not looked at again when its answer
 * changes. A test holds the two to the same outcomes.
 */
export function createQuickWeigher(playbook: Playbook, start: Answers): QuickWeigher {
  const answers: Record<string, AnswerValue> = { ...start };
  const { heuristics, vetoes, alternatives } = playbook;
  const errors = playbook.contradictions.filter((contradiction) => contradiction.severity === "error");
  // One check for each heuristic, veto, alternative and contradiction, in this order.
  const checks: (() => boolean)[] = [];
  const affected = new Map<string, number[]>();
  const add = (check: () => boolean, conditions: readonly Condition[], also: readonly string[] = []): void => {
    for (const question of new Set([...conditions.flatMap(questionsOf), ...also])) {
      const list = affected.get(question);
      if (list) list.push(checks.length);
      else affected.set(question, [checks.length]);
    }
    checks.push(check);
  };
  for (const heuristic of heuristics) add(() => holds(heuristic.when, answers) && !holds(heuristic.unless, answers), [heuristic.when, heuristic.unless]);
  for (const veto of vetoes) add(() => holds(veto.when, answers), [veto.when]);
  for (const alternative of alternatives) add(() => serves(alternative, answers), [alternative.when, alternative.unless], alternative.outOf.length === 0 ? [] : ["residency"]);
  for (const error of errors) add(() => holds(error.when, answers), [error.when]);

  const status = checks.map((check) => check());
  const [vetoesAt, alternativesAt, errorsAt] = [heuristics.length, heuristics.length + vetoes.length, heuristics.length + vetoes.length + alternatives.length];
  const weights = heuristics.map((heuristic) => playbook.strengths[heuristic.strength]);
  const isD1 = heuristics.map((heuristic) => heuristic.toward === "d1");
  const isStrong = heuristics.map((heuristic) => heuristic.strength === "strong");
  const takes = alternatives.map((alternative) => heuristics.map((heuristic) => alternative.takesOver.has(heuristic.id)));
  const vetoesD1 = vetoes.map((veto) => veto.setsAside === "d1");

  const outcome = (): QuickOutcome | undefined => {
    for (let at = errorsAt; at < status.length; at++) if (status[at]) return undefined;
    let [d1Aside, objectsAside] = [false, false];
    for (let at = vetoesAt; at < alternativesAt; at++) if (status[at]) vetoesD1[at - vetoesAt] ? (d1Aside = true) : (objectsAside = true);
    let [d1, objects, first] = [0, 0, -1];
    let [strongD1, strongObjects] = [false, false];
    for (let at = 0; at < vetoesAt; at++) {
      if (!status[at] || (isD1[at] ? d1Aside : objectsAside)) continue;
      if (first < 0) first = at;
      if (isD1[at]) {
        d1 += weights[at] ?? 0;
        strongD1 ||= isStrong[at] === true;
      } else {
        objects += weights[at] ?? 0;
        strongObjects ||= isStrong[at] === true;
      }
    }
    for (let at = alternativesAt; at < errorsAt; at++) {
      if (!status[at]) continue;
      let isFree = true;
      for (let index = 0; index < vetoesAt && isFree; index++) isFree = !(status[index] && isStrong[index] && !(isD1[index] ? d1Aside : objectsAside) && !takes[at - alternativesAt]?.[index]);
      if (isFree) return { recommendation: "neither", instead: alternatives[at - alternativesAt]?.product ?? "" };
    }
    if (strongD1 && strongObjects) return { recommendation: "both" };
    const leansD1 = strongD1 !== strongObjects ? strongD1 : objects < playbook.strengths.fair || (d1 === objects ? isD1[first] === true : d1 > objects);
    return { recommendation: leansD1 ? "d1" : "durable-objects" };
  };
  const differing = (indexes: readonly number[], question: string, value: AnswerValue): readonly number[] => {
    const had = answers[question];
    answers[question] = value;
    const turned = indexes.filter((index) => checks[index]?.() !== status[index]);
    if (had === undefined) delete answers[question];
    else answers[question] = had;
    return turned;
  };
  const shared = new Map<string, readonly number[]>();
  const sharedBy = (one: string, other: string): readonly number[] => {
    const key = `${one} ${other}`;
    const known = shared.get(key) ?? (affected.get(one) ?? []).filter((index) => affected.get(other)?.includes(index));
    shared.set(key, known);
    return known;
  };
  return {
    set(question, value) {
      if (value === undefined) delete answers[question];
      else answers[question] = value;
      for (const index of affected.get(question) ?? []) status[index] = checks[index]?.() ?? false;
    },
    effectOf: (question, value) => differing(affected.get(question) ?? [], question, value),
    effectAfter(changed, question, value, before) {
      const both = sharedBy(changed, question);
      return both.length === 0 ? before : [...before.filter((index) => !both.includes(index)), ...differing(both, question, value)];
    },
    outcomeWith(turned) {
      for (const index of turned) status[index] = !status[index];
      const result = outcome();
      for (const index of turned) status[index] = !status[index];
      return result;
    },
  };
}
