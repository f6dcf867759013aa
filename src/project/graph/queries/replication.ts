import { databaseOf } from "../kinds/kinds.ts";
import type { Span } from "../../span.ts";
import type { CallExpression, NewExpression, Node, ObjectExpression } from "../../parse/ast.ts";
import { calleeName, isFunction, keyName, unwrap } from "../../parse/ast.ts";
import { nodesOf } from "../../parse/source-file.ts";
import { environmentsOf } from "../bindings.ts";
import type { Project } from "../project.ts";
import { queriesOf } from "./queries.ts";

/** A place that says whether a database has read replicas. */
export interface ReplicationEvidence {
  readonly mode: "auto" | "disabled";
  readonly span: Span;
  /** What kind of place it is, for messages: "Terraform", "the recorded decision". */
  readonly source: string;
  /** Names, ids or bindings that say which database is meant; none when the place does not tell. */
  readonly names: readonly string[];
  /** A declaration in code, to be matched with the bindings that it is given to. */
  readonly declaration?: Node;
}

/** A database binding known to be replicated. */
export interface ReplicatedBinding {
  readonly binding: string;
  /** Folders of the configurations that bind it to this database; every folder when undefined. */
  readonly dirs?: ReadonlySet<string>;
  readonly evidence: ReplicationEvidence;
}

/** Settings of the tool about databases, by binding or database name. */
export type DatabaseSettings = ReadonlyMap<string, { readonly readReplication?: "auto" | "disabled"; readonly evidence: string }>;

const DECISION = "do-or-d1.decision.yaml";

/** The bindings whose databases have read replicas, as configuration, decision, infrastructure code and scripts say. One a binding. */
export function replicatedBindings(project: Project, settings: DatabaseSettings): readonly ReplicatedBinding[] {
  const all = [...fromSettings(project, settings), ...fromDecision(project), ...fromTerraform(project), ...fromCode(project), ...fromScripts(project)];
  const switchedOff = new Set(all.filter((evidence) => evidence.mode === "disabled" && evidence.source === "the configuration").flatMap((evidence) => bindingsFor(project, evidence).map(({ binding }) => binding)));
  const found = new Map<string, ReplicatedBinding>();
  for (const evidence of all) {
    if (evidence.mode !== "auto") continue;
    for (const replicated of bindingsFor(project, evidence)) if (!found.has(replicated.binding) && !switchedOff.has(replicated.binding)) found.set(replicated.binding, replicated);
  }
  return [...found.values()].sort((a, b) => (a.binding < b.binding ? -1 : 1));
}

function* fromSettings(project: Project, settings: DatabaseSettings): Iterable<ReplicationEvidence> {
  for (const [name, { readReplication, evidence }] of settings) {
    if (!readReplication) continue;
    const at = Math.max(0, project.checkout.read(evidence)?.search(new RegExp(`\\b${name.replace(/[^\w]/g, "\\$&")}\\b`)) ?? 0);
    yield { mode: readReplication, span: { file: evidence, start: at, end: at + name.length }, source: "the configuration", names: [name] };
  }
}

/** The decision record lies in the root or beside a Worker's configuration. */
function* fromDecision(project: Project): Iterable<ReplicationEvidence> {
  const dirs = new Set(["", ...project.checkout.configs.map((config) => config.dir), ...project.checkout.packages.map((candidate) => candidate.dir)]);
  for (const dir of dirs) {
    const file = dir === "" ? DECISION : `${dir}/${DECISION}`;
    const text = project.checkout.read(file);
    if (text === undefined) continue;
    const match = /^[^#\n]*?(read_?replication["']?\s*:\s*["']?(?:auto|on|true|yes|enabled)\b|readReplication["']?\s*:\s*["']?(?:auto|on|true|enabled)\b|replication-needs-sessions)/im.exec(text);
    const words = match?.[1];
    if (!match || words === undefined) continue;
    const start = match.index + match[0].length - words.length;
    yield { mode: "auto", span: { file, start, end: start + words.length }, source: "the recorded decision", names: [] };
  }
}

function* fromTerraform(project: Project): Iterable<ReplicationEvidence> {
  for (const file of project.checkout.others) {
    if (!file.endsWith(".tf")) continue;
    const text = project.checkout.read(file);
    if (text === undefined || !text.includes("cloudflare_d1_database")) continue;
    const code = text.replace(/#[^\n]*|\/\/[^\n"]*(?=\n|$)/g, (comment) => " ".repeat(comment.length));
    for (const match of code.matchAll(/resource\s+"cloudflare_d1_database"\s+"([\w-]+)"\s*\{/g)) {
      const body = code.slice(match.index, closing(code, match.index + match[0].length));
      const mode = /read_replication\s*(?:=\s*)?\{[^}]*?\bmode\s*=\s*"(auto|disabled)"/.exec(body);
      if (!mode) continue;
      const start = match.index + mode.index;
      const name = /\bname\s*=\s*"([^"$]+)"/.exec(body)?.[1];
      yield { mode: mode[1] === "auto" ? "auto" : "disabled", span: { file, start, end: start + mode[0].length }, source: "Terraform", names: [...(name === undefined ? [] : [name]), match[1] ?? ""] };
    }
  }
}

/** The offset of the brace that closes the block begun before `from`. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return text.length;
}

/** `readReplication: { mode: "auto" }` in Alchemy, Pulumi, SST or CDK code, and in the body of a call to the API. */
function* fromCode(project: Project): Iterable<ReplicationEvidence> {
  const { checkout } = project;
  for (const path of checkout.sources) {
    if (path.endsWith(".d.ts") || checkout.isTest(path)) continue;
    const text = checkout.read(path);
    if (text === undefined || !/read_?replication/i.test(text) || !/d1/i.test(text)) continue;
    const file = project.file(path);
    if (!file || file.generated) continue;
    for (const object of nodesOf(file, "ObjectExpression"))
      for (const property of object.properties) {
        if (property.type !== "Property" || !/^read_?replication$/i.test(keyName(property.key, property.computed) ?? "")) continue;
        const mode = modeOf(project, property.value);
        if (!mode) continue;
        const declaration = declarationAround(object);
        const names = declaration ? namesIn(project, declaration, object) : [];
        const isApi = keyName(property.key, property.computed) === "read_replication";
        yield { mode, span: project.span(property), source: isApi ? "a call of the API" : "infrastructure code", names, ...(declaration ? { declaration } : {}) };
      }
  }
}

function modeOf(project: Project, node: Node): "auto" | "disabled" | undefined {
  const value = unwrap(node);
  if (value.type !== "ObjectExpression") return undefined;
  for (const property of value.properties)
    if (property.type === "Property" && keyName(property.key, property.computed) === "mode") {
      const mode = project.constants.constantOf(property.value)?.value;
      return mode === "auto" || mode === "disabled" ? mode : undefined;
    }
  return undefined;
}

/** The call or `new` that a declaration's options are given to. */
function declarationAround(object: Node): CallExpression | NewExpression | undefined {
  for (let current = object.parent ?? undefined; current && !isFunction(current); current = current.parent ?? undefined)
    if (current.type === "CallExpression" || current.type === "NewExpression") {
      if (current.type === "CallExpression" && calleeName(current) === "stringify") continue;
      return current;
    }
  return undefined;
}

function namesIn(project: Project, declaration: CallExpression | NewExpression, options: ObjectExpression): readonly string[] {
  const named = options.properties.flatMap((property) => (property.type === "Property" && /^(?:name|databaseName|database_name)$/.test(keyName(property.key, property.computed) ?? "") ? [property.value] : []));
  const texts = [...declaration.arguments, ...named].flatMap((node) => project.constants.constantOf(node)?.value ?? []);
  return texts.flatMap((text) => [text, ...(/\/d1\/database\/([\w-]+)/.exec(text)?.slice(1) ?? [])]);
}

/** `curl … -d '{"read_replication": {"mode": "auto"}}'` in shell scripts, workflows and package scripts. */
function* fromScripts(project: Project): Iterable<ReplicationEvidence> {
  const { checkout } = project;
  const files = [...checkout.others.filter((file) => /\.(?:sh|bash|ya?ml)$/.test(file)), ...checkout.packages.map((candidate) => candidate.file)];
  for (const file of files) {
    const text = checkout.read(file);
    if (text === undefined || !text.includes("read_replication")) continue;
    for (const match of text.matchAll(/read_replication[\\"']*\s*[:=][\s\S]{0,60}?mode[\\"']*\s*[:=]\s*[\\"']*(auto|disabled)\b/g)) {
      const line = text.slice(text.lastIndexOf("\n", match.index) + 1, match.index);
      if (/^\s*(?:#|\/\/)/.test(line)) continue;
      const before = text.slice(Math.max(0, match.index - 600), match.index);
      const id = [...before.matchAll(/\/d1\/database\/([\w-]+)/g)].at(-1)?.[1];
      yield { mode: match[1] === "auto" ? "auto" : "disabled", span: { file, start: match.index, end: match.index + match[0].length }, source: "a script that calls the API", names: id === undefined ? [] : [id] };
    }
  }
}

/** The bindings that a place means: by name or id, by what the declaration is bound to, or because there is only one. */
function bindingsFor(project: Project, evidence: ReplicationEvidence): readonly ReplicatedBinding[] {
  const bound = project.checkout.configs.flatMap((config) => environmentsOf(config).flatMap((environment) => environment.d1.map((binding) => ({ config, binding }))));
  const matching = bound.filter(({ binding }) => [binding.binding, binding.databaseName, binding.databaseId].some((name) => name !== undefined && evidence.names.includes(name.value)));
  if (matching.length > 0) return byBinding(matching.map(({ config, binding }) => ({ name: binding.binding.value, dir: config.dir })), evidence);
  const given = evidence.declaration ? bindingsGiven(project, evidence.declaration) : [];
  if (given.length > 0) return given.map((binding) => ({ binding, evidence }));
  // A configuration beside the place, as for a script in a Worker's folder.
  const near = project.bindings.configsFor(evidence.span.file).flatMap((config) => environmentsOf(config).flatMap((environment) => environment.d1.map((binding) => ({ name: binding.binding.value, dir: config.dir }))));
  if (new Set(near.map(({ name }) => name)).size === 1) return byBinding(near, evidence);
  const everywhere = new Set([...bound.map(({ binding }) => binding.binding.value), ...databaseNames(project)]);
  const [only, ...others] = everywhere;
  if (only !== undefined && others.length === 0) return [{ binding: only, evidence }];
  // What the configuration names is a binding, whether or not another place declares it.
  return evidence.source === "the configuration" ? evidence.names.map((binding) => ({ binding, evidence })) : [];
}

/** Bindings that the code queries, for projects whose configuration is code of another tool. */
function databaseNames(project: Project): readonly string[] {
  return queriesOf(project).all.flatMap((query) => databaseOf(query.database)?.binding ?? []);
}

function byBinding(places: readonly { readonly name: string; readonly dir: string }[], evidence: ReplicationEvidence): readonly ReplicatedBinding[] {
  const dirs = new Map<string, Set<string>>();
  for (const { name, dir } of places) {
    const known = dirs.get(name);
    if (known) known.add(dir);
    else dirs.set(name, new Set([dir]));
  }
  return [...dirs].map(([binding, set]) => ({ binding, dirs: set, evidence }));
}

/** Keys of `bindings: { DB: db }` whose value is what a declaration makes, directly or through a helper. */
function bindingsGiven(project: Project, declaration: Node): readonly string[] {
  const found = new Set<string>();
  const known = new Set([...databaseNames(project), ...project.checkout.configs.flatMap((config) => environmentsOf(config).flatMap((environment) => environment.d1.map(({ binding }) => binding.value)))]);
  for (const file of project.files)
    for (const object of nodesOf(file, "ObjectExpression"))
      for (const property of object.properties) {
        if (property.type !== "Property") continue;
        const name = keyName(property.key, property.computed);
        if (name === undefined || !known.has(name)) continue;
        if (makes(project, property.value, declaration, 0)) found.add(name);
      }
  return [...found];
}

function makes(project: Project, raw: Node, declaration: Node, depth: number): boolean {
  let node = unwrap(raw);
  if (node.type === "AwaitExpression") node = unwrap(node.argument);
  if (node === declaration) return true;
  if (depth > 4) return false;
  if (node.type === "Identifier") {
    const definition = project.definitionOf(node);
    const variable = definition?.type === "variable" ? definition.variable : undefined;
    if (variable?.declaration.type === "VariableDeclarator" && variable.declaration.init) return makes(project, variable.declaration.init, declaration, depth + 1);
    return false;
  }
  if (node.type !== "CallExpression") return false;
  return project.targetsOf(node).some((fn) => declaration.start >= fn.start && declaration.end <= fn.end && project.fileOf(declaration) === project.fileOf(fn));
}
