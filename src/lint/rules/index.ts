import type { Rule } from "../rule.ts";
import doTimer from "./do-timer.ts";

/**
 * The modules' index: every rule, one import and one line each, sorted by id. A test holds it to the modules beside it and
 * to the documents under `rules/lint/`.
 */
export const rules: readonly Rule[] = [
  doTimer,
];
