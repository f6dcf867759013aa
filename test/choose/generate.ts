import fc from "fast-check";
import { contradictionsIn } from "../../src/choose/answers.ts";
import type { AnswerValue, Answers, Question } from "../../src/choose/types.ts";
import { playbook } from "./support.ts";

/** Numbers on both sides of every threshold, zero, fractions and large ones. */
const numbers = fc.oneof(fc.constantFrom(0, 0.5, 1, 2, 3, 4, 5, 9, 10, 11, 199, 200, 999, 1000, 5000, 50_001, 1e6), fc.nat({ max: 100_000 }), fc.double({ min: 0, max: 1e6, noNaN: true }));

function valuesOf(question: Question): fc.Arbitrary<AnswerValue> {
  const ids = question.values.map((value) => value.id);
  switch (question.kind) {
    case "text":
      return fc.constantFrom("room", "a | strange `name` <b>", "agent", "chat-room");
    case "number":
      return numbers;
    case "choice":
      return fc.constantFrom(...ids);
    case "list":
      return question.id === "data"
        ? fc.oneof(fc.constant(["none"]), fc.shuffledSubarray(ids.filter((id) => id !== "none"), { minLength: 1 }))
        : fc.subarray(ids);
  }
}

/** One value for a question. */
export const valueFor = (question: Question): fc.Arbitrary<AnswerValue> => valuesOf(question);

/** Answers to any number of the questions, valid together: few as often as many. */
export function answersArbitrary(): fc.Arbitrary<Answers> {
  const questions = playbook.questions.filter((question) => question.id !== "workload");
  return fc
    .subarray(questions)
    .chain((chosen) => fc.tuple(...chosen.map((question) => valuesOf(question).map((value): [string, AnswerValue] => [question.id, value]))))
    .map((entries) => Object.fromEntries(entries))
    .filter((answers) => contradictionsIn(playbook, answers).every((contradiction) => contradiction.severity === "warning"));
}
