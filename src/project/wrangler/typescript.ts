import { type Expression, type Node, type ObjectExpression, type Program, parseSync } from "oxc-parser";
import type { Diagnostic } from "../../lint/finding.ts";
import { dirOf } from "../../paths.ts";
import { unwrap } from "../parse/ast.ts";
import { lineStarts, positionAt } from "../span.ts";
import { type ConfigEntry, type ConfigNode, entriesOf, entryOf, itemsOf, nodeAt } from "./node.ts";
import { locatedString, optional, stringAt } from "./read.ts";
import type { ClassExport, D1Binding, DurableObjectBinding, OtherBindingKind, WranglerConfig, WranglerEnvironment } from "./types.ts";

/**
 * Reads a typed `cloudflare.config.ts` without running it: the object given to `defineWorker` (formerly `defineConfig`),
 * or exported plainly, also where a function returns it. A value that only running the code would tell is left out.
 */
export function parseCloudflareConfig(file: string, text: string, extra: { readonly inTests?: boolean } = {}): { configs: WranglerConfig[]; diagnostics: Diagnostic[] } {
  const { program, errors } = parseSync(file, text, { lang: /\.[cm]?js$/.test(file) ? "js" : "ts", sourceType: "module" });
  const problem = errors.find((error) => error.severity === "Error");
  const at = (offset: number): { line: number; column: number } => positionAt(lineStarts(text), offset);
  const diagnostics: Diagnostic[] = problem ? [{ file, ...at(problem.labels[0]?.start ?? 0), message: `syntax error: ${problem.message}` }] : [];
  const scope = scopeOf(program);
  const definition = program.body.find((statement) => statement.type === "ExportDefaultDeclaration");
  const object = definition ? objectOf(scope, definition.declaration as Node) : undefined;
  if (!object) {
    if (diagnostics.length === 0) diagnostics.push({ file, ...at(definition?.start ?? 0), message: "the default export is no object that can be read without running the code; this Worker's configuration is unknown", hint: "export the object itself, or defineWorker({ … })" });
    return { configs: [], diagnostics };
  }
  return { configs: [readTyped(file, text, extra.inTests ?? false, convert(file, scope, object, 0))], diagnostics };
}

/** What names of the module stand for: constants, and the module behind `import * as entrypoint`. */
interface Scope {
  readonly constants: ReadonlyMap<string, Node>;
  readonly imports: ReadonlyMap<string, Node & { readonly type: "Literal" }>;
}

function scopeOf(program: Program): Scope {
  const constants = new Map<string, Node>();
  const imports = new Map<string, Node & { readonly type: "Literal" }>();
  for (const statement of program.body) {
    const inner = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (inner?.type === "VariableDeclaration" && inner.kind === "const")
      for (const { id, init } of inner.declarations) if (id.type === "Identifier" && init) constants.set(id.name, init);
    if (inner?.type === "FunctionDeclaration" && inner.id) constants.set(inner.id.name, inner);
    if (statement.type === "ImportDeclaration") for (const specifier of statement.specifiers) if (specifier.type === "ImportNamespaceSpecifier") imports.set(specifier.local.name, statement.source as Node & { readonly type: "Literal" });
  }
  return { constants, imports };
}

/** The object literal behind an expression: through `define…( )`, functions that return one, constants, and type assertions. */
function objectOf(scope: Scope, expression: Node, depth = 0): ObjectExpression | undefined {
  const node = unwrap(expression);
  if (depth > 8) return undefined;
  if (node.type === "ObjectExpression") return node;
  if (node.type === "ParenthesizedExpression") return objectOf(scope, node.expression, depth + 1);
  if (node.type === "Identifier") {
    const constant = scope.constants.get(node.name);
    return constant && objectOf(scope, constant, depth + 1);
  }
  if (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name.startsWith("define")) {
    const [argument] = node.arguments;
    return argument && argument.type !== "SpreadElement" ? objectOf(scope, argument, depth + 1) : undefined;
  }
  if (node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression" || node.type === "FunctionDeclaration") {
    if (!node.body) return undefined;
    if (node.body.type !== "BlockStatement") return objectOf(scope, node.body, depth + 1);
    const returns = node.body.body.filter((statement) => statement.type === "ReturnStatement");
    const value = returns[returns.length - 1]?.argument;
    return value ? objectOf(scope, value, depth + 1) : undefined;
  }
  return undefined;
}

/** The tree of an expression. `bindings.d1({ … })` and `exports.durableObject({ … })` become tables with the `type` they stand for. */
function convert(file: string, scope: Scope, expression: Node, depth: number): ConfigNode {
  const node = unwrap(expression);
  const span = { file, start: node.start, end: node.end };
  const unknown: ConfigNode = { kind: "scalar", span, value: undefined };
  if (depth > 12) return unknown;
  const inner = (child: Node): ConfigNode => convert(file, scope, child, depth + 1);
  switch (node.type) {
    case "ParenthesizedExpression":
      return inner(node.expression);
    case "Literal":
      return { kind: "scalar", span, value: typeof node.value === "object" && node.value !== null ? undefined : typeof node.value === "bigint" ? undefined : node.value };
    case "TemplateLiteral":
      return node.expressions.length === 0 ? { kind: "scalar", span, value: node.quasis[0]?.value.cooked ?? "" } : unknown;
    case "ArrayExpression":
      return { kind: "list", span, items: node.elements.flatMap((element) => (element && element.type !== "SpreadElement" ? [inner(element)] : [])) };
    case "ObjectExpression":
      return { kind: "table", span, entries: tableEntries(file, scope, node, depth) };
    case "Identifier": {
      const source = scope.imports.get(node.name);
      if (source) return { kind: "scalar", span: { file, start: source.start, end: source.end }, value: typeof source.value === "string" ? source.value : undefined };
      const constant = scope.constants.get(node.name);
      return constant ? inner(constant) : unknown;
    }
    case "NewExpression":
      // new URL("./src/index.ts", import.meta.url)
      return node.arguments[0] && node.arguments[0].type !== "SpreadElement" ? inner(node.arguments[0]) : unknown;
    case "CallExpression":
      return factoryCall(file, scope, node.callee, node.arguments[0], span, depth) ?? unknown;
    default:
      return unknown;
  }
}

function tableEntries(file: string, scope: Scope, node: ObjectExpression, depth: number): Map<string, ConfigEntry> {
  const entries = new Map<string, ConfigEntry>();
  for (const property of node.properties) {
    if (property.type === "SpreadElement") {
      const spread = objectOf(scope, property.argument);
      for (const [key, entry] of spread && depth < 8 ? tableEntries(file, scope, spread, depth + 1) : []) entries.set(key, entry);
      continue;
    }
    const key = property.key.type === "Identifier" && !property.computed ? property.key.name : property.key.type === "Literal" ? String(property.key.value) : undefined;
    if (key === undefined) continue;
    entries.set(key, { key, keySpan: { file, start: property.key.start, end: property.key.end }, value: convert(file, scope, property.value, depth + 1) });
  }
  return entries;
}

/** `bindings.kv({ id })` as a table with `type: "kv"`. */
function factoryCall(file: string, scope: Scope, callee: Expression, argument: Node | undefined, span: ConfigNode["span"], depth: number): ConfigNode | undefined {
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier") return undefined;
  const keySpan = { file, start: callee.property.start, end: callee.property.end };
  const type = callee.property.name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const options = argument ? convert(file, scope, argument, depth + 1) : undefined;
  const entries = new Map<string, ConfigEntry>(entriesOf(options).map((entry) => [entry.key, entry]));
  entries.set("type", { key: "type", keySpan, value: { kind: "scalar", span: keySpan, value: type } });
  return { kind: "table", span, entries };
}

const KINDS: Readonly<Record<string, OtherBindingKind>> = {
  kv: "kv", r2: "r2", worker: "service", ai: "ai", queue: "queue", vectorize: "vectorize", hyperdrive: "hyperdrive", "analytics-engine-dataset": "analytics", workflow: "workflow",
  assets: "assets", browser: "browser", images: "images", "send-email": "email", "rate-limit": "rate-limit", "dispatch-namespace": "dispatch", pipeline: "pipeline",
  secret: "secret", "secrets-store-secret": "secret", "mtls-certificate": "mtls", text: "var", json: "var",
};

function readTyped(file: string, text: string, inTests: boolean, root: ConfigNode): WranglerConfig {
  const name = stringAt(root, "name");
  const bindings = entriesOf(nodeAt(root, "env"));
  const typeOf = (entry: ConfigEntry): string | undefined => stringAt(entry.value, "type")?.value;
  const exportsEntry = entryOf(root, "exports");
  const exports = entriesOf(exportsEntry?.value).flatMap(readTypedExport);
  const triggers = itemsOf(nodeAt(root, "triggers"));
  const flags = entryOf(root, "compatibilityFlags");
  const main = stringAt(root, "entrypoint");
  const d1 = bindings.filter((entry) => typeOf(entry) === "d1");
  const durableObjects = bindings.filter((entry) => typeOf(entry) === "durable-object");
  const top: WranglerEnvironment = {
    name: undefined,
    span: { file, start: 0, end: 0 },
    ...optional("workerName", name),
    ...optional("main", main),
    ...optional("compatibilityDate", stringAt(root, "compatibilityDate")),
    ...(flags ? { compatibilityFlags: itemsOf(flags.value).flatMap((item) => locatedString(item) ?? []) } : {}),
    ...optional("durableObjectsKey", durableObjects[0]?.keySpan),
    durableObjects: durableObjects.flatMap((entry) => readTypedNamespace(entry, name?.value)),
    ...optional("d1Key", d1[0]?.keySpan),
    d1: d1.map(readTypedDatabase),
    migrations: [],
    ...(exportsEntry && exports.length > 0 ? { exportsKey: exportsEntry.keySpan } : {}),
    exports,
    crons: triggers.flatMap((trigger) => stringAt(trigger, "schedule") ?? []),
    queueConsumers: triggers.flatMap((trigger) => (stringAt(trigger, "type")?.value === "queue" ? (stringAt(trigger, "name") ?? []) : [])),
    workflowClasses: bindings.flatMap((entry) => (typeOf(entry) === "workflow" && isOwn(entry, name?.value) ? (stringAt(entry.value, "exportName") ?? []) : [])),
    containerClasses: [],
    otherBindings: new Map(bindings.filter((entry) => !d1.includes(entry) && !durableObjects.includes(entry)).map((entry) => [entry.key, KINDS[typeOf(entry) ?? ""] ?? (entry.value.kind === "scalar" && entry.value.value !== undefined ? "var" : "other")])),
    deploys: entryOf(root, "domains") !== undefined || triggers.some((trigger) => stringAt(trigger, "type")?.value === "fetch"),
  };
  return { file, dir: dirOf(file), format: "typescript", role: "primary", inTests, text, top, environments: [], assetsOnly: main === undefined && entryOf(root, "assets") !== undefined };
}

/** A binding that names no Worker, or this one, is of this Worker's own class. */
function isOwn(entry: ConfigEntry, workerName: string | undefined): boolean {
  const named = entryOf(entry.value, "workerName");
  return named === undefined || (workerName !== undefined && stringAt(entry.value, "workerName")?.value === workerName);
}

function readTypedNamespace(entry: ConfigEntry, workerName: string | undefined): DurableObjectBinding[] {
  const className = stringAt(entry.value, "exportName") ?? stringAt(entry.value, "className");
  if (!className) return [];
  const script = stringAt(entry.value, "workerName") ?? { value: "", span: entry.value.span };
  return [{ name: { value: entry.key, span: entry.keySpan }, className, ...(isOwn(entry, workerName) ? {} : { scriptName: script }), span: entrySpan(entry) }];
}

function readTypedDatabase(entry: ConfigEntry): D1Binding {
  return {
    binding: { value: entry.key, span: entry.keySpan },
    ...optional("databaseName", stringAt(entry.value, "name")),
    ...optional("databaseId", stringAt(entry.value, "id")),
    span: entrySpan(entry),
  };
}

function readTypedExport(entry: ConfigEntry): ClassExport[] {
  if (stringAt(entry.value, "type")?.value !== "durable-object") return [];
  const state = stringAt(entry.value, "state")?.value ?? "created";
  if (state !== "created" && state !== "deleted" && state !== "renamed" && state !== "transferred" && state !== "expecting-transfer") return [];
  return [{
    className: { value: entry.key, span: entry.keySpan },
    state,
    ...optional("storage", stringAt(entry.value, "storage")),
    ...optional("renamedTo", stringAt(entry.value, "renamedTo")),
    ...optional("transferredTo", stringAt(entry.value, "transferredTo")),
    ...optional("transferFrom", stringAt(entry.value, "transferFrom")),
    span: entrySpan(entry),
  }];
}

function entrySpan(entry: ConfigEntry): ConfigEntry["keySpan"] {
  return { file: entry.keySpan.file, start: entry.keySpan.start, end: Math.max(entry.keySpan.end, entry.value.span.end) };
}
