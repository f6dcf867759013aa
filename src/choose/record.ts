import { UserError } from "../errors.ts";
import { diagramSection, escape, flipList, reasonList, warningList } from "./render/markdown.ts";
import { nameOf, patternOf, productName, summaryOf, verdictOf } from "./render/phrases.ts";
import { frontMatterOf, parseData } from "./source-text.ts";
import type { AnswerValue, Decision, Playbook } from "./types.ts";
import { atomName } from "./mermaid.ts";

/** A text file by its name within a folder. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

export interface AdrPlan {
  /** Name of the new record. */
  readonly name: string;
  /** The new record, and the one that it supersedes with its new status. */
  readonly files: readonly NamedText[];
}

/** Marks a record as one of ours, in its front matter. */
const MARK = "decided-with: do-or-d1";

/**
 * A decision record in MADR 4 with the next number, and the standing one of ours marked as superseded by it.
 * @param files Markdown files in the folder
 * @param folder the folder's name, for messages
 * @throws UserError when the standing record is damaged; it must be mended by hand first
 */
export async function planAdr(playbook: Playbook, decision: Decision, date: string, files: readonly NamedText[], folder: string): Promise<AdrPlan> {
  const numbers = files.map((file) => Number(/^(\d{1,6})-/.exec(file.name)?.[1] ?? 0));
  const number = Math.max(0, ...numbers) + 1;
  const title = titleOf(playbook, decision);
  const name = `${String(number).padStart(4, "0")}-${slug(title)}.md`;
  const previous = await standingRecord(files, folder);
  const record = { name, text: await renderAdr(playbook, decision, title, date, previous?.name) };
  if (!previous) return { name, files: [record] };
  return { name, files: [record, { name: previous.name, text: superseded(previous.text, name, date) }] };
}

async function standingRecord(files: readonly NamedText[], folder: string): Promise<NamedText | undefined> {
  let standing: NamedText | undefined;
  for (const file of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!file.text.includes(MARK)) continue;
    const place = `${folder}/${file.name}`;
    const frontMatter = frontMatterOf(file.text);
    if (frontMatter === undefined) throw new UserError("is one of this tool's records, but its front matter is damaged; it was left as it is", { place, hint: "Mend the lines between the dashes at its head, or take the file away." });
    const head = await parseData(frontMatter, place, 1);
    const status = typeof head === "object" && head !== null && "status" in head ? String(head.status) : undefined;
    if (status === undefined) throw new UserError("is one of this tool's records, but has no status; it was left as it is", { place, hint: 'Add "status: accepted" to its front matter.' });
    if (!status.startsWith("superseded")) standing = file;
  }
  return standing;
}

function superseded(text: string, by: string, date: string): string {
  const link = `[${by.replace(/\.md$/, "")}](${by})`;
  const bodyAt = text.indexOf("\n---", 3) + 4;
  const head = text.slice(0, bodyAt).replace(/^status:.*$/m, () => `status: ${JSON.stringify(`superseded by ${link}`)}`);
  const body = text.slice(bodyAt).replace(/^# .*$/m, (heading) => `${heading}\n\n> Superseded by ${link} on ${date}.`);
  return head + body;
}

async function renderAdr(playbook: Playbook, decision: Decision, title: string, date: string, previous: string | undefined): Promise<string> {
  const { stringify } = await import("yaml");
  const head = stringify({ status: "accepted", date, recommendation: decision.recommendation, pattern: decision.pattern, ...(decision.instead === undefined ? {} : { instead: decision.instead }), answers: decision.answers }, { lineWidth: 120 });
  const workload = decision.answers["workload"];
  const outcome = [verdictOf(playbook, decision), summaryOf(playbook, decision)].map(escape).join(" ");
  const consequences = patternOf(playbook, decision);
  return `---
${head}${MARK}${previous === undefined ? "" : `\nsupersedes: ${JSON.stringify(`[${previous.replace(/\.md$/, "")}](${previous})`)}`}
---

# ${escape(title)}

## Context and Problem Statement

Where does the state of ${typeof workload === "string" ? escape(workload) : "this product"} live: in a managed relational database (D1), in serialized stateful compute around each ${escape(atomName(decision))} (Durable Objects), in both, or in neither?${previous === undefined ? "" : ` This supersedes [${previous.replace(/\.md$/, "")}](${previous}).`}

## Decision Drivers

${reasonList(playbook, decision)}

## Considered Options

* D1
* Durable Objects
* Durable Objects and D1
* Neither: another product

## Decision Outcome

Chosen: ${outcome}${decision.also.length === 0 ? "" : ` Beside it: ${decision.also.map((also) => productName(playbook, also.product)).join(", ")}.`}

Confidence ${decision.confidence.toFixed(2)}; next best: ${nameOf(playbook, decision.runnerUp)}, margin ${decision.margin.toFixed(2)} of 1.

${diagramSection(playbook, decision)}

### Consequences

${[...(consequences ? [`* Good, because: ${consequences.why}`, ...consequences.do.map((step) => `* To do: ${step}`)] : [`* ${escape(summaryOf(playbook, decision))}`])].join("\n")}
${decision.warnings.length === 0 ? "" : `\n### Warnings\n\n${warningList(decision)}\n`}
### Confirmation

${confirmation(playbook, decision)}

## More Information

What would change this decision:

${flipList(playbook, decision, 12)}

To run it again, with a change: \`do-or-d1 choose --answers <this file> --set id=value\`.
`;
}

function confirmation(playbook: Playbook, decision: Decision): string {
  const rules = confirmingRules(playbook, decision);
  if (rules.length === 0) return "Nothing in the code has to be held to it: neither D1 nor Durable Objects is used for this.";
  return `\`do-or-d1 lint\` holds the code to this decision by these rules:\n\n${rules.map((rule) => `* \`${rule}\``).join("\n")}`;
}

/** Lint rules that hold the code to the decision: the pattern's, and those that watch for what the answers walk into. */
export function confirmingRules(playbook: Playbook, decision: Decision): readonly string[] {
  return [...new Set([...(patternOf(playbook, decision)?.confirm ?? []), ...decision.warnings.flatMap((warning) => warning.rules)])];
}

/** `Use Durable Objects for each room`, `Use D1`, `Use R2 instead of D1 or Durable Objects` */
export function titleOf(playbook: Playbook, decision: Decision): string {
  if (decision.pattern === "redesign") return "Find a smaller atom before choosing a store";
  const atom = decision.answers["atom_name"];
  const each = typeof atom === "string" ? ` for each ${atom.trim()}` : "";
  switch (decision.recommendation) {
    case "d1":
      return "Use D1";
    case "durable-objects":
      return each === "" ? "Use Durable Objects" : `Use a Durable Object${each}`;
    case "both":
      return each === "" ? "Use Durable Objects and D1" : `Use a Durable Object${each} and D1`;
    case "neither":
      return `Use ${productName(playbook, decision.instead ?? "")} instead of D1 or Durable Objects`;
  }
}

function slug(title: string): string {
  const ascii = title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return ascii.replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "") || "decision";
}

export interface RecordOptions {
  /** ISO date. */
  readonly date: string;
  /** Path of the ADR, relative to the record. */
  readonly adr?: string;
  /** Text of the file that is there already. */
  readonly previous?: string;
}

/**
 * The decision for lint and scaffold: what `--format json` gives, with title, date, and the rules that confirm it.
 * @param place name of the file, for messages
 * @throws UserError when the file that is there is no record of a decision
 */
export async function renderRecord(playbook: Playbook, decision: Decision, options: RecordOptions, place: string): Promise<string> {
  const { stringify } = await import("yaml");
  const previous = options.previous === undefined ? undefined : await readRecord(options.previous, place);
  const { schema, ...rest } = decision;
  const record = {
    schema,
    title: titleOf(playbook, decision),
    date: options.date,
    ...(options.adr === undefined ? {} : { adr: options.adr }),
    ...(previous === undefined ? {} : { supersedes: previous }),
    confirmed_by: confirmingRules(playbook, decision),
    ...rest,
  };
  return `# Recorded by do-or-d1 choose. Read by do-or-d1 lint and do-or-d1 scaffold; --answers takes it too.\n${stringify(record, { lineWidth: 140, aliasDuplicateObjects: false })}`;
}

async function readRecord(text: string, place: string): Promise<{ readonly title: string; readonly date: string; readonly recommendation: string }> {
  const value = await parseData(text, place);
  const field = (key: string): string => (typeof value === "object" && value !== null && key in value ? String((value as Readonly<Record<string, unknown>>)[key]) : "");
  if (field("recommendation") === "") throw new UserError("is there already and is no recorded decision; it was left as it is", { place, hint: "Name another file." });
  return { title: field("title"), date: field("date"), recommendation: field("recommendation") };
}

/** Answers as a file that `--answers` and `--resume` read. */
export async function renderAnswers(answers: Readonly<Record<string, AnswerValue | null>>, comment: string): Promise<string> {
  const { stringify } = await import("yaml");
  return `# ${comment}\n${Object.keys(answers).length === 0 ? "{}\n" : stringify(answers)}`;
}
