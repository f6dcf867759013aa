/** The two things the chooser chooses between. */
export type Side = "d1" | "durable-objects";
export type Recommendation = Side | "both" | "neither";

/** A given answer: the id of a value, a free text, a number, or a list of ids (the main one first). */
export type AnswerValue = string | number | readonly string[];
/** Answers by question id. What is absent was not answered. */
export type Answers = Readonly<Record<string, AnswerValue>>;

/** One documented statement about the platform. */
export interface Fact {
  readonly id: string;
  readonly statement: string;
  readonly value?: string | number;
  readonly unit?: string;
  readonly plan?: string;
  readonly status?: string;
  readonly certainty?: string;
  readonly note?: string;
  /** Page it was read on. */
  readonly source: string;
  /** ISO date of reading. */
  readonly read: string;
}

export type QuestionKind = "choice" | "list" | "number" | "text";

export interface QuestionValue {
  readonly id: string;
  readonly label: string;
  readonly help?: string;
}

export interface Question {
  readonly id: string;
  readonly kind: QuestionKind;
  readonly title: string;
  readonly asks: string;
  readonly help: string;
  readonly example: string;
  readonly unit?: string;
  readonly values: readonly QuestionValue[];
  readonly onlyIf?: Condition;
}

/** What one entry of a condition asks of an answer. */
export type Test =
  | { readonly kind: "any-of"; readonly values: readonly string[] }
  | { readonly kind: "first"; readonly values: readonly string[] }
  | { readonly kind: "lacks"; readonly values: readonly string[] }
  | { readonly kind: "is"; readonly state: "given" | "missing" | "empty" }
  | { readonly kind: "number"; readonly compare: Compare; readonly than: number }
  | { readonly kind: "over-answer"; readonly question: string };
export type Compare = "at_least" | "over" | "at_most" | "below";

/** `subject` is a question id, or one of the result's own subjects: `recommends`, `exceeds`, `singleton`, `contradiction`. */
export interface Entry {
  readonly subject: string;
  readonly test: Test;
}
/** Any of these clauses; a clause holds when all of its entries do. */
export type Condition = readonly (readonly Entry[])[];

export type Strength = "hint" | "fair" | "strong";

export interface Heuristic {
  readonly id: string;
  readonly group: string;
  readonly question: string;
  readonly when: Condition;
  readonly unless: Condition;
  readonly toward: Side;
  readonly strength: Strength;
  readonly says: string;
  readonly basis: string;
  readonly sources: readonly string[];
}

export interface Veto {
  readonly id: string;
  readonly question: string;
  readonly when: Condition;
  readonly setsAside: Side;
  readonly says: string;
  readonly basis: string;
  readonly sources: readonly string[];
}

/** A product that serves better than either side. */
export interface Alternative {
  readonly id: string;
  readonly product: string;
  readonly question: string;
  readonly when: Condition;
  readonly unless: Condition;
  /** Ids of heuristics that do not stand in its way. */
  readonly takesOver: ReadonlySet<string>;
  readonly also: Condition;
  /** Values of `residency` that rule it out. */
  readonly outOf: readonly string[];
  readonly says: string;
  readonly basis: string;
  readonly sources: readonly string[];
}

export interface Pattern {
  readonly id: string;
  readonly for: Recommendation | "any";
  readonly when: Condition;
  readonly unless: Condition;
  readonly title: string;
  readonly summary: string;
  readonly why: string;
  readonly do: readonly string[];
  /** Lint rules that hold the code to the decision. */
  readonly confirm: readonly string[];
  readonly sources: readonly string[];
}

export interface Warning {
  readonly id: string;
  readonly when: Condition;
  readonly title: string;
  readonly says: string;
  readonly do: string;
  readonly rules: readonly string[];
  readonly sources: readonly string[];
}

export interface Contradiction {
  readonly severity: "error" | "warning";
  readonly pair: readonly [string, string];
  readonly when: Condition;
  readonly says: string;
}

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly answers: Answers;
  readonly basis: string;
  readonly sources: readonly string[];
}

export interface Meter {
  readonly id: string;
  readonly product: string;
  readonly title: string;
  readonly unit: string;
  /** Number of units that the price is for. */
  readonly per: number;
  readonly price: string;
  readonly includedPaid: string;
  readonly includedFree?: string;
  /** The allowance is a total, not an amount for each day or month. */
  readonly total: boolean;
  /** Usage beyond the included amount is billed in whole steps of `per`. */
  readonly roundUp: boolean;
}

export interface Assumption {
  readonly value: number;
  readonly says: string;
}

export interface CostModel {
  readonly assumptions: Readonly<Record<string, Assumption>>;
  readonly meters: readonly Meter[];
  /** Fact ids. */
  readonly minimumPaid: string;
  readonly websocketRatio: string;
  readonly objectMemoryGb: string;
}

export interface Outcome {
  readonly name: string;
  readonly verdict: string;
  readonly means: string;
}

/** Everything the engine knows, checked and with conditions compiled. */
export interface Playbook {
  readonly questions: readonly Question[];
  readonly presets: readonly Preset[];
  readonly strengths: Readonly<Record<Strength, number>>;
  readonly order: readonly { readonly id: string; readonly title: string }[];
  readonly singleton: { readonly when: Condition; readonly says: string; readonly sources: readonly string[] };
  readonly vetoes: readonly Veto[];
  readonly heuristics: readonly Heuristic[];
  readonly alternatives: readonly Alternative[];
  readonly products: Readonly<Record<string, { readonly name: string; readonly docs: string }>>;
  readonly patterns: readonly Pattern[];
  readonly outcomes: Readonly<Record<Recommendation, Outcome>>;
  readonly warnings: readonly Warning[];
  readonly contradictions: readonly Contradiction[];
  readonly cost: CostModel;
  readonly facts: ReadonlyMap<string, Fact>;
}

/** A place to look things up: a page and what it says. */
export interface Source {
  readonly fact: string;
  readonly url: string;
}

export interface Reason {
  readonly question: string;
  readonly value: AnswerValue;
  readonly toward: Side | "neither" | "none";
  readonly strength: Strength | "veto" | "none";
  readonly weight: number;
  /** Id of the heuristic, veto or alternative that says so; absent where an answer pulls neither way. */
  readonly heuristic?: string;
  /** Id of the veto that sets this pull aside. */
  readonly setAside?: string;
  readonly says: string;
  readonly basis: string;
  readonly sources: readonly Source[];
}

export interface Change {
  readonly question: string;
  /** Absent when the question had not been answered. */
  readonly from?: AnswerValue;
  readonly to: AnswerValue;
}

export interface Flip {
  readonly changes: readonly Change[];
  readonly recommendation: Recommendation;
  readonly instead?: string;
}

export interface DecisionWarning {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly do: string;
  /** Questions whose answers walk into it. */
  readonly answers: readonly string[];
  readonly rules: readonly string[];
  readonly sources: readonly Source[];
}

/** One line of the capacity section. */
export interface CapacityLine {
  readonly title: string;
  readonly needed: number;
  readonly limit: number | null;
  readonly unit: string;
  readonly verdict: "fits" | "tight" | "exceeds";
  readonly arithmetic: readonly string[];
  readonly sources: readonly Source[];
}

export interface CostLine {
  readonly meter: string;
  readonly title: string;
  readonly quantity: number;
  readonly unit: string;
  readonly included: number;
  readonly billable: number;
  /** USD for `per` units. */
  readonly unitPrice: number;
  readonly per: number;
  /** USD, in cents. */
  readonly amount: number;
  readonly arithmetic: string;
  readonly sources: readonly Source[];
}

/** A month's bill of one design. */
export interface Bill {
  readonly lines: readonly CostLine[];
  /** USD a month, the plan's minimum included. */
  readonly total: number;
  /** On the free plan: whether all daily allowances suffice. Absent on the paid plan. */
  readonly fitsFreePlan?: boolean;
}

export interface Cost {
  readonly currency: "USD";
  readonly plan: "free" | "paid";
  /** False when no load or size was given, so that only the plan's minimum is known. */
  readonly known: boolean;
  readonly assumptions: readonly string[];
  readonly d1: Bill;
  readonly durableObjects: Bill;
  readonly recommended: Bill;
  /** The objects' part with sockets that hibernate and with sockets that do not. */
  readonly webSockets?: { readonly hibernating: Bill; readonly notHibernating: Bill };
}

export interface AlsoProduct {
  readonly product: string;
  readonly because: string;
  readonly question: string;
  readonly sources: readonly Source[];
}

/** A place in code that suggests an answer. */
export interface Evidence {
  /** POSIX path relative to the checkout's root. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly says: string;
}

/** A decision as `choose --format json` gives it. */
export interface Decision {
  readonly schema: 1;
  readonly recommendation: Recommendation;
  readonly pattern: string | null;
  readonly instead?: string;
  readonly also: readonly AlsoProduct[];
  /** 0 to 1: how much of what could change the answer is known, and how clear it then is. */
  readonly confidence: number;
  readonly runnerUp: Recommendation;
  /** -1 to 1: of all changes of one answer, the share that leaves the recommendation in place less the share that leads to the runner-up. */
  readonly margin: number;
  /** Sums of weights after vetoes. */
  readonly pulls: Readonly<Record<Side, number>>;
  readonly reasons: readonly Reason[];
  readonly flips: readonly Flip[];
  readonly warnings: readonly DecisionWarning[];
  readonly capacity: Readonly<Record<string, CapacityLine>>;
  readonly cost: Cost;
  readonly unknowns: readonly string[];
  readonly answers: Answers;
  /** With `--from`: by question, the places that suggested its answer. */
  readonly evidence?: Readonly<Record<string, readonly Evidence[]>>;
}
