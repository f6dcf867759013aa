import type { Playbook, Source } from "./types.ts";

/** The numeric value of a fact. @throws Error when the fact is missing or has no number, which the playbook's check rules out for all it refers to */
export function requireNumber(playbook: Playbook, id: string): number {
  const value = playbook.facts.get(id)?.value;
  if (typeof value !== "number") throw new Error(`The fact ${id} has no number.`);
  return value;
}

/** Both ends of a fact whose value is a range such as `500-1000`. */
export function requireRange(playbook: Playbook, id: string): readonly [number, number] {
  const [low, high] = String(playbook.facts.get(id)?.value).split("-").map(Number);
  if (low === undefined || high === undefined || Number.isNaN(low + high)) throw new Error(`The fact ${id} is no range.`);
  return [low, high];
}

/** Pages of facts, each page once. */
export function sourcesOf(playbook: Playbook, ids: readonly string[]): readonly Source[] {
  const urls = new Set<string>();
  return ids.flatMap((id) => {
    const fact = playbook.facts.get(id);
    if (!fact || urls.has(fact.source)) return [];
    urls.add(fact.source);
    return [{ fact: id, url: fact.source }];
  });
}

/** `1,250,000`, `0.128`: thousands separated, at most four decimals. */
export function formatNumber(value: number): string {
  const [whole = "0", decimals] = (Math.round(value * 10_000) / 10_000).toString().split(".");
  const grouped = /e/.test(whole) ? whole : whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

/** `$12.50` */
export function formatMoney(amount: number): string {
  const [whole = "0", cents = "00"] = amount.toFixed(2).split(".");
  return `$${formatNumber(Number(whole))}.${cents}`;
}
