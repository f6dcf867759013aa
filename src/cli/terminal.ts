import type { Io } from "./io.ts";

/**
 * Whether to write colours to a stream: `--no-color`, then NO_COLOR (https://no-color.org), then FORCE_COLOR, then whether it is a
 * terminal that a person looks at.
 */
export function usesColor(stream: { readonly isTTY?: boolean }, env: Io["env"], noColor: boolean): boolean {
  if (noColor || (env["NO_COLOR"] ?? "") !== "") return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  return stream.isTTY === true && env["TERM"] !== "dumb" && !isCi(env);
}

/** Whether the run is one of a CI service. */
export function isCi(env: Io["env"]): boolean {
  const ci = env["CI"];
  return ci !== undefined && ci !== "" && ci !== "0" && ci !== "false";
}

/** Columns to write for: the terminal's, COLUMNS, or a width that reads well in a log. */
export function widthOf(stream: { readonly columns?: number }, env: Io["env"]): number {
  const given = stream.columns ?? Number(env["COLUMNS"] ?? "");
  return Number.isInteger(given) && given > 0 ? Math.min(Math.max(given, 20), 120) : 100;
}
