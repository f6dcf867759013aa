import { UserError } from "../errors.ts";
import { readAnswers } from "./answers.ts";
import { RESULT_SUBJECTS } from "./condition.ts";
import { createCheck, type Check, type Path, type Problem, type Raw } from "./check.ts";
import type { Alternative, Answers, Compare, Condition, Contradiction, CostModel, Entry, Fact, Heuristic, Meter, Outcome, Pattern, Playbook, Preset, Question, Recommendation, Strength, Test, Veto, Warning } from "./types.ts";

/** Sections of a playbook, and whether their entries are known by an id (so that a user's playbook can replace one of them). */
export const SECTIONS = {
  questions: "list",
  presets: "list",
  strengths: "map",
  order: "list",
  singleton: "map",
  vetoes: "list",
  heuristics: "list",
  alternatives: "list",
  products: "map",
  patterns: "list",
  outcomes: "map",
  warnings: "list",
  contradictions: "plain",
  assumptions: "map",
  meters: "list",
  minimum: "map",
  websocket_ratio: "value",
  object_memory_gb: "value",
} as const satisfies Record<string, "list" | "map" | "plain" | "value">;

const SIDES = ["d1", "durable-objects"] as const;
const RECOMMENDATIONS = ["d1", "durable-objects", "both", "neither"] as const;
const COMPARES: readonly Compare[] = ["at_least", "over", "at_most", "below"];

interface Context {
  readonly check: Check;
  readonly facts: ReadonlyMap<string, Fact>;
  readonly questions: ReadonlyMap<string, Question>;
}

/**
 * Makes a playbook of parsed YAML sections, with conditions compiled and every reference checked.
 * @param raw sections by name, as merged from the documents under rules/choose and a user's playbook
 * @param facts platform facts by id
 * @returns the playbook, and what is wrong with it; use the playbook only when nothing is
 */
export function readPlaybook(raw: Raw, facts: ReadonlyMap<string, Fact>): { readonly playbook: Playbook; readonly problems: readonly Problem[] } {
  const check = createCheck();
  check.onlyKeys(raw, Object.keys(SECTIONS), []);
  // Conditions name questions, so those are read first without their own.
  const bare = entries(check, raw, "questions").map(({ entry, path }) => ({ question: readQuestion(check, entry, path), onlyIf: entry["only_if"] }));
  const context: Context = { check, facts, questions: new Map(bare.map(({ question }) => [question.id, question])) };
  const questions = bare.map(({ question, onlyIf }) => (onlyIf === undefined ? question : { ...question, onlyIf: readCondition(context, onlyIf, ["questions", question.id, "only_if"]) }));

  const order = entries(check, raw, "order").map(({ entry, path }) => ({ id: check.text(entry, "id", path), title: check.text(entry, "title", path) }));
  const groups = new Map(order.map((group, index) => [group.id, index]));
  const heuristics = entries(check, raw, "heuristics").map(({ entry, path }) => readHeuristic(context, entry, path, new Set(groups.keys())));
  const products = readProducts(check, raw);
  const playbook: Playbook = {
    questions,
    presets: entries(check, raw, "presets").map(({ entry, path }) => readPreset(context, entry, path)),
    strengths: readStrengths(check, raw),
    order,
    singleton: readSingleton(context, raw),
    vetoes: entries(check, raw, "vetoes").map(({ entry, path }) => readVeto(context, entry, path)),
    heuristics: heuristics.toSorted((a, b) => (groups.get(a.group) ?? 0) - (groups.get(b.group) ?? 0)),
    alternatives: entries(check, raw, "alternatives").map(({ entry, path }) => readAlternative(context, entry, path, new Set(Object.keys(products)), new Set(heuristics.map((heuristic) => heuristic.id)))),
    products,
    patterns: entries(check, raw, "patterns").map(({ entry, path }) => readPattern(context, entry, path)),
    outcomes: readOutcomes(check, raw),
    warnings: entries(check, raw, "warnings").map(({ entry, path }) => readWarning(context, entry, path)),
    contradictions: check.list(raw["contradictions"], ["contradictions"]).map((entry, index) => readContradiction(context, check.map(entry, ["contradictions", String(index)]), ["contradictions", String(index)])),
    cost: readCost(context, raw),
    facts,
  };
  if (check.problems.length > 0) return { playbook, problems: check.problems };
  return { playbook: { ...playbook, presets: playbook.presets.map((preset) => ({ ...preset, answers: presetAnswers(check, playbook, preset) })) }, problems: check.problems };
}

/** A preset's answers, held to the same rules as anybody's. */
function presetAnswers(check: Check, playbook: Playbook, preset: Preset): Answers {
  try {
    return readAnswers(playbook, preset.answers);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    check.problem(["presets", preset.id, "answers"], `cannot be given: ${error.message}`);
    return {};
  }
}

function entries(check: Check, raw: Raw, section: string): readonly { readonly entry: Raw; readonly path: Path }[] {
  const seen = new Set<string>();
  return check.list(raw[section], [section]).map((value, index) => {
    const entry = check.map(value, [section, String(index)]);
    const id = typeof entry["id"] === "string" ? entry["id"] : String(index);
    const path = [section, id];
    if (seen.has(id)) check.problem(path, "is there twice");
    seen.add(id);
    return { entry, path };
  });
}

function readQuestion(check: Check, entry: Raw, path: Path): Question {
  check.onlyKeys(entry, ["id", "kind", "title", "asks", "help", "example", "unit", "values", "only_if"], path);
  const kind = check.oneOf(entry, "kind", ["choice", "list", "number", "text"], path);
  const hasValues = kind === "choice" || kind === "list";
  const values = hasValues ? check.list(entry["values"], [...path, "values"]) : [];
  const unit = check.optionalText(entry, "unit", path);
  return {
    id: check.text(entry, "id", path),
    kind,
    title: check.text(entry, "title", path),
    asks: check.text(entry, "asks", path),
    help: check.text(entry, "help", path),
    example: check.text(entry, "example", path),
    ...(unit === undefined ? {} : { unit }),
    values: values.map((value, index) => {
      const at = [...path, "values", String(index)];
      const raw = check.map(value, at);
      const help = check.optionalText(raw, "help", at);
      return { id: check.text(raw, "id", at), label: check.text(raw, "label", at), ...(help === undefined ? {} : { help }) };
    }),
  };
}

function readPreset({ check, questions, facts }: Context, entry: Raw, path: Path): Preset {
  check.onlyKeys(entry, ["id", "title", "answers", "basis", "sources"], path);
  const answers = check.map(entry["answers"], [...path, "answers"]);
  for (const id of Object.keys(answers)) check.known(id, questions, "the question", [...path, "answers", id]);
  return { id: check.text(entry, "id", path), title: check.text(entry, "title", path), answers: answers as Answers, basis: check.text(entry, "basis", path), sources: readSources(check, facts, entry, path) };
}

function readStrengths(check: Check, raw: Raw): Record<Strength, number> {
  const map = check.map(raw["strengths"], ["strengths"]);
  const [hint, fair, strong] = [check.number(map, "hint", ["strengths"]), check.number(map, "fair", ["strengths"]), check.number(map, "strong", ["strengths"])];
  if (!(hint > 0 && hint <= fair && fair < strong)) check.problem(["strengths"], "must rise: hint, fair, strong");
  return { hint, fair, strong };
}

function readSingleton(context: Context, raw: Raw): Playbook["singleton"] {
  const map = context.check.map(raw["singleton"], ["singleton"]);
  return { when: readCondition(context, map["when"], ["singleton", "when"]), says: context.check.text(map, "says", ["singleton"]), sources: readSources(context.check, context.facts, map, ["singleton"]) };
}

function readHeuristic(context: Context, entry: Raw, path: Path, groups: ReadonlySet<string>): Heuristic {
  const { check } = context;
  check.onlyKeys(entry, ["id", "group", "question", "when", "unless", "toward", "strength", "says", "basis", "sources"], path);
  const group = check.text(entry, "group", path);
  check.known(group, groups, "the group", [...path, "group"]);
  return {
    ...readStatement(context, entry, path),
    group,
    when: readCondition(context, entry["when"], [...path, "when"]),
    unless: entry["unless"] === undefined ? [] : readCondition(context, entry["unless"], [...path, "unless"]),
    toward: check.oneOf(entry, "toward", SIDES, path),
    strength: check.oneOf(entry, "strength", ["hint", "fair", "strong"], path),
  };
}

function readVeto(context: Context, entry: Raw, path: Path): Veto {
  context.check.onlyKeys(entry, ["id", "question", "when", "sets_aside", "says", "basis", "sources"], path);
  return { ...readStatement(context, entry, path), when: readCondition(context, entry["when"], [...path, "when"]), setsAside: context.check.oneOf(entry, "sets_aside", SIDES, path) };
}

function readAlternative(context: Context, entry: Raw, path: Path, products: ReadonlySet<string>, heuristics: ReadonlySet<string>): Alternative {
  const { check } = context;
  check.onlyKeys(entry, ["id", "product", "question", "when", "unless", "takes_over", "also", "out_of", "says", "basis", "sources"], path);
  const product = check.text(entry, "product", path);
  check.known(product, products, "the product", [...path, "product"]);
  const takesOver = check.texts(entry, "takes_over", path);
  for (const id of takesOver) check.known(id, heuristics, "the heuristic", [...path, "takes_over"]);
  const optional = (key: string): Condition => (entry[key] === undefined ? [] : readCondition(context, entry[key], [...path, key]));
  return { ...readStatement(context, entry, path), product, when: readCondition(context, entry["when"], [...path, "when"]), unless: optional("unless"), takesOver: new Set(takesOver), also: optional("also"), outOf: check.texts(entry, "out_of", path) };
}

function readStatement({ check, questions, facts }: Context, entry: Raw, path: Path): { id: string; question: string; says: string; basis: string; sources: readonly string[] } {
  const question = check.text(entry, "question", path);
  check.known(question, questions, "the question", [...path, "question"]);
  return { id: check.text(entry, "id", path), question, says: check.text(entry, "says", path), basis: check.text(entry, "basis", path), sources: readSources(check, facts, entry, path) };
}

function readSources(check: Check, facts: ReadonlyMap<string, Fact>, entry: Raw, path: Path): readonly string[] {
  const sources = check.texts(entry, "sources", path);
  if (sources.length === 0) check.problem([...path, "sources"], "is empty; say which facts this rests on");
  for (const id of sources) check.known(id, facts, "the fact", [...path, "sources"]);
  return sources;
}

function readProducts(check: Check, raw: Raw): Playbook["products"] {
  const products: Record<string, { name: string; docs: string }> = {};
  for (const [id, value] of Object.entries(check.map(raw["products"], ["products"]))) {
    const entry = check.map(value, ["products", id]);
    products[id] = { name: check.text(entry, "name", ["products", id]), docs: check.text(entry, "docs", ["products", id]) };
  }
  return products;
}

function readPattern(context: Context, entry: Raw, path: Path): Pattern {
  const { check } = context;
  check.onlyKeys(entry, ["id", "for", "when", "unless", "title", "summary", "why", "do", "confirm", "sources"], path);
  const optional = (key: string, otherwise: Condition): Condition => (entry[key] === undefined ? otherwise : readCondition(context, entry[key], [...path, key]));
  return {
    id: check.text(entry, "id", path),
    for: check.oneOf(entry, "for", [...RECOMMENDATIONS, "any"], path),
    when: optional("when", [[]]),
    unless: optional("unless", []),
    title: check.text(entry, "title", path),
    summary: check.text(entry, "summary", path),
    why: check.text(entry, "why", path),
    do: check.texts(entry, "do", path),
    confirm: check.texts(entry, "confirm", path),
    sources: readSources(check, context.facts, entry, path),
  };
}

function readOutcomes(check: Check, raw: Raw): Record<Recommendation, Outcome> {
  const map = check.map(raw["outcomes"], ["outcomes"]);
  const read = (id: Recommendation): Outcome => {
    const path = ["outcomes", id];
    const entry = check.map(map[id], path);
    return { name: check.text(entry, "name", path), verdict: check.text(entry, "verdict", path), means: check.text(entry, "means", path) };
  };
  return { d1: read("d1"), "durable-objects": read("durable-objects"), both: read("both"), neither: read("neither") };
}

function readWarning(context: Context, entry: Raw, path: Path): Warning {
  const { check } = context;
  check.onlyKeys(entry, ["id", "when", "title", "says", "do", "rules", "sources"], path);
  return {
    id: check.text(entry, "id", path),
    when: readCondition(context, entry["when"], [...path, "when"]),
    title: check.text(entry, "title", path),
    says: check.text(entry, "says", path),
    do: check.text(entry, "do", path),
    rules: check.texts(entry, "rules", path),
    sources: readSources(check, context.facts, entry, path),
  };
}

function readContradiction(context: Context, entry: Raw, path: Path): Contradiction {
  const { check } = context;
  check.onlyKeys(entry, ["severity", "pair", "when", "says"], path);
  const [first = "", second = "", ...rest] = check.texts(entry, "pair", path);
  if (second === "" || rest.length > 0) check.problem([...path, "pair"], "must name two questions");
  for (const id of [first, second]) check.known(id, context.questions, "the question", [...path, "pair"]);
  return { severity: check.oneOf(entry, "severity", ["error", "warning"], path), pair: [first, second], when: readCondition(context, entry["when"], [...path, "when"]), says: check.text(entry, "says", path) };
}

function readCost({ check, facts }: Context, raw: Raw): CostModel {
  const fact = (id: string, path: Path): string => {
    check.known(id, facts, "the fact", path);
    return id;
  };
  const assumptions: Record<string, { value: number; says: string }> = {};
  for (const [id, value] of Object.entries(check.map(raw["assumptions"], ["assumptions"]))) {
    const entry = check.map(value, ["assumptions", id]);
    assumptions[id] = { value: check.number(entry, "value", ["assumptions", id]), says: check.text(entry, "says", ["assumptions", id]) };
  }
  const meters = entries(check, raw, "meters").map(({ entry, path }): Meter => {
    check.onlyKeys(entry, ["id", "product", "title", "unit", "per", "price", "included_paid", "included_free", "total", "round_up"], path);
    const free = check.optionalText(entry, "included_free", path);
    return {
      id: check.text(entry, "id", path),
      product: check.text(entry, "product", path),
      title: check.text(entry, "title", path),
      unit: check.text(entry, "unit", path),
      per: check.number(entry, "per", path),
      price: fact(check.text(entry, "price", path), [...path, "price"]),
      includedPaid: fact(check.text(entry, "included_paid", path), [...path, "included_paid"]),
      ...(free === undefined ? {} : { includedFree: fact(free, [...path, "included_free"]) }),
      total: check.flag(entry, "total", path),
      roundUp: check.flag(entry, "round_up", path),
    };
  });
  const minimum = check.map(raw["minimum"], ["minimum"]);
  return {
    assumptions,
    meters,
    minimumPaid: fact(check.text(minimum, "paid", ["minimum"]), ["minimum", "paid"]),
    websocketRatio: fact(check.text(raw, "websocket_ratio", []), ["websocket_ratio"]),
    objectMemoryGb: fact(check.text(raw, "object_memory_gb", []), ["object_memory_gb"]),
  };
}

function readCondition(context: Context, value: unknown, path: Path): Condition {
  const clauses = Array.isArray(value) ? value : [value];
  return clauses.map((clause, index) => {
    const at = Array.isArray(value) ? [...path, String(index)] : path;
    const map = context.check.map(clause, at);
    if (Object.keys(map).length === 0) context.check.problem(at, "asks nothing");
    return Object.entries(map).map(([subject, wanted]): Entry => ({ subject, test: readTest(context, subject, wanted, [...at, subject]) }));
  });
}

function readTest(context: Context, subject: string, wanted: unknown, path: Path): Test {
  const { check, questions } = context;
  if (!RESULT_SUBJECTS.includes(subject)) check.known(subject, questions, "the question", path);
  if (typeof wanted !== "object" || wanted === null) return { kind: "any-of", values: values(context, subject, [wanted], path) };
  if (Array.isArray(wanted)) return { kind: "any-of", values: values(context, subject, wanted, path) };
  const [[kind = "", operand] = [], ...rest] = Object.entries(wanted);
  if (rest.length > 0) check.problem(path, "asks for more than one thing; write a list of conditions");
  const compare = COMPARES.find((candidate) => candidate === kind);
  if (compare) return { kind: "number", compare, than: readAmount(context, operand, [...path, kind]) };
  if (kind === "first" || kind === "lacks") return { kind, values: values(context, subject, Array.isArray(operand) ? operand : [operand], path) };
  if (kind === "is") return { kind, state: check.oneOf({ is: operand }, "is", ["given", "missing", "empty"], path) };
  if (kind === "over_answer") {
    check.known(String(operand), questions, "the question", path);
    return { kind: "over-answer", question: String(operand) };
  }
  check.problem(path, `uses "${kind}", which is not known; allowed are ${[...COMPARES, "first", "lacks", "is", "over_answer"].join(", ")}`);
  return { kind: "any-of", values: [] };
}

function readAmount({ check, facts }: Context, operand: unknown, path: Path): number {
  if (typeof operand === "number" && Number.isFinite(operand)) return operand;
  const fact = facts.get(String(operand));
  if (typeof fact?.value === "number") return fact.value;
  check.problem(path, `must be a number, or the id of a fact that has one, not ${JSON.stringify(operand)}`);
  return 0;
}

function values({ check, questions }: Context, subject: string, wanted: readonly unknown[], path: Path): readonly string[] {
  const question = questions.get(subject);
  const allowed = question && question.values.length > 0 ? new Set(question.values.map((value) => value.id)) : undefined;
  return wanted.map((value) => {
    const id = String(value);
    if (allowed) check.known(id, allowed, `the value of ${subject}`, path);
    return id;
  });
}
