import { readData } from "../../../data.ts";

interface FactDocument {
  readonly facts: readonly { readonly id: string; readonly value?: unknown }[];
}

/**
 * The value of a documented platform fact, for messages: thousands separated, as a text.
 * @param document name of a file under `rules/platform/`, without its ending
 */
export function platformValue(document: string, id: string): string {
  const { facts } = readData("platform")[document] as FactDocument;
  const value = facts.find((fact) => fact.id === id)?.value;
  if (value === undefined) throw new Error(`no value for ${id} in rules/platform/${document}.yaml`);
  return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
}
