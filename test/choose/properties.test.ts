import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contradictionsIn, readAnswers } from "../../src/choose/answers.ts";
import { decide } from "../../src/choose/decide.ts";
import { canMatter } from "../../src/choose/relevance.ts";
import { renderJson } from "../../src/choose/render/json.ts";
import { weigh } from "../../src/choose/weigh.ts";
import type { AnswerValue, Answers, Change, Recommendation } from "../../src/choose/types.ts";
import { answersArbitrary, valueFor } from "./generate.ts";
import { playbook } from "./support.ts";

const runs = { numRuns: 120 };
const recommend = (answers: Answers): Recommendation => decide(playbook, readAnswers(playbook, answers)).recommendation;
const isValid = (answers: Answers): boolean => contradictionsIn(playbook, answers).every((contradiction) => contradiction.severity === "warning");
const changed = (answers: Answers, changes: readonly Change[]): Answers => ({ ...answers, ...Object.fromEntries(changes.map((change) => [change.question, change.to])) });

describe("for any answers", () => {
  it("leaving a question open never raises confidence", () => {
    fc.assert(
      fc.property(answersArbitrary(), (answers) => {
        const { confidence } = decide(playbook, answers);
        for (const id of Object.keys(answers)) {
          const { [id]: _, ...rest } = answers;
          expect(decide(playbook, rest).confidence, `without ${id}`).toBeLessThanOrEqual(confidence);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("each flip flips, and no smaller one does", () => {
    fc.assert(
      fc.property(answersArbitrary(), (answers) => {
        const { recommendation, flips } = decide(playbook, answers);
        const outcome = (changes: readonly Change[]): Recommendation | "invalid" => {
          const after = changed(answers, changes);
          return isValid(after) ? weigh(playbook, after).recommendation : "invalid";
        };
        const wrong = flips.filter(({ changes, recommendation: told }) => {
          const isSmallest = changes.length === 1 || changes.every((change) => [recommendation, "invalid"].includes(outcome([change])));
          return told === recommendation || outcome(changes) !== told || !isSmallest || changes.some((change) => JSON.stringify(answers[change.question]) !== JSON.stringify(change.from));
        });
        expect(wrong).toEqual([]);
        const [first] = flips;
        if (first) expect(recommend(changed(answers, first.changes))).toBe(first.recommendation);
      }),
      { numRuns: 40 },
    );
  });

  it("no flip of one answer is missed", () => {
    const questions = playbook.questions.filter((question) => question.kind !== "text");
    fc.assert(
      fc.property(answersArbitrary(), fc.constantFrom(...questions).chain((question) => valueFor(question).map((to) => ({ question, to }))), (answers, { question, to }) => {
        const after = { ...answers, [question.id]: to };
        fc.pre(isValid(after));
        const decision = decide(playbook, answers);
        if (weigh(playbook, after).recommendation === decision.recommendation) return;
        // Numbers are told at their thresholds, and long lists of data by their members, so the question is what must be there.
        expect(decision.flips.filter((flip) => flip.changes.length === 1 || question.id === "data").flatMap((flip) => flip.changes.map((change) => change.question))).toContain(question.id);
      }),
      runs,
    );
  });

  it("no flip of two choices is missed", () => {
    const choices = playbook.questions.filter((question) => question.kind === "choice");
    const change = fc.constantFrom(...choices).chain((question) => valueFor(question).map((to): Change => ({ question: question.id, to })));
    fc.assert(
      fc.property(answersArbitrary(), change, change, (answers, first, second) => {
        const after = changed(answers, [first, second]);
        fc.pre(first.question !== second.question && isValid(after));
        const { recommendation, flips } = decide(playbook, answers);
        const flipsAlone = [first, second].some((one) => isValid(changed(answers, [one])) && weigh(playbook, changed(answers, [one])).recommendation !== recommendation);
        fc.pre(!flipsAlone && [first, second].every((one) => answers[one.question] !== one.to));
        const told = flips.some((flip) => flip.changes.length === 2 && [first, second].every((one) => flip.changes.some((candidate) => candidate.question === one.question && candidate.to === one.to)));
        expect(told).toBe(weigh(playbook, after).recommendation !== recommendation);
      }),
      runs,
    );
  });

  it("the order of answers changes nothing, and the same answers give the same bytes", () => {
    fc.assert(
      fc.property(
        answersArbitrary().chain((answers) => fc.tuple(fc.constant(answers), fc.shuffledSubarray(Object.entries(answers), { minLength: Object.keys(answers).length }))),
        ([answers, shuffled]) => {
          const reversed = shuffled.map(([id, value]): [string, AnswerValue] => [id, id === "live" && typeof value === "object" ? [...value].reverse() : value]);
          const once = renderJson(decide(playbook, readAnswers(playbook, answers)));
          expect(renderJson(decide(playbook, readAnswers(playbook, Object.fromEntries(reversed))))).toBe(once);
          expect(renderJson(decide(playbook, readAnswers(playbook, answers)))).toBe(once);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("every reason names an answer that was given, and every answer has a reason", () => {
    fc.assert(
      fc.property(answersArbitrary(), (answers) => {
        const { reasons } = decide(playbook, answers);
        for (const reason of reasons) expect(answers[reason.question]).toEqual(reason.value);
        expect(new Set(reasons.map((reason) => reason.question))).toEqual(new Set(Object.keys(answers)));
      }),
      { numRuns: 60 },
    );
  });

  it("a decision's own answers give the decision again", () => {
    fc.assert(
      fc.property(answersArbitrary(), (answers) => {
        const decision = decide(playbook, readAnswers(playbook, { workload: "chat-room", ...answers }));
        expect(decide(playbook, readAnswers(playbook, decision.answers))).toEqual(decision);
      }),
      { numRuns: 40 },
    );
  });

  it("both is earned by a strong pull on either side, and neither leaves none in the way", () => {
    fc.assert(
      fc.property(answersArbitrary(), (answers) => {
        const { recommendation, reasons, instead } = decide(playbook, answers);
        const strong = reasons.filter((reason) => reason.strength === "strong" && reason.setAside === undefined).map((reason) => reason.toward);
        if (recommendation === "both") expect(new Set(strong)).toEqual(new Set(["d1", "durable-objects"]));
        if (recommendation === "neither") {
          expect(strong.filter((toward) => toward !== "neither")).toEqual([]);
          expect(instead).toBeDefined();
        }
        if (answers["atom"] === "unclear") expect(["d1", "neither"]).toContain(recommendation);
      }),
      runs,
    );
  });

  it("a question that the questionnaire skips would change nothing", () => {
    const questions = playbook.questions.filter((question) => question.kind === "choice" || question.kind === "list");
    fc.assert(
      fc.property(answersArbitrary(), fc.nat({ max: playbook.questions.length - 1 }), answersArbitrary(), fc.infiniteStream(fc.nat()), (begun, cut, later, picks) => {
        // The first `cut` questions have been asked; the others are open and will be answered as in `later`.
        const asked = new Set(playbook.questions.slice(0, cut).map((question) => question.id));
        const sofar = Object.fromEntries(Object.entries(begun).filter(([id]) => asked.has(id)));
        const open = new Set(playbook.questions.slice(cut).map((question) => question.id));
        for (const question of questions) {
          if (!open.has(question.id) || question.id === "plan" || canMatter(playbook, question.id, sofar, open)) continue;
          const rest = Object.fromEntries(Object.entries(later).filter(([id]) => open.has(id) && id !== question.id));
          const without = { ...sofar, ...rest };
          const value = question.values[(picks.next().value ?? 0) % question.values.length];
          const withIt = { ...without, [question.id]: question.kind === "list" ? [value?.id ?? ""] : (value?.id ?? "") };
          if (!isValid(without) || !isValid(withIt)) continue;
          const seen = (answers: Answers): unknown => {
            const { recommendation, pattern, instead, also, warnings } = decide(playbook, answers);
            return { recommendation, pattern, instead, also: also.map((product) => product.product), warnings: warnings.map((warning) => warning.id) };
          };
          expect(seen(withIt), `${question.id} after ${JSON.stringify(sofar)}`).toEqual(seen(without));
        }
      }),
      { numRuns: 60 },
    );
  });
});
