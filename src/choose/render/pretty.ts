import { visible, wrap } from "../../text.ts";
import { formatMoney, formatNumber } from "../facts.ts";
import type { Bill, Decision, Playbook, Reason } from "../types.ts";
import { answerText, changeText, confidenceText, evidenceOf, flipTarget, isRedesign, mainFlips, nameOf, patternOf, productName, pullText, summaryOf, verdictOf } from "./phrases.ts";

/** Styles of a terminal; each may be the identity. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly accent: (text: string) => string;
}

/** The identity, for output without colours. */
export const PLAIN: Paint = { strong: (text) => text, dim: (text) => text, good: (text) => text, bad: (text) => text, accent: (text) => text };

const FLIPS_SHOWN = 10;

/**
 * The decision for a terminal: the verdict first, then the reasons, what would change it, what it runs into and what it costs.
 * @param width columns; nothing but addresses is longer
 */
export function renderPretty(playbook: Playbook, decision: Decision, width: number, paint: Paint = PLAIN): string {
  const sections = [
    head(playbook, decision, width, paint),
    reasons(playbook, decision, width, paint),
    warnings(decision, width, paint),
    flips(playbook, decision, width, paint),
    steps(playbook, decision, width, paint),
    capacity(decision, width, paint),
    cost(playbook, decision, width, paint),
    unknowns(playbook, decision, width, paint),
    sources(decision, width, paint),
  ];
  return `${sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function head(playbook: Playbook, decision: Decision, width: number, paint: Paint): readonly string[] {
  const facts: (readonly [string, string])[] = [
    ...(decision.pattern === null ? [] : [["pattern", `${decision.pattern}, ${patternOf(playbook, decision)?.title ?? ""}`] as const]),
    ["confidence", confidenceText(decision.confidence)],
    ["next best", `${nameOf(playbook, decision.runnerUp)}, margin ${decision.margin.toFixed(2)} of 1`],
    ...decision.also.map((also) => ["beside it", `${productName(playbook, also.product)}. ${also.because}`] as const),
  ];
  const verdict = wrap(visible(verdictOf(playbook, decision)), width).map((line) => (isRedesign(decision) ? paint.bad(paint.strong(line)) : paint.good(paint.strong(line))));
  return [...verdict, ...wrap(summaryOf(playbook, decision), width), "", ...facts.flatMap(([label, text]) => labelled(label, text, width, paint))];
}

function reasons(playbook: Playbook, decision: Decision, width: number, paint: Paint): readonly string[] {
  const pulling = decision.reasons.filter((reason) => reason.strength !== "none");
  const quiet = decision.reasons.filter((reason) => reason.strength === "none");
  if (pulling.length === 0) return [paint.strong("Why"), ...indented("Nothing was answered that pulls either way, so this is only the safe start.", 2, width)];
  return [
    paint.strong("Why"),
    ...pulling.flatMap((reason) => [
      ...wrap(`${visible(answerText(reason))}  ${bar(playbook, reason)} ${pullText(playbook, reason)}${reason.strength === "veto" ? "" : `, ${reason.strength}`}`, width - 2).map((line, at) => `  ${at === 0 ? paint.accent(line) : line}`),
      ...indented(`${reason.says} [${reason.basis}]`, 4, width),
      ...evidenceOf(decision, reason.question).flatMap((evidence) => indented(`code: ${visible(evidence)}`, 4, width)).map(paint.dim),
    ]),
    ...(quiet.length === 0 ? [] : indented(`Pulls neither way: ${quiet.map((reason) => visible(answerText(reason))).join("; ")}.`, 2, width).map(paint.dim)),
  ];
}

function bar(playbook: Playbook, reason: Reason): string {
  return reason.weight === 0 ? "" : "■".repeat(reason.weight) + "·".repeat(Math.max(0, playbook.strengths.strong - reason.weight));
}

function flips(playbook: Playbook, decision: Decision, width: number, paint: Paint): readonly string[] {
  const main = mainFlips(decision.flips);
  if (main.length === 0) return [paint.strong("What would change it"), ...indented("No change of one or two answers would.", 2, width)];
  const shown = main.slice(0, FLIPS_SHOWN);
  const rest = main.length - shown.length;
  return [
    paint.strong("What would change it"),
    ...shown.flatMap((flip) => indented(`${flip.changes.map((change) => visible(changeText(change))).join(" and ")} ⇒ ${flipTarget(playbook, flip)}`, 2, width)),
    ...(rest === 0 ? [] : indented(`… and ${rest} more ways; --format json lists them all.`, 2, width).map(paint.dim)),
  ];
}

function warnings(decision: Decision, width: number, paint: Paint): readonly string[] {
  if (decision.warnings.length === 0) return [];
  return [
    paint.strong("Watch out"),
    ...decision.warnings.flatMap((warning) => [
      ...wrap(`! ${warning.title} (${warning.id})`, width - 2).map((line) => `  ${paint.bad(line)}`),
      ...indented(visible(warning.says), 4, width),
      ...indented(`Do: ${warning.do}`, 4, width),
      ...(warning.rules.length === 0 ? [] : indented(`Lint rules that watch for it: ${warning.rules.join(", ")}`, 4, width).map(paint.dim)),
    ]),
  ];
}

function steps(playbook: Playbook, decision: Decision, width: number, paint: Paint): readonly string[] {
  const pattern = patternOf(playbook, decision);
  return pattern ? [paint.strong("How"), ...pattern.do.flatMap((step) => indented(`- ${step}`, 2, width))] : [];
}

function capacity(decision: Decision, width: number, paint: Paint): readonly string[] {
  const lines = Object.values(decision.capacity);
  if (lines.length === 0) return [];
  return [
    paint.strong("Capacity"),
    ...lines.flatMap((line) => [
      ...wrap(`${line.title}: ${line.verdict === "fits" ? "fits" : line.verdict === "tight" ? "tight" : "too much"}`, width - 2).map((text) => `  ${line.verdict === "fits" ? text : paint.bad(text)}`),
      ...line.arithmetic.flatMap((step) => indented(step, 4, width)),
    ]),
  ];
}

function cost(playbook: Playbook, decision: Decision, width: number, paint: Paint): readonly string[] {
  const { cost } = decision;
  if (!cost.known) return [paint.strong("Cost"), ...indented("Not worked out: give peak_rps, writes_per_second or total_gb.", 2, width)];
  const designs: (readonly [string, Bill])[] = [
    ["D1 only", cost.d1],
    ["Durable Objects only", cost.durableObjects],
    [`recommended (${nameOf(playbook, decision.recommendation)})`, cost.recommended],
  ];
  return [
    paint.strong(`Cost a month, on the ${cost.plan} plan`),
    ...designs.flatMap(([title, bill]) => wrap(`${title}: ${billText(bill)}`, width - 2).map((line) => `  ${line}`)),
    ...(cost.webSockets
      ? [...indented(`Sockets that hibernate: ${billText(cost.webSockets.hibernating)}; accepted without hibernation: ${billText(cost.webSockets.notHibernating)}`, 2, width)]
      : []),
    ...indented("The recommended design, line by line:", 2, width),
    ...cost.recommended.lines.flatMap((line) => indented(`${line.title}: ${line.arithmetic}`, 4, width)),
    ...indented(`Assumed: ${cost.assumptions.join("; ")}.`, 2, width).map(paint.dim),
  ];
}

function billText(bill: Bill): string {
  if (bill.fitsFreePlan === undefined) return formatMoney(bill.total);
  return bill.fitsFreePlan ? "free" : "does not fit the free plan";
}

function unknowns(playbook: Playbook, decision: Decision, width: number, paint: Paint): readonly string[] {
  if (decision.unknowns.length === 0) return [];
  const asks = decision.unknowns.map((id) => `${id} (${playbook.questions.find((question) => question.id === id)?.asks ?? ""})`);
  return [paint.strong("Not answered, and could flip it"), ...asks.flatMap((ask) => indented(`- ${ask}`, 2, width))];
}

function sources(decision: Decision, width: number, paint: Paint): readonly string[] {
  const urls = [...new Set([...decision.reasons, ...decision.warnings].flatMap((entry) => entry.sources.map((source) => source.url)))].sort();
  return urls.length === 0 ? [] : [paint.strong(`Sources (${formatNumber(urls.length)})`), ...urls.flatMap((url) => indented(url, 2, width).map(paint.dim))];
}

function labelled(label: string, text: string, width: number, paint: Paint): readonly string[] {
  const indent = 12;
  if (width < 60) return [paint.dim(label), ...indented(text, 2, width)];
  return wrap(text, width - indent).map((line, at) => `${at === 0 ? paint.dim(label.padEnd(indent)) : " ".repeat(indent)}${line}`);
}

function indented(text: string, indent: number, width: number): readonly string[] {
  return wrap(text, width - indent).map((line) => " ".repeat(indent) + line);
}
