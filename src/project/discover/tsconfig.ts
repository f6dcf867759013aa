import { type ParseError, parse } from "jsonc-parser";
import { dirOf, joinPath } from "../../paths.ts";
import { isRecord } from "./packages.ts";
import type { Checkout } from "./types.ts";

/** The import aliases that hold in a folder. */
export interface AliasMap {
  /** Most specific first. Targets are relative to the root. `*` stands for any text in both. */
  readonly patterns: readonly { readonly pattern: string; readonly targets: readonly string[] }[];
  /** Folder relative to the root that bare specifiers may start from. */
  readonly baseUrl?: string;
}

const NONE: AliasMap = { patterns: [] };
const memories = new WeakMap<Checkout, Map<string, AliasMap>>();

/** Names under which templates keep the options of the Worker apart from those of build scripts. */
const SIBLINGS = ["tsconfig.app.json", "tsconfig.worker.json", "tsconfig.cloudflare.json", "tsconfig.base.json", "tsconfig.node.json"];

/**
 * The aliases of the nearest tsconfig.json (or jsconfig.json) at or above a folder, `extends` and `references` followed;
 * where that one has none, those of the next one above.
 */
export function tsconfigPathsFor(checkout: Checkout, dir: string): AliasMap {
  let memory = memories.get(checkout);
  if (!memory) memories.set(checkout, (memory = new Map()));
  const known = memory.get(dir);
  if (known) return known;
  const own = aliasesIn(checkout, dir);
  const aliases = own ?? (dir === "" ? NONE : tsconfigPathsFor(checkout, dirOf(dir)));
  memory.set(dir, aliases);
  return aliases;
}

/** The paths, relative to the root and without extensions tried, that `specifier` may stand for. */
export function aliasTargets(aliases: AliasMap, specifier: string): string[] {
  const targets: string[] = [];
  for (const { pattern, targets: given } of aliases.patterns) {
    const star = starOf(pattern, specifier);
    if (star !== undefined) targets.push(...given.map((target) => target.replace("*", () => star)));
  }
  const based = aliases.baseUrl === undefined ? undefined : joinPath(aliases.baseUrl, specifier);
  return based === undefined ? targets : [...targets, based];
}

function starOf(pattern: string, specifier: string): string | undefined {
  const at = pattern.indexOf("*");
  if (at < 0) return pattern === specifier ? "" : undefined;
  const before = pattern.slice(0, at);
  const after = pattern.slice(at + 1);
  const fits = specifier.length >= before.length + after.length && specifier.startsWith(before) && specifier.endsWith(after);
  return fits ? specifier.slice(before.length, specifier.length - after.length) : undefined;
}

function aliasesIn(checkout: Checkout, dir: string): AliasMap | undefined {
  const inDir = (name: string): string => (dir === "" ? name : `${dir}/${name}`);
  const main = ["tsconfig.json", "jsconfig.json"].map(inDir).find((file) => checkout.exists(file));
  const options = main === undefined ? undefined : load(checkout, main, dir, new Set());
  if (options?.patterns || options?.baseUrl !== undefined) return toAliases(options);
  for (const name of main === undefined ? [] : SIBLINGS) {
    const sibling = checkout.exists(inDir(name)) ? load(checkout, inDir(name), dir, new Set()) : undefined;
    if (sibling?.patterns) return toAliases(sibling);
  }
  return undefined;
}

interface Options {
  readonly patterns?: AliasMap["patterns"];
  readonly baseUrl?: string;
}

function toAliases(options: Options): AliasMap {
  const patterns = [...(options.patterns ?? [])].sort((a, b) => b.pattern.indexOf("*") - a.pattern.indexOf("*"));
  const exact = patterns.filter(({ pattern }) => !pattern.includes("*"));
  return { patterns: [...exact, ...patterns.filter((entry) => !exact.includes(entry))], ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }) };
}

/** @param leafDir folder of the configuration that `${configDir}` stands for */
function load(checkout: Checkout, file: string, leafDir: string, visited: Set<string>): Options {
  if (visited.has(file)) return {};
  visited.add(file);
  const errors: ParseError[] = [];
  const json: unknown = parse(checkout.read(file) ?? "", errors, { allowTrailingComma: true });
  if (!isRecord(json)) return {};
  let options: Options = {};
  const bases = Array.isArray(json["extends"]) ? json["extends"] : [json["extends"]];
  for (const base of bases) {
    const path = typeof base === "string" ? extendedFile(checkout, dirOf(file), base) : undefined;
    if (path !== undefined) options = { ...options, ...load(checkout, path, leafDir, visited) };
  }
  options = { ...options, ...ownOptions(json["compilerOptions"], dirOf(file), leafDir) };
  for (const reference of options.patterns || !Array.isArray(json["references"]) ? [] : json["references"]) {
    const target = isRecord(reference) && typeof reference["path"] === "string" ? joinPath(dirOf(file), reference["path"]) : undefined;
    if (target === undefined) continue;
    const path = checkout.exists(target) ? target : `${target}/tsconfig.json`;
    // A reference to another package is that package's business.
    if (dirOf(path) !== dirOf(file)) continue;
    const referenced = load(checkout, path, dirOf(path), visited);
    options = { ...options, ...(referenced.patterns ? { patterns: [...(options.patterns ?? []), ...referenced.patterns] } : {}) };
  }
  return options;
}

function ownOptions(compilerOptions: unknown, dir: string, leafDir: string): Options {
  if (!isRecord(compilerOptions)) return {};
  const inLeaf = (path: string): string | undefined => (path.startsWith("${configDir}") ? joinPath(leafDir, path.slice("${configDir}".length)) : undefined);
  const baseUrl = typeof compilerOptions["baseUrl"] === "string" ? (inLeaf(compilerOptions["baseUrl"]) ?? joinPath(dir, compilerOptions["baseUrl"])) : undefined;
  const paths = compilerOptions["paths"];
  const base = baseUrl ?? dir;
  const patterns = isRecord(paths)
    ? Object.entries(paths).map(([pattern, targets]) => ({
        pattern,
        targets: (Array.isArray(targets) ? targets : []).flatMap((target: unknown) => (typeof target === "string" ? [inLeaf(target) ?? joinPath(base, target)] : [])).filter((target) => target !== undefined),
      }))
    : undefined;
  return { ...(patterns ? { patterns } : {}), ...(baseUrl === undefined ? {} : { baseUrl }) };
}

function extendedFile(checkout: Checkout, dir: string, specifier: string): string | undefined {
  const path = /^\.{1,2}(?:\/|$)/.test(specifier) ? joinPath(dir, specifier) : packagePath(checkout, specifier);
  if (path === undefined) return undefined;
  return [path, `${path}.json`, `${path}/tsconfig.json`].find((candidate) => checkout.exists(candidate));
}

/** A shared configuration in a workspace package: `@acme/tsconfig/base.json`. */
function packagePath(checkout: Checkout, specifier: string): string | undefined {
  const info = checkout.packages.find(({ name }) => name !== undefined && (specifier === name || specifier.startsWith(`${name}/`)));
  return info?.name === undefined ? undefined : joinPath(info.dir, specifier.slice(info.name.length));
}
