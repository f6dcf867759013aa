import { formatMoney } from "../facts.ts";
import { diagramOf, renderMermaid } from "../mermaid.ts";
import type { Bill, Decision, Playbook, Source } from "../types.ts";
import { answerText, changeText, confidenceText, evidenceOf, flipTarget, mainFlips, nameOf, patternOf, productName, pullText, summaryOf, verdictOf } from "./phrases.ts";

/** The decision as Markdown that GitHub shows well, diagram included. */
export function renderMarkdown(playbook: Playbook, decision: Decision): string {
  const sections = [
    `# ${escape(verdictOf(playbook, decision))}`,
    escape(summaryOf(playbook, decision)),
    facts(playbook, decision),
    diagramSection(playbook, decision),
    `## Why\n\n${reasonList(playbook, decision)}`,
    warningSection(decision),
    `## What would change it\n\n${flipList(playbook, decision, 15)}`,
    howSection(playbook, decision),
    capacitySection(decision),
    costSection(playbook, decision),
    unknownSection(playbook, decision),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function facts(playbook: Playbook, decision: Decision): string {
  const rows: (readonly [string, string])[] = [
    ...(decision.pattern === null ? [] : [["Pattern", `\`${decision.pattern}\`: ${patternOf(playbook, decision)?.title ?? ""}`] as const]),
    ["Confidence", confidenceText(decision.confidence)],
    ["Next best", `${nameOf(playbook, decision.runnerUp)}, margin ${decision.margin.toFixed(2)} of 1`],
    ...decision.also.map((also) => ["Beside it", `${productName(playbook, also.product)}. ${also.because} ${links(also.sources)}`] as const),
  ];
  return `| | |\n| --- | --- |\n${rows.map(([label, text]) => `| ${label} | ${cell(text)} |`).join("\n")}`;
}

/** The architecture as a fenced Mermaid diagram. */
export function diagramSection(playbook: Playbook, decision: Decision): string {
  return `\`\`\`mermaid\n${renderMermaid(diagramOf(playbook, decision))}\n\`\`\``;
}

/** One bullet an answer that pulled, then one for all that did not. */
export function reasonList(playbook: Playbook, decision: Decision): string {
  const pulling = decision.reasons.filter((reason) => reason.strength !== "none");
  const quiet = decision.reasons.filter((reason) => reason.strength === "none");
  if (pulling.length === 0) return "Nothing was answered that pulls either way, so this is only the safe start.";
  return [
    ...pulling.map((reason) => `- \`${code(answerText(reason))}\`: ${pullText(playbook, reason)}${reason.strength === "veto" ? "" : `, ${reason.strength}`}. ${reason.says} (${reason.basis}) ${links(reason.sources)}${evidenceOf(decision, reason.question).map((evidence) => ` — \`${code(evidence)}\``).join("")}`),
    ...(quiet.length === 0 ? [] : [`- Pulls neither way: ${quiet.map((reason) => `\`${code(answerText(reason))}\``).join(", ")}.`]),
  ].join("\n");
}

/** @param most how many of the changes to list */
export function flipList(playbook: Playbook, decision: Decision, most: number): string {
  const main = mainFlips(decision.flips);
  if (main.length === 0) return "No change of one or two answers would.";
  const rest = main.length - most;
  return [...main.slice(0, most).map((flip) => `- ${flip.changes.map((change) => `\`${code(changeText(change))}\``).join(" and ")} ⇒ ${flipTarget(playbook, flip)}`), ...(rest > 0 ? [`- … and ${rest} more ways (\`--format json\` lists them all)`] : [])].join("\n");
}

function warningSection(decision: Decision): string {
  if (decision.warnings.length === 0) return "";
  return `## Watch out\n\n${warningList(decision)}`;
}

export function warningList(decision: Decision): string {
  return decision.warnings.map((warning) => `- **${warning.title}** (\`${warning.id}\`). ${escape(warning.says)} ${warning.do}${warning.rules.length === 0 ? "" : ` Lint rules: ${warning.rules.map((rule) => `\`${rule}\``).join(", ")}.`} ${links(warning.sources)}`).join("\n");
}

function howSection(playbook: Playbook, decision: Decision): string {
  const pattern = patternOf(playbook, decision);
  return pattern ? `## How\n\n${pattern.why}\n\n${pattern.do.map((step) => `- ${step}`).join("\n")}` : "";
}

function capacitySection(decision: Decision): string {
  const lines = Object.values(decision.capacity);
  if (lines.length === 0) return "";
  return `## Capacity\n\n| | | Arithmetic |\n| --- | --- | --- |\n${lines.map((line) => `| ${line.title} | ${line.verdict === "exceeds" ? "**too much**" : line.verdict} | ${cell(line.arithmetic.join("; "))} ${links(line.sources)} |`).join("\n")}`;
}

function costSection(playbook: Playbook, decision: Decision): string {
  const { cost } = decision;
  if (!cost.known) return "## Cost\n\nNot worked out: give `peak_rps`, `writes_per_second` or `total_gb`.";
  const text = (bill: Bill): string => (bill.fitsFreePlan === undefined ? formatMoney(bill.total) : bill.fitsFreePlan ? "free" : "does not fit the free plan");
  const totals = [
    `| D1 only | ${text(cost.d1)} |`,
    `| Durable Objects only | ${text(cost.durableObjects)} |`,
    `| **${nameOf(playbook, decision.recommendation)}, as recommended** | **${text(cost.recommended)}** |`,
    ...(cost.webSockets ? [`| with sockets that hibernate | ${text(cost.webSockets.hibernating)} |`, `| with sockets accepted without hibernation | ${text(cost.webSockets.notHibernating)} |`] : []),
  ];
  const lines = cost.recommended.lines.map((line) => `| ${line.title} | ${cell(line.arithmetic)} ${links(line.sources)} |`);
  return `## Cost a month, on the ${cost.plan} plan\n\n| Design | A month |\n| --- | --- |\n${totals.join("\n")}\n\n| Line of the recommended design | Arithmetic |\n| --- | --- |\n${lines.join("\n")}\n\nAssumed: ${cost.assumptions.join("; ")}.`;
}

function unknownSection(playbook: Playbook, decision: Decision): string {
  if (decision.unknowns.length === 0) return "";
  return `## Not answered, and could flip it\n\n${decision.unknowns.map((id) => `- \`${id}\`: ${playbook.questions.find((question) => question.id === id)?.asks ?? ""}`).join("\n")}`;
}

function links(sources: readonly Source[]): string {
  return sources.map((source, index) => `[${sources.length === 1 ? "source" : `source ${index + 1}`}](${source.url})`).join(", ");
}

/** Text of the user's in running Markdown. */
export function escape(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[\\`*_<>[\]#|]/g, (char) => `\\${char}`);
}

function code(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replaceAll("`", "'");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
