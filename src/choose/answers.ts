import { UserError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { holdingClause, holds } from "./condition.ts";
import type { AnswerValue, Answers, Contradiction, Playbook, Question } from "./types.ts";

/** How "don't know" may be written in an answers file; leaving the question out says the same. */
const UNKNOWN_WORDS: readonly unknown[] = [null, "", "?", "unknown", "don't know", "dont-know"];

/**
 * Checks answers as they come from a file, the command line or a prompt, and fills in a preset's.
 * @param raw a map of question ids to values
 * @param place what the answers came from, for messages
 * @returns answers in the order of the questions, lists without duplicates, presets filled in
 * @throws UserError naming every unknown id, wrong value and pair that contradicts itself
 */
export function readAnswers(playbook: Playbook, raw: unknown, place?: string): Answers {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw new UserError("answers are a map of question ids to values", { place, hint: "For example: atom: clear" });
  const problems: string[] = [];
  const given = new Map<string, AnswerValue>();
  const leftOpen = new Set<string>();
  for (const [id, value] of Object.entries(raw)) {
    const question = playbook.questions.find((candidate) => candidate.id === id);
    if (!question) problems.push(unknownQuestion(id, playbook));
    else if (UNKNOWN_WORDS.includes(value) || value === undefined) leftOpen.add(id);
    else collect(given, question, readValue(question, value), problems);
  }
  if (problems.length > 0) throw new UserError(problems.join("\n"), { place });
  const answers = ordered(playbook, withPreset(playbook, given, leftOpen));
  const clash = contradictionsIn(playbook, answers).filter((contradiction) => contradiction.severity === "error");
  if (clash.length > 0) throw new UserError(clash.map((contradiction) => `${describePair(contradiction, answers)}: ${contradiction.says}`).join("\n"), { place, hint: "Change one of the two, or leave it unanswered." });
  return answers;
}

/** Pairs of answers that disagree. */
export function contradictionsIn(playbook: Playbook, answers: Answers): readonly Contradiction[] {
  return playbook.contradictions.filter((contradiction) => holdingClause(contradiction.when, answers) !== undefined);
}

/** `atom: global with entities: 100000` */
export function describePair({ pair }: Contradiction, answers: Answers): string {
  return pair.map((id) => `${id}: ${showValue(answers[id])}`).join(" with ");
}

/** An answer as it would be written in an answers file. */
export function showValue(value: AnswerValue | undefined): string {
  if (value === undefined) return "?";
  return typeof value === "object" ? `[${value.join(", ")}]` : String(value);
}

/** Answers of one question from text such as `clear`, `timers,websockets` or `5000`, for `--set` and prompts. */
export function parseValue(question: Question, text: string): unknown {
  if (question.kind !== "list") return text;
  const inner = text.trim().replace(/^\[|\]$/g, "").trim();
  return inner === "" ? [] : inner.split(",").map((item) => item.trim());
}

/** "unknown question …" with the nearest id and all that are allowed. */
export function unknownQuestion(id: string, playbook: Playbook): string {
  const ids = playbook.questions.map((question) => question.id);
  return `unknown question "${id}"${didYouMean(id, ids)}; allowed are ${ids.join(", ")}`;
}

type Read = { readonly value: AnswerValue } | { readonly problem: string };

function collect(given: Map<string, AnswerValue>, question: Question, read: Read, problems: string[]): void {
  if ("problem" in read) problems.push(read.problem);
  else given.set(question.id, read.value);
}

function readValue(question: Question, value: unknown): Read {
  switch (question.kind) {
    case "text":
      return typeof value === "string" || typeof value === "number" ? { value: String(value) } : { problem: `${question.id} must be a text, not ${JSON.stringify(value)}` };
    case "number":
      return readNumber(question, value);
    case "choice":
      return readChoice(question, value);
    case "list":
      return readList(question, value);
  }
}

function readNumber(question: Question, value: unknown): Read {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) return { problem: `${question.id} must be a number, not ${Number.isNaN(value) ? "NaN" : JSON.stringify(value)}` };
  if (!Number.isFinite(number)) return { problem: `${question.id} must be a finite number, not ${number}` };
  return number < 0 ? { problem: `${question.id} must not be negative, but is ${number}` } : { value: number };
}

function readChoice(question: Question, value: unknown): Read {
  const ids = question.values.map((candidate) => candidate.id);
  const single = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
  if (typeof single === "string" && ids.includes(single)) return { value: single };
  return { problem: `unknown value ${JSON.stringify(single)} for ${question.id}${didYouMean(String(single), ids)}; allowed are ${ids.join(", ")}` };
}

function readList(question: Question, value: unknown): Read {
  const ids = question.values.map((candidate) => candidate.id);
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = items.find((item) => !ids.includes(String(item)));
  // `live: none` is how one would say it, and no value of its own.
  if (items.length === 1 && wrong === "none") return { value: [] };
  if (wrong !== undefined) return { problem: `unknown value ${JSON.stringify(wrong)} for ${question.id}${didYouMean(String(wrong), ids)}; allowed are ${ids.join(", ")}` };
  const list = [...new Set(items.map(String))];
  if (list.length > 1 && list.includes("none")) return { problem: `${question.id} is ${showValue(list)}: none goes with nothing else` };
  // Only for `data` does the order mean something: the main one comes first.
  return { value: question.id === "data" ? list : ids.filter((id) => list.includes(id)) };
}

function withPreset(playbook: Playbook, given: ReadonlyMap<string, AnswerValue>, leftOpen: ReadonlySet<string>): Record<string, AnswerValue> {
  const preset = playbook.presets.find((candidate) => candidate.id === given.get("workload"));
  const own = Object.fromEntries(given);
  if (!preset) return own;
  const filled: Record<string, AnswerValue> = { ...preset.answers, ...own };
  for (const { id, onlyIf } of playbook.questions)
    if (!given.has(id) && (leftOpen.has(id) || (onlyIf !== undefined && !holds(onlyIf, filled)))) delete filled[id];
  return filled;
}

function ordered(playbook: Playbook, answers: Readonly<Record<string, AnswerValue>>): Answers {
  const result: Record<string, AnswerValue> = {};
  for (const { id } of playbook.questions) {
    const value = answers[id];
    if (value !== undefined) result[id] = value;
  }
  return result;
}
