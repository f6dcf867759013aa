import { ruleDocuments } from "../../lint/documents.ts";
import { wrap } from "../../text.ts";

/** The table that `--list-rules` prints: id, severity, profile, summary. */
export function formatRuleList(width: number): string {
  const documents = [...ruleDocuments().values()];
  const idWidth = Math.max(...documents.map(({ id }) => id.length), 0);
  const indent = idWidth + 25;
  if (width < indent + 30)
    return documents.map(({ id, severity, profile, summary }) => `${id}\n  ${severity}, ${profile}\n${wrap(summary, width - 2).map((line) => `  ${line}`).join("\n")}\n`).join("");
  return documents
    .map(({ id, severity, profile, summary }) => {
      const [first = "", ...rest] = wrap(summary, width - indent);
      const row = `${id.padEnd(idWidth)}  ${severity.padEnd(8)}  ${profile.padEnd(11)}  ${first}`;
      return [row, ...rest.map((line) => " ".repeat(indent) + line)].map((line) => `${line}\n`).join("");
    })
    .join("");
}

/** The same for programs. */
export function formatRuleListJson(): string {
  const rules = [...ruleDocuments().values()].map(({ id, severity, profile, summary, help, docs }) => ({ id, severity, profile, summary: summary.trim(), help: help.trim(), docs }));
  return `${JSON.stringify({ schema: 1, rules }, undefined, 2)}\n`;
}
