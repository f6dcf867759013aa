import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { readAnswers } from "../../src/choose/answers.ts";
import { decide } from "../../src/choose/decide.ts";
import { loadPlaybook } from "../../src/choose/load.ts";
import type { Decision } from "../../src/choose/types.ts";

/** The playbook that comes with the tool. */
export const playbook = loadPlaybook();

/** The decision on answers as one would write them in a file. */
export function decisionOn(answers: Readonly<Record<string, unknown>>): Decision {
  return decide(playbook, readAnswers(playbook, answers));
}

/** What a case wants; a list means that any of its values will do, except for warnings and products beside it. */
export interface Expectation {
  readonly recommendation: string | readonly string[];
  readonly pattern?: string | readonly string[];
  readonly instead?: string | readonly string[];
  readonly must_warn?: readonly string[];
  readonly also?: readonly string[];
}

export interface Case {
  readonly id: string;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly expect: Expectation;
}

/** The cases of a YAML file beside this one. */
export function readCases(file: string): readonly Case[] {
  return parse(readFileSync(new URL(file, import.meta.url), "utf8")) as readonly Case[];
}

/** What of an expectation a decision misses; empty when it is met. */
export function missedBy(decision: Decision, { recommendation, pattern, instead, must_warn = [], also = [] }: Expectation): readonly string[] {
  const accepts = (wanted: string | readonly string[] | undefined, got: string | null | undefined): boolean => wanted === undefined || [wanted].flat().includes(String(got));
  const warned = new Set(decision.warnings.map((warning) => warning.id));
  const beside = new Set(decision.also.map((product) => product.product));
  return [
    ...(accepts(recommendation, decision.recommendation) ? [] : [`recommendation ${decision.recommendation}`]),
    ...(decision.recommendation === "neither" || accepts(pattern, decision.pattern) ? [] : [`pattern ${decision.pattern}`]),
    ...(decision.recommendation !== "neither" || accepts(instead, decision.instead) ? [] : [`instead ${decision.instead}`]),
    ...must_warn.filter((id) => !warned.has(id)).map((id) => `no warning ${id}`),
    ...also.filter((product) => !beside.has(product)).map((product) => `no ${product} beside it`),
  ];
}
