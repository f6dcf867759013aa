// Only deleteAll() empties an object: deleting every row or key, or dropping the tables, leaves metadata behind, and the object stays and is billed.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#clean-up-storage-with-deleteall
import type { Class, FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeName, enclosingFunction, isCall, isFunction, isMember, isWithin, propertyName, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import { controlFlow, rootOf, type Flow } from "../../project/flow/flow.ts";
import { valuesOf } from "../../project/flow/values.ts";
import { isOnlyBase, mayHaveHiddenMethods, methodName, objectCode, sqlOf, storageUse, type StorageUse } from "../../project/graph/objects/object-storage.ts";
import { repetitionsAround } from "../../project/graph/loops.ts";
import type { Project } from "../../project/graph/project.ts";
import { clauseText, tables } from "../../project/sql/query.ts";
import { statementsOf } from "../../project/sql/statement.ts";
import type { Confidence, Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { alarmHandler } from "./shared/alarms.ts";
import { count, listed } from "./shared/words.ts";

export default defineRule({
  id: "do-missing-delete-all",
  *check({ project }) {
    for (const cls of project.classes.durableObjects) {
      if (isOnlyBase(project, cls) || project.classes.knownBase(cls)?.deletesAll === true) continue;
      const { uses } = objectCode(project, cls);
      if (uses.some(({ operation }) => operation === "deleteAll") || !uses.some((use) => erases(project, use))) continue;
      if (mayHaveHiddenMethods(project, cls) || mentionsDeleteAll(project, cls)) continue;
      const report = reportOf(project, cls, endsOf(project, cls));
      if (report) yield report;
    }
  },
});

/** What the objects of a class keep: SQL tables by name, and keys, as far as they are constant. */
interface Kept {
  readonly tables: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  /** Some keys are only known at run time. */
  readonly hasOtherKeys: boolean;
}

/** Stands for tables whose names are only known at run time, taken one after the other. */
const EVERY_TABLE = "every one";
/** Stands for a single table whose name is only known at run time: one of the class's, nobody can tell which. */
const SOME_TABLE = "one of them";

/** What one call erases as a whole. */
interface Erasure {
  readonly node: Node;
  readonly tables: readonly string[];
  readonly keys: readonly string[];
  readonly allKeys: boolean;
}

/** A place where an object seems to end. */
interface End {
  readonly fn: FunctionNode;
  readonly erasures: readonly Erasure[];
  readonly isComplete: boolean;
  readonly reason: "alarm" | "name" | "rows";
  readonly name: string;
  readonly confidence: Confidence;
}

/** Words for the end of an entity. */
const END = /^(?:self)?(?:destroy|destruct|clean_?up|expire|close|end|finish|purge|dispose|terminate|tear_?down|shut_?down|wipe|kill|abandon|archive)(?=[A-Z_\d]|$)/;
/** Words for a new beginning, or for a change within a life that goes on. */
const GOES_ON = /^(?:on|handle|do|_)?(?:clear|reset|restart|truncate|flush|replace|import|restore|sync|rebuild|init|setup|set|seed|migrate|load|update|save|upsert|apply|compact|prune|rotate|drain|process|dequeue|pop|empty|refresh|reload|start|begin|new|create|put|write|store|invalidate)/i;

function endsOf(project: Project, cls: Class): readonly End[] {
  const { functions } = objectCode(project, cls);
  const kept = keptBy(project, cls);
  const ends: End[] = [];
  for (const fn of functions) {
    if (isCallbackIn(fn)) continue;
    const flow = controlFlow(fn);
    const erasures = flow.order.flatMap(({ node }) => (node ? erasureOf(project, cls, node, 0) : []));
    const direct = erasures.filter(({ node }) => storageUse(project, node) !== undefined);
    const [first] = direct;
    if (!first) continue;
    for (const start of direct) {
      const together = erasures.filter((other) => other === start || flow.reachable(start.node, other.node) || flow.reachable(other.node, start.node));
      const end = judge(project, cls, fn, flow, start, together, kept);
      if (end) ends.push(end);
    }
  }
  return ends;
}

function judge(project: Project, cls: Class, fn: FunctionNode, flow: Flow, start: Erasure, together: readonly Erasure[], kept: Kept): End | undefined {
  if (isOnlyAtStart(project, cls, fn) || goesOnAfter(project, flow, together, start) || everyCallerGoesOn(project, cls, fn, 0)) return undefined;
  const names = namesFor(project, cls, fn, start.node);
  const isAlarm = isRunByAlarm(project, cls, fn);
  const isEnd = names.some((name) => isEndName(project, cls, name));
  // `deleteTodos` of a list of todos empties it; the list stays.
  const goesOn = names.some((name) => GOES_ON.test(name) || /^(?:delete|remove)[A-Z]/.test(name)) && !isEnd;
  const isComplete = erasesAll(together, kept);
  const name = names[0] ?? "this code";
  const made = (reason: End["reason"], confidence: Confidence): End => ({ fn, erasures: together, isComplete, reason, name, confidence });
  if (!isEnd && isDrain(project, cls, fn, flow, start)) return undefined;
  if (!isComplete) return isEnd && together.some(({ tables: cleared, allKeys, keys }) => cleared.length > 0 || allKeys || keys.length > 0) ? made("name", "low") : undefined;
  if (goesOn && !isRunByAlarmOnly(project, cls, fn)) return made("rows", "low");
  // A single key may well be a lock, a lease or a cached value, which comes and goes while the object lives on.
  const isOnlyKeys = together.every((erasure) => erasure.tables.length === 0 && !erasure.allKeys);
  if (isEnd) return made("name", names.some((candidate) => endsWhole(project, cls, candidate)) ? "high" : "medium");
  if (isAlarm) return made("alarm", isOnlyKeys || goesOn ? "medium" : "high");
  return made("rows", isOnlyKeys ? "low" : "medium");
}

// --- what is kept, what is erased ---

function keptBy(project: Project, cls: Class): Kept {
  const known = new Set<string>();
  const keys = new Set<string>();
  let hasOtherKeys = false;
  for (const use of objectCode(project, cls).uses) {
    if (use.operation === "put") {
      const found = keysOf(project, use);
      for (const key of found ?? []) keys.add(key);
      hasOtherKeys ||= found === undefined;
    } else if (use.operation === "orm-write") {
      const table = ormTable(project, use);
      if (table !== undefined) known.add(table);
    } else
      for (const statement of statementsIn(project, use))
        if (statement.kind === "create-table" || statement.kind === "insert" || statement.kind === "replace") for (const table of tables(statement).writes) known.add(table.toLowerCase());
  }
  return { tables: known, keys, hasOtherKeys };
}

function statementsIn(project: Project, use: StorageUse): ReturnType<typeof statementsOf> {
  const sql = sqlOf(project, use);
  return sql ? statementsOf(sql) : [];
}

/** The constant keys of a `put` or `delete`; undefined when some are only known at run time. */
function keysOf(project: Project, use: StorageUse): readonly string[] | undefined {
  const [first] = use.arguments;
  if (!first || first.type === "SpreadElement") return undefined;
  const key = unwrap(first);
  if (key.type === "ObjectExpression") {
    const names = key.properties.map((property) => (property.type === "Property" && !property.computed && property.key.type === "Identifier" ? property.key.name : property.type === "Property" && property.key.type === "Literal" ? String(property.key.value) : undefined));
    return names.some((name) => name === undefined) ? undefined : names.flatMap((name) => name ?? []);
  }
  if (key.type === "ArrayExpression") {
    const names = key.elements.map((element) => (element && element.type !== "SpreadElement" ? project.constants.constantOf(element)?.value : undefined));
    return names.some((name) => name === undefined) ? undefined : names.flatMap((name) => name ?? []);
  }
  const constant = project.constants.constantOf(key);
  return constant && [constant.value];
}

/** Whether a use erases a table, or keys, as a whole: the cheap question. */
function erases(project: Project, use: StorageUse): boolean {
  if (use.operation === "delete" || use.operation === "orm-delete") return true;
  return use.operation === "sql" && statementsIn(project, use).some(({ kind }) => kind === "delete" || kind === "drop");
}

/** What a call erases as a whole, itself or in the helpers it calls. */
function erasureOf(project: Project, cls: Class, node: Node, depth: number): Erasure[] {
  const use = storageUse(project, node);
  if (use) {
    const erasure = ownErasure(project, use);
    return erasure ? [erasure] : [];
  }
  if (!isCall(node) || depth > 2) return [];
  const inner = project.targetsOf(node).flatMap((target) => (objectCode(project, cls).functions.has(target) && !isFunctionPart(target, node) ? controlFlow(target).order.flatMap((step) => (step.node ? erasureOf(project, cls, step.node, depth + 1) : [])) : []));
  if (inner.length === 0) return [];
  return [{ node, tables: inner.flatMap((erasure) => erasure.tables), keys: inner.flatMap((erasure) => erasure.keys), allKeys: inner.some((erasure) => erasure.allKeys) }];
}

/** An inline function belongs to the flow around it. */
function isFunctionPart(target: FunctionNode, call: Node): boolean {
  return isWithin(target, call);
}

function ownErasure(project: Project, use: StorageUse): Erasure | undefined {
  const { node } = use;
  const none = { node, tables: [], keys: [], allKeys: false };
  switch (use.operation) {
    case "delete": {
      const keys = keysOf(project, use);
      if (keys) return { ...none, keys };
      return erasesEveryKey(project, use) ? { ...none, allKeys: true } : undefined;
    }
    case "orm-delete": {
      const table = ormTable(project, use);
      return table !== undefined && !isFiltered(node) ? { ...none, tables: [table] } : undefined;
    }
    case "sql": {
      const statements = statementsIn(project, use);
      // `DROP TABLE users; CREATE TABLE users (…)` in one text starts anew.
      if (statements.some(({ kind }) => kind === "create-table" || kind === "insert")) return undefined;
      const cleared = statements.flatMap((statement) => {
        const isWhole = statement.kind === "drop" ? /^\s*DROP\s+TABLE/i.test(statement.text) : statement.kind === "delete" && clauseText(statement, "WHERE") === undefined;
        if (!isWhole) return [];
        const { writes: named, dynamic } = tables(statement);
        // `DROP TABLE ${name}` for each name in the catalogue of tables; outside a loop it is one table, whose helper this is.
        return dynamic ? [...named, isForEach(project, node) ? EVERY_TABLE : SOME_TABLE] : named;
      });
      return cleared.length > 0 ? { ...none, tables: cleared.map((table) => table.toLowerCase()) } : undefined;
    }
    default:
      return undefined;
  }
}

/** Code in a loop, or in a helper that is called in one. */
function isForEach(project: Project, node: Node): boolean {
  const fn = enclosingFunction(node);
  return repetitionsAround(node).length > 0 || (fn !== undefined && project.calls.callersOf(fn).some((call) => repetitionsAround(call).length > 0));
}

function ormTable(project: Project, use: StorageUse): string | undefined {
  const [table] = use.arguments;
  return table && table.type !== "SpreadElement" ? project.text(unwrap(table)) : undefined;
}

/** `db.delete(table).where(…)`. */
function isFiltered(node: Node): boolean {
  for (let current = wrapped(node); ; ) {
    const { parent } = current;
    if (!isMember(parent) || parent.object !== current) return false;
    const call = wrapped(parent).parent;
    if (/^where/.test(propertyName(parent) ?? "")) return true;
    if (!isCall(call)) return false;
    current = wrapped(call);
  }
}

/** `for (const key of (await storage.list()).keys()) storage.delete(key)`, `storage.delete([...keys.keys()])`: all keys, unfiltered. */
function erasesEveryKey(project: Project, use: StorageUse): boolean {
  const [argument] = use.arguments;
  const root = rootOf(use.node);
  if (!argument || !root) return false;
  const flow = controlFlow(root);
  const file = project.fileOf(use.node);
  const listsAll = (node: Node): boolean => {
    const list = isCall(node) ? storageUse(project, node) : undefined;
    return list?.operation === "list" && !restricts(list.arguments[0]);
  };
  const value = argument.type === "SpreadElement" ? argument.argument : argument;
  if (!valuesOf(flow, file.scopes).dependsOn(value, listsAll)) return false;
  // Picked out one by one: `if (key.startsWith("old:")) …`, `keys.filter(…)`.
  if (flow.inLoop(use.node).length > 0 && flow.conditionsOn(use.node).some(({ site }) => flow.inLoop(use.node).some((loop) => isWithin(site, loop.body)))) return false;
  let picks = false;
  const fn = enclosingFunction(use.node) ?? root;
  walk(fn, file.keys, (node) => {
    if (!isCall(node)) return;
    if (calleeName(node) === "filter") picks = true;
    if (calleeName(node) === "push" && flow.conditionsOn(node).some(({ site }) => flow.inLoop(node).some((loop) => isWithin(site, loop.body)))) picks = true;
  });
  return !picks;
}

function restricts(options: Node | undefined): boolean {
  if (!options) return false;
  const value = unwrap(options);
  return value.type !== "ObjectExpression" || value.properties.some((property) => property.type !== "Property" || (property.key.type === "Identifier" && /^(?:prefix|start|startAfter|end)$/.test(property.key.name)));
}

/** The tables that are known to be emptied. */
function clearedBy(erasures: readonly Erasure[]): ReadonlySet<string> {
  return new Set(erasures.flatMap((erasure) => erasure.tables.filter((table) => table !== SOME_TABLE)));
}

function erasesAll(erasures: readonly Erasure[], kept: Kept): boolean {
  const cleared = clearedBy(erasures);
  const keys = new Set(erasures.flatMap((erasure) => erasure.keys));
  const allKeys = erasures.some((erasure) => erasure.allKeys);
  const hasRows = kept.tables.size > 0;
  const hasKeys = kept.keys.size > 0 || kept.hasOtherKeys;
  if (!hasRows && !hasKeys && !allKeys && cleared.size === 0) return false;
  if (hasRows && !cleared.has(EVERY_TABLE) && ![...kept.tables].every((table) => cleared.has(table))) return false;
  if (!hasRows && cleared.size > 0 && !hasKeys) return true;
  return !hasKeys || allKeys || (!kept.hasOtherKeys && [...kept.keys].every((key) => keys.has(key)));
}

// --- whether life goes on ---

const WRITES: ReadonlySet<StorageUse["operation"]> = new Set<StorageUse["operation"]>(["put", "setAlarm", "orm-write"]);

/** Whether a call writes something, itself or in what it calls: rows, keys, tables, an alarm. */
function writes(project: Project, node: Node, depth = 0): boolean {
  const use = storageUse(project, node);
  if (use) return WRITES.has(use.operation) || statementsIn(project, use).some(({ kind }) => kind === "insert" || kind === "replace" || kind === "create-table" || kind === "update");
  return isCall(node) && depth < 3 && project.targetsOf(node).some((target) => project.calls.callsIn(target).some((call) => writes(project, call, depth + 1)));
}

/** Rows or an alarm that are written on the same way: a reset, a replacement, a tidy-up that sets the next alarm. */
function goesOnAfter(project: Project, flow: Flow, erasures: readonly Erasure[], start: Erasure): boolean {
  const nodes = flow.order.flatMap(({ node }) => (node && (isCall(node) || node.type === "TaggedTemplateExpression") ? [node] : []));
  return nodes.some((node) => {
    if (erasures.some((erasure) => erasure.node === node)) return false;
    if (flow.reachable(start.node, node) && writes(project, node)) return true;
    return storageUse(project, node)?.operation === "setAlarm" && flow.reachable(node, start.node);
  });
}

function everyCallerGoesOn(project: Project, cls: Class, fn: FunctionNode, depth: number): boolean {
  const { functions } = objectCode(project, cls);
  const callers = project.calls.callersOf(fn).filter((call) => [...functions].some((other) => isWithin(call, other)));
  if (callers.length === 0 || depth > 2) return false;
  return callers.every((call) => {
    const root = rootOf(call);
    if (!root || !isFunction(root)) return false;
    const flow = controlFlow(root);
    const goesOn = flow.order.some(({ node }) => {
      if (!node || node === call || (!isCall(node) && node.type !== "TaggedTemplateExpression")) return false;
      return (flow.reachable(call, node) && writes(project, node)) || (storageUse(project, node)?.operation === "setAlarm" && flow.reachable(node, call));
    });
    return goesOn || everyCallerGoesOn(project, cls, root, depth + 1);
  });
}

/** Migrations and clean slates: code that only the constructor runs. */
function isOnlyAtStart(project: Project, cls: Class, fn: FunctionNode): boolean {
  const { parent } = fn;
  if (parent?.type === "MethodDefinition" && parent.kind === "constructor") return true;
  if (project.classes.knownBase(cls)?.wakeHooks.includes(methodName(fn) ?? "")) return true;
  const callers = project.calls.callersOf(fn);
  return callers.length > 0 && callers.every((call) => {
    const caller = enclosingFunction(call);
    return caller === undefined || (caller !== fn && isOnlyAtStart(project, cls, caller));
  });
}

/** A queue that is sent elsewhere, before it is erased here or in a helper called then. */
function isDrain(project: Project, cls: Class, fn: FunctionNode, flow: Flow, start: Erasure, depth = 0): boolean {
  if (isSentBefore(project, flow, start)) return true;
  if (depth > 1) return false;
  const { functions } = objectCode(project, cls);
  return project.calls.callersOf(fn).some((call) => {
    const root = rootOf(call);
    return root !== undefined && isFunction(root) && functions.has(root) && isDrain(project, cls, root, controlFlow(root), { ...start, node: call }, depth + 1);
  });
}

/** What is erased was read, and went into a call that leaves the object. */
function isSentBefore(project: Project, flow: Flow, start: Erasure): boolean {
  const reads = flow.order.flatMap(({ node }) => {
    const use = node ? storageUse(project, node) : undefined;
    if (!node || !use || !flow.reachable(node, start.node)) return [];
    if (use.operation === "list" || use.operation === "get" || use.operation === "orm-read") return [node];
    return statementsIn(project, use).some((statement) => statement.kind === "select" && tables(statement).reads.some((table) => start.tables.includes(table.toLowerCase()))) ? [node] : [];
  });
  if (reads.length === 0) return false;
  const values = valuesOf(flow, project.fileOf(flow.root).scopes);
  return flow.order.some(({ node }) => {
    if (!node || !isCall(node) || !flow.reachable(node, start.node) || storageUse(project, node)) return false;
    // What is waited for and is no storage is somewhere else, or leads there.
    const leaves = wrapped(node).parent?.type === "AwaitExpression" || project.targetsOf(node).length > 0;
    return leaves && node.arguments.some((argument) => argument.type !== "SpreadElement" && values.dependsOn(argument, (inner) => reads.includes(inner)));
  });
}

// --- names ---

/** The names that say what code is for: of the method, of the private methods' callers, and of the route or message in a condition. */
function namesFor(project: Project, cls: Class, fn: FunctionNode, node: Node): readonly string[] {
  const names: string[] = [];
  const own = methodName(fn);
  if (own !== undefined) names.push(own.replace(/^[#_]+/, ""));
  for (const { test, holds, cases } of controlFlow(fn).conditionsOn(node)) {
    if (!holds) continue;
    for (const part of [test, ...cases])
      walk(part, project.fileOf(fn).keys, (inner) => {
        if (inner.type === "Literal" && typeof inner.value === "string" && /^\/?[\w/-]+$/.test(inner.value)) names.push(inner.value.replace(/^.*\//, ""));
      });
  }
  const { functions } = objectCode(project, cls);
  const callers = project.calls.callersOf(fn).filter((call) => [...functions].some((other) => isWithin(call, other)));
  if (callers.length > 0 && callers.length <= 3)
    for (const call of callers) {
      const caller = enclosingFunction(call);
      const name = caller && methodName(caller);
      if (name !== undefined) names.push(name.replace(/^[#_]+/, ""));
    }
  return names;
}

/** A word for the end, or the deletion of what the class stands for: `destroy`, `endGame`, `delete`, `deleteRoom` of a `ChatRoom`. */
function isEndName(project: Project, cls: Class, name: string): boolean {
  if (END.test(name) || name === "DELETE") return true;
  const removal = /^(?:delete|remove|revoke|drop|cancel)(\w*)$/.exec(name);
  if (!removal) return false;
  const what = (removal[1] ?? "").replace(/(?<=.)(?:Data|Storage|Records|Rows)$/, "").toLowerCase();
  if (/^(?:|self|this|everything|all|alldata|entity|object)$/.test(what)) return true;
  return what.length > 2 && (project.classes.nameOf(cls) ?? "").toLowerCase().includes(what);
}

/** Whether a word for the end means the object itself: `destroy`, `closeRoom` of a `ChatRoom`, but not `endTurn`. */
function endsWhole(project: Project, cls: Class, name: string): boolean {
  const what = name.replace(END, "").toLowerCase();
  const own = (project.classes.nameOf(cls) ?? "").toLowerCase();
  if (!END.test(name)) return isEndName(project, cls, name) && name !== "DELETE";
  return /^(?:|self|this|everything|all|entity|object|data|storage)$/.test(what) || (what.length > 2 && (own.includes(what) || what.includes(own.replace(/(?:durable)?object$|do$/, "") || own)));
}

function isRunByAlarm(project: Project, cls: Class, fn: FunctionNode): boolean {
  const handler = alarmHandler(project, cls);
  return handler !== undefined && (handler === fn || project.calls.reach(handler, 3).has(fn));
}

/** A helper that only the alarm handler calls, whatever it is called: `alarm() { await this.storage.clear(); }`. */
function isRunByAlarmOnly(project: Project, cls: Class, fn: FunctionNode, depth = 0): boolean {
  const handler = alarmHandler(project, cls);
  if (!handler || handler === fn) return handler === fn;
  const callers = project.calls.callersOf(fn);
  return depth < 3 && callers.length > 0 && callers.every((call) => {
    const caller = enclosingFunction(call);
    return caller !== undefined && (isWithin(caller, handler) || isRunByAlarmOnly(project, cls, caller, depth + 1));
  });
}

/** A callback that runs in place belongs to the flow around it. */
function isCallbackIn(fn: FunctionNode): boolean {
  return rootOf(fn.body ?? fn) !== fn;
}

/** A `deleteAll` that the graph does not recognise, e.g. of a wrapper from a package. */
function mentionsDeleteAll(project: Project, cls: Class): boolean {
  return [...objectCode(project, cls).functions].some((fn) => project.calls.callsIn(fn).some((call) => call.type === "CallExpression" && calleeName(call) === "deleteAll" && project.targetsOf(call).length === 0));
}

// --- the report ---

const ORDER: Readonly<Record<Confidence, number>> = { high: 0, medium: 1, low: 2 };

function reportOf(project: Project, cls: Class, ends: readonly End[]): Report | undefined {
  const [best, ...others] = [...ends].sort((a, b) => ORDER[a.confidence] - ORDER[b.confidence] || a.fn.start - b.fn.start);
  if (!best) return undefined;
  const [place] = best.erasures;
  if (!place) return undefined;
  const name = project.classes.nameOf(cls) ?? "the class";
  const cleared = clearedBy(best.erasures);
  const keys = new Set(best.erasures.flatMap((erasure) => erasure.keys));
  const what = [
    cleared.has(EVERY_TABLE) ? "the rows of every table" : cleared.size > 0 && `the rows of ${count(cleared.size, "table")} (${[...cleared].join(", ")})`,
    best.erasures.some((erasure) => erasure.allKeys) ? "all keys" : keys.size > 0 && count(keys.size, "key"),
  ].filter((item) => item !== false);
  const where = best.reason === "alarm" ? "the alarm handler" : `\`${best.name}\``;
  const data = listed(what) || "its data";
  const erased = best.reason === "rows" && best.isComplete ? `${where} erases all that an object of \`${name}\` keeps, ${data}` : `When an object of \`${name}\` ends, ${where} erases ${data}`;
  const places = new Set<Node>([place.node]);
  const related = [...best.erasures.slice(1), ...others.flatMap(({ erasures }) => erasures)].flatMap(({ node }) => {
    if (places.has(node)) return [];
    places.add(node);
    return [{ span: project.span(node), message: "erased piece by piece here too" }];
  });
  return {
    span: project.span(place.node),
    message: `${erased}, but the class never calls \`deleteAll()\`: tables, indexes and other metadata stay, so every object that was ever used keeps existing and its storage is billed for ever.`,
    confidence: best.confidence,
    related: [...related, { span: project.span(cls.id ?? cls), message: "the class that never calls `deleteAll()`" }],
    subject: { class: name },
  };
}
