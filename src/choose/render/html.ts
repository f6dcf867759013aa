import { formatMoney, formatNumber } from "../facts.ts";
import { diagramOf } from "../mermaid.ts";
import type { Bill, CapacityLine, Decision, Playbook, Reason, Side, Source } from "../types.ts";
import { STYLE } from "./html-style.ts";
import { answerText, changeText, confidenceText, evidenceOf, flipTarget, isRedesign, mainFlips, nameOf, patternOf, productName, pullText, summaryOf, verdictOf } from "./phrases.ts";
import { escapeXml as esc, renderDiagram } from "./svg.ts";

/** The decision as one page that needs nothing else: no script, no network, light and dark, and fit to print. */
export function renderHtml(playbook: Playbook, decision: Decision): string {
  const sections = [hero(playbook, decision), diagram(playbook, decision), pulls(playbook, decision), warnings(decision), flips(playbook, decision), how(playbook, decision), capacity(decision), cost(playbook, decision), unknowns(playbook, decision), sources(playbook, decision)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${esc(verdictOf(playbook, decision))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${sections.filter((section) => section !== "").join("\n")}
</main>
<footer>Decided with do-or-d1 from the answers below. The same answers give the same page.${answers(decision)}</footer>
</body>
</html>
`;
}

function hero(playbook: Playbook, decision: Decision): string {
  const pattern = patternOf(playbook, decision);
  const kind = isRedesign(decision) ? "stop" : decision.recommendation;
  return `<header class="hero ${kind}">
<p class="eyebrow">${isRedesign(decision) ? "Redesign" : decision.recommendation === "neither" ? "Another product" : "Recommendation"}${typeof decision.answers["workload"] === "string" ? ` for ${esc(decision.answers["workload"])}` : ""}</p>
<h1>${esc(verdictOf(playbook, decision))}</h1>
<p class="lead">${esc(summaryOf(playbook, decision))}</p>
<dl class="facts">
${pattern ? `<div><dt>Pattern</dt><dd>${esc(pattern.title)}<br><code>${pattern.id}</code></dd></div>` : ""}
<div><dt>Confidence</dt><dd>${meter(decision.confidence)}${esc(confidenceText(decision.confidence))}</dd></div>
<div><dt>Next best</dt><dd>${esc(nameOf(playbook, decision.runnerUp))}<br><small>margin ${decision.margin.toFixed(2)} of 1: of all changes of one answer, the share that keeps the recommendation less the share that leads here</small></dd></div>
</dl>
${decision.also.length === 0 ? "" : `<ul class="also">${decision.also.map((also) => `<li><b>Beside it: ${esc(productName(playbook, also.product))}.</b> ${esc(also.because)} ${refs(also.sources)}</li>`).join("")}</ul>`}
</header>`;
}

function meter(value: number): string {
  return `<span class="meter" role="img" aria-label="${value.toFixed(2)} of 1"><span style="width:${(value * 100).toFixed(0)}%"></span></span>`;
}

function diagram(playbook: Playbook, decision: Decision): string {
  return `<section><h2>What it looks like</h2><figure>${renderDiagram(diagramOf(playbook, decision))}</figure></section>`;
}

function pulls(playbook: Playbook, decision: Decision): string {
  const pulling = decision.reasons.filter((reason) => reason.strength !== "none");
  const quiet = decision.reasons.filter((reason) => reason.strength === "none");
  if (pulling.length === 0) return `<section><h2>Why</h2><p>Nothing was answered that pulls either way, so this is only the safe start.</p></section>`;
  return `<section><h2>Why</h2>
<div class="axis" aria-hidden="true"><span>← objects</span><span>D1 →</span></div>
<ol class="pulls">${pulling.map((reason) => pull(playbook, decision, reason)).join("\n")}</ol>
${sums(decision)}
${quiet.length === 0 ? "" : `<p class="quiet">Pulls neither way: ${quiet.map((reason) => `<code>${esc(answerText(reason))}</code>`).join(", ")}.</p>`}</section>`;
}

function pull(playbook: Playbook, decision: Decision, reason: Reason): string {
  const side = reason.toward === "durable-objects" ? "left" : reason.toward === "d1" ? "right" : "middle";
  const width = reason.strength === "veto" ? 50 : (reason.weight / playbook.strengths.strong) * 50;
  const style = reason.setAside === undefined ? "" : " aside";
  return `<li><div class="pull ${side} ${reason.strength}${style}" role="img" aria-label="${esc(pullText(playbook, reason))}, ${reason.strength}"><span class="bar" style="width:${width}%"></span></div>
<div class="pull-text"><p><code>${esc(answerText(reason))}</code> <span class="tag">${esc(pullText(playbook, reason))}${reason.strength === "veto" ? "" : `, ${reason.strength}`}</span></p><p>${esc(reason.says)} <small>${esc(reason.basis)} ${refs(reason.sources)}</small></p>${evidenceOf(decision, reason.question).map((evidence) => `<p><small>code: ${esc(evidence)}</small></p>`).join("")}</div></li>`;
}

function sums(decision: Decision): string {
  const total = Math.max(1, decision.pulls.d1, decision.pulls["durable-objects"]);
  const part = (side: Side): string => `${((decision.pulls[side] / total) * 50).toFixed(1)}%`;
  return `<div class="sums"><span>Durable Objects ${decision.pulls["durable-objects"]}</span><div class="sum-bars" role="img" aria-label="Sum of pulls: Durable Objects ${decision.pulls["durable-objects"]}, D1 ${decision.pulls.d1}"><span class="sum do" style="width:${part("durable-objects")}"></span><span class="sum d1" style="width:${part("d1")}"></span></div><span>D1 ${decision.pulls.d1}</span></div>`;
}

function flips(playbook: Playbook, decision: Decision): string {
  const main = mainFlips(decision.flips);
  if (main.length === 0) return `<section><h2>What would change it</h2><p>No change of one or two answers would.</p></section>`;
  const row = (flip: (typeof main)[number]): string => `<li><span class="change">${flip.changes.map((change) => `<code>${esc(changeText(change))}</code>`).join(" <em>and</em> ")}</span><span class="target ${flip.recommendation}">${esc(flipTarget(playbook, flip))}</span></li>`;
  const [first, rest] = [main.slice(0, 10), main.slice(10)];
  return `<section><h2>What would change it</h2><ul class="flips">${first.map(row).join("\n")}</ul>
${rest.length === 0 ? "" : `<details><summary>${rest.length} more</summary><ul class="flips">${rest.map(row).join("\n")}</ul></details>`}</section>`;
}

function warnings(decision: Decision): string {
  if (decision.warnings.length === 0) return "";
  return `<section><h2>Watch out</h2><div class="warnings">${decision.warnings
    .map((warning) => `<article><h3>${esc(warning.title)}</h3><p>${esc(warning.says)}</p><p><b>Do:</b> ${esc(warning.do)}</p><p><small><code>${warning.id}</code>${warning.rules.length === 0 ? "" : ` · lint: ${warning.rules.map((rule) => `<code>${esc(rule)}</code>`).join(" ")}`} ${refs(warning.sources)}</small></p></article>`)
    .join("\n")}</div></section>`;
}

function how(playbook: Playbook, decision: Decision): string {
  const pattern = patternOf(playbook, decision);
  return pattern ? `<section><h2>How</h2><p>${esc(pattern.why)}</p><ul>${pattern.do.map((step) => `<li>${esc(step)}</li>`).join("")}</ul></section>` : "";
}

function capacity(decision: Decision): string {
  const lines = Object.values(decision.capacity);
  return lines.length === 0 ? "" : `<section><h2>Capacity</h2><div class="gauges">${lines.map(gauge).join("\n")}</div></section>`;
}

function gauge(line: CapacityLine): string {
  const share = line.limit === null ? undefined : Math.min(1, line.needed / line.limit);
  const bar = share === undefined ? "" : `<div class="gauge ${line.verdict}" role="img" aria-label="${formatNumber(line.needed)} of ${formatNumber(line.limit ?? 0)} ${esc(line.unit)}"><span style="width:${(share * 100).toFixed(1)}%"></span></div>`;
  const amount = line.limit === null ? `${formatNumber(line.needed)} ${esc(line.unit)}, not limited` : `${formatNumber(line.needed)} of ${formatNumber(line.limit)} ${esc(line.unit)}`;
  return `<article><h3>${esc(line.title)} <span class="verdict ${line.verdict}">${line.verdict === "exceeds" ? "too much" : line.verdict}</span></h3>${bar}<p class="amount">${amount}</p><ul class="arithmetic">${line.arithmetic.map((step) => `<li>${esc(step)}</li>`).join("")}</ul><p><small>${refs(line.sources)}</small></p></article>`;
}

function cost(playbook: Playbook, decision: Decision): string {
  const { cost } = decision;
  if (!cost.known) return `<section><h2>Cost</h2><p>Not worked out: give <code>peak_rps</code>, <code>writes_per_second</code> or <code>total_gb</code>.</p></section>`;
  const designs: (readonly [string, Bill, string])[] = [
    ["D1 only", cost.d1, ""],
    ["Durable Objects only", cost.durableObjects, ""],
    [`${nameOf(playbook, decision.recommendation)}, as recommended`, cost.recommended, "chosen"],
    ...(cost.webSockets ? ([["with sockets that hibernate", cost.webSockets.hibernating, "socket"], ["with sockets accepted without hibernation", cost.webSockets.notHibernating, "socket"]] as const) : []),
  ];
  const most = Math.max(1, ...designs.map(([, bill]) => bill.total));
  return `<section><h2>Cost a month, on the ${cost.plan} plan</h2>
<table class="costs"><tbody>${designs.map(([title, bill, kind]) => `<tr class="${kind}"><th scope="row">${esc(title)}</th><td class="cost-bar"><span style="width:${((bill.total / most) * 100).toFixed(1)}%"></span></td><td class="money">${billText(bill)}</td></tr>`).join("\n")}</tbody></table>
<details open><summary>Line by line, as recommended</summary><table class="lines"><tbody>${cost.recommended.lines.map((line) => `<tr><th scope="row">${esc(line.title)}</th><td>${esc(line.arithmetic)} <small>${refs(line.sources)}</small></td><td class="money">${formatMoney(line.amount)}</td></tr>`).join("\n")}</tbody></table></details>
<p class="quiet">Assumed: ${esc(cost.assumptions.join("; "))}.</p></section>`;
}

function billText(bill: Bill): string {
  if (bill.fitsFreePlan === undefined) return formatMoney(bill.total);
  return bill.fitsFreePlan ? "free" : "does not fit";
}

function unknowns(playbook: Playbook, decision: Decision): string {
  if (decision.unknowns.length === 0) return "";
  const asks = (id: string): string => playbook.questions.find((question) => question.id === id)?.asks ?? "";
  return `<section><h2>Not answered, and could flip it</h2><ul class="asks">${decision.unknowns.map((id) => `<li><code>${id}</code> ${esc(asks(id))}</li>`).join("")}</ul></section>`;
}

function sources(playbook: Playbook, decision: Decision): string {
  const used = new Map([...decision.reasons, ...decision.warnings, ...decision.also, ...Object.values(decision.capacity), ...(decision.cost.known ? decision.cost.recommended.lines : [])].flatMap((entry) => entry.sources.map((source) => [source.url, source.fact] as const)));
  if (used.size === 0) return "";
  const items = [...used].sort(([a], [b]) => (a < b ? -1 : 1)).map(([url, fact]) => {
    const entry = playbook.facts.get(fact);
    return `<li><a href="${esc(url)}">${esc(url.replace(/^https:\/\//, ""))}</a><br>${esc(entry?.statement ?? "")} <small>Read ${esc(entry?.read ?? "")}.</small></li>`;
  });
  return `<section class="sources"><h2>Sources</h2><ol>${items.join("\n")}</ol></section>`;
}

function answers(decision: Decision): string {
  const rows = Object.entries(decision.answers).map(([id, value]) => `<tr><th scope="row"><code>${esc(id)}</code></th><td>${esc(typeof value === "object" ? (value.length === 0 ? "none" : value.join(", ")) : String(value))}</td></tr>`);
  return rows.length === 0 ? "" : `<table class="answers"><tbody>${rows.join("")}</tbody></table>`;
}

function refs(sources: readonly Source[]): string {
  return sources.map((source, index) => `<a class="ref" href="${esc(source.url)}">${sources.length === 1 ? "source" : `source ${index + 1}`}</a>`).join(" ");
}
