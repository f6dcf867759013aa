import { baseOf, dirOf, joinPath } from "../../paths.ts";
import { isRecord } from "./packages.ts";
import { type AliasMap, aliasTargets, tsconfigPathsFor } from "./tsconfig.ts";
import type { Checkout, PackageInfo } from "./types.ts";

interface Memory {
  readonly resolved: Map<string, string | undefined>;
  readonly packagesByName: ReadonlyMap<string, PackageInfo>;
  readonly packagesByDir: ReadonlyMap<string, PackageInfo>;
}

const memories = new WeakMap<Checkout, Memory>();

/**
 * The file of the checkout that an import leads to: relative paths (also `./x.js` for `x.ts`), `paths` of tsconfig files,
 * `#imports` of package.json, workspace packages, where built output named by `exports` or `main` is taken back to its source.
 * undefined for packages from a registry, and for everything that is not there.
 * @param fromFile the importing file, relative to the root
 * @param specifier the text after `from`
 */
export function resolveImport(checkout: Checkout, fromFile: string, specifier: string): string | undefined {
  const memory = memoryOf(checkout);
  const key = `${dirOf(fromFile)}\n${specifier}`;
  if (!memory.resolved.has(key)) memory.resolved.set(key, resolve(checkout, memory, dirOf(fromFile), specifier.replace(/[?].*$/, "")));
  return memory.resolved.get(key);
}

/** The package that a file belongs to: the nearest package.json above it. */
export function packageOf(checkout: Checkout, file: string): PackageInfo | undefined {
  const { packagesByDir } = memoryOf(checkout);
  for (let dir = dirOf(file); ; dir = dirOf(dir)) {
    const found = packagesByDir.get(dir);
    if (found || dir === "") return found;
  }
}

/**
 * The file that a path without the importing rules stands for: itself, with another extension, or a folder's index.
 * Written code goes before built code of the same name.
 */
export function resolveFile(checkout: Checkout, path: string): string | undefined {
  if (/(?:^|\/)node_modules(?:\/|$)/.test(path)) return undefined;
  for (const candidate of fileCandidates(path)) if (checkout.exists(candidate)) return candidate;
  const manifest = path === "" ? "package.json" : `${path}/package.json`;
  const inner = checkout.exists(manifest) ? memoryOf(checkout).packagesByDir.get(path) : undefined;
  for (const target of inner ? mainTargets(inner) : []) {
    const found = sourceOf(checkout, path, target);
    if (found !== undefined) return found;
  }
  for (const extension of EXTENSIONS) {
    const index = `${path === "" ? "" : `${path}/`}index${extension}`;
    if (checkout.exists(index)) return index;
  }
  return undefined;
}

function memoryOf(checkout: Checkout): Memory {
  const known = memories.get(checkout);
  if (known) return known;
  const named = checkout.packages.flatMap((info) => (info.name === undefined ? [] : [[info.name, info] as const]));
  const memory: Memory = {
    resolved: new Map(),
    // Of two packages of one name (fixtures have such) the first, which is the outermost, counts.
    packagesByName: new Map(named.reverse()),
    packagesByDir: new Map(checkout.packages.map((info) => [info.dir, info])),
  };
  memories.set(checkout, memory);
  return memory;
}

function resolve(checkout: Checkout, memory: Memory, fromDir: string, specifier: string): string | undefined {
  if (/^\.{1,2}(?:\/|$)/.test(specifier)) {
    const path = joinPath(fromDir, specifier);
    return path === undefined ? undefined : resolveFile(checkout, path);
  }
  if (specifier === "" || specifier.startsWith("/") || /^[a-z]+:/.test(specifier)) return undefined;
  return (
    fromAliases(checkout, tsconfigPathsFor(checkout, fromDir), specifier) ??
    (specifier.startsWith("#") ? fromImportsMap(checkout, fromDir, specifier) : fromWorkspace(checkout, memory, specifier)) ??
    fromHabit(checkout, fromDir, specifier)
  );
}

function fromAliases(checkout: Checkout, aliases: AliasMap, specifier: string): string | undefined {
  for (const target of aliasTargets(aliases, specifier)) {
    const found = resolveFile(checkout, target);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `#x` of the nearest package.json that has `imports`. */
function fromImportsMap(checkout: Checkout, fromDir: string, specifier: string): string | undefined {
  const info = packageOf(checkout, `${fromDir === "" ? "" : `${fromDir}/`}x`);
  const imports = info?.json["imports"];
  if (!info || !isRecord(imports)) return undefined;
  return firstSource(checkout, info.dir, matchSubpath(imports, specifier));
}

function fromWorkspace(checkout: Checkout, memory: Memory, specifier: string): string | undefined {
  const parts = specifier.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const info = memory.packagesByName.get(name);
  if (!info) return undefined;
  const subpath = specifier.slice(name.length + 1);
  const exported = firstSource(checkout, info.dir, exportTargets(info, subpath));
  if (exported !== undefined) return exported;
  const inner = [subpath, subpath === "" ? "src" : `src/${subpath}`].map((path) => joinPath(info.dir, path));
  for (const path of inner) {
    const found = path === undefined ? undefined : resolveFile(checkout, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Aliases that frameworks set in generated files that no checkout holds: `$lib/x` (SvelteKit), `~/x`, `@/x` (Nuxt, Remix, Vite templates). */
function fromHabit(checkout: Checkout, fromDir: string, specifier: string): string | undefined {
  const match = /^(\$lib|~~|@@|~|@|#)(?:\/(.*))?$/.exec(specifier);
  if (!match) return undefined;
  const [, alias = "", rest = ""] = match;
  const dir = packageOf(checkout, `${fromDir === "" ? "" : `${fromDir}/`}x`)?.dir ?? "";
  for (const base of alias === "$lib" ? ["src/lib"] : ["src", "app", ""]) {
    const path = joinPath(dir, base, rest);
    const found = path === undefined || path === dir ? undefined : resolveFile(checkout, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Targets of a package's entry (`subpath` "" for the package itself), most telling first. */
function exportTargets(info: PackageInfo, subpath: string): string[] {
  const exports = info.json["exports"];
  if (exports === undefined || exports === null) return subpath === "" ? mainTargets(info) : [subpath];
  const isMap = isRecord(exports) && Object.keys(exports).some((key) => key.startsWith("."));
  if (isMap) return matchSubpath(exports, subpath === "" ? "." : `./${subpath}`);
  return subpath === "" ? targetsOf(exports) : [];
}

function mainTargets(info: PackageInfo): string[] {
  return ["source", "module", "main", "types", "typings"].flatMap((key) => targetsOf(info.json[key]));
}

/** Looks `key` up in an `exports` or `imports` map with its `*` patterns; the longest matching pattern counts. */
function matchSubpath(map: Readonly<Record<string, unknown>>, key: string): string[] {
  if (Object.hasOwn(map, key)) return targetsOf(map[key]);
  const patterns = Object.keys(map).filter((pattern) => pattern.includes("*")).sort((a, b) => b.length - a.length);
  for (const pattern of patterns) {
    const [before = "", after = ""] = pattern.split("*");
    if (!key.startsWith(before) || !key.endsWith(after) || key.length < before.length + after.length) continue;
    const star = key.slice(before.length, key.length - after.length);
    return targetsOf(map[pattern]).map((target) => target.replaceAll("*", star));
  }
  return [];
}

/** All texts in a target with conditions, in the order written. */
function targetsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(targetsOf);
  return isRecord(value) ? Object.values(value).flatMap(targetsOf) : [];
}

function firstSource(checkout: Checkout, dir: string, targets: readonly string[]): string | undefined {
  for (const target of targets) {
    const found = sourceOf(checkout, dir, target);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The source behind a target of package.json: for `./dist/x.js` that is `src/x.ts`, `x.ts`, and only then the built file. */
function sourceOf(checkout: Checkout, dir: string, target: string): string | undefined {
  const path = joinPath(target);
  if (path === undefined) return undefined;
  const written = path.replace(/\.d\.([cm]?)ts$/, ".$1ts");
  const inner = /^(?:dist|build|lib|out|output|esm|cjs|es)\/(?:(?:esm|cjs|es|src|types|node|browser|worker)\/)?(.+)$/.exec(written)?.[1];
  const bases = inner === undefined ? [written, path] : [`src/${inner}`, inner, `lib/${inner}`, written, path];
  for (const base of bases) {
    const full = joinPath(dir, base);
    const found = full === undefined ? undefined : resolveFileOnly(checkout, full);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolveFileOnly(checkout: Checkout, path: string): string | undefined {
  for (const candidate of [...fileCandidates(path), ...EXTENSIONS.map((extension) => `${path}/index${extension}`)]) if (checkout.exists(candidate)) return candidate;
  return undefined;
}

const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts"];

/** TypeScript's reading of a JavaScript extension: the source comes first. */
const SOURCES_OF: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx", ".mts", ".js", ".jsx"],
  ".jsx": [".tsx", ".jsx"],
  ".mjs": [".mts", ".ts", ".mjs"],
  ".cjs": [".cts", ".ts", ".cjs"],
};

function fileCandidates(path: string): string[] {
  if (path === "") return [];
  const extension = /\.[^./]+$/.exec(baseOf(path))?.[0] ?? "";
  const stem = path.slice(0, path.length - extension.length);
  const mapped = (SOURCES_OF[extension] ?? []).map((other) => stem + other);
  return [...mapped, path, ...EXTENSIONS.map((other) => path + other)];
}
