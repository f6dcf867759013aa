import { showValue } from "./answers.ts";
import { loadPlaybook } from "./load.ts";
import type { Condition, Fact, Pattern, Playbook, Preset, Question, Test, Warning } from "./types.ts";

/** Ids that `explain` knows from the playbook: questions, patterns, warnings, presets, heuristics and facts, each once. */
export function playbookIds(): readonly string[] {
  return [...new Set(Object.values(idsByKind()).flat())];
}

/** The ids by what they name. */
export function idsByKind(): Readonly<Record<"questions" | "patterns" | "warnings" | "presets" | "heuristics" | "facts", readonly string[]>> {
  const playbook = loadPlaybook();
  const ids = (list: readonly { readonly id: string }[]): readonly string[] => list.map((entry) => entry.id);
  return {
    questions: ids(playbook.questions),
    patterns: ids(playbook.patterns),
    warnings: ids(playbook.warnings),
    presets: ids(playbook.presets),
    heuristics: ids([...playbook.heuristics, ...playbook.vetoes, ...playbook.alternatives]),
    facts: [...playbook.facts.keys()],
  };
}

/**
 * What there is to say about a question, pattern, warning, preset, heuristic or fact, as plain text in paragraphs that are not
 * wrapped; undefined for an id that the playbook does not know. An id with several meanings (`dependent-queries`) gives each.
 */
export function explainPlaybook(id: string): string | undefined {
  const playbook = loadPlaybook();
  const found = <T extends { readonly id: string }>(list: readonly T[], tell: (entry: T) => string): readonly string[] => list.filter((entry) => entry.id === id).map(tell);
  const fact = playbook.facts.get(id);
  const texts = [
    ...found(playbook.questions, (question) => explainQuestion(playbook, question)),
    ...found(playbook.patterns, (pattern) => explainPattern(playbook, pattern)),
    ...found(playbook.warnings, (warning) => explainWarning(playbook, warning)),
    ...found(playbook.presets, (preset) => explainPreset(playbook, preset)),
    ...found([...playbook.heuristics, ...playbook.vetoes, ...playbook.alternatives], (entry) => explainStatement(playbook, entry)),
    ...(fact ? [explainFact(playbook, fact)] : []),
  ];
  return texts.length === 0 ? undefined : texts.join("\n\n");
}

function explainQuestion(playbook: Playbook, question: Question): string {
  const pulls = playbook.heuristics.filter((heuristic) => heuristic.question === question.id);
  const warned = playbook.warnings.filter((warning) => warning.when.flat().some((entry) => entry.subject === question.id));
  return paragraphs([
    `${question.id}: a question of do-or-d1 choose`,
    question.asks,
    `${question.help} For example: ${question.example}`,
    question.values.length === 0 ? `Answered by ${question.kind === "number" ? `a number${question.unit === undefined ? "" : ` (${question.unit})`}` : "a text"}.` : `Answers${question.kind === "list" ? " (one or several)" : ""}:\n${question.values.map((value) => `- ${value.id}: ${value.label}${value.help === undefined ? "" : `. ${value.help}`}`).join("\n")}`,
    question.id === "workload" ? `Presets, each filling in the answers that go with it:\n${playbook.presets.map((preset) => `- ${preset.id}: ${preset.title}`).join("\n")}` : "",
    pulls.length === 0 ? "It pulls neither way by itself; it counts for the pattern, capacity, cost or the record." : `What it does:\n${pulls.map((heuristic) => `- ${conditionText(heuristic.when)}: ${heuristic.strength} pull towards ${playbook.outcomes[heuristic.toward].name}. ${heuristic.says}`).join("\n")}`,
    warned.length === 0 ? "" : `Warnings that look at it: ${warned.map((warning) => warning.id).join(", ")}.`,
    sourceText(playbook, pulls.flatMap((heuristic) => heuristic.sources)),
  ]);
}

function explainPattern(playbook: Playbook, pattern: Pattern): string {
  return paragraphs([
    `${pattern.id}: a pattern of do-or-d1 choose${pattern.for === "any" ? "" : `, for ${playbook.outcomes[pattern.for].name}`}`,
    `${pattern.title}. ${pattern.summary}`,
    pattern.why,
    pattern.when.some((clause) => clause.length === 0) ? "" : `Chosen when ${conditionText(pattern.when)}.`,
    pattern.unless.length === 0 ? "" : `Not when ${conditionText(pattern.unless)}.`,
    `How:\n${pattern.do.map((step) => `- ${step}`).join("\n")}`,
    `Lint rules that hold the code to it: ${pattern.confirm.join(", ")}.`,
    sourceText(playbook, pattern.sources),
  ]);
}

function explainWarning(playbook: Playbook, warning: Warning): string {
  return paragraphs([
    `${warning.id}: a warning of do-or-d1 choose`,
    `${warning.title}. ${warning.says}`,
    `What to do: ${warning.do}`,
    `Given when ${conditionText(warning.when)}.`,
    warning.rules.length === 0 ? "" : `Lint rules that watch for it in code: ${warning.rules.join(", ")}.`,
    sourceText(playbook, warning.sources),
  ]);
}

function explainPreset(playbook: Playbook, preset: Preset): string {
  return paragraphs([
    `${preset.id}: a preset for the question workload`,
    preset.title,
    `Fills in:\n${Object.entries(preset.answers).map(([id, value]) => `- ${id}: ${showValue(value)}`).join("\n")}`,
    `Rests on ${preset.basis}.`,
    sourceText(playbook, preset.sources),
  ]);
}

function explainStatement(playbook: Playbook, entry: { readonly id: string; readonly when: Condition; readonly says: string; readonly basis: string; readonly sources: readonly string[] }): string {
  return paragraphs([`${entry.id}: a heuristic of do-or-d1 choose`, entry.says, `Holds when ${conditionText(entry.when)}.`, `Rests on ${entry.basis}.`, sourceText(playbook, entry.sources)]);
}

function explainFact(playbook: Playbook, fact: Fact): string {
  const users = [...playbook.heuristics, ...playbook.vetoes, ...playbook.alternatives, ...playbook.patterns, ...playbook.warnings].filter((entry) => entry.sources.includes(fact.id));
  return paragraphs([
    `${fact.id}: a platform fact`,
    fact.statement,
    fact.value === undefined ? "" : `Value: ${fact.value}${fact.unit === undefined ? "" : ` ${fact.unit}`}${fact.plan === undefined ? "" : `, on the ${fact.plan} plan`}.`,
    fact.note === undefined ? "" : `Note: ${fact.note}`,
    fact.status === undefined && fact.certainty === undefined ? "" : "This was found in one place only and could not be confirmed on the published pages.",
    users.length === 0 ? "" : `Rests on it: ${users.map((entry) => entry.id).join(", ")}.`,
    `Source: ${fact.source} (read ${fact.read})`,
  ]);
}

function sourceText(playbook: Playbook, ids: readonly string[]): string {
  const facts = [...new Set(ids)].flatMap((id) => playbook.facts.get(id) ?? []);
  return facts.length === 0 ? "" : `Sources:\n${facts.map((fact) => `- ${fact.statement} ${fact.source} (read ${fact.read})`).join("\n")}`;
}

function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

/** `atom: clear and cross_entity_sql: none, or live: timers` */
export function conditionText(condition: Condition): string {
  return condition.map((clause) => clause.map(({ subject, test }) => testText(subject, test)).join(" and ")).join(", or ");
}

function testText(subject: string, test: Test): string {
  if (subject === "recommends" && test.kind === "any-of") return `${test.values.join(" or ")} is recommended`;
  if (subject === "exceeds" && test.kind === "any-of") return `the capacity section finds ${test.values.join(" or ")} exceeded`;
  if (subject === "singleton") return "a singleton is described";
  if (subject === "contradiction") return "two answers disagree";
  switch (test.kind) {
    case "any-of":
      return `${subject}: ${test.values.join(" or ")}`;
    case "first":
      return `${subject}: ${test.values.join(" or ")} first`;
    case "lacks":
      return `${subject} without ${test.values.join(" or ")}`;
    case "is":
      return `${subject} is ${test.state}`;
    case "number":
      return `${subject} ${test.compare.replace("_", " ")} ${test.than}`;
    case "over-answer":
      return `${subject} over ${test.question}`;
  }
}

