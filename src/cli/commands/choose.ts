import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { contradictionsIn, parseValue, readAnswers, unknownQuestion } from "../../choose/answers.ts";
import { decide } from "../../choose/decide.ts";
import type { CodeAnswer } from "../../choose/from-code.ts";
import { loadPlaybook } from "../../choose/load.ts";
import { answersFromText, parsePlaybook } from "../../choose/source-text.ts";
import type { Answers, Decision, Playbook } from "../../choose/types.ts";
import { UserError } from "../../errors.ts";
import { toPosix } from "../../paths.ts";
import type { ProjectOptions } from "../../project/graph/project.ts";
import { wrap } from "../../text.ts";
import { EXIT, type ExitStatus, type Io } from "../io.ts";
import { usesColor, widthOf } from "../terminal.ts";
import type { ChooseFlags } from "./choose.command.ts";

/** Where the questionnaire keeps its answers when it is interrupted. */
export const KEPT_ANSWERS = ".do-or-d1.answers.yaml";

/** The decision's name in a project. */
const RECORD = "do-or-d1.decision.yaml";

/**
 * Answers from files, the command line or the questionnaire; then the decision, shown and recorded as asked.
 * @throws UserError for anything the person can mend; then nothing has been written
 */
export async function choose(flags: ChooseFlags, io: Io): Promise<ExitStatus> {
  const playbook = await playbookFor(flags, io);
  const shownByCode = flags.from === undefined ? [] : await codeAnswers(flags.from, io);
  const answers = await answersFor(playbook, flags, shownByCode, io);
  if (answers === "interrupted") return EXIT.interrupted;
  const decision = withEvidence(decide(playbook, answers), shownByCode);
  const writes = await plannedWrites(playbook, decision, flags, io);
  const writeProject = await plannedProject(playbook, decision, flags, io);
  const text = await rendered(playbook, decision, flags, io);
  if (flags.output !== undefined) writes.push({ path: resolve(io.cwd, flags.output), text });
  const told = writeProject();
  for (const write of writes) writeText(write, io);
  if (flags.output === undefined) io.stdout.write(text);
  for (const { path } of writes) io.stderr.write(`Wrote ${shown(path, io)}.\n`);
  io.stderr.write(told);
  return EXIT.ok;
}

async function playbookFor({ playbook }: ChooseFlags, io: Io): Promise<Playbook> {
  return playbook === undefined ? loadPlaybook() : loadPlaybook(await parsePlaybook(readText(playbook, io), playbook));
}

async function answersFor(playbook: Playbook, flags: ChooseFlags, shownByCode: readonly CodeAnswer[], io: Io): Promise<Answers | "interrupted"> {
  const given = { ...(await answersFromFile(flags, io)), ...setAnswers(playbook, flags.set ?? []) };
  const place = flags.answers === "-" ? "standard input" : (flags.answers ?? (flags.resume ? KEPT_ANSWERS : undefined));
  const isTerminal = io.stdin.isTTY && io.stderr.isTTY;
  const isScripted = flags.answers !== undefined || flags.set !== undefined || (flags.from !== undefined && !isTerminal);
  if (isScripted && !flags.resume) return underlaid(playbook, given, shownByCode, place);
  const started = readAnswers(playbook, given, place);
  if (!isTerminal)
    throw new UserError("there is no terminal to ask on, and no answers were given", {
      hint: "Answer with --answers FILE (YAML, JSON or a record; - reads standard input) or --set id=value, for example: do-or-d1 choose --set atom=clear --set live=websockets",
    });
  const { askQuestions } = await import("../../choose/questionnaire.ts");
  return askQuestions(playbook, started, given, {
    input: io.stdin,
    output: io.stderr,
    color: usesColor(io.stderr, io.env, flags.color === false),
    width: widthOf(io.stderr, io.env),
    keep: (text) => keepAnswers(text, io),
    shownByCode,
  });
}

/** What the code of a folder shows. */
async function codeAnswers(from: string, io: Io): Promise<readonly CodeAnswer[]> {
  const [{ answersFromCode }, { openWorkspace }, { Project }, { readData }] = await Promise.all([import("../../choose/from-code.ts"), import("../lint/workspace.ts"), import("../../project/graph/project.ts"), import("../../data.ts")]);
  if (!existsSync(resolve(io.cwd, from))) throw new UserError("there is no such folder", { place: from, hint: "--from takes the folder of a project." });
  const workspace = openWorkspace(io.cwd, [from]);
  const checkout = await workspace.checkout();
  const apis = readData("platform")["known-apis"] as ProjectOptions["apis"];
  const answers = answersFromCode(new Project(checkout, { apis, isTest: checkout.isTest, includeTests: false }));
  if (answers.length === 0) throw new UserError("its code shows no Durable Object, database or other store", { place: from, hint: "Name the folder of a Worker, or leave --from out and answer the questions." });
  return answers.map((answer) => ({ ...answer, evidence: answer.evidence.map((evidence) => ({ ...evidence, file: workspace.path(evidence.file) })) }));
}

/** The code's answers under those that were given; one that contradicts a given one gives way. */
function underlaid(playbook: Playbook, given: Readonly<Record<string, unknown>>, shownByCode: readonly CodeAnswer[], place: string | undefined): Answers {
  const own = readAnswers(playbook, given, place);
  let answers = own;
  for (const { question, value } of shownByCode) {
    if (question in given || question in own) continue;
    const more: Answers = { ...answers, [question]: value };
    if (contradictionsIn(playbook, more).every((contradiction) => contradiction.severity === "warning")) answers = more;
  }
  return readAnswers(playbook, { ...given, ...answers }, place);
}

function withEvidence(decision: Decision, shownByCode: readonly CodeAnswer[]): Decision {
  const kept = shownByCode.filter(({ question, value }) => JSON.stringify(decision.answers[question]) === JSON.stringify(value));
  return kept.length === 0 ? decision : { ...decision, evidence: Object.fromEntries(kept.map(({ question, evidence }) => [question, evidence])) };
}

async function answersFromFile(flags: ChooseFlags, io: Io): Promise<Readonly<Record<string, unknown>>> {
  if (flags.resume && flags.answers !== undefined) throw new UserError("--resume and --answers both give answers", { hint: "Use one of them." });
  if (flags.resume) return answersOf(readKept(io), KEPT_ANSWERS);
  if (flags.answers === undefined) return {};
  const text = flags.answers === "-" ? await readStdin(io) : readText(flags.answers, io);
  return answersOf(text, flags.answers === "-" ? "standard input" : flags.answers);
}

async function answersOf(text: string, place: string): Promise<Readonly<Record<string, unknown>>> {
  const value = await answersFromText(text, place);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw new UserError("is no map of question ids to values", { place, hint: "For example: atom: clear" });
}

function readKept(io: Io): string {
  if (!existsSync(resolve(io.cwd, KEPT_ANSWERS))) throw new UserError(`there is no ${KEPT_ANSWERS} in this folder to resume from`, { hint: "It is written when the questionnaire is interrupted. Start afresh with: do-or-d1 choose" });
  return readText(KEPT_ANSWERS, io);
}

function setAnswers(playbook: Playbook, settings: readonly string[]): Readonly<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const setting of settings) {
    const at = setting.indexOf("=");
    if (at <= 0) throw new UserError(`--set needs id=value, not "${setting}"`, { hint: "For example: --set atom=clear" });
    const id = setting.slice(0, at).trim();
    const question = playbook.questions.find((candidate) => candidate.id === id);
    if (!question) throw new UserError(unknownQuestion(id, playbook), { place: "--set" });
    answers[id] = parseValue(question, setting.slice(at + 1).trim());
  }
  return answers;
}

interface Write {
  readonly path: string;
  readonly text: string;
}

async function plannedWrites(playbook: Playbook, decision: Decision, { adr, record }: ChooseFlags, io: Io): Promise<Write[]> {
  if (adr === undefined && record === undefined) return [];
  const { planAdr, renderRecord } = await import("../../choose/record.ts");
  const date = today(io);
  const folder = adr === undefined ? undefined : resolve(io.cwd, adr);
  const files = folder !== undefined && existsSync(folder) ? readFolder(folder, io) : [];
  const plan = folder === undefined ? undefined : await planAdr(playbook, decision, date, files, shown(folder, io));
  const writes = plan === undefined || folder === undefined ? [] : plan.files.map((file) => ({ path: resolve(folder, file.name), text: file.text }));
  if (record !== undefined) {
    const path = resolve(io.cwd, record);
    const previous = existsSync(path) ? readText(record, io) : undefined;
    const link = plan === undefined || folder === undefined ? undefined : toPosix(relative(dirname(path), resolve(folder, plan.name)));
    writes.push({ path, text: await renderRecord(playbook, decision, { date, ...(link === undefined ? {} : { adr: link }), ...(previous === undefined ? {} : { previous }) }, record) });
  }
  return writes;
}

/**
 * Plans the project of the recommended pattern, with the decision and its record in it.
 * @returns writes it, and says what to do next
 */
async function plannedProject(playbook: Playbook, decision: Decision, { scaffold }: ChooseFlags, io: Io): Promise<() => string> {
  if (scaffold === undefined) return () => "";
  const [{ planAdr, renderRecord }, { planFromDecision }, { applyPlan, takenPaths }] = await Promise.all([import("../../choose/record.ts"), import("../../scaffold/index.ts"), import("../../scaffold/apply.ts")]);
  const folder = resolve(io.cwd, scaffold);
  const date = today(io);
  const adr = await planAdr(playbook, decision, date, [], "docs/adr");
  const records = [
    { path: RECORD, text: await renderRecord(playbook, decision, { date, adr: `docs/adr/${adr.name}` }, RECORD) },
    ...adr.files.map((file) => ({ path: `docs/adr/${file.name}`, text: file.text })),
  ];
  const plan = await planFromDecision(decision, folder, { node: process.versions.node, userAgent: io.env["npm_config_user_agent"] }, {}, records);
  const taken = takenPaths(folder, plan.files);
  if (taken.length > 0) throw new UserError(`already has ${taken.slice(0, 3).join(", ")}${taken.length > 3 ? ` and ${taken.length - 3} more of the project's files` : ""}`, { place: shown(folder, io), hint: "A project is written into a new or empty folder." });
  return () => {
    applyPlan(folder, plan.files);
    return [...plan.notes, `Wrote a project of ${plan.files.length} files to ${shown(folder, io)}. Next: cd ${shown(folder, io)}, then ${plan.next.slice(0, 2).join(", then ")}.`, ""].join("\n");
  };
}

function readFolder(folder: string, io: Io): readonly { readonly name: string; readonly text: string }[] {
  if (!statSync(folder).isDirectory()) throw new UserError("is not a folder", { place: shown(folder, io), hint: "--adr takes the folder that records are in." });
  return readdirSync(folder)
    .filter((name) => /\.md$/i.test(name))
    .sort()
    .map((name) => ({ name, text: readFileSync(resolve(folder, name), "utf8") }));
}

async function rendered(playbook: Playbook, decision: Decision, flags: ChooseFlags, io: Io): Promise<string> {
  switch (flags.format) {
    case "json":
      return (await import("../../choose/render/json.ts")).renderJson(decision);
    case "markdown":
      return (await import("../../choose/render/markdown.ts")).renderMarkdown(playbook, decision);
    case "html":
      return (await import("../../choose/render/html.ts")).renderHtml(playbook, decision);
    default: {
      const { renderPretty, PLAIN } = await import("../../choose/render/pretty.ts");
      const isFile = flags.output !== undefined;
      if (isFile || !usesColor(io.stdout, io.env, flags.color === false)) return renderPretty(playbook, decision, widthOf(io.stdout, io.env), PLAIN);
      const { Chalk } = await import("chalk");
      const chalk = new Chalk({ level: 1 });
      return renderPretty(playbook, decision, widthOf(io.stdout, io.env), { strong: chalk.bold, dim: chalk.dim, good: chalk.green, bad: chalk.yellow, accent: chalk.cyan });
    }
  }
}

/** Today in UTC; SOURCE_DATE_EPOCH sets another day, for reproducible records. */
function today(io: Io): string {
  const epoch = Number(io.env["SOURCE_DATE_EPOCH"]);
  return new Date(Number.isFinite(epoch) && epoch > 0 ? epoch * 1000 : Date.now()).toISOString().slice(0, 10);
}

function keepAnswers(text: string, io: Io): void {
  writeFileSync(resolve(io.cwd, KEPT_ANSWERS), text);
  io.stderr.write(`\n${wrap(`Your answers so far are in ${KEPT_ANSWERS}. Go on with: do-or-d1 choose --resume`, widthOf(io.stderr, io.env)).join("\n")}\n`);
}

function writeText({ path, text }: Write, io: Io): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError(`cannot be written: ${reason(error)}`, { place: shown(path, io) });
  }
}

function readText(file: string, io: Io): string {
  try {
    return readFileSync(resolve(io.cwd, file), "utf8");
  } catch (error) {
    throw new UserError(`cannot be read: ${reason(error)}`, { place: file });
  }
}

async function readStdin(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Buffer | string));
  return Buffer.concat(chunks).toString("utf8");
}

function shown(path: string, io: Io): string {
  const short = toPosix(relative(io.cwd, path));
  return short.startsWith("../") ? toPosix(path) : short;
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
