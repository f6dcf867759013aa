import { kept, keptForEach } from "../../../kept.ts";
import { sqlText, type SqlText } from "../../sql/text.ts";
import type { Class, FunctionNode, MemberExpression, Node } from "../../parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isCall, isClass, isFunction, isMember, keyName, propertyName, unwrap, walk, wrapped } from "../../parse/ast.ts";
import { nodesOf, nodesWithin, type SourceFile } from "../../parse/source-file.ts";
import type { CallSite } from "../calls.ts";
import type { Project } from "../project.ts";

/** What a call does with an object's storage. `orm-*` are the statements of a query builder over the object's SQLite. */
export type StorageOperation =
  | "setAlarm" | "getAlarm" | "deleteAlarm" | "deleteAll"
  | "get" | "list" | "put" | "delete" | "sql" | "orm-read" | "orm-write" | "orm-delete";

/** One use of an object's storage. */
export interface StorageUse {
  readonly operation: StorageOperation;
  readonly node: Node;
  /** The expression of the storage: `this.ctx.storage`. */
  readonly storage: Node;
  readonly arguments: readonly Node[];
}

const STORAGE_METHODS: ReadonlySet<string> = new Set(["setAlarm", "getAlarm", "deleteAlarm", "deleteAll", "get", "list", "put", "delete"]);
const ALARM_METHODS: ReadonlySet<string> = new Set(["setAlarm", "getAlarm", "deleteAlarm"]);
const ORM_READS: ReadonlySet<string> = new Set(["select", "selectDistinct", "selectFrom", "query", "all", "get", "findFirst", "findMany"]);
/** The methods of query builders that begin a write. */
export const ORM_WRITES: ReadonlySet<string> = new Set(["insert", "update", "insertInto", "updateTable", "replaceInto"]);
const ORM_DELETES: ReadonlySet<string> = new Set(["delete", "deleteFrom"]);

/** What a node does with the storage of an object; undefined when it does nothing with it. */
export function storageUse(project: Project, node: Node): StorageUse | undefined {
  if (node.type === "TaggedTemplateExpression")
    return project.kindOf(node.tag)?.kind === "do-sql-tag" ? { operation: "sql", node, storage: node.tag, arguments: [node.quasi] } : undefined;
  if (!isCall(node)) return undefined;
  const member = calleeMember(node);
  const name = member && propertyName(member);
  if (!member || name === undefined) return undefined;
  const made = (operation: StorageOperation): StorageUse => ({ operation, node, storage: member.object, arguments: node.arguments });
  const couldBe = STORAGE_METHODS.has(name) || name === "exec" || ORM_READS.has(name) || ORM_WRITES.has(name) || ORM_DELETES.has(name);
  if (!couldBe) return undefined;
  const owner = project.kindOf(member.object);
  switch (owner?.kind) {
    case "do-storage":
      return STORAGE_METHODS.has(name) ? made(name as StorageOperation) : undefined;
    case "do-kv":
      return STORAGE_METHODS.has(name) && !ALARM_METHODS.has(name) && name !== "deleteAll" ? made(name as StorageOperation) : undefined;
    case "do-sql":
      return name === "exec" ? made("sql") : undefined;
    case "orm":
      if (owner.target !== "do") return undefined;
      return made(ORM_DELETES.has(name) ? "orm-delete" : ORM_WRITES.has(name) ? "orm-write" : "orm-read");
    case "typed":
    case undefined:
      // No other platform API has these three methods; what they are called on may come from where we cannot see, but is named for what it is.
      if (name === "deleteAll" ? isNamedStorage(member) : ALARM_METHODS.has(name) && mayKeepAlarms(member) && project.targetsOf(node).length === 0) return made(name as StorageOperation);
      return undefined;
    default:
      return undefined;
  }
}

/** `options.storage`, `txn`, `host.ctx`: not the tools, services or clocks of a project that have an alarm of their own. */
function mayKeepAlarms(member: MemberExpression): boolean {
  const object = unwrap(member.object);
  const name = object.type === "Identifier" ? object.name : isMember(object) ? propertyName(object) : undefined;
  return name === undefined || /(?:storage|store|txn?|transaction|ctx|context|state|alarms?)$/i.test(name);
}

function isNamedStorage(member: MemberExpression): boolean {
  const object = unwrap(member.object);
  const name = object.type === "Identifier" ? object.name : isMember(object) ? propertyName(object) : undefined;
  return name !== undefined && /^[#_]*(?:do|ctx|durable)?storage$/i.test(name) && isStateLike(object);
}

/** `state.storage`, `this.ctx.storage`, or a bare `storage`. */
function isStateLike(object: Node): boolean {
  if (!isMember(object)) return true;
  const owner = unwrap(object.object);
  const name = owner.type === "Identifier" ? owner.name : isMember(owner) ? propertyName(owner) : undefined;
  return owner.type === "ThisExpression" || (name !== undefined && /^[#_]*(?:state|ctx|context|durableObjectState|doState)$/i.test(name));
}

/** The SQL of a storage use, as far as its text is known; holes stand for what is only known at run time. */
export function sqlOf(project: Project, use: StorageUse): SqlText | undefined {
  const [text] = use.arguments;
  if (use.operation !== "sql" || !text || text.type === "SpreadElement") return undefined;
  return sqlText(pieces(project, text, 0));
}

function pieces(project: Project, raw: Node, depth: number): (string | number)[] {
  const node = unwrap(raw);
  if (node.type === "TemplateLiteral")
    return node.quasis.flatMap((quasi, index) => {
      const expression = node.expressions[index];
      return [quasi.value.cooked ?? quasi.value.raw, ...(expression ? pieces(project, expression, depth + 1) : [])];
    });
  if (node.type === "BinaryExpression" && node.operator === "+") return [...pieces(project, node.left, depth + 1), ...pieces(project, node.right, depth + 1)];
  const constant = depth > 6 ? undefined : project.constants.constantOf(node);
  if (constant) return [constant.value];
  if (node.type === "Identifier" && depth <= 6) {
    const definition = project.definitionOf(node);
    const init = definition?.type === "variable" && definition.variable.declaration.type === "VariableDeclarator" ? definition.variable.declaration.init : undefined;
    if (init && unwrap(init).type === "TemplateLiteral") return pieces(project, init, depth + 1);
  }
  return [0];
}

/** The code that objects of a class run: a use of the storage, and the function it stands in (undefined in a field's initialiser). */
export interface ObjectCode {
  readonly functions: ReadonlySet<FunctionNode>;
  readonly uses: readonly (StorageUse & { readonly fn: FunctionNode | undefined })[];
  /** Calls in initialisers of fields, which run before the constructor's body. */
  readonly initialisers: readonly CallSite[];
}

const MAX_REACH = 6;

/** All code that objects of a DO class run, bases and helpers included, and what it does with their storage. */
export const objectCode: (project: Project, cls: Class) => ObjectCode = keptForEach((project: Project, cls: Class): ObjectCode => {
  // What a base's methods run does not depend on who extends it: it is collected once for all classes built on it.
  const base = project.classes.baseOf(cls);
  const inherited = base?.type === "project" && project.classes.chain(cls).includes(base.cls) ? objectCode(project, base.cls) : undefined;
  const own = new Set<FunctionNode>(project.classes.functionsOf(cls));
  const initialisers = initialiserCalls(project.fileOf(cls), cls);
  let frontier: readonly FunctionNode[] = [...own, ...initialisers.flatMap((call) => [...project.calls.targetsOf(call), ...handedOver(project, call)])];
  for (const fn of frontier) own.add(fn);
  for (let level = 0; level < MAX_REACH && frontier.length > 0; level++) {
    const next: FunctionNode[] = [];
    for (const fn of frontier)
      for (const target of [...project.calls.calleesOf(fn).keys(), ...handedOverIn(project, fn)])
        if (!own.has(target) && !inherited?.functions.has(target)) {
          own.add(target);
          next.push(target);
        }
    frontier = next;
  }
  const uses: (StorageUse & { fn: FunctionNode | undefined })[] = [];
  const seen = new Set<Node>(inherited?.uses.map((use) => use.node));
  const add = (use: StorageUse | undefined, fn: FunctionNode | undefined): void => {
    if (!use || seen.has(use.node)) return;
    seen.add(use.node);
    uses.push({ ...use, fn });
  };
  for (const call of initialisers) add(storageUse(project, call), undefined);
  for (const fn of own) for (const use of usesIn(project, fn)) add(use, fn);
  if (!inherited) return { functions: own, uses, initialisers };
  return { functions: new Set([...own, ...inherited.functions]), uses: [...uses, ...inherited.uses], initialisers: [...initialisers, ...inherited.initialisers] };
});

/** Operations that are rare enough to start from. */
type AlarmOrAll = "setAlarm" | "deleteAlarm" | "deleteAll";

/**
 * The functions in the code of objects that get, through calls, to one kind of use of the storage; those it stands in included. It may
 * hold some too many, as functions handed over by name are not told apart.
 */
export const functionsLeadingTo = keptForEach((project: Project, operation: AlarmOrAll): ReadonlySet<FunctionNode> => {
  const leading = new Set<FunctionNode>();
  const addAround = (node: Node): void => {
    for (let fn = enclosingFunction(node); fn; fn = enclosingFunction(fn)) leading.add(fn);
  };
  for (const file of project.files)
    for (const member of file.members.get(operation) ?? []) {
      const call = wrapped(member).parent;
      if (isCall(call) && storageUse(project, call)?.operation === operation) addAround(call);
    }
  if (leading.size === 0) return leading;
  const sites = callsOfObjects(project);
  // Upwards, as few functions use it; a set grows while it is walked.
  for (const fn of leading) {
    for (const call of sites.get(fn) ?? []) addAround(call);
    const name = methodName(fn);
    // Handed over by its name; which function of that name is meant does not matter here.
    if (name !== undefined) for (const use of project.calls.valuesNamed(name)) addAround(use);
  }
  return leading;
});

/** The calls in the code of all objects, by the function that they run. */
const callsOfObjects = kept((project: Project): ReadonlyMap<FunctionNode, readonly CallSite[]> => {
  const table = new Map<FunctionNode, CallSite[]>();
  const seen = new Set<FunctionNode>();
  for (const cls of project.classes.durableObjects)
    for (const fn of objectCode(project, cls).functions) {
      if (seen.has(fn)) continue;
      seen.add(fn);
      for (const call of project.calls.callsIn(fn))
        for (const target of project.calls.targetsOf(call)) {
          const calls = table.get(target);
          if (calls) calls.push(call);
          else table.set(target, [call]);
        }
    }
  return table;
});

/** Whether objects of a class use their storage in one way: the cheap question before `objectCode`. */
export function mayDo(project: Project, cls: Class, operation: AlarmOrAll): boolean {
  const leading = functionsLeadingTo(project, operation);
  if (leading.size === 0 && !project.files.some((file) => file.members.has(operation))) return false;
  return project.classes.chain(cls).some((current) =>
    project.classes.functionsOf(current).some((fn) => leading.has(fn)) ||
    initialiserCalls(project.fileOf(current), current).some((call) => storageUse(project, call)?.operation === operation || project.calls.targetsOf(call).some((fn) => leading.has(fn))));
}

/** Uses of the storage in a function's code. Kept, as many classes share the code of a base. */
const usesIn = keptForEach((project: Project, fn: FunctionNode): readonly StorageUse[] => {
  const templates = nodesWithin(nodesOf(project.fileOf(fn), "TaggedTemplateExpression"), fn);
  const found = [...project.calls.callsIn(fn), ...templates].flatMap((node) => storageUse(project, node) ?? []);
  return templates.length === 0 ? found : found.sort((a, b) => a.node.start - b.node.start);
});

/** Functions given to a call by name, which it runs: `ctx.blockConcurrencyWhile(this.load)`, `waitUntil(init)`, `.then(done)`. */
export function handedOver(project: Project, call: CallSite): readonly FunctionNode[] {
  if (call.type !== "CallExpression") return [];
  const name = calleeMember(call) ? calleeName(call) : undefined;
  if (name === undefined || !/^(?:blockConcurrencyWhile|transaction|transactionSync|then|catch|finally|forEach|map)$/.test(name)) return [];
  return call.arguments.flatMap((argument) => {
    if (argument.type === "SpreadElement") return [];
    let value = unwrap(argument);
    if (isFunction(value)) return [];
    // `this.load.bind(this)`
    if (isCall(value) && calleeName(value) === "bind") value = unwrap(calleeMember(value)?.object ?? value);
    const kind = value.type === "Identifier" || isMember(value) ? project.kindOf(value) : undefined;
    return kind?.kind === "function" && kind.fn.body ? [kind.fn] : [];
  });
}

/** Functions that the calls in a function's code are given by name and run. */
export const handedOverIn = keptForEach((project: Project, fn: FunctionNode): readonly FunctionNode[] => project.calls.callsIn(fn).flatMap((call) => handedOver(project, call)));

/** Calls in the initialisers of a class's fields and of those of its bases, which run before the constructor's body. */
export function initialisersOf(project: Project, cls: Class): readonly CallSite[] {
  return project.classes.chain(cls).flatMap((current) => initialiserCalls(project.fileOf(current), current));
}

function initialiserCalls(file: SourceFile, cls: Class): CallSite[] {
  const calls: CallSite[] = [];
  for (const member of cls.body.body)
    if ((member.type === "PropertyDefinition" || member.type === "AccessorProperty") && !member.static && member.value)
      walk(member.value, file.keys, (node) => {
        if (isFunction(node) || isClass(node)) return false;
        if (node.type === "CallExpression" || node.type === "NewExpression") calls.push(node);
        return undefined;
      });
  return calls;
}

/**
 * Whether a class may have methods that are not in sight: an unknown base, a mixin, handlers put on the instance or the
 * prototype by somebody else's code.
 */
export function mayHaveHiddenMethods(project: Project, cls: Class): boolean {
  if (project.classes.hasUnknownBase(cls)) return true;
  return project.classes.chain(cls).some((current) => {
    if (current.superClass && unwrap(current.superClass).type === "CallExpression") return true;
    return givesItselfAway(project, current) || isPatched(project, current);
  });
}

/** `Lifecycle.install(this)` while the object is made, where `install` is not in sight or deals with handlers. */
function givesItselfAway(project: Project, cls: Class): boolean {
  const roots: Node[] = cls.body.body.flatMap((member) =>
    member.type === "MethodDefinition" && member.kind === "constructor" ? [member.value] : member.type === "PropertyDefinition" && member.value ? [member.value] : []);
  const { keys } = project.fileOf(cls);
  let found = false;
  for (const root of roots)
    walk(root, keys, (node) => {
      if ((node.type === "CallExpression" || node.type === "NewExpression") && node.arguments.some((argument) => argument.type === "ThisExpression")) found ||= mayInstallHandlers(project, node);
      return !found;
    });
  return found;
}

function mayInstallHandlers(project: Project, call: CallSite): boolean {
  if (call.type === "CallExpression" && /^(?:bind|call|apply)$/.test(calleeName(call) ?? "")) return false;
  const definition = call.type === "NewExpression" ? project.definitionOf(unwrap(call.callee)) : undefined;
  const files = definition?.type === "class" ? [definition.file] : project.calls.targetsOf(call).map((target) => project.fileOf(target));
  return files.length === 0 || files.some(({ text }) => INSTALLS_HANDLERS.test(text));
}

/** `target.alarm = …`, `target["alarm"]`, `Object.assign(target, handlers)`, `Object.defineProperty(target, …)`. */
const INSTALLS_HANDLERS = /\.alarm\s*=(?!=)|["'`]alarm["'`]|\bObject\s*\.\s*(?:assign\s*\(\s*(?!\{)|definePropert)|\bReflect\s*\.\s*(?:set|defineProperty)\b/;

/** `Room.prototype.alarm = …`, `Object.assign(Room.prototype, handlers)`. */
function isPatched(project: Project, cls: Class): boolean {
  const name = project.classes.nameOf(cls);
  return (project.fileOf(cls).members.get("prototype") ?? []).some((member) => {
    const object = unwrap(member.object);
    return object.type === "Identifier" && object.name === name;
  });
}

/** The name of the method (or the function) a node stands in, for people and for what names say: `alarm`, `destroy`. */
export function methodName(fn: FunctionNode): string | undefined {
  const parent = fn.parent;
  if (parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition" || parent?.type === "Property") return keyName(parent.key, parent.computed);
  if (fn.id) return fn.id.name;
  return parent?.type === "VariableDeclarator" && parent.id.type === "Identifier" ? parent.id.name : undefined;
}

/** Whether a DO class is only there to be extended: abstract, or extended by DO classes and bound by no configuration. */
export function isOnlyBase(project: Project, cls: Class): boolean {
  if (cls.abstract) return true;
  const subclasses = project.classes.subclassesOf(cls).filter((sub) => project.classes.isDurableObject(sub));
  return subclasses.length > 0 && !isBound(project, cls);
}

/** Whether some configuration binds the class by its name. */
export function isBound(project: Project, cls: Class): boolean {
  const name = project.classes.nameOf(cls);
  return project.checkout.configs.some((config) =>
    [config.top, ...config.environments].some((environment) => environment.durableObjects.some((binding) => binding.className.value === name) || environment.exports.some((entry) => entry.className.value === name)));
}
