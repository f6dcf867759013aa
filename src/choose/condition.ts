import type { AnswerValue, Answers, Condition, Entry, Test } from "./types.ts";

/** What conditions may look at besides the answers, once a recommendation is there. */
export interface ResultSubjects {
  readonly recommends: string;
  readonly exceeds: readonly string[];
  readonly singleton: boolean;
  readonly contradiction: boolean;
}

/** Subjects of a condition that are not questions. */
export const RESULT_SUBJECTS: readonly string[] = ["recommends", "exceeds", "singleton", "contradiction"];

/** Whether any clause of the condition holds. The empty condition never does; see `always`. */
export function holds(condition: Condition, answers: Answers, result?: ResultSubjects): boolean {
  for (const clause of condition) if (clauseHolds(clause, answers, result)) return true;
  return false;
}

/** The clause that makes a condition hold, so that a message can name the answers behind it. */
export function holdingClause(condition: Condition, answers: Answers, result?: ResultSubjects): readonly Entry[] | undefined {
  return condition.find((clause) => clauseHolds(clause, answers, result));
}

/** Ids of the questions that a condition looks at. */
export function questionsOf(condition: Condition): readonly string[] {
  const found = new Set<string>();
  for (const clause of condition)
    for (const { subject, test } of clause) {
      if (!RESULT_SUBJECTS.includes(subject)) found.add(subject);
      if (test.kind === "over-answer") found.add(test.question);
    }
  return [...found];
}

function clauseHolds(clause: readonly Entry[], answers: Answers, result: ResultSubjects | undefined): boolean {
  for (const entry of clause) if (!entryHolds(entry, answers, result)) return false;
  return true;
}

function entryHolds({ subject, test }: Entry, answers: Answers, result: ResultSubjects | undefined): boolean {
  return passes(test, valueOf(subject, answers, result), answers);
}

function valueOf(subject: string, answers: Answers, result: ResultSubjects | undefined): AnswerValue | undefined {
  const answer = answers[subject];
  // No question has the name of one of the result's subjects.
  if (answer !== undefined || !result || !RESULT_SUBJECTS.includes(subject)) return answer;
  if (subject === "recommends") return result.recommends;
  if (subject === "exceeds") return result.exceeds;
  return String(subject === "singleton" ? result.singleton : result.contradiction);
}

function passes(test: Test, value: AnswerValue | undefined, answers: Answers): boolean {
  switch (test.kind) {
    case "any-of":
      return includesAny(value, test.values);
    case "first":
      return value !== undefined && includesAny(typeof value === "object" ? value.slice(0, 1) : value, test.values);
    case "lacks":
      return !includesAny(value, test.values);
    case "is":
      if (test.state === "missing") return value === undefined;
      return value !== undefined && (test.state === "given" || (typeof value === "object" && value.length === 0));
    case "number":
      return typeof value === "number" && compares(value, test.compare, test.than);
    case "over-answer": {
      const other = answers[test.question];
      return typeof value === "number" && typeof other === "number" && value > other;
    }
  }
}

function includesAny(value: AnswerValue | undefined, wanted: readonly string[]): boolean {
  if (value === undefined || typeof value === "number") return false;
  if (typeof value === "string") return wanted.includes(value);
  for (const item of value) if (wanted.includes(item)) return true;
  return false;
}

function compares(value: number, compare: "at_least" | "over" | "at_most" | "below", than: number): boolean {
  if (compare === "at_least") return value >= than;
  if (compare === "over") return value > than;
  if (compare === "at_most") return value <= than;
  return value < than;
}
