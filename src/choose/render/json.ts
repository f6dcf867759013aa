import type { Decision } from "../types.ts";

/** The decision as JSON, keys in a fixed order. */
export function renderJson(decision: Decision): string {
  return `${JSON.stringify(decision, null, 2)}\n`;
}
