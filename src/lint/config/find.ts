import { dirOf } from "../../paths.ts";
import type { Checkout } from "../../project/discover/types.ts";
import { type Configuration, DEFAULT_CONFIGURATION, parseConfiguration } from "./configuration.ts";

/** File names of a configuration, the first of which counts in a folder. */
export const CONFIG_NAMES = ["do-or-d1.yaml", "do-or-d1.yml", "do-or-d1.json", "package.json"] as const;

/** The configuration that holds for a file: the nearest one in its folder or above. */
export interface Configurations {
  of(file: string): Configuration;
  /** Those asked for so far, the defaults among them when they were. */
  all(): readonly Configuration[];
}

/** One configuration for every file (`--config`). */
export function singleConfiguration(configuration: Configuration): Configurations {
  return { of: () => configuration, all: () => [configuration] };
}

/**
 * Configurations found upwards from each file, up to the checkout's root. Each folder is looked at once.
 * `of` throws a UserError for a configuration with a mistake.
 */
export function findConfigurations(checkout: Checkout, ruleIds: readonly string[]): Configurations {
  const byFolder = new Map<string, Configuration>();
  const ofFolder = (dir: string): Configuration => {
    const known = byFolder.get(dir);
    if (known) return known;
    const found = readFolder(checkout, dir, ruleIds) ?? (dir === "" ? DEFAULT_CONFIGURATION : ofFolder(dirOf(dir)));
    byFolder.set(dir, found);
    return found;
  };
  return { of: (file) => ofFolder(dirOf(file)), all: () => [...new Set(byFolder.values())] };
}

function readFolder(checkout: Checkout, dir: string, ruleIds: readonly string[]): Configuration | undefined {
  // A file do-or-d1.yml among CI workflows is a workflow.
  if (/(?:^|\/)\.[^/]+\/workflows$/.test(dir)) return undefined;
  for (const name of CONFIG_NAMES) {
    const file = dir === "" ? name : `${dir}/${name}`;
    if (!checkout.exists(file)) continue;
    const text = checkout.read(file) ?? "";
    if (name === "package.json" && !text.includes('"do-or-d1"')) continue;
    const configuration = parseConfiguration(text, file, dir, ruleIds);
    if (configuration) return configuration;
  }
  return undefined;
}
