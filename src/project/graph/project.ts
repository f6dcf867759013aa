import type { Diagnostic } from "../../lint/finding.ts";
import type { Checkout } from "../discover/types.ts";
import { resolveImport as resolveSpecifier } from "../discover/resolve.ts";
import { isInside } from "../../paths.ts";
import type { FunctionNode, CallExpression, Class, Node } from "../parse/ast.ts";
import { parseSource } from "../parse/parse.ts";
import type { SourceFile } from "../parse/source-file.ts";
import { isGenerated, nodesOf, spanOf } from "../parse/source-file.ts";
import type { Span } from "../span.ts";
import { autoImporters } from "./kinds/auto-imports.ts";
import { BindingTable, environmentsOf } from "./bindings.ts";
import { CallGraph } from "./calls.ts";
import type { Circles } from "./kinds/circles.ts";
import { ClassTable } from "./classes.ts";
import { Constants } from "./constants.ts";
import { Evaluator } from "./kinds/evaluate.ts";
import type { Kind } from "./kinds/kinds.ts";
import type { KnownApis } from "./known.ts";
import { objectFiles } from "./objects/object-files.ts";
import { exportNames, hasUnknownExports, resolveExport, type Definition } from "./modules.ts";
import { BUILDER, DATABASE_TYPE, exportedNames, exportedTypes, heldNames, HELPER_NAMES, isCandidate, isHelper, namesEnv, namesPattern, scanSpecifiers, takesFromContext, usesQueryBuilder } from "./prefilter.ts";

export interface ProjectOptions {
  readonly apis: KnownApis;
  /** Whether a path is a test, by the configured globs. */
  readonly isTest: (path: string) => boolean;
  /** Whether rules also run on tests. */
  readonly includeTests: boolean;
  /** A clock in milliseconds, to tell parsing from the rest. */
  readonly now?: () => number;
}

/** How far the callers of code with Durable Objects or D1 are followed, in imports. */
const CALLER_DEPTH = 3;

/**
 * The code of a checkout and what can be asked of it. Files are parsed when first needed; every answer is worked out
 * once and kept. Rules only query: nothing here changes an answer once given.
 */
export class Project {
  readonly checkout: Checkout;
  readonly options: ProjectOptions;
  /** Parsed files that rules run on: those with Durable Object or D1 code and those that lead to it, sorted by path; no tests (unless asked), no generated code. */
  readonly files: readonly SourceFile[];
  readonly bindings: BindingTable;
  readonly classes: ClassTable;
  readonly calls: CallGraph;
  readonly constants: Constants;
  readonly #evaluator: Evaluator;
  readonly #parsed = new Map<string, SourceFile | undefined>();
  readonly #imports = new Map<string, ReadonlyMap<string, string>>();
  readonly #exported = new Map<string, { readonly names: ReadonlySet<string>; readonly pattern: RegExp | undefined }>();
  readonly #diagnostics: Diagnostic[] = [];
  #parsing = 0;
  readonly #byProgram = new Map<Node, SourceFile>();

  constructor(checkout: Checkout, options: ProjectOptions) {
    this.checkout = checkout;
    this.options = options;
    this.bindings = new BindingTable(this);
    this.classes = new ClassTable(this);
    this.calls = new CallGraph(this);
    this.constants = new Constants(this);
    this.#evaluator = new Evaluator(this);
    this.files = this.#select();
  }

  /** Files that could not be parsed. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  /** Milliseconds spent on parsing so far, by the clock of the options. */
  get parsingTime(): number {
    return this.#parsing;
  }

  /** The parsed file at `path`; undefined when it is absent, unreadable or has a syntax error (then a diagnostic is kept). */
  file(path: string): SourceFile | undefined {
    if (this.#parsed.has(path)) return this.#parsed.get(path);
    const text = this.checkout.read(path);
    const { now } = this.options;
    const start = now?.() ?? 0;
    const result = text === undefined ? undefined : parseSource(path, text, this.options.isTest(path));
    this.#parsing += (now?.() ?? 0) - start;
    const file = result && "program" in result ? result : undefined;
    if (result && !("program" in result)) this.#diagnostics.push(result);
    this.#parsed.set(path, file);
    if (file) this.#byProgram.set(file.program, file);
    return file;
  }

  /** The file a node belongs to. */
  fileOf(node: Node): SourceFile {
    let current = node;
    while (current.parent) current = current.parent;
    const file = this.#byProgram.get(current);
    if (!file) throw new Error(`node of type ${node.type} belongs to no file of the project`);
    return file;
  }

  /** The span of a node in its file. */
  span(node: Node): Span {
    return spanOf(this.fileOf(node), node);
  }

  /** The source text of a node. */
  text(node: Node): string {
    return this.fileOf(node).text.slice(node.start, node.end);
  }

  /** The file that `specifier` means when imported from `file`; undefined for packages and absent files. */
  importedFile(file: SourceFile, specifier: string): SourceFile | undefined {
    const path = this.resolve(file.path, specifier);
    return path === undefined || !/\.[cm]?[jt]sx?$/.test(path) ? undefined : this.file(path);
  }

  /** The path that `specifier` means when imported from `from`. */
  resolve(from: string, specifier: string): string | undefined {
    return resolveSpecifier(this.checkout, from, specifier);
  }

  /** Paths that a file imports, found in its text without parsing. */
  importedPaths(path: string): ReadonlyMap<string, string> {
    const known = this.#imports.get(path);
    if (known) return known;
    const found = new Map<string, string>();
    for (const specifier of scanSpecifiers(this.checkout.read(path) ?? "")) {
      const target = this.resolve(path, specifier);
      if (target !== undefined) found.set(specifier, target);
    }
    this.#imports.set(path, found);
    return found;
  }

  /** What a file exports, found in its text without parsing, with a pattern that finds any of the names as a word. */
  exportedBy(path: string): { readonly names: ReadonlySet<string>; readonly pattern: RegExp | undefined } {
    const known = this.#exported.get(path);
    if (known) return known;
    const names = exportedNames(this.checkout.read(path) ?? "");
    const exported = { names, pattern: namesPattern(names) };
    this.#exported.set(path, exported);
    return exported;
  }

  /** Every file reachable over imports from `path`, itself included. */
  reachable(path: string): ReadonlySet<string> {
    const seen = new Set([path]);
    for (const current of seen) for (const target of this.importedPaths(current).values()) seen.add(target);
    return seen;
  }

  /** The questions about kinds that are open; only for the parts of the graph that ask each other in circles. */
  get circles(): Circles {
    return this.#evaluator.circles;
  }

  /** What an expression is; undefined when that is not known. */
  kindOf(node: Node): Kind | undefined {
    return this.#evaluator.kindOf(node);
  }

  /** What a type annotation says a value is. */
  kindOfType(type: Node): Kind | undefined {
    return this.#evaluator.kindOfType(type);
  }

  /** What a field of a class's instances holds. */
  fieldKind(cls: Class, name: string): Kind | undefined {
    return this.#evaluator.fieldKind(cls, name);
  }

  /** What an identifier or a member expression stands for, through imports. */
  definitionOf(node: Node): Definition | undefined {
    return this.#evaluator.definitionOf(node);
  }

  /** The functions of the project that a call may run: plain calls, methods, `super.x()`, not RPC. */
  targetsOf(call: CallExpression): readonly FunctionNode[] {
    return this.calls.targetsOf(call);
  }

  /** Names a file exports, through re-exports. */
  exportsOf(file: SourceFile): ReadonlySet<string> {
    return exportNames(this, file);
  }

  /** Whether the file re-exports everything of a module that cannot be read. */
  exportsUnknown(file: SourceFile): boolean {
    return hasUnknownExports(this, file);
  }

  /** What `name` exported from `file` is. */
  exported(file: SourceFile, name: string): Definition | undefined {
    return resolveExport(this, file, name);
  }

  #select(): SourceFile[] {
    const paths = candidatePaths(this);
    return paths.flatMap((path) => {
      const text = this.checkout.read(path);
      const file = text === undefined || isGenerated(text) ? undefined : this.file(path);
      return file ? [file] : [];
    });
  }
}

/**
 * Paths that rules run on, sorted: those whose text may hold Durable Object or D1 code, the Workers' main modules, and
 * what imports code that queries or addresses objects.
 */
function candidatePaths(project: Project): readonly string[] {
  const { checkout, options } = project;
  const wanted = new Set<string>();
  const helpers = new Set<string>();
  const configured = project.classes.configuredDeclaration;
  const eligible = checkout.sources.filter((path) => !path.endsWith(".d.ts") && (options.includeTests || !options.isTest(path)));
  for (const path of eligible) {
    const text = checkout.read(path);
    if (text === undefined) continue;
    if (isCandidate(text)) {
      wanted.add(path);
      if (isHelper(text) && !project.classes.isKnownPackage(path) && holdsHelper(project.file(path))) helpers.add(path);
    } else if (configured?.test(text) || (namesEnv(text) && project.bindings.namesNear(path)?.test(text))) wanted.add(path);
  }
  const allowed = new Set(eligible);
  for (const config of checkout.configs)
    for (const environment of [config.top, ...config.environments]) {
      if (environment.durableObjects.length + environment.d1.length === 0 && environmentsOf(config).every((other) => other.durableObjects.length + other.d1.length === 0)) continue;
      const main = environment.main && project.resolve(config.file, `./${environment.main.value.replace(/^\.\//, "")}`);
      if (main !== undefined && allowed.has(main)) wanted.add(main);
    }
  for (const path of objectFiles(project, wanted, eligible)) wanted.add(path);
  for (const path of autoImporters(project, helpers, eligible)) wanted.add(path);
  const ofWorkers = workerPaths(project, eligible, helpers);
  const held = [...helpers].flatMap((path) => heldNames(checkout.read(path) ?? ""));
  const builds = [...helpers].some((path) => usesQueryBuilder(checkout.read(path) ?? ""));
  if (builds || held.length > 0) {
    const names = namesPattern(held);
    for (const path of ofWorkers) if (!wanted.has(path) && takesFromContext(checkout.read(path) ?? "", names, builds)) wanted.add(path);
  }
  for (const path of callersOf(project, helpers, ofWorkers)) wanted.add(path);
  return [...wanted].sort();
}

/** Whether the words that make a helper stand in its code, not in comments and texts. */
function holdsHelper(file: SourceFile | undefined): boolean {
  if (!file) return false;
  return HELPER_NAMES.some((name) => file.members.has(name) || file.identifiers.has(name)) || nodesOf(file, "ImportDeclaration").some((statement) => BUILDER.test(statement.source.value));
}

/** Packages that only code for Workers depends on, or that deploy Workers from code. */
const WORKER_PACKAGE = /^(?:wrangler|alchemy|sst|@pulumi\/cloudflare|@cdktf\/provider-cloudflare|@opennextjs\/cloudflare|@cloudflare\/(?:workers-types|vite-plugin|next-on-pages|vitest-pool-workers|vitest-plugin)|@astrojs\/cloudflare|@sveltejs\/adapter-cloudflare)$/;

/** Files that belong to Workers: below a configuration, in a package for Workers or one with a helper, or imported from there. All of them where there is neither. */
function workerPaths(project: Project, eligible: readonly string[], helpers: ReadonlySet<string>): readonly string[] {
  const withHelper = new Set([...helpers].map((path) => packageDirOf(project, path)));
  const packages = project.checkout.packages.filter((candidate) => withHelper.has(candidate.dir) || [...candidate.dependencies.keys()].some((name) => WORKER_PACKAGE.test(name)));
  const isInPackage = (path: string): boolean => packages.some((candidate) => candidate.dir !== "" && isInside(path, candidate.dir));
  const reached = new Set(eligible.filter((path) => project.bindings.configsFor(path).length > 0 || isInPackage(path)));
  if (reached.size === 0) return eligible;
  for (const path of reached) for (const target of project.importedPaths(path).values()) reached.add(target);
  return eligible.filter((path) => reached.has(path));
}

/** The folder of the package that a file belongs to; empty for the checkout's own. */
function packageDirOf(project: Project, path: string): string {
  const dirs = project.checkout.packages.map((candidate) => candidate.dir).filter((dir) => isInside(path, dir));
  return dirs.reduce((longest, dir) => (dir.length > longest.length ? dir : longest), "");
}

/** A loop around a helper that queries D1 stands in a file that names neither: importers of such code belong to it. */
function callersOf(project: Project, helpers: ReadonlySet<string>, eligible: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>(helpers);
  if (helpers.size === 0) return found;
  const importers = new Map<string, string[]>();
  for (const path of eligible)
    for (const target of project.importedPaths(path).values()) {
      const list = importers.get(target);
      if (list) list.push(path);
      else importers.set(target, [path]);
    }
  // Only importers that mention a name which the helper exports can call it, or the type of a database that they are given; what they export in turn may call it too.
  const offeredBy = (path: string): ReadonlySet<string> => new Set([...project.exportedBy(path).names, ...exportedTypes(project.checkout.read(path) ?? "", DATABASE_TYPE)]);
  let frontier: ReadonlyMap<string, ReadonlySet<string>> = new Map([...helpers].map((path) => [path, offeredBy(path)]));
  const offered = new Map<string, Set<string>>();
  for (let depth = 0; depth < CALLER_DEPTH && frontier.size > 0; depth++) {
    const next = new Map<string, Set<string>>();
    for (const [path, names] of frontier) {
      const mentioned = namesPattern(names);
      for (const importer of importers.get(path) ?? []) {
        const text = project.checkout.read(importer) ?? "";
        // `export * from "./store"` hands on names that it does not mention.
        const handsAllOn = /\bexport\s*\*/.test(text);
        if (!names.has("default") && !handsAllOn && !mentioned?.test(text)) continue;
        found.add(importer);
        const handed = [...project.exportedBy(importer).names, ...(mentioned ? exportedTypes(text, mentioned) : []), ...(handsAllOn || /\bexport\s*\{[^}]*\}\s*from/.test(text) ? names : [])];
        const known = offered.get(importer) ?? new Set();
        offered.set(importer, known);
        // A file that collects what several others offer is gone through again for each name that comes in later.
        for (const name of handed) {
          if (known.has(name)) continue;
          known.add(name);
          next.set(importer, (next.get(importer) ?? new Set()).add(name));
        }
      }
    }
    frontier = next;
  }
  return found;
}
