import type { Configuration, Rating } from "./config/configuration.ts";
import type { RuleDocument } from "./documents.ts";
import type { Confidence, Profile, Severity } from "./finding.ts";

/** What the command line says about rules; it goes before every configuration file. */
export interface RuleChoice {
  readonly profile?: Profile | undefined;
  readonly ratings?: ReadonlyMap<string, Rating>;
  /** Only these rules, whatever their profile. */
  readonly only?: ReadonlySet<string> | undefined;
}

/** The severity at which a rule reports under a configuration; undefined when it does not run. A rule that someone names runs in every profile. */
export function severityOf(document: RuleDocument, configuration: Configuration, choice: RuleChoice): Severity | undefined {
  const named = choice.only?.has(document.id) ?? false;
  if (choice.only && !named) return undefined;
  const rating = choice.ratings?.get(document.id) ?? configuration.ratings.get(document.id);
  if (rating === "off") return undefined;
  if (rating) return rating;
  return named || document.profile === "recommended" || profileOf(configuration, choice) === "strict" ? document.severity : undefined;
}

/** Whether findings of this confidence are reported: low ones only in the strict profile. */
export function isReported(confidence: Confidence, configuration: Configuration, choice: RuleChoice): boolean {
  return confidence !== "low" || profileOf(configuration, choice) === "strict";
}

function profileOf(configuration: Configuration, choice: RuleChoice): Profile {
  return choice.profile ?? configuration.profile ?? "recommended";
}
