import { joinPath } from "../../paths.ts";
import { globMatcher } from "../../project/discover/globs.ts";
import type { Profile, Severity } from "../finding.ts";
import type { RuleSettings } from "../rule.ts";
import { readConfigText, type Value } from "./read.ts";
import { configShape } from "./schema.ts";

export type Rating = Severity | "off";

/** One configuration: what a file says, or the defaults. */
export interface Configuration {
  /** Path relative to the checkout's root; undefined for the defaults. */
  readonly file: string | undefined;
  /** The folder that its globs are relative to. */
  readonly dir: string;
  readonly profile: Profile | undefined;
  readonly ratings: ReadonlyMap<string, Rating>;
  readonly settings: RuleSettings;
  /** Baseline file relative to the checkout's root. */
  readonly baseline: string | undefined;
  /** Whether a file (path relative to the root) is left out. */
  readonly ignores: (path: string) => boolean;
  /** Whether a file is a test, where the configuration says which are. */
  readonly isTest: ((path: string) => boolean) | undefined;
}

/** What holds where no configuration file is. */
export const DEFAULT_CONFIGURATION: Configuration = {
  file: undefined,
  dir: "",
  profile: undefined,
  ratings: new Map(),
  settings: { databases: new Map(), allowedSingletons: [], lookupTables: [] },
  baseline: undefined,
  ignores: () => false,
  isTest: undefined,
};

/** The key that holds the configuration in package.json. */
export const PACKAGE_KEY = "do-or-d1";

/**
 * Reads a configuration file's text.
 * @param file path relative to the checkout's root; a package.json is read under its key
 * @param dir the folder that its globs are relative to
 * @param shown the path that errors name
 * @returns undefined when the file holds no configuration (a package.json without the key)
 * @throws UserError with the place of what is wrong
 */
export function parseConfiguration(text: string, file: string, dir: string, ruleIds: readonly string[], shown: string = file): Configuration | undefined {
  const key = /(?:^|\/)package\.json$/.test(file) ? PACKAGE_KEY : undefined;
  const value = readConfigText(text, shown, configShape(ruleIds), key);
  if (!value) return key === undefined ? { ...DEFAULT_CONFIGURATION, file, dir } : undefined;
  const tests = strings(value, "tests");
  const baseline = string(value, "baseline");
  return {
    file,
    dir,
    profile: string(value, "profile") as Profile | undefined,
    ratings: new Map([...entries(value, "rules")].map(([id, rating]) => [id, (rating as Value & { kind: "string" }).value as Rating])),
    settings: settingsOf(value, shown),
    baseline: baseline === undefined ? undefined : (joinPath(dir, baseline) ?? baseline),
    ignores: below(dir, strings(value, "ignore") ?? []),
    isTest: tests && below(dir, tests),
  };
}

function settingsOf(value: Value, file: string): RuleSettings {
  const allowed = get(get(value, "singletons"), "allow");
  return {
    databases: new Map(
      [...entries(value, "databases")].map(([name, database]) => {
        const mode = string(database, "read_replication") as "auto" | "disabled" | undefined;
        return [name, { ...(mode && { readReplication: mode }), evidence: file }];
      }),
    ),
    allowedSingletons: (allowed?.kind === "list" ? allowed.items : []).map((item) => {
      const [cls, binding, name] = [string(item, "class"), string(item, "binding"), string(item, "name")];
      return { reason: string(item, "reason") ?? "", ...(cls !== undefined && { class: cls }), ...(binding !== undefined && { binding }), ...(name !== undefined && { name }) };
    }),
    lookupTables: strings(value, "lookup_tables") ?? [],
  };
}

/** Globs of a folder, for paths relative to the root. As in ignore files, one without a slash matches in any folder, and a folder stands for all in it. */
function below(dir: string, globs: readonly string[]): (path: string) => boolean {
  const rooted = globs.map((glob) => glob.replace(/^\.?\//, "").replace(/\/$/, "")).map((glob) => (glob.includes("/") ? glob : `**/${glob}`));
  const matches = globMatcher(rooted.flatMap((glob) => [glob, `${glob}/**`]));
  if (dir === "") return matches;
  return (path) => path.startsWith(`${dir}/`) && matches(path.slice(dir.length + 1));
}

function get(value: Value | undefined, key: string): Value | undefined {
  return value?.kind === "object" ? value.entries.get(key) : undefined;
}

function entries(value: Value, key: string): ReadonlyMap<string, Value> {
  const inner = get(value, key);
  return inner?.kind === "object" ? inner.entries : new Map();
}

function string(value: Value, key: string): string | undefined {
  const inner = get(value, key);
  return inner?.kind === "string" ? inner.value : undefined;
}

function strings(value: Value, key: string): readonly string[] | undefined {
  const inner = get(value, key);
  return inner?.kind === "list" ? inner.items.flatMap((item) => (item.kind === "string" ? [item.value] : [])) : undefined;
}
