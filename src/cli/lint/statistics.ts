import type { LintResults } from "../../lint/results.ts";

/** The text of `--statistics`: time of each stage, and of each rule, slowest first. */
export function formatStatistics(results: LintResults, durationMs: number): string {
  const rules = [...results.ruleTimings].sort((a, b) => b.milliseconds - a.milliseconds || (a.name < b.name ? -1 : 1));
  const counts = new Map<string, number>();
  for (const { rule } of results.findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const row = (name: string, milliseconds: number, note = ""): string => `  ${name.padEnd(34)}${milliseconds.toFixed(1).padStart(9)} ms${note}`;
  return [
    `${results.files} files, ${results.relevant} of them with or near Durable Object or D1 code, ${results.configs} wrangler configurations`,
    ...(results.stages.length === 0 ? ["replayed from the cache; --no-cache runs the rules again"] : ["stages"]),
    ...results.stages.map(({ name, milliseconds }) => row(name, milliseconds)),
    row("all", durationMs),
    ...(rules.length === 0 ? [] : ["rules"]),
    ...rules.map(({ name, milliseconds }) => row(name, milliseconds, counts.has(name) ? `   ${counts.get(name)} findings` : "")),
    "",
  ].join("\n");
}
