import type { CallExpression, FunctionNode, Node } from "../../project/parse/ast.ts";
import { callbackOf, calleeMember, calleeName, enclosingFunction, isCall, isFunction, isIdentifier, isMember, isWithin, propertyName, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import type { SourceFile } from "../../project/parse/source-file.ts";
import { controlFlow, type Flow } from "../../project/flow/flow.ts";
import { valuesOf, type Values } from "../../project/flow/values.ts";
import { leavesTheWorker } from "../../project/graph/outside.ts";
import type { Project } from "../../project/graph/project.ts";
import { queriesOf } from "../../project/graph/queries/queries.ts";
import { sameTable, type D1Query } from "../../project/graph/queries/query.ts";
import { useOf } from "../../project/graph/runs.ts";
import { templateText } from "../../project/graph/queries/statement-text.ts";
import { readColumns, writeParts, type ColumnSet, type WriteParts } from "../../project/graph/queries/write-parts.ts";
import type { Confidence, Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { databaseSubject, functionWords } from "./shared/d1-words.ts";
import { isMaintenance } from "./shared/maintenance.ts";

// Between a read and a write of D1 other requests run: nothing locks the row. Only what one statement does is atomic.

/** A write and what it is seen from: where the row's values come from, in the flow of one function. */
interface Scene {
  readonly project: Project;
  readonly file: SourceFile;
  readonly fn: FunctionNode;
  readonly flow: Flow;
  readonly values: Values;
  readonly write: D1Query;
  readonly table: string;
  /** Whether a node gives a row of the table. */
  readonly isRow: (node: Node) => boolean;
  /** The reads of the table that come before the write, first the one in the code itself. */
  readonly reads: readonly Node[];
}

const VERSION = /^(?:version|revision|rev|etag|generation|lock_?version|row_?version|updated_?at|modified_?at|last_?modified|seq|sequence)$/i;
const IDENTITY = /^(?:id|uuid|key|slug|created_?at|createdAt)$|_id$|[a-z]Id$/;
/** What is there to be taken once, or to be used up. */
const CLAIMED = /^(?:is_?)?(?:used|claimed|redeemed|consumed|taken|locked|assigned|reserved|accepted|revoked|verified|approved|processed|published)(?:_?(?:at|by|count))?$|^(?:status|state)$/i;
const USED_UP = /(?:^|_)(?:balance|credits?|stock|remaining|quota|quantity|seats?|inventory|points|coins|tokens_left|uses|amount|available)(?:$|_)|(?:Balance|Credits?|Stock|Remaining|Quota|Quantity|Seats?|Inventory|Points|Coins)$/;
const ONE_TIME = /token|otp|nonce|invit|challenge|magic|password_?reset|verification|voucher|coupon|one_?time|pairing|oauth_?state|auth_?code/i;
const SINGLE_COLUMN = /^\s*select\s+["'`[]?(\w+)["'`\]]?\s+from\b/i;
const EXCLUSIVE_CALLBACKS = new Set(["blockConcurrencyWhile", "runExclusive", "withLock", "acquire", "lock"]);

export default defineRule({
  id: "d1-read-modify-write",
  *check({ project }) {
    for (const file of project.files) {
      // One finding a function and table: the same row written in several places is mended in one go.
      const found = new Map<string, Report>();
      for (const write of [...queriesOf(project).in(file), ...handedWrites(project, file)]) {
        if (write.action !== "write" || isMaintenance(file, write.node) || isExclusive(write.node)) continue;
        for (const table of write.writes) {
          const scene = sceneOf(project, file, write, table);
          const report = scene && judge(scene);
          if (!scene || !report) continue;
          const key = `${scene.fn.start} ${scene.table.toLowerCase()}`;
          const known = found.get(key);
          found.set(key, known ? { ...known, related: [...(known.related ?? []), { span: report.span, message: "written back here too" }] } : report);
        }
      }
      yield* found.values();
    }
  },
});

/** Writes that go through a helper which is given both the SQL and its values: `run("UPDATE …", [a, b])`, `exec(env, "UPDATE …", a, b)`. */
function* handedWrites(project: Project, file: SourceFile): Iterable<D1Query> {
  const queries = queriesOf(project);
  for (const call of file.calls) {
    if (!queries.mayReach(call)) continue;
    const [only, second] = queries.reached(call);
    const [statement, another] = only?.query.statements ?? [];
    if (!only || second || !statement || another || only.path.length !== 1 || only.query.action !== "write") continue;
    const bound = handedValues(project, call, statement);
    if (bound) yield { ...only.query, node: call, file, use: useOf(call), statements: [{ ...statement, bound }] };
  }
}

/** What a call gives for the values that its helper binds; undefined where the helper has an SQL text or values of its own. */
function handedValues(project: Project, call: CallExpression, { prepare, bound }: D1Query["statements"][number]): readonly Node[] | undefined {
  const [fn, otherwise] = project.targetsOf(call);
  const text = prepare?.arguments[0];
  const [spread, more] = bound ?? [];
  if (!fn || otherwise || !text || parameterIndex(project, fn, text) < 0 || spread?.type !== "SpreadElement" || more) return undefined;
  const index = parameterIndex(project, fn, spread.argument);
  if (index < 0) return undefined;
  if (fn.params[index]?.type === "RestElement") {
    const given = call.arguments.slice(index);
    return given.some((node) => node.type === "SpreadElement") ? undefined : given;
  }
  const list = call.arguments[index];
  const array = list && list.type !== "SpreadElement" ? unwrap(list) : undefined;
  return array?.type === "ArrayExpression" ? array.elements.flatMap((element) => element ?? []) : undefined;
}

/** The place of the parameter that an expression is, in the list of a function's parameters; -1 when it is none. */
function parameterIndex(project: Project, fn: FunctionNode, raw: Node): number {
  const node = unwrap(raw);
  const variable = isIdentifier(node) ? project.fileOf(node).scopes.resolve(node) : undefined;
  if (variable?.kind !== "parameter" || variable.declaration !== fn) return -1;
  return fn.params.findIndex((parameter) => isWithin(variable.node, parameter));
}

/** Code that a lock lets in one at a time. */
function isExclusive(node: Node): boolean {
  for (let current = node.parent ?? undefined; current; current = current.parent ?? undefined)
    if (isCall(current) && EXCLUSIVE_CALLBACKS.has(calleeName(current) ?? "")) return true;
  return false;
}

function sceneOf(project: Project, file: SourceFile, write: D1Query, table: string): Scene | undefined {
  const fn = runFunction(write.node);
  if (!fn) return undefined;
  const flow = controlFlow(fn);
  if (!flow.has(write.node)) return undefined;
  const values = valuesOf(flow, file.scopes);
  const queries = queriesOf(project);
  const own = queries.inFunction(fn).filter((query) => query !== write && query.action === "read" && readsTable(query, table) && flow.has(query.node) && flow.reachable(query.node, write.node));
  const nodes = new Set<Node>(own.map((query) => query.node));
  const helpers = queries.callsIn(fn).filter((call): call is CallExpression => {
    if (!isCall(call) || nodes.has(call) || isWithin(write.node, call) || !flow.has(call) || !flow.reachable(call, write.node)) return false;
    const reached = queries.reached(call);
    return reached.some(({ query, path }) => path.length <= 3 && query.action === "read" && readsTable(query, table)) && !reached.some(({ query }) => query.node === write.node);
  });
  const calls = new Set<Node>(helpers);
  const parameters = rowParameters(project, fn, table);
  const reads: readonly Node[] = [...own.map((query) => query.node), ...helpers, ...parameters.values()];
  if (reads.length === 0) return undefined;
  const isRow = (node: Node): boolean => nodes.has(node) || calls.has(node) || (isIdentifier(node) && parameters.has(file.scopes.resolve(node)?.node ?? node));
  return { project, file, fn, flow, values, write, table, isRow, reads };
}

function readsTable(query: D1Query, table: string): boolean {
  return query.reads.some((read) => sameTable(read, table));
}

/** The function whose flow holds a node. */
function runFunction(node: Node): FunctionNode | undefined {
  for (let current: Node | undefined = node; current; current = enclosingFunction(current)) {
    const fn = enclosingFunction(current);
    if (!fn) return undefined;
    if (controlFlow(fn).has(node) && !isHeldByOuter(fn, node)) return fn;
  }
  return undefined;
}

/** A callback that runs in place belongs to the flow of the function around it. */
function isHeldByOuter(fn: FunctionNode, node: Node): boolean {
  const outer = enclosingFunction(fn);
  return outer !== undefined && controlFlow(outer).has(node);
}

/** Parameters that callers give a row of the table, with the place where it was read. */
function rowParameters(project: Project, fn: FunctionNode, table: string): ReadonlyMap<Node, Node> {
  const found = new Map<Node, Node>();
  for (const site of project.calls.callersOf(fn).slice(0, 8)) {
    const caller = runFunction(site);
    if (!caller) continue;
    const flow = controlFlow(caller);
    const values = valuesOf(flow, project.fileOf(site).scopes);
    const reads = queriesOf(project).inFunction(caller).filter((query) => query.action === "read" && readsTable(query, table));
    if (reads.length === 0) continue;
    for (const [index, parameter] of fn.params.entries()) {
      const argument = site.arguments[index];
      if (parameter.type !== "Identifier" || !argument || found.has(parameter) || argument.type === "SpreadElement") continue;
      // A row handed on whole, not a value taken from it.
      if (!isIdentifier(unwrap(argument))) continue;
      const read = reads.find((query) => values.dependsOn(argument, query.node));
      if (read) found.set(parameter, read.node);
    }
  }
  return found;
}

function judge(scene: Scene): Report | undefined {
  const all = writeParts(scene.project, scene.write);
  // A row that goes in with what was read: where that is its key, the second of two requests is refused, and the whole batch with it.
  if (scene.write.batch && all.some((parts) => parts.kind === "insert" && parts.sets.some((set) => set.value && !IDENTITY.test(set.column) && isPartOfRow(scene, set.value)))) return undefined;
  for (const parts of all) {
    if (parts.table !== undefined && !sameTable(parts.table, scene.table)) continue;
    if (parts.opaque || parts.guards.some((column) => VERSION.test(column))) continue;
    const report = parts.kind === "insert" ? nextNumber(scene, parts) : (writtenBack(scene, parts) ?? claimed(scene, parts));
    if (report) return report;
  }
  return undefined;
}

// ── A value computed from the row and written back ─────────────────────────────────────────────────────────────────

function writtenBack(scene: Scene, parts: WriteParts): Report | undefined {
  for (const set of parts.sets) {
    // Another row that is made to point at this one.
    if (parts.kind === "upsert" && IDENTITY.test(set.column)) continue;
    if (!set.value || set.constant || set.fromItself || parts.guards.some((column) => sameColumn(column, set.column))) continue;
    if (!scene.values.dependsOn(set.value, scene.isRow)) continue;
    const isSame = set.column !== "" && scene.values.dependsOn(set.value, (node) => isFieldOfRow(scene, node, set.column));
    if (isSame ? !isComputed(scene, set.value, set.column, 0) : !isDerived(scene, set.value)) continue;
    const contended = "the object behind a Durable Object";
    return {
      ...placed(scene, `the row is read here, and nothing holds it until the write`),
      message: isSame
        ? `${sentence(functionWords(scene.project, scene.fn))} reads \`${scene.table}\`, computes \`${set.column}\` from the row in JavaScript and writes it back: two requests that read the same row both write, and one of the two changes is lost.`
        : `${sentence(functionWords(scene.project, scene.fn))} reads \`${scene.table}\`, computes \`${set.column}\` from the row in JavaScript and writes it by key: a change made to the row in between is answered with a value computed from the old one.`,
      confidence: isSame ? "high" : "medium",
      help: `Let one statement do it (\`UPDATE ${scene.table} SET ${set.column} = … WHERE …\` computed in SQL), or repeat what was read in the WHERE clause and check \`meta.changes\`; where many write to one row, let ${contended} do it.`,
    };
  }
  return undefined;
}

/** Whether a node reads a column of the row: `row.n`, a destructured `n`, `.first("n")`. */
function isFieldOfRow(scene: Scene, node: Node, column: string): boolean {
  if (isMember(node)) return sameColumn(propertyName(node) ?? "", column) && isRowValue(scene, node.object, 0);
  if (isIdentifier(node)) return sameColumn(node.name, column) && isDestructured(scene, node);
  if (!isCall(node) || !scene.isRow(node)) return false;
  const [argument] = node.arguments;
  const only = onlyColumnRead(scene, node);
  if (only !== undefined) return sameColumn(only, column);
  return calleeName(node) === "first" && argument !== undefined && sameColumn(scene.project.constants.constantOf(argument)?.value ?? "", column);
}

/** The column that a helper reads of the table, when it reads no other: `loadSettings()` with `SELECT value FROM settings`. */
function onlyColumnRead(scene: Scene, call: CallExpression): string | undefined {
  const reached = queriesOf(scene.project).reached(call);
  // What writes too gives something else than what it read.
  if (reached.length === 0 || reached.some(({ query }) => query.action !== "read")) return undefined;
  const columns = reached.flatMap(({ query }) => query.statements.flatMap((statement) => statement.texts.map((text) => SINGLE_COLUMN.exec(templateText(text))?.[1])));
  const [first] = columns;
  return first !== undefined && columns.every((column) => column !== undefined && sameColumn(column, first)) && reached.every(({ query }) => readsTable(query, scene.table)) ? first : undefined;
}

function isDestructured(scene: Scene, node: Node): boolean {
  const variable = scene.file.scopes.resolve(node);
  const { declaration } = variable ?? {};
  return declaration?.type === "VariableDeclarator" && declaration.id.type !== "Identifier" && declaration.init !== null && isRowValue(scene, declaration.init, 0);
}

/** `row.revision`, as it was read. */
function isPartOfRow(scene: Scene, raw: Node): boolean {
  const node = unwrap(raw);
  return isMember(node) && isRowValue(scene, node.object, 0);
}

const PICKS = new Set(["find", "findLast", "at", "filter", "slice", "shift", "pop", "then", "catch", "sort", "reverse", "toSorted", "values", "get"]);

/** Whether an expression is a row (or rows) of the table itself, not something made with one: found, picked, unpacked, or checked by a helper. */
function isRowValue(scene: Scene, raw: Node, depth: number): boolean {
  const node = unwrap(raw);
  if (scene.isRow(node)) return true;
  if (depth > 10) return false;
  const next = (inner: Node): boolean => isRowValue(scene, inner, depth + 1);
  switch (node.type) {
    case "AwaitExpression":
      return next(node.argument);
    case "MemberExpression":
      return next(node.object);
    case "LogicalExpression":
      return next(node.left) || next(node.right);
    case "ConditionalExpression":
      return next(node.consequent) || next(node.alternate);
    case "ArrayExpression":
      return node.elements.some((element) => element !== null && next(element.type === "SpreadElement" ? element.argument : element));
    case "ObjectExpression":
      return node.properties.some((property) => property.type === "SpreadElement" && next(property.argument));
    case "CallExpression": {
      const member = calleeMember(node);
      if (member && PICKS.has(propertyName(member) ?? "")) return next(member.object);
      if (member && isIdentifier(unwrap(member.object), "Promise")) return node.arguments.some((argument) => next(argument));
      // takeOne(await db.select()…)
      return node.arguments.length === 1 && node.arguments.some((argument) => next(argument)) && /^(?:take|first|one|only|single|assert|require|ensure|get|expect)/i.test(calleeName(node) ?? "");
    }
    case "Identifier": {
      if (scene.values.definitionsOf(node).some((definition) => definition.values.some(next))) return true;
      const variable = scene.file.scopes.resolve(node);
      const fn = variable?.kind === "parameter" ? variable.declaration : undefined;
      const callback = isFunction(fn) ? callbackOf(fn) : undefined;
      const list = callback ? calleeMember(callback.call)?.object : undefined;
      return list !== undefined && next(list);
    }
    default:
      return false;
  }
}

/** Whether an expression makes something new of the row's column, as opposed to handing it on or falling back to it. */
function isComputed(scene: Scene, raw: Node, column: string, depth: number): boolean {
  const node = unwrap(raw);
  const depends = (inner: Node): boolean => scene.values.dependsOn(inner, (found) => isFieldOfRow(scene, found, column));
  const next = (inner: Node): boolean => isComputed(scene, inner, column, depth + 1);
  if (depth > 12 || !depends(node)) return false;
  switch (node.type) {
    case "BinaryExpression":
      return ["+", "-", "*", "/", "%", "**", "|", "&", "^"].includes(node.operator);
    case "TemplateLiteral":
      return node.expressions.length > 0 && (node.expressions.length > 1 || node.quasis.some((quasi) => quasi.value.raw.trim() !== ""));
    case "UpdateExpression":
      return true;
    case "UnaryExpression":
      return node.operator === "!" || node.operator === "-" || next(node.argument);
    case "LogicalExpression":
      return next(node.left) || next(node.right);
    case "ConditionalExpression":
      return next(node.consequent) || next(node.alternate) || isToggle(scene, node, depends);
    case "AwaitExpression":
      return next(node.argument);
    case "ArrayExpression":
      return node.elements.length > 1 && node.elements.some((element) => element?.type === "SpreadElement" && depends(element.argument));
    case "ObjectExpression":
      return node.properties.some((property) => (property.type === "SpreadElement" ? node.properties.length > 1 && depends(property.argument) : next(property.value)));
    case "CallExpression":
      return isComputingCall(scene, node, depends, next);
    case "NewExpression":
      return node.arguments.some((argument) => next(argument));
    case "MemberExpression":
      return isChangedFirst(scene, node) || next(node.object);
    case "Identifier": {
      const definitions = scene.values.definitionsOf(node);
      return definitions.some((definition) => definition.partial || definition.values.some((value) => next(value))) || isTakenFrom(scene, node);
    }
    default:
      return false;
  }
}

/** `row.on ? 0 : 1` */
function isToggle(scene: Scene, node: Extract<Node, { type: "ConditionalExpression" }>, depends: (node: Node) => boolean): boolean {
  void scene;
  return depends(node.test) && node.consequent.type === "Literal" && node.alternate.type === "Literal";
}

const PASSING = /^(?:String|Number|Boolean|Date|BigInt|stringify|parse|toString|trim|toISOString|getTime|valueOf|parseInt|parseFloat|toLowerCase|toUpperCase|normalize|encode|decode|fromEntries|entries|freeze|structuredClone|max_?age)$/;

function isComputingCall(scene: Scene, node: CallExpression, depends: (node: Node) => boolean, next: (node: Node) => boolean): boolean {
  const name = calleeName(node);
  const member = calleeMember(node);
  if (scene.isRow(node) || givesItsOwnAnswer(scene, node)) return false;
  if (name !== undefined && PASSING.test(name)) return node.arguments.some(next) || (member !== undefined && next(member.object));
  if (member && isIdentifier(unwrap(member.object), "Math")) return node.arguments.some(depends);
  // rows.filter(…), list.concat(…), the project's own functions.
  return (member !== undefined && depends(member.object)) || node.arguments.some(depends);
}

/** Another query, or what something outside answers that is waited for (`await verify(answer, row.key)`): the row is what it was asked with. */
function givesItsOwnAnswer(scene: Scene, node: CallExpression): boolean {
  if (queriesOf(scene.project).in(scene.file).some((query) => query.node === node)) return true;
  const callee = unwrap(node.callee);
  if (node.parent?.type !== "AwaitExpression") return false;
  if (isIdentifier(callee) && scene.project.definitionOf(callee)?.type === "external") return true;
  const targets = scene.project.targetsOf(node);
  return targets.length > 0 && targets.every((fn) => handsOnAnAnswer(scene.project, fn));
}

/** Whether all that a function returns is what the network or another service told it: `const response = await fetch(…); return response.json()`. */
function handsOnAnAnswer(project: Project, fn: FunctionNode): boolean {
  const file = project.fileOf(fn);
  const flow = controlFlow(fn);
  const values = valuesOf(flow, file.scopes);
  const returned = flow.order.flatMap(({ node }) => (node?.type === "ReturnStatement" && node.argument && enclosingFunction(node) === fn ? [node.argument] : []));
  const results = fn.body && fn.body.type !== "BlockStatement" ? [fn.body] : returned;
  return results.length > 0 && results.every((result) => values.dependsOn(result, (node) => isCall(node) && leavesTheWorker(project, node)));
}

/** `row.count += 1` before `row.count` is written. */
function isChangedFirst(scene: Scene, node: Extract<Node, { type: "MemberExpression" }>): boolean {
  const object = unwrap(node.object);
  const name = propertyName(node);
  if (!isIdentifier(object) || name === undefined) return false;
  const variable = scene.file.scopes.resolve(object);
  return (scene.file.members.get(name) ?? []).some((use) => {
    const target = unwrap(use.object);
    const { parent } = use;
    const isChange = (parent?.type === "AssignmentExpression" && parent.left === use && parent.operator !== "=") || (parent?.type === "UpdateExpression" && parent.argument === use);
    return isChange && isIdentifier(target) && scene.file.scopes.resolve(target) === variable && scene.flow.reachable(use, scene.write.node);
  });
}

/** `delete tags[name]`, `list.pop()` before it is written. */
function isTakenFrom(scene: Scene, node: Node): boolean {
  const variable = scene.file.scopes.resolve(node);
  return variable !== undefined && (scene.file.identifiers.get(variable.name) ?? []).some((use) => {
    let current = wrapped(use);
    while (isMember(current.parent) && current.parent.object === current) current = wrapped(current.parent);
    const { parent } = current;
    const isTaking = current !== use && ((parent?.type === "UnaryExpression" && parent.operator === "delete") || (isCall(parent) && parent.callee === current && isMember(current) && TAKING.has(propertyName(current) ?? "")));
    return isTaking && scene.file.scopes.resolve(use) === variable && scene.flow.reachable(current, scene.write.node);
  });
}

const TAKING: ReadonlySet<string> = new Set(["delete", "pop", "shift", "clear"]);

/** A value that a function of the project makes of the row's content: `render(row.text)`. */
function isDerived(scene: Scene, raw: Node): boolean {
  let node = unwrap(raw);
  if (isIdentifier(node)) {
    const [definition, ...others] = scene.values.definitionsOf(node);
    const [value] = definition?.values ?? [];
    if (!definition || definition.partial || others.length > 0 || !value) return false;
    node = unwrap(value);
  }
  if (node.type === "AwaitExpression") node = unwrap(node.argument);
  if (!isCall(node) || scene.isRow(node) || scene.project.targetsOf(node).length === 0) return false;
  if (queriesOf(scene.project).reached(node).length > 0) return false;
  return node.arguments.some((argument) => {
    const value = unwrap(argument);
    return isMember(value) && !IDENTITY.test(propertyName(value) ?? "") && /(?:body|text|content|source|markdown|md|html|raw|data|payload|config|settings|json|description|notes?)$/i.test(propertyName(value) ?? "") && scene.values.dependsOn(value.object, scene.isRow);
  });
}

// ── A claim decided on the row ─────────────────────────────────────────────────────────────────────────────────────

function claimed(scene: Scene, parts: WriteParts): Report | undefined {
  const { project, flow, values, write } = scene;
  const fn = enclosingFunction(write.node) ?? scene.fn;
  if (project.calls.isBackgroundOnly(fn)) return undefined;
  // An early exit behind the read: whoever gets past it has the claim.
  const exits = flow.conditionsOn(write.node).filter((condition) => !isWithin(write.node, condition.site) && values.dependsOn(condition.test, scene.isRow)).map((condition) => condition.test);
  if (exits.length === 0 || changesAreChecked(scene)) return undefined;
  if (parts.kind === "update") {
    const set = parts.sets.find((candidate) => isClaim(scene, candidate, parts, exits));
    if (!set) return undefined;
    // Of several exits the one that looks at the column is the decision, not the one that asks whether there is a row.
    const deciding = exits.filter((test) => scene.values.dependsOn(test, (node) => isFieldOfRow(scene, node, set.column)) && isMemberTest(test));
    return claimReport(scene, [...deciding, ...exits], `decides on \`${set.column}\` in JavaScript and then ${set.fromItself ? "takes from it" : "sets it"} by key`, `Put the condition into the statement (\`UPDATE ${scene.table} SET … WHERE … AND ${set.column} ${set.fromItself ? ">=" : "="} …\`) and go on only when \`meta.changes\` is 1; where many compete for one row, let a Durable Object decide.`);
  }
  if (parts.kind !== "delete" || !ONE_TIME.test(scene.table) || !hasMoreEffects(scene)) return undefined;
  return claimReport(scene, exits, `accepts the row and then deletes it`, `Delete first and look at what was deleted: \`DELETE FROM ${scene.table} WHERE … RETURNING *\` gives the row to one request only.`);
}

/** Whether a test looks at something of a row, and not only whether there is one. */
function isMemberTest(raw: Node): boolean {
  const test = unwrap(raw);
  if (test.type === "UnaryExpression" && test.operator === "!") return isMemberTest(test.argument);
  if (test.type === "LogicalExpression") return isMemberTest(test.left) || isMemberTest(test.right);
  return isMember(test) || test.type === "BinaryExpression" || isCall(test);
}

function isClaim(scene: Scene, set: ColumnSet, parts: WriteParts, exits: readonly Node[]): boolean {
  if (parts.guards.some((column) => sameColumn(column, set.column))) return false;
  const asked = (): boolean => exits.some((test) => scene.values.dependsOn(test, (node) => isFieldOfRow(scene, node, set.column))) || readFor(scene, set.column);
  if (set.fromItself) {
    const names = namesRead(scene, set.column);
    const isRead = (node: Node): boolean => names.some((name) => isFieldOfRow(scene, node, name));
    if (USED_UP.test(set.column) && exits.some((test) => scene.values.dependsOn(test, isRead))) return true;
    // `if (row.n < price) …`, whatever the column is called: as much is taken as was compared.
    return set.taken && exits.some((test) => comparesAmount(scene, test, isRead, 0));
  }
  // A state that a batch sets and nothing else comes of: twice the same is no harm.
  if (scene.write.batch && scene.write.writes.every((table) => sameTable(table, scene.table)) && !hasMoreEffects(scene)) return false;
  const isNow = set.constant || (set.value !== undefined && !scene.values.dependsOn(set.value, scene.isRow) && /_?at$/i.test(set.column));
  return isNow && CLAIMED.test(set.column) && asked();
}

/** What the reads call a column: its own name, and others they give it (`SELECT n AS left`, `select({ left: t.n })`). */
function namesRead(scene: Scene, column: string): readonly string[] {
  const texts = scene.reads.map((read) => scene.project.text(read)).join("\n");
  const pattern = new RegExp(`\\b${column}["'\`\\]]?\\s+as\\s+["'\`\\[]?(\\w+)|(\\w+)["']?\\s*:\\s*[\\w.]+\\.${column}\\b`, "gi");
  return [column, ...[...texts.matchAll(pattern)].flatMap((match) => match[1] ?? match[2] ?? [])];
}

/** Whether a test compares a column of the row with an amount that is not written down: `row.n >= price`, also kept in a constant first. */
function comparesAmount(scene: Scene, raw: Node, isRead: (node: Node) => boolean, depth: number): boolean {
  const node = unwrap(raw);
  const next = (inner: Node): boolean => comparesAmount(scene, inner, isRead, depth + 1);
  if (depth > 6) return false;
  switch (node.type) {
    case "UnaryExpression":
      return next(node.argument);
    case "LogicalExpression":
      return next(node.left) || next(node.right);
    case "BinaryExpression": {
      if (!/^[<>]=?$/.test(node.operator)) return false;
      const [left, right] = [node.left, node.right].map((side) => scene.values.dependsOn(side, isRead));
      if (left === right) return false;
      return scene.project.constants.constantOf(left ? node.right : node.left) === undefined;
    }
    case "Identifier":
      return scene.values.definitionsOf(node).some((definition) => definition.values.some(next));
    default:
      return false;
  }
}

/** Whether the read itself asks for the column: `SELECT … WHERE state = ? AND used = 0`. */
function readFor(scene: Scene, column: string): boolean {
  return queriesOf(scene.project).inFunction(scene.fn).some((query) => scene.reads.includes(query.node) && readColumns(scene.project, query).some((name) => sameColumn(name, column)));
}

/** `if (result.meta.changes === 0) …`: the write's own outcome is looked at. */
function changesAreChecked(scene: Scene): boolean {
  let found = false;
  walk(scene.fn, scene.file.keys, (node) => {
    if (isMember(node) && /^(?:changes|rowsAffected|changed_db|rows_written)$/.test(propertyName(node) ?? "") && scene.values.dependsOn(node.object, scene.write.node)) found = true;
    return !found;
  });
  return found || scene.write.method === "first";
}

/** Whether the function writes something else too: what the claim was for. */
function hasMoreEffects(scene: Scene): boolean {
  const queries = queriesOf(scene.project);
  const isOther = (query: D1Query): boolean => query.action === "write" && !query.writes.some((table) => sameTable(table, scene.table));
  if (/^(?:delete|remove|revoke|cancel|clean|purge|expire)/i.test(scene.fn.id?.name ?? "")) return false;
  return queries.inFunction(scene.fn).some(isOther) || queries.callsIn(scene.fn).some((call) => queries.reached(call).some(({ query }) => isOther(query)));
}

function claimReport(scene: Scene, exits: readonly Node[], what: string, help: string): Report {
  const report = placed(scene, "the row is read here, and nothing holds it until the write");
  const [test] = exits;
  return {
    ...report,
    message: `${sentence(functionWords(scene.project, scene.fn))} reads \`${scene.table}\`, ${what}: two requests at the same time both read the old row, both pass the check and both go on.`,
    confidence: "medium",
    help,
    related: [...(report.related ?? []), ...(test ? [{ span: scene.project.span(test), message: "the decision" }] : [])],
  };
}

// ── MAX + 1 ────────────────────────────────────────────────────────────────────────────────────────────────────────

function nextNumber(scene: Scene, parts: WriteParts): Report | undefined {
  const source = queriesOf(scene.project).inFunction(scene.fn).find((query) => scene.reads.includes(query.node) && takesLast(scene.project, query));
  if (!source) return undefined;
  for (const set of parts.sets) {
    if (!set.value || !addsOne(scene, set.value, source.node, 0)) continue;
    return {
      ...placed(scene, "the highest number is read here", source.node),
      message: `${sentence(functionWords(scene.project, scene.fn))} reads the highest \`${set.column || "number"}\` of \`${scene.table}\`, adds one in JavaScript and inserts it: two requests at the same time get the same number.`,
      confidence: "medium",
      help: `Let the statement count: \`INSERT INTO ${scene.table} (…) SELECT coalesce(max(${set.column || "n"}), 0) + 1 … FROM ${scene.table}\`, with a UNIQUE index on it.`,
    };
  }
  return undefined;
}

/** `SELECT MAX(n)`, `COUNT(*)`, or the last row of an order. */
function takesLast(project: Project, query: D1Query): boolean {
  const text = query.via === "d1" ? query.statements.flatMap((statement) => statement.texts.map(templateText)).join(" ") : project.text(query.node);
  return /\bmax\s*\(|\bcount\s*\(|\$count|\border\s+by\b[\s\S]*\bdesc\b[\s\S]*\blimit\s+1\b|\bdesc\s*\(/i.test(text) && !/\bmax\s*\([^)]*\)[^,]*\+\s*1/i.test(text);
}

function addsOne(scene: Scene, raw: Node, source: Node, depth: number): boolean {
  const node = unwrap(raw);
  if (depth > 6 || !scene.values.dependsOn(node, source)) return false;
  if (node.type === "BinaryExpression") return node.operator === "+" && [node.left, node.right].some((side) => side.type === "Literal" && typeof side.value === "number");
  if (node.type === "ConditionalExpression") return addsOne(scene, node.consequent, source, depth + 1) || addsOne(scene, node.alternate, source, depth + 1);
  if (node.type === "LogicalExpression") return addsOne(scene, node.left, source, depth + 1);
  if (isIdentifier(node)) return scene.values.definitionsOf(node).some((definition) => definition.values.some((value) => addsOne(scene, value, source, depth + 1)));
  if (isCall(node) && !isFunction(node.callee)) return node.arguments.some((argument) => addsOne(scene, argument, source, depth + 1)) || (calleeMember(node) !== undefined && addsOne(scene, calleeMember(node)?.object ?? node.callee, source, depth + 1));
  return false;
}

// ── Shared ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function placed(scene: Scene, note: string, read: Node | undefined = scene.reads[0]): { span: Report["span"]; related: NonNullable<Report["related"]>; subject: NonNullable<Report["subject"]>; confidence: Confidence } {
  return {
    span: scene.project.span(scene.write.node),
    related: read ? [{ span: scene.project.span(read), message: note }] : [],
    subject: { ...databaseSubject([scene.write]), table: scene.table },
    confidence: "medium",
  };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `isUsed`, `is_used` and `IsUsed` are one column: builders rename. */
function sameColumn(a: string, b: string): boolean {
  const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();
  return a !== "" && plain(a) === plain(b);
}
