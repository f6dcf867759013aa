import { kept } from "../../../kept.ts";
import type { FunctionNode, Node } from "../../parse/ast.ts";
import { isFunction, unwrap } from "../../parse/ast.ts";
import type { Variable } from "../../parse/scopes.ts";
import { nodesOf, type SourceFile } from "../../parse/source-file.ts";
import { controlFlow } from "../../flow/flow.ts";
import type { CallSite } from "../calls.ts";
import { falsified, type KnownArguments, knownArguments } from "../known-arguments.ts";
import type { Project } from "../project.ts";
import { query, readStatements, textStatement, type D1Query } from "./query.ts";
import { collectQueries } from "./query-collection.ts";
import { runRoot } from "../runs.ts";
import { textsOf, type TextTemplate } from "./statement-text.ts";

/** A query that a call leads to. */
export interface ReachedQuery {
  readonly query: D1Query;
  /** The calls on the way, the asked one first; empty for a query in the code itself. */
  readonly path: readonly CallSite[];
}

/** How many calls away a query is still seen. */
const REACH_DEPTH = 5;
const REACH_LIMIT = 60;

/** The D1 queries of a project. Worked out once, when first asked. */
export const queriesOf = kept((project: Project): QueryTable => new QueryTable(project));

/** Every place where D1 is asked, and which calls lead there. Receivers that are not known give nothing. */
export class QueryTable {
  readonly #project: Project;
  #all: readonly D1Query[] | undefined;
  readonly #byFile = new Map<SourceFile, readonly D1Query[]>();
  readonly #byRoot = new Map<SourceFile, ReadonlyMap<Node, readonly D1Query[]>>();
  readonly #reachedBy = new Map<CallSite, readonly ReachedQuery[]>();
  readonly #runs = new Map<FunctionNode, readonly ReachedQuery[]>();
  readonly #calls = new Map<SourceFile, ReadonlyMap<Node, readonly CallSite[]>>();
  #leading: ReadonlySet<CallSite> | undefined;
  readonly #leadingNames = new Set<string>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** The queries of every file that rules run on, in order of path and place. */
  get all(): readonly D1Query[] {
    return (this.#all ??= this.#project.files.flatMap((file) => this.in(file)));
  }

  /** The queries in a file, in source order. */
  in(file: SourceFile): readonly D1Query[] {
    const known = this.#byFile.get(file);
    if (known) return known;
    this.#byFile.set(file, []);
    const found = collectQueries(this.#project, file);
    this.#byFile.set(file, found);
    const tagged = this.#tagged(file);
    if (tagged.length === 0) return found;
    const all = [...found, ...tagged].sort((a, b) => a.node.start - b.node.start);
    this.#byFile.set(file, all);
    this.#byRoot.delete(file);
    return all;
  }

  /** Statements of a project's own tag that runs them: `` await sql`SELECT …` ``. */
  #tagged(file: SourceFile): readonly D1Query[] {
    return nodesOf(file, "TaggedTemplateExpression").flatMap((node) => {
      const definition = node.tag.type === "Identifier" ? this.#project.definitionOf(node.tag) : undefined;
      if (definition?.type !== "function") return [];
      const inner = this.inFunction(definition.node).find((candidate) => candidate.via === "d1" && !candidate.batch);
      return inner ? [query(file, node, inner.database, "d1", "sql", false, [textStatement(this.#project, node)])] : [];
    });
  }

  /** Queries that run as part of a function's own code, callbacks that run in place included. */
  inFunction(fn: FunctionNode): readonly D1Query[] {
    const file = this.#project.fileOf(fn);
    let byRoot = this.#byRoot.get(file);
    if (!byRoot) {
      const table = new Map<Node, D1Query[]>();
      for (const query of this.in(file)) {
        const root = runRoot(query.node);
        if (!root) continue;
        const list = table.get(root);
        if (list) list.push(query);
        else table.set(root, [query]);
      }
      this.#byRoot.set(file, (byRoot = table));
    }
    return byRoot.get(fn) ?? [];
  }

  /** Calls that run as part of a function's own code, callbacks that run in place included. */
  callsIn(fn: FunctionNode): readonly CallSite[] {
    const file = this.#project.fileOf(fn);
    let byRoot = this.#calls.get(file);
    if (!byRoot) {
      const table = new Map<Node, CallSite[]>();
      for (const call of [...file.calls, ...file.news]) {
        const root = runRoot(call);
        if (!root) continue;
        const list = table.get(root);
        if (list) list.push(call);
        else table.set(root, [call]);
      }
      this.#calls.set(file, (byRoot = table));
    }
    return byRoot.get(fn) ?? [];
  }

  /**
   * The queries that a call leads to in the functions of the project that it runs, up to five calls away. Branches that the
   * arguments in sight rule out (`get(id)` where the query is behind a flag that is left out) do not count.
   */
  reached(call: CallSite): readonly ReachedQuery[] {
    const known = this.#reachedBy.get(call);
    if (known) return known;
    const found = this.#reached(call, REACH_DEPTH, new Map(), new Set()).map(({ query, path }) => ({ query: specialised(this.#project, query, path), path }));
    this.#reachedBy.set(call, found);
    return found;
  }

  /** The queries that run when a function runs: its own, and those of the functions it calls. */
  runBy(fn: FunctionNode): readonly ReachedQuery[] {
    const known = this.#runs.get(fn);
    if (known) return known;
    const found = this.#run(fn, REACH_DEPTH, new Map(), new Set());
    this.#runs.set(fn, found);
    return found;
  }

  /** Finds all queries, and the calls that may lead to them. */
  prepare(): void {
    this.#leadingCalls();
  }

  /** Whether a call may lead to a query: the cheap question before `reached`. */
  mayReach(call: CallSite): boolean {
    return this.#leadingCalls().has(call);
  }

  /** Whether a function of this name may lead to a query. */
  mayRun(name: string): boolean {
    this.#leadingCalls();
    return this.#leadingNames.has(name);
  }

  #reached(call: CallSite, depth: number, known: KnownArguments, active: Set<FunctionNode>): readonly ReachedQuery[] {
    if (depth <= 0 || !this.#leadingCalls().has(call)) return [];
    const found: ReachedQuery[] = [];
    for (const fn of this.#project.calls.targetsOf(call)) {
      if (active.has(fn)) continue;
      const bound = knownArguments(this.#project, fn, call, known);
      active.add(fn);
      const inner = bound.size === 0 && depth === REACH_DEPTH && active.size === 1 ? this.runBy(fn) : this.#run(fn, depth, bound, active);
      active.delete(fn);
      for (const { query, path } of inner) found.push({ query, path: [call, ...path] });
      if (found.length > REACH_LIMIT) break;
    }
    return found;
  }

  #run(fn: FunctionNode, depth: number, known: KnownArguments, active: Set<FunctionNode>): readonly ReachedQuery[] {
    const found: ReachedQuery[] = [];
    const runs = (node: Node): boolean => known.size === 0 || !falsified(controlFlow(fn), node, known, this.#project);
    for (const query of this.inFunction(fn)) if (runs(query.node)) found.push({ query, path: [] });
    if (depth > 1)
      for (const call of this.callsIn(fn)) {
        const inner = this.#reached(call, depth - 1, known, active);
        if (inner.length > 0 && runs(call)) found.push(...inner);
        if (found.length > REACH_LIMIT) break;
      }
    return found;
  }

  /**
   * The calls that may lead to a query, found backwards from the queries: almost no call does, and asking each where it leads
   * would resolve every call of the project.
   */
  #leadingCalls(): ReadonlySet<CallSite> {
    if (this.#leading) return this.#leading;
    const leading = new Set<CallSite>();
    const seen = new Set<FunctionNode>();
    let frontier = new Set<FunctionNode>();
    for (const query of this.all) {
      const root = runRoot(query.node);
      if (root) frontier.add(root);
    }
    for (let depth = 0; depth < REACH_DEPTH && frontier.size > 0; depth++) {
      const next = new Set<FunctionNode>();
      for (const fn of frontier) {
        if (seen.has(fn)) continue;
        seen.add(fn);
        for (const name of this.#project.calls.namesOf(fn)) this.#leadingNames.add(name);
        for (const call of this.#project.calls.callersOf(fn)) {
          leading.add(call);
          const root = runRoot(call);
          if (root && !seen.has(root)) next.add(root);
        }
      }
      frontier = next;
    }
    return (this.#leading = leading);
  }
}

/**
 * A query of a helper that is given its SQL, with the text that this way of calls gives it: `run(db, "DELETE FROM a")` and
 * `run(db, "SELECT …")` are two things, although one statement in the helper makes both.
 */
function specialised(project: Project, query: D1Query, path: readonly CallSite[]): D1Query {
  const [statement, ...others] = query.statements;
  const text = statement?.prepare?.arguments[0];
  if (query.via !== "d1" || query.batch || !statement || !text || text.type === "SpreadElement" || others.length > 0 || path.length === 0) return query;
  const calls = [...path].reverse();
  const given = argumentOf(project, text, calls);
  const texts = given ? textsOf(project, given) : filledIn(project, text, calls);
  if (!texts) return query;
  const read = readStatements(texts);
  const action = read.action !== "unknown" ? read.action : statement.action;
  return { ...query, action, reads: read.reads, writes: read.writes, statements: [{ ...statement, ...read, action, texts }] };
}

/** What a parameter is given along a way of calls, the innermost first; undefined for anything else. */
function argumentOf(project: Project, node: Node, calls: readonly CallSite[]): Node | undefined {
  let text = node;
  let given: Node | undefined;
  for (const call of calls) {
    const value = unwrap(text);
    const variable: Variable | undefined = value.type === "Identifier" ? project.fileOf(value).scopes.resolve(value) : undefined;
    const fn: Node | undefined = variable?.kind === "parameter" ? variable.declaration : undefined;
    if (!variable || !isFunction(fn)) break;
    const index = fn.params.findIndex((parameter) => parameter === variable.node);
    const argument = project.calls.targetsOf(call).includes(fn) ? call.arguments[index] : undefined;
    if (!argument || argument.type === "SpreadElement") break;
    text = argument;
    given = argument;
  }
  return given;
}

/** A helper's template (`INSERT INTO ${table} …`) with the names that this way of calls puts into it; undefined where it puts none. */
function filledIn(project: Project, text: Node, calls: readonly CallSite[]): readonly TextTemplate[] | undefined {
  const template = unwrap(text);
  if (template.type !== "TemplateLiteral") return undefined;
  const parts: (string | Node)[] = [];
  let filled = false;
  for (const [index, quasi] of template.quasis.entries()) {
    parts.push(quasi.value.cooked ?? quasi.value.raw);
    const expression = template.expressions[index];
    if (!expression) continue;
    const argument = argumentOf(project, expression, calls);
    const name = argument && project.constants.constantOf(argument)?.value;
    if (name !== undefined) filled = true;
    parts.push(name ?? expression);
  }
  return filled ? [{ parts }] : undefined;
}
