import { dirOf, joinPath } from "../../paths.ts";
import type { Located } from "../span.ts";
import { type ConfigEntry, type ConfigNode, entriesOf, entryOf, itemsOf, nodeAt } from "./node.ts";
import type { ClassExport, ClassMigration, D1Binding, DurableObjectBinding, OtherBindingKind, WranglerConfig, WranglerEnvironment } from "./types.ts";

/** Where and what kind of file a configuration is. */
export interface ConfigOrigin {
  readonly file: string;
  readonly text: string;
  readonly format: WranglerConfig["format"];
  readonly role?: WranglerConfig["role"];
  readonly inTests?: boolean;
}

/** Turns the tree of a wrangler.json, .jsonc or .toml into a configuration. Parts of another shape than wrangler's are left out. */
export function readWrangler(origin: ConfigOrigin, root: ConfigNode | undefined): WranglerConfig {
  const { file, text, format } = origin;
  const previews = entryOf(root, "previews");
  const pages = stringAt(root, "pages_build_output_dir");
  return {
    file,
    dir: dirOf(file),
    format,
    role: origin.role ?? "primary",
    inTests: origin.inTests ?? false,
    text,
    top: readEnvironment(undefined, { file, start: 0, end: 0 }, root),
    environments: entriesOf(nodeAt(root, "env"))
      .filter((entry) => entry.value.kind === "table")
      .map((entry) => readEnvironment(entry.key, entry.keySpan, entry.value)),
    ...(previews ? { previews: readEnvironment("previews", previews.keySpan, previews.value) } : {}),
    ...(pages ? { pagesBuildOutputDir: pages } : {}),
    assetsOnly: entryOf(root, "main") === undefined && entryOf(root, "assets") !== undefined,
  };
}

/** Keys that only a wrangler configuration has: what tells one from another JSON or TOML file. */
const TELLING_KEYS = ["compatibility_date", "durable_objects", "d1_databases", "kv_namespaces", "r2_buckets", "workers_dev", "pages_build_output_dir", "account_id", "compatibility_flags"];

/** Whether a tree looks like a wrangler configuration, for files whose name alone does not say so. */
export function looksLikeWrangler(root: ConfigNode | undefined): boolean {
  return TELLING_KEYS.some((key) => entryOf(root, key) !== undefined) || (entryOf(root, "name") !== undefined && entryOf(root, "main") !== undefined && entryOf(root, "version") === undefined);
}

/** The text of a scalar below `path`, with its place. */
export function stringAt(node: ConfigNode | undefined, ...path: readonly string[]): Located<string> | undefined {
  return locatedString(nodeAt(node, ...path));
}

/** A scalar text with its place; undefined for any other node. */
export function locatedString(node: ConfigNode | undefined): Located<string> | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" ? { value: node.value, span: node.span } : undefined;
}

function readEnvironment(name: string | undefined, span: WranglerEnvironment["span"], node: ConfigNode | undefined): WranglerEnvironment {
  const durableObjectsKey = entryOf(node, "durable_objects")?.keySpan;
  const d1Key = entryOf(node, "d1_databases")?.keySpan;
  const migrationsKey = entryOf(node, "migrations")?.keySpan;
  const exportsEntry = entryOf(node, "exports");
  const exports = entriesOf(exportsEntry?.value).flatMap(readClassExport);
  const flags = nodeAt(node, "compatibility_flags");
  return {
    name,
    span,
    ...optional("workerName", stringAt(node, "name")),
    ...optional("main", stringAt(node, "main") ?? legacyMain(node)),
    ...optional("compatibilityDate", stringAt(node, "compatibility_date")),
    ...(flags ? { compatibilityFlags: strings(flags) } : {}),
    ...optional("durableObjectsKey", durableObjectsKey),
    durableObjects: itemsOf(nodeAt(node, "durable_objects", "bindings")).flatMap(readDurableObject),
    ...optional("d1Key", d1Key),
    d1: itemsOf(nodeAt(node, "d1_databases")).flatMap(readD1),
    ...optional("migrationsKey", migrationsKey),
    migrations: itemsOf(nodeAt(node, "migrations")).filter((item) => item.kind === "table").map(readMigration),
    ...(exportsEntry && exports.length > 0 ? { exportsKey: exportsEntry.keySpan } : {}),
    exports,
    crons: strings(nodeAt(node, "triggers", "crons")),
    queueConsumers: itemsOf(nodeAt(node, "queues", "consumers")).flatMap((item) => list(stringAt(item, "queue"))),
    workflowClasses: itemsOf(nodeAt(node, "workflows")).flatMap((item) => (entryOf(item, "script_name") ? [] : list(stringAt(item, "class_name")))),
    containerClasses: itemsOf(nodeAt(node, "containers")).flatMap((item) => list(stringAt(item, "class_name"))),
    otherBindings: readOtherBindings(node),
    deploys: deploys(node),
  };
}

/** Before `main`, a module Worker was named by `[build.upload]`, relative to its `dir` ("dist" unless given). */
function legacyMain(node: ConfigNode | undefined): Located<string> | undefined {
  const main = stringAt(node, "build", "upload", "main");
  const path = main && joinPath(stringAt(node, "build", "upload", "dir")?.value ?? "dist", main.value);
  return main && path !== undefined ? { value: path, span: main.span } : undefined;
}

function readDurableObject(node: ConfigNode): DurableObjectBinding[] {
  const name = stringAt(node, "name");
  const className = stringAt(node, "class_name");
  return name && className ? [{ name, className, ...optional("scriptName", stringAt(node, "script_name")), span: node.span }] : [];
}

function readD1(node: ConfigNode): D1Binding[] {
  const binding = stringAt(node, "binding");
  if (!binding) return [];
  return [{
    binding,
    ...optional("databaseName", stringAt(node, "database_name")),
    ...optional("databaseId", stringAt(node, "database_id")),
    ...optional("previewDatabaseId", stringAt(node, "preview_database_id")),
    ...optional("migrationsDir", stringAt(node, "migrations_dir")),
    ...optional("migrationsTable", stringAt(node, "migrations_table")),
    ...optional("migrationsPattern", stringAt(node, "migrations_pattern")),
    span: node.span,
  }];
}

function readMigration(node: ConfigNode): ClassMigration {
  return {
    ...optional("tag", stringAt(node, "tag")),
    newClasses: strings(nodeAt(node, "new_classes")),
    newSqliteClasses: strings(nodeAt(node, "new_sqlite_classes")),
    deletedClasses: strings(nodeAt(node, "deleted_classes")),
    renamedClasses: itemsOf(nodeAt(node, "renamed_classes")).flatMap((item) => {
      const from = stringAt(item, "from");
      const to = stringAt(item, "to");
      return from && to ? [{ from, to }] : [];
    }),
    transferredClasses: itemsOf(nodeAt(node, "transferred_classes")).flatMap((item) => {
      const from = stringAt(item, "from");
      const to = stringAt(item, "to");
      return from && to ? [{ from, ...optional("fromScript", stringAt(item, "from_script")), to }] : [];
    }),
    span: node.span,
  };
}

const STATES: readonly string[] = ["created", "deleted", "renamed", "transferred", "expecting-transfer"] satisfies readonly ClassExport["state"][];

/** Reads one entry of the `exports` map; entries of other types (`worker`, `workflow`) give nothing. */
export function readClassExport(entry: ConfigEntry): ClassExport[] {
  const type = stringAt(entry.value, "type")?.value;
  if (type !== "durable-object") return [];
  const state = stringAt(entry.value, "state")?.value ?? "created";
  if (!STATES.includes(state)) return [];
  return [{
    className: { value: entry.key, span: entry.keySpan },
    state: state as ClassExport["state"],
    ...optional("storage", stringAt(entry.value, "storage")),
    ...optional("renamedTo", stringAt(entry.value, "renamed_to")),
    ...optional("transferredTo", stringAt(entry.value, "transferred_to")),
    ...optional("transferFrom", stringAt(entry.value, "transfer_from")),
    span: { file: entry.keySpan.file, start: entry.keySpan.start, end: Math.max(entry.keySpan.end, entry.value.span.end) },
  }];
}

/** Lists of tables that each name a binding, the key of that name, and what it binds. */
const BINDING_LISTS: readonly (readonly [path: readonly string[], key: string, kind: OtherBindingKind])[] = [
  [["kv_namespaces"], "binding", "kv"],
  [["r2_buckets"], "binding", "r2"],
  [["services"], "binding", "service"],
  [["queues", "producers"], "binding", "queue"],
  [["vectorize"], "binding", "vectorize"],
  [["hyperdrive"], "binding", "hyperdrive"],
  [["analytics_engine_datasets"], "binding", "analytics"],
  [["workflows"], "binding", "workflow"],
  [["send_email"], "name", "email"],
  [["ratelimits"], "name", "rate-limit"],
  [["dispatch_namespaces"], "binding", "dispatch"],
  [["pipelines"], "binding", "pipeline"],
  [["secrets_store_secrets"], "binding", "secret"],
  [["mtls_certificates"], "binding", "mtls"],
  [["logfwdr", "bindings"], "name", "other"],
  [["unsafe", "bindings"], "name", "other"],
];

/** Tables that are one binding. */
const BINDING_TABLES: readonly (readonly [key: string, kind: OtherBindingKind])[] = [
  ["ai", "ai"],
  ["assets", "assets"],
  ["browser", "browser"],
  ["images", "images"],
];

function readOtherBindings(node: ConfigNode | undefined): Map<string, OtherBindingKind> {
  const bindings = new Map<string, OtherBindingKind>();
  const add = (name: Located<string> | undefined, kind: OtherBindingKind): void => {
    if (name && !bindings.has(name.value)) bindings.set(name.value, kind);
  };
  for (const [path, key, kind] of BINDING_LISTS) for (const item of itemsOf(nodeAt(node, ...path))) add(stringAt(item, key), kind);
  for (const [key, kind] of BINDING_TABLES) add(stringAt(node, key, "binding"), kind);
  for (const entry of entriesOf(nodeAt(node, "vars"))) bindings.set(entry.key, "var");
  for (const secret of strings(nodeAt(node, "secrets", "required"))) add(secret, "secret");
  for (const key of ["wasm_modules", "text_blobs", "data_blobs"]) for (const entry of entriesOf(nodeAt(node, key))) bindings.set(entry.key, "other");
  // Products newer than this table bind in the same way: a table, or a list of tables, with the key `binding`.
  for (const entry of entriesOf(node)) {
    if (entry.key === "d1_databases" || entry.key === "durable_objects") continue;
    for (const item of entry.value.kind === "list" ? entry.value.items : [entry.value]) add(stringAt(item, "binding"), "other");
  }
  return bindings;
}

function deploys(node: ConfigNode | undefined): boolean {
  const workersDev = nodeAt(node, "workers_dev");
  return entryOf(node, "route") !== undefined || itemsOf(nodeAt(node, "routes")).length > 0 || (workersDev?.kind === "scalar" && workersDev.value === true);
}

function strings(node: ConfigNode | undefined): Located<string>[] {
  return itemsOf(node).flatMap((item) => list(locatedString(item)));
}

function list<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

/** `{ [key]: value }`, or nothing when the value is undefined. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
