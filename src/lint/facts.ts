import { readData } from "../data.ts";

/** A documented fact of the platform, from `rules/platform/`. */
export interface PlatformFact {
  readonly id: string;
  readonly statement: string;
  readonly value?: string | number;
  readonly unit?: string;
  /** The Worker's compatibility date from which the fact holds, ISO. */
  readonly compat_date?: string;
  /** The compatibility flag that brings it earlier. */
  readonly compat_flag?: string;
  readonly source: string;
}

let facts: ReadonlyMap<string, PlatformFact> | undefined;

/** The platform fact of an id that a rule rests on; it must be there. */
export function requireFact(id: string): PlatformFact {
  facts ??= new Map(
    Object.values(readData("platform")).flatMap((document) => ((document as { facts?: readonly PlatformFact[] }).facts ?? []).map((fact): [string, PlatformFact] => [fact.id, fact])),
  );
  const fact = facts.get(id);
  if (!fact) throw new Error(`no fact ${id} under rules/platform`);
  return fact;
}

/** A fact's value as messages give it: thousands separated. */
export function factText(id: string): string {
  const { value } = requireFact(id);
  if (value === undefined) throw new Error(`the fact ${id} under rules/platform has no value`);
  return typeof value === "number" ? value.toLocaleString("en-US") : value;
}
