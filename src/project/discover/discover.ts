import type { Diagnostic } from "../../lint/finding.ts";
import { UserError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import { baseOf, dirOf, isInside, joinPath, toPosix } from "../../paths.ts";
import type { WranglerConfig } from "../wrangler/types.ts";
import { type ConfigCandidate, type ConfigSource, type ReadConfigs, readFolderConfigs, readRedirect } from "./configs.ts";
import { DEFAULT_TEST_GLOBS, globMatcher } from "./globs.ts";
import { isSkippedFolder, type IgnoreChain } from "./ignores.ts";
import { Folders } from "./listing.ts";
import { isOtherPath, isSourcePath, liesInTestFolder, wranglerName } from "./names.ts";
import { pnpmWorkspacePatterns, readPackage, workspacePatterns } from "./packages.ts";
import { type FileContent, type FileTree, MAX_FILE_BYTES, memoryTree } from "./tree.ts";
import type { Checkout, PackageInfo } from "./types.ts";

/** What the user says about discovery. */
export interface DiscoverOptions {
  /** Folder that relative paths start from; the root unless given. */
  readonly cwd?: string;
  /** Patterns in gitignore syntax, relative to the root. */
  readonly ignore?: readonly string[];
  /** Globs of test files, relative to the root; `DEFAULT_TEST_GLOBS` unless given. */
  readonly tests?: readonly string[];
}

/**
 * Takes stock of a checkout on disk: code, packages, wrangler configurations and the other files rules look at, below
 * `paths`; configurations, packages and ignore files of the folders above them count too. Files are read when first asked for.
 * @param rootAbs absolute folder that nothing outside of is looked at (see `findRoot`)
 * @param paths files and folders, absolute or relative to `options.cwd`; a file given by name is taken even when ignored
 * @throws UserError when a path does not exist or lies outside the root
 */
export async function discover(rootAbs: string, paths: readonly string[], options: DiscoverOptions = {}): Promise<Checkout> {
  const { diskTree, relativeToRoot } = await import("./disk.ts");
  const asked = paths.map((path) => relativeToRoot(rootAbs, options.cwd ?? rootAbs, path));
  return discoverTree(diskTree(rootAbs), asked, options);
}

/** A checkout made of files in memory, for tests, examples and editors. */
export function checkoutOf(files: Readonly<Record<string, string>>, options: Omit<DiscoverOptions, "cwd"> = {}): Promise<Checkout> {
  return discoverTree(memoryTree(files), [""], options);
}

/** Takes stock of any file tree. `asked` are paths relative to its root. */
export async function discoverTree(tree: FileTree, asked: readonly string[], options: Omit<DiscoverOptions, "cwd"> = {}): Promise<Checkout> {
  const folders = new Folders(tree, options.ignore ?? []);
  const matchesTest = globMatcher(options.tests ?? DEFAULT_TEST_GLOBS);
  const paths = asked.map((path) => joinPath(toPosix(path)) ?? "");
  for (const path of paths) requirePath(folders, path);
  const innermost = paths.filter((path) => path !== "").sort((a, b) => b.length - a.length);
  const isTest = (path: string): boolean => matchesTest(pathBelow(path, innermost));
  const isAsked = (path: string): boolean => paths.some((asked) => isInside(path, asked));

  const found = walk(folders, paths);
  const files = new FileReader(tree, folders, (path) => found.sources.has(path) || found.others.has(path) || found.configs.some((config) => config.file === path));
  const source: ConfigSource = { read: (path) => files.read(path), isTest: (path) => isTest(path) || liesInTestFolder(pathBelow(path, innermost)) };
  const packages = readPackages(found, folders, files, isTest);
  const configs = await readConfigs(found, folders, source);
  const problems = [...found.diagnostics, ...packages.diagnostics, ...configs.diagnostics];

  return {
    sources: [...found.sources].sort(),
    others: [...found.others].sort(),
    packages: packages.list,
    configs: configs.configs,
    get diagnostics() {
      return [...problems, ...files.diagnostics].sort(byPlace);
    },
    isAsked,
    isTest,
    isIgnored: (path) => folders.isIgnored(path),
    read: (path) => files.read(path),
    exists: (path) => path !== "" && folders.at(path)?.kind === "file",
  };
}

/** A folder that is asked for by name is looked at even when it lies among tests: its files go by their path below it. */
function pathBelow(path: string, innermost: readonly string[]): string {
  const around = innermost.find((asked) => isInside(path, asked));
  return around === undefined ? path : path === around ? baseOf(path) : path.slice(around.length + 1);
}

function requirePath(folders: Folders, path: string): void {
  if (folders.at(path)) return;
  const siblings = folders.list(dirOf(path)).entries.map((entry) => entry.name);
  throw new UserError(`no such file or folder: ${path}${didYouMean(baseOf(path), siblings)}`);
}

/** What a walk came across. */
interface Found {
  readonly sources: Set<string>;
  readonly others: Set<string>;
  readonly packageFiles: Set<string>;
  readonly pnpmWorkspaces: Set<string>;
  readonly configs: ConfigCandidate[];
  /** Folders with a folder `.wrangler`. */
  readonly redirects: Set<string>;
  readonly diagnostics: Diagnostic[];
}

function walk(folders: Folders, paths: readonly string[]): Found {
  const found: Found = { sources: new Set(), others: new Set(), packageFiles: new Set(), pnpmWorkspaces: new Set(), configs: [], redirects: new Set(), diagnostics: [] };
  const seen = new Set<string>();
  for (const path of paths) {
    const isFolder = folders.at(path)?.kind === "folder";
    if (isFolder) folders.admit(path);
    else takeFile(found, path);
    walkBelow(folders, path, isFolder, found, seen);
    for (let folder = isFolder ? path : dirOf(path); ; folder = dirOf(folder)) {
      if (!seen.has(folder)) takeSurroundings(folders, folder, found);
      seen.add(folder);
      if (folder === "") break;
    }
  }
  return found;
}

function walkBelow(folders: Folders, start: string, isFolder: boolean, found: Found, seen: Set<string>): void {
  const queue = isFolder ? [start] : [];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    const chain = folders.chainOf(folder);
    if (chain === undefined) continue;
    const { entries, unreadable } = folders.list(folder);
    if (unreadable !== undefined) found.diagnostics.push({ file: folder === "" ? "." : folder, message: `folder could not be read (${unreadable}); what lies in it was not checked` });
    if (!seen.has(folder)) takeSurroundings(folders, folder, found);
    seen.add(folder);
    for (const { name, kind, isLink } of entries) {
      // What a link points to is found where it really lies.
      if (isLink) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      if (kind === "folder") {
        if (!isSkippedFolder(name) && !folders.isIgnoredIn(chain, path, true)) queue.push(path);
      } else if ((isSourcePath(name) || isOtherPath(path)) && !folders.isIgnoredIn(chain, path, false)) takeFile(found, path);
    }
  }
}

function takeFile(found: Found, path: string): void {
  if (isSourcePath(path)) found.sources.add(path);
  else if (isOtherPath(path)) found.others.add(path);
}

/** Packages and configurations of one folder. */
function takeSurroundings(folders: Folders, folder: string, found: Found): void {
  const { entries, byName } = folders.list(folder);
  const chain: IgnoreChain = folders.chainOf(folder) ?? [];
  const inFolder = (name: string): string => (folder === "" ? name : `${folder}/${name}`);
  if (byName.get("package.json")?.kind === "file") found.packageFiles.add(inFolder("package.json"));
  if (byName.get("pnpm-workspace.yaml")?.kind === "file") found.pnpmWorkspaces.add(inFolder("pnpm-workspace.yaml"));
  if (byName.get(".wrangler")?.kind === "folder") found.redirects.add(folder);
  for (const { name, kind } of entries) {
    const known = kind === "file" ? wranglerName(name) : undefined;
    if (!known) continue;
    const file = inFolder(name);
    const isIgnored = folders.isIgnoredIn(chain, file, false);
    // Many projects keep their wrangler.toml out of git; it is still what they deploy.
    if (known.isDefault || !isIgnored) found.configs.push({ ...known, file, isIgnored });
  }
}

async function readConfigs(found: Found, folders: Folders, source: ConfigSource): Promise<ReadConfigs> {
  const byFolder = new Map<string, ConfigCandidate[]>();
  for (const candidate of found.configs) byFolder.set(dirOf(candidate.file), [...(byFolder.get(dirOf(candidate.file)) ?? []), candidate]);
  const results: ReadConfigs[] = [];
  for (const folder of [...byFolder.keys()].sort()) results.push(await readFolderConfigs(byFolder.get(folder) ?? [], source));
  for (const folder of [...found.redirects].sort()) results.push(await readRedirect(folder, source, (path) => folders.at(path)?.kind === "file"));
  const byFile = new Map<string, WranglerConfig>();
  // A redirect to a configuration that is found anyway says nothing new.
  for (const config of results.flatMap((result) => result.configs)) if (!byFile.has(config.file)) byFile.set(config.file, config);
  return { configs: [...byFile.values()].sort((a, b) => (a.file < b.file ? -1 : 1)), diagnostics: results.flatMap((result) => result.diagnostics) };
}

function readPackages(found: Found, folders: Folders, files: FileReader, isTest: (path: string) => boolean): { list: PackageInfo[]; diagnostics: Diagnostic[] } {
  const packages = new Map<string, PackageInfo>();
  const diagnostics: Diagnostic[] = [];
  const add = (file: string): PackageInfo | undefined => {
    const text = packages.has(file) ? undefined : files.read(file);
    if (text === undefined) return undefined;
    const { info, problem } = readPackage(file, text);
    packages.set(file, info);
    if (problem && !isTest(file)) diagnostics.push(problem);
    return info;
  };
  const patterns: { readonly folder: string; readonly pattern: string }[] = [];
  for (const file of found.packageFiles) {
    const info = add(file);
    if (info) patterns.push(...workspacePatterns(info).map((pattern) => ({ folder: info.dir, pattern })));
  }
  for (const file of found.pnpmWorkspaces) patterns.push(...pnpmWorkspacePatterns(files.read(file) ?? "").map((pattern) => ({ folder: dirOf(file), pattern })));
  // Workspace packages that were not asked for are still what imports lead to.
  for (const { folder, pattern } of patterns) for (const dir of expandFolders(folders, folder, pattern)) add(dir === "" ? "package.json" : `${dir}/package.json`);
  return { list: [...packages.values()].sort((a, b) => (a.file < b.file ? -1 : 1)), diagnostics };
}

/** The folders that a workspace pattern names: `packages/*`, `apps/**`, `tools/cli`. A negated pattern names none. */
function expandFolders(folders: Folders, base: string, pattern: string): string[] {
  let level = [base];
  for (const segment of pattern.replace(/^\.\//, "").split("/")) {
    if (segment === "" || segment.startsWith("!")) return segment === "" ? level : [];
    level = level.flatMap((folder) => (segment === "**" ? [folder, ...deepFolders(folders, folder, 4)] : foldersMatching(folders, folder, segment)));
  }
  return level;
}

function foldersMatching(folders: Folders, folder: string, segment: string): string[] {
  const matches = globMatcher([segment]);
  return subfolders(folders, folder).filter((path) => matches(baseOf(path)));
}

function deepFolders(folders: Folders, folder: string, depth: number): string[] {
  return depth === 0 ? [] : subfolders(folders, folder).flatMap((path) => [path, ...deepFolders(folders, path, depth - 1)]);
}

function subfolders(folders: Folders, folder: string): string[] {
  return folders.list(folder).entries.filter((entry) => entry.kind === "folder" && !entry.isLink && !isSkippedFolder(entry.name)).map((entry) => (folder === "" ? entry.name : `${folder}/${entry.name}`));
}

/** Reads each file once and keeps account of those that were asked for and could not be read. */
class FileReader {
  readonly diagnostics: Diagnostic[] = [];
  private readonly tree: FileTree;
  private readonly folders: Folders;
  private readonly wanted: (path: string) => boolean;
  private readonly texts = new Map<string, string | undefined>();

  constructor(tree: FileTree, folders: Folders, wanted: (path: string) => boolean) {
    this.tree = tree;
    this.folders = folders;
    this.wanted = wanted;
  }

  read(path: string): string | undefined {
    const clean = joinPath(path);
    if (clean === undefined) return undefined;
    if (this.texts.has(clean)) return this.texts.get(clean);
    const content: FileContent = this.folders.at(clean)?.kind === "file" ? this.tree.read(clean) : { kind: "absent" };
    this.texts.set(clean, content.kind === "text" ? content.text : undefined);
    const problem = this.wanted(clean) ? problemOf(clean, content) : undefined;
    if (problem) this.diagnostics.push(problem);
    return this.texts.get(clean);
  }
}

function problemOf(file: string, content: FileContent): Diagnostic | undefined {
  if (content.kind === "binary") return { file, message: "not checked: a binary file", hint: "list it under `ignore` in the configuration if it belongs there", leftOut: true };
  if (content.kind === "too-large") return { file, message: `not checked: ${(content.bytes / 1e6).toFixed(1)} MB, over the limit of ${MAX_FILE_BYTES / 1e6} MB`, hint: "list it under `ignore` in the configuration if it is a bundle", leftOut: true };
  if (content.kind === "unreadable") return { file, message: `could not be read (${content.reason})` };
  return undefined;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || (a.message < b.message ? -1 : 1);
}
