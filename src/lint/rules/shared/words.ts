/** `1 SQL table`, `3 SQL tables`. */
export function count(number: number, noun: string): string {
  return `${thousands(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? "";
  return items.length < 2 ? last : `${items.slice(0, -1).join(", ")} and ${last}`;
}

/** `86,400`; independent of the machine's language. */
export function thousands(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A length of time for people: `250 ms`, `10 s`, `5 min`, `8 h`, `1 day`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${decimal(milliseconds / 1_000)} s`;
  if (milliseconds < 7_200_000) return `${decimal(milliseconds / 60_000)} min`;
  if (milliseconds < 172_800_000) return `${decimal(milliseconds / 3_600_000)} h`;
  return `${decimal(milliseconds / 86_400_000)} days`;
}

function decimal(number: number): string {
  return String(Math.round(number * 10) / 10);
}
