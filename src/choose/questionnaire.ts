import { Writable } from "node:stream";
import { wrap } from "../text.ts";
import { contradictionsIn, describePair, readAnswers, showValue } from "./answers.ts";
import { holds } from "./condition.ts";
import type { CodeAnswer } from "./from-code.ts";
import { renderAnswers } from "./record.ts";
import { canMatter } from "./relevance.ts";
import type { AnswerValue, Answers, Playbook, Question } from "./types.ts";

/** The terminal that the questionnaire talks to. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly color: boolean;
  readonly width: number;
  /** Takes the answers so far when the questionnaire is interrupted. */
  readonly keep: (text: string) => void;
  /** What the code of a project shows; taken as the marked choice of its question. */
  readonly shownByCode: readonly CodeAnswer[];
}

/** What a prompt gives besides an answer. */
const BACK = Symbol("back");
const UNKNOWN = Symbol("unknown");
type Reply = AnswerValue | typeof BACK | typeof UNKNOWN;

interface Choice<T> {
  readonly value: T;
  readonly name: string;
  readonly short?: string;
  readonly description?: string;
  readonly checked?: boolean;
}

/** The few prompts that the questionnaire is made of. */
interface Prompts {
  select<T>(message: string, choices: readonly Choice<T>[], preset?: T): Promise<T>;
  checkbox<T>(message: string, choices: readonly Choice<T>[]): Promise<readonly T[]>;
  input(message: string, validate: (text: string) => true | string): Promise<string>;
  say(text: string): void;
}

/**
 * Asks what still matters, in the playbook's order, and gives checked answers.
 * Every question can be left open, help goes with each choice, `back` undoes, and a summary is confirmed at the end.
 * @param started answers to begin with, from an earlier run
 * @param raw the same as they were written, so that a preset's answers can be told from the user's own
 * @returns "interrupted" on Ctrl-C, after `terminal.keep` was given the answers so far
 */
export async function askQuestions(playbook: Playbook, started: Answers, raw: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<Answers | "interrupted"> {
  const state: State = new Map(playbook.questions.flatMap(({ id }) => (id in raw ? [[id, started[id] ?? null] as const] : [])));
  try {
    const prompts = await createPrompts(terminal);
    prompts.say(`${state.size > 0 ? "Going on after your earlier answers. " : ""}Enter takes the marked choice, "I don't know" is an answer, Ctrl-C stops and keeps what you said.`);
    await walk(playbook, state, prompts, terminal.shownByCode, 1 + playbook.questions.findLastIndex((question) => state.has(question.id)));
    await confirmed(playbook, state, prompts);
  } catch (error) {
    if (!isInterrupt(error)) throw error;
    terminal.keep(await renderAnswers(Object.fromEntries(state), "Answers of an interrupted do-or-d1 choose; go on with --resume. null: left open."));
    return "interrupted";
  }
  return readAnswers(playbook, Object.fromEntries(state));
}

/** What was said so far; null is "I don't know", which also takes back a preset's answer. */
type State = Map<string, AnswerValue | null>;

/** Asks the questions from `from` on. `back` returns to the question asked before. */
async function walk(playbook: Playbook, state: State, prompts: Prompts, shownByCode: readonly CodeAnswer[], from: number): Promise<void> {
  const history: number[] = [];
  const { questions } = playbook;
  const skipped = new Set<string>();
  let leavesNumbers: boolean | undefined;
  for (let at = from; at < questions.length; ) {
    const question = questions[at];
    if (!question) break;
    const open = new Set(questions.slice(at).map((later) => later.id));
    const skip = skipReason(playbook, question, withPreset(playbook, state), open);
    if (skip !== undefined) {
      if (skip === "") state.delete(question.id);
      if (skip !== "" && !skipped.has(question.id)) prompts.say(skip);
      skipped.add(question.id);
      at++;
      continue;
    }
    if (question.kind === "number" && question.onlyIf === undefined && leavesNumbers === undefined) {
      const gate = await numbersGate(questions, prompts);
      if (gate === BACK) {
        at = history.pop() ?? at;
        continue;
      }
      leavesNumbers = gate;
      if (leavesNumbers) break;
    }
    const shown = state.has(question.id) ? undefined : shownByCode.find((answer) => answer.question === question.id);
    if (shown) prompts.say(`The code says ${showValue(shown.value)}: ${shown.evidence.map((evidence) => `${evidence.file}:${evidence.line} ${evidence.says}`).join("; ")}.`);
    const reply = await ask(playbook, question, progress(at, questions.length), shown?.value ?? withPreset(playbook, state)[question.id], prompts, history.length > 0);
    if (reply === BACK) {
      leavesNumbers = undefined;
      at = history.pop() ?? at;
      continue;
    }
    state.set(question.id, reply === UNKNOWN ? null : reply);
    history.push(at);
    warnOfClash(playbook, state, question, prompts);
    at++;
  }
}

/** Questions that count for the cost whatever the choice: sockets and the plan's allowances. */
const COUNTS_FOR_COST: readonly string[] = ["live", "plan"];

/** Why a question need not be asked; "" where it goes without saying. */
function skipReason(playbook: Playbook, question: Question, answers: Answers, open: ReadonlySet<string>): string | undefined {
  if (question.onlyIf !== undefined && !holds(question.onlyIf, answers)) return "";
  const isAsked = question.kind === "text" || question.kind === "number" || COUNTS_FOR_COST.includes(question.id) || canMatter(playbook, question.id, answers, open);
  return isAsked ? undefined : `Skipped "${question.title}": after your answers it can no longer change anything.`;
}

async function numbersGate(questions: readonly Question[], prompts: Prompts): Promise<boolean | typeof BACK> {
  const numbers = questions.filter((question) => question.kind === "number" && question.onlyIf === undefined).length;
  return prompts.select<boolean | typeof BACK>(`${numbers} numbers are left: load and size. They give limits and cost, and seldom change the choice. Answer them?`, [
    { value: false, name: "Yes", description: "Each can be left open by pressing Enter." },
    { value: true, name: "No, show me the answers", description: "Limits and cost are then told only in general." },
    { value: BACK, name: "Back to the question before" },
  ]);
}

async function ask(playbook: Playbook, question: Question, where: string, current: AnswerValue | undefined, prompts: Prompts, canGoBack: boolean): Promise<Reply> {
  const message = `${where} ${question.asks}`.trim();
  if (question.id === "workload") return askWorkload(playbook, question, message, current, prompts, canGoBack);
  switch (question.kind) {
    case "choice":
      return askChoice(question, message, current, prompts, canGoBack);
    case "list":
      return question.id === "data" ? askOrdered(question, message, current, prompts, canGoBack) : askSet(question, message, current, prompts, canGoBack);
    case "number":
    case "text":
      return askText(question, message, current, prompts, canGoBack);
  }
}

/** A preset, or the user's own words, which change nothing but the record. */
async function askWorkload(playbook: Playbook, question: Question, message: string, current: AnswerValue | undefined, prompts: Prompts, canGoBack: boolean): Promise<Reply> {
  const own = "";
  const reply = await prompts.select<Reply>(
    message,
    [
      ...playbook.presets.map((preset) => ({ value: preset.id, name: preset.title, description: "Fills in the answers that go with it; each is still asked." })),
      { value: own, name: "Something else", description: "Described in your own words." },
      ...wayOut(question, canGoBack),
    ],
    current ?? own,
  );
  if (reply !== own) return reply;
  const text = (await prompts.input("In a few words (Enter: leave it open)", () => true)).trim();
  return text === "" ? UNKNOWN : text;
}

function askChoice(question: Question, message: string, current: AnswerValue | undefined, prompts: Prompts, canGoBack: boolean): Promise<Reply> {
  return prompts.select<Reply>(message, [...valueChoices(question), ...wayOut(question, canGoBack)], current);
}

async function askOrdered(question: Question, message: string, current: AnswerValue | undefined, prompts: Prompts, canGoBack: boolean): Promise<Reply> {
  const had = typeof current === "object" ? current : [];
  const main = await prompts.select<Reply>(message, [...valueChoices(question), ...wayOut(question, canGoBack)], had[0]);
  if (typeof main !== "string" || main === "none") return main === "none" ? ["none"] : main;
  const others = valueChoices(question).filter((choice) => choice.value !== main && choice.value !== "none");
  const more = await prompts.checkbox("And what else? Space ticks, Enter goes on.", others.map((choice) => ({ ...choice, checked: had.includes(choice.value) })));
  return [main, ...more];
}

async function askSet(question: Question, message: string, current: AnswerValue | undefined, prompts: Prompts, canGoBack: boolean): Promise<Reply> {
  const had = typeof current === "object" ? current : [];
  const first = await prompts.select<Reply | "some">(message, [
    { value: "some", name: "Some; let me tick them", description: question.help },
    { value: [], name: "None", short: "None" },
    ...wayOut(question, canGoBack),
  ], typeof current === "object" && current.length === 0 ? undefined : "some");
  if (first !== "some") return first;
  return prompts.checkbox("Which? Space ticks, Enter goes on.", valueChoices(question).map((choice) => ({ ...choice, checked: had.includes(choice.value) })));
}

async function askText(question: Question, message: string, current: AnswerValue | undefined, prompts: Prompts, canGoBack: boolean): Promise<Reply> {
  prompts.say(`${question.help} For example: ${question.example}.`);
  const had = current === undefined ? "" : ` Enter keeps ${showValue(current)}, ? clears it.`;
  const text = await prompts.input(`${message} (Enter: ${current === undefined ? "don't know" : "as it is"}${canGoBack ? ", <: back" : ""})${had}`, (given) => problemOf(question, given.trim()) ?? true);
  const given = text.trim();
  if (given === "<" && canGoBack) return BACK;
  if (given === "") return current ?? UNKNOWN;
  if (given === "?") return UNKNOWN;
  return question.kind === "number" ? Number(given) : given;
}

function problemOf(question: Question, text: string): string | undefined {
  if (question.kind !== "number" || text === "" || text === "?" || text === "<") return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return undefined;
  return `A number that is not negative, in ${question.unit ?? "units"}; or Enter for "don't know".`;
}

function valueChoices(question: Question): readonly (Choice<string> & { readonly value: string })[] {
  return question.values.map((value) => ({ value: value.id, name: value.label, short: value.label, description: value.help ?? question.help }));
}

function wayOut(question: Question, canGoBack: boolean): readonly Choice<Reply>[] {
  return [
    { value: UNKNOWN, name: "I don't know", description: `Left open. ${question.help} For example: ${question.example}` },
    ...(canGoBack ? [{ value: BACK, name: "Back to the question before" } as const] : []),
  ];
}

function warnOfClash(playbook: Playbook, state: State, question: Question, prompts: Prompts): void {
  const answers = withPreset(playbook, state);
  for (const contradiction of contradictionsIn(playbook, answers))
    if (contradiction.pair.includes(question.id)) prompts.say(`! ${describePair(contradiction, answers)}: ${contradiction.says}.`);
}

/** Shows what was answered until it is right. */
async function confirmed(playbook: Playbook, state: State, prompts: Prompts): Promise<void> {
  for (;;) {
    const answers = withPreset(playbook, state);
    const given = playbook.questions.filter((question) => answers[question.id] !== undefined);
    prompts.say(given.length === 0 ? "You left everything open." : ["Your answers:", ...given.map((question) => `  ${question.title}: ${labelOf(question, answers[question.id])}`)].join("\n"));
    const clash = contradictionsIn(playbook, answers).filter((contradiction) => contradiction.severity === "error");
    for (const contradiction of clash) prompts.say(`! ${describePair(contradiction, answers)}: ${contradiction.says}. One of the two must change.`);
    const next = await prompts.select<"verdict" | Question>("Is that right?", [
      ...(clash.length === 0 ? [{ value: "verdict" as const, name: "Yes, show the verdict" }] : []),
      ...playbook.questions.filter((question) => question.onlyIf === undefined || holds(question.onlyIf, answers)).map((question) => ({ value: question, name: `Change: ${question.title}`, description: question.asks })),
    ]);
    if (next === "verdict") return;
    const reply = await ask(playbook, next, "", answers[next.id], prompts, false);
    state.set(next.id, typeof reply === "symbol" ? null : reply);
  }
}

function labelOf(question: Question, value: AnswerValue | undefined): string {
  const label = (id: string): string => question.values.find((candidate) => candidate.id === id)?.label ?? id;
  if (typeof value === "object") return value.length === 0 ? "none" : value.map(label).join("; ");
  if (typeof value === "number") return `${value}${question.unit === undefined ? "" : ` ${question.unit}`}`;
  return value === undefined ? "?" : label(value);
}

/** Answers with a preset's filled in; the user's own win. */
function withPreset(playbook: Playbook, state: State): Answers {
  const preset = playbook.presets.find((candidate) => candidate.id === state.get("workload"));
  const filled = Object.entries({ ...preset?.answers, ...Object.fromEntries(state) });
  return Object.fromEntries(filled.filter((entry): entry is [string, AnswerValue] => entry[1] !== null));
}

function progress(at: number, of: number): string {
  return `[${at + 1}/${of}]`;
}

function isInterrupt(error: unknown): boolean {
  return error instanceof Error && (error.name === "ExitPromptError" || error.name === "AbortPromptError");
}

const PLAIN_ICONS = { icon: { cursor: ">", checked: "[x]", unchecked: "[ ]" }, prefix: { idle: "?", done: "-" } };

async function createPrompts(terminal: Terminal): Promise<Prompts> {
  const { default: inquirer } = await import("inquirer");
  const output = terminal.color ? terminal.output : withoutColor(terminal.output);
  const prompt = inquirer.createPromptModule({ input: terminal.input, output });
  const theme = terminal.color ? { indexMode: "number" } : { indexMode: "number", ...PLAIN_ICONS };
  const one = async <T>(question: Readonly<Record<string, unknown>>): Promise<T> => {
    const answers = await (prompt as (questions: readonly unknown[]) => Promise<{ readonly value: T }>)([{ name: "value", theme, ...question }]);
    return answers.value;
  };
  // Lines are broken between words here; the prompts themselves would break them anywhere.
  const broken = (text: string, indent: number): string => wrap(text, terminal.width - indent - 1).join(`\n${" ".repeat(indent)}`);
  const fitted = <T>(choices: readonly Choice<T>[]): readonly Choice<T>[] =>
    choices.map((choice) => ({ ...choice, name: broken(choice.name, 6), short: choice.short ?? choice.name, ...(choice.description === undefined ? {} : { description: broken(choice.description, 0) }) }));
  return {
    select: (message, choices, preset) => one({ type: "select", message: broken(message, 2), choices: fitted(choices), loop: false, pageSize: 20, ...(preset === undefined ? {} : { default: preset }) }),
    checkbox: (message, choices) => one({ type: "checkbox", message: broken(message, 2), choices: fitted(choices), loop: false, pageSize: 20 }),
    input: (message, validate) => one({ type: "input", message: broken(message, 2), validate: (text: string) => ((problem) => (problem === true ? true : broken(problem, 2)))(validate(text)) }),
    say: (text) => void output.write(`${wrapLines(text, terminal.width)}\n`),
  };
}

function wrapLines(text: string, width: number): string {
  return text.split("\n").flatMap((line) => wrap(line, width).map((part, at) => (line.startsWith("  ") ? `${at === 0 ? "  " : "    "}${part}` : part))).join("\n");
}

/** The terminal without what sets colours and weights; what moves the cursor stays. */
function withoutColor(output: NodeJS.WriteStream): NodeJS.WriteStream {
  const plain = new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      output.write(String(chunk).replace(/\u001b\[[0-9;]*m/g, ""), () => done());
    },
  });
  // Each prompt ends the stream that it wrote to; this one goes on to the next.
  return Object.defineProperties(plain, { end: { value: () => plain }, columns: { get: () => output.columns }, rows: { get: () => output.rows }, isTTY: { value: true } }) as unknown as NodeJS.WriteStream;
}
