// An object is reached by its name or its id only. Under a fresh one that nobody keeps, what it stores can never be read or deleted.
// https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/#use-deterministic-ids-for-predictable-routing
import type { CallExpression, Class, MemberExpression, Node } from "../../project/parse/ast.ts";
import { calleeMember, calleeName, isCall, isIdentifier, isMember, keyName, propertyName, thisClass, unwrap, walk, wrapped } from "../../project/parse/ast.ts";
import { flowOf } from "../../project/flow/flow.ts";
import { numberOf, valueBehind } from "../../project/graph/objects/delays.ts";
import type { AddressKind, StubKind } from "../../project/graph/kinds/kinds.ts";
import { objectCode } from "../../project/graph/objects/object-storage.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Confidence, Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { holdingsOf } from "./shared/holdings.ts";
import { count, listed } from "./shared/words.ts";

export default defineRule({
  id: "do-random-name",
  *check({ project }) {
    const names = new Set(["newUniqueId", "idFromName", "getByName", "get", ...project.options.apis.stubHelpers.map((helper) => helper.name)]);
    for (const file of project.files)
      for (const call of file.calls) {
        if (!names.has(calleeName(call) ?? "")) continue;
        const kind = project.kindOf(call);
        if ((kind?.kind !== "object-id" && kind?.kind !== "stub") || kind.node !== call) continue;
        const fresh = freshOf(project, kind, call);
        if (!fresh || escapes(project, call, kind.kind === "stub" ? "stub" : "id") || (fresh.name && nameEscapes(project, fresh.name, call))) continue;
        yield report(project, kind, call, fresh.source);
      }
  },
});

/** Where an address's randomness comes from; undefined when the object can be reached again by other means. */
function freshOf(project: Project, kind: AddressKind | StubKind, call: CallExpression): { source: Node; name?: Node } | undefined {
  if (kind.kind === "object-id" && kind.from === "unique") return { source: call };
  if (kind.from !== "name" || !kind.name || calleeName(call) === "get") return undefined;
  const source = randomSource(project, kind.name, 0);
  return source && { source, name: kind.name };
}

const RANDOM = /^(?:randomUUID|nanoid|uuid|uuidv?[1-8]|v[1-8]|ulid|monotonicUlid|cuid2?|createId|ksuid|getRandomValues|randomBytes)$/;

/** The call that makes a value random on every way: not a fallback of `a ?? b`, not one of two branches. */
function randomSource(project: Project, raw: Node, depth: number): Node | undefined {
  const node = unwrap(raw);
  if (depth > 6) return undefined;
  const inner = (parts: readonly Node[]): Node | undefined => parts.map((part) => randomSource(project, part, depth + 1)).find((found) => found !== undefined);
  switch (node.type) {
    case "TemplateLiteral":
      return inner(node.expressions);
    case "BinaryExpression":
      return inner([node.left, node.right]);
    case "AwaitExpression":
      return inner([node.argument]);
    case "Identifier": {
      const variable = project.fileOf(node).scopes.resolve(node);
      // What a caller passes, or a module keeps, is not fresh here.
      if (variable?.kind === "parameter" || variable?.declaration.parent?.parent?.type === "Program") return undefined;
      const behind = valueBehind(project, node);
      return behind && inner([behind]);
    }
    case "MemberExpression":
      return inner([node.object]);
    case "CallExpression": {
      const name = calleeName(node);
      const member = calleeMember(node);
      if (name !== undefined && RANDOM.test(name) && (!member || project.targetsOf(node).length === 0)) return node;
      if (isMathRandom(node)) return isWide(project, node) ? node : undefined;
      if (member && /^(?:slice|substring|substr|replace|replaceAll|toString|toUpperCase|toLowerCase|padStart|join|trim|split)$/.test(name ?? "")) return inner([member.object]);
      if (name === "String" || name === "floor" || name === "round") return inner(node.arguments.filter((argument) => argument.type !== "SpreadElement"));
      const [target] = project.targetsOf(node);
      return target && node.arguments.length === 0 && makesRandom(project, target) ? node : undefined;
    }
    default:
      return undefined;
  }
}

/** A helper without arguments that makes a random text: `makeCode()`. */
function makesRandom(project: Project, fn: Node): boolean {
  let isRandom = false;
  let asks = false;
  walk(fn, project.fileOf(fn).keys, (node) => {
    if (!isCall(node)) return;
    if (RANDOM.test(calleeName(node) ?? "") || (isMathRandom(node) && isWide(project, node))) isRandom = true;
    // A helper that reads or stores something may well keep what it makes.
    if (/^(?:get|put|set|fetch|run|first|all|exec|prepare|insert|save|store)$/.test(calleeName(node) ?? "")) asks = true;
  });
  return isRandom && !asks;
}

function isMathRandom(call: CallExpression): boolean {
  const member = calleeMember(call);
  return calleeName(call) === "random" && member !== undefined && isIdentifier(unwrap(member.object), "Math");
}

/** From so many values on two requests hardly ever get the same one; of fewer one is picked, as with shards. */
const MANY = 10_000;

/** Whether `Math.random()` is used for one of very many values: `.toString(36)`, `* 900_000`, one digit after the other. */
function isWide(project: Project, call: CallExpression): boolean {
  const outer = wrapped(call);
  const { parent } = outer;
  if (parent?.type !== "BinaryExpression" || parent.operator !== "*") return true;
  const factor = numberOf(project, parent.left === outer ? parent.right : parent.left);
  return (factor !== undefined && factor.value >= MANY) || (flowOf(call)?.inLoop(call).length ?? 0) > 0;
}

type Handle = "name" | "id" | "stub";

/** Whether a handle on the object leaves the place where it is made: returned, stored, passed on, sent. */
function escapes(project: Project, node: Node, handle: Handle, active: readonly Node[] = []): boolean {
  const outer = wrapped(node);
  const { parent } = outer;
  if (!parent || active.includes(outer)) return false;
  const next = [...active, outer];
  switch (parent.type) {
    case "AwaitExpression":
    case "LogicalExpression":
      return escapes(project, parent, handle, next);
    case "ConditionalExpression":
      return parent.test !== outer && escapes(project, parent, handle, next);
    case "ExpressionStatement":
      return false;
    case "VariableDeclarator": {
      if (parent.id.type !== "Identifier") return true;
      const file = project.fileOf(parent);
      const { id } = parent;
      const variable = file.scopes.resolve(id) ?? file.scopes.lookup(id.name, parent);
      if (!variable || variable.scope.type === "Program") return true;
      return (file.identifiers.get(id.name) ?? []).some((use) => use !== id && file.scopes.resolve(use) === variable && escapes(project, use, handle, next));
    }
    case "MemberExpression": {
      if (parent.object !== outer) return true;
      const name = propertyName(parent);
      const called = wrapped(parent).parent;
      if (handle === "stub" && (name === "id" || name === "name")) return escapes(project, parent, "id", next);
      if (handle === "stub") return !isCall(called) || unwrap(called.callee) !== parent;
      if (isCall(called) && unwrap(called.callee) === parent) return escapes(project, called, handle, next);
      return escapes(project, parent, handle, next);
    }
    case "CallExpression": {
      if (parent.callee === outer) return true;
      if (isLogging(parent)) return false;
      const kind = project.kindOf(parent);
      const isAddress = (kind?.kind === "stub" || kind?.kind === "object-id") && kind.node === parent;
      return !isAddress || escapes(project, parent, kind.kind === "stub" ? "stub" : "id", next);
    }
    case "TemplateLiteral":
    case "BinaryExpression":
      return handle === "stub" || escapes(project, parent, handle, next);
    default:
      return true;
  }
}

/** Whether the name, or the random part of it, is used for more than the address. */
function nameEscapes(project: Project, raw: Node, call: CallExpression): boolean {
  const node = unwrap(raw);
  if (node.type === "TemplateLiteral") return node.expressions.some((part) => nameEscapes(project, part, call));
  if (node.type === "BinaryExpression") return nameEscapes(project, node.left, call) || nameEscapes(project, node.right, call);
  if (node.type !== "Identifier") return false;
  const file = project.fileOf(node);
  const variable = file.scopes.resolve(node);
  const { declaration } = variable ?? {};
  if (!variable || declaration?.type !== "VariableDeclarator") return false;
  const isUsedElsewhere = (file.identifiers.get(node.name) ?? []).some((use) => use !== variable.node && file.scopes.resolve(use) === variable && escapes(project, use, "name"));
  return isUsedElsewhere || (declaration.init !== null && nameEscapes(project, declaration.init, call));
}

function isLogging(call: CallExpression): boolean {
  const object = calleeMember(call)?.object;
  const owner = object && unwrap(object);
  const name = owner && (owner.type === "Identifier" ? owner.name : isMember(owner) ? propertyName(owner) : undefined);
  return name !== undefined && /^(?:console|log|logger)$/i.test(name);
}

function report(project: Project, kind: AddressKind | StubKind, call: CallExpression, source: Node): Report {
  const { namespace } = kind;
  const { path } = project.fileOf(call);
  const className = namespace?.className ?? (namespace?.binding === undefined ? undefined : project.bindings.classNameOf(path, namespace.binding));
  const [cls] = className === undefined ? [] : project.bindings.classesOf(className, path, namespace?.binding);
  const who = namespace?.binding !== undefined ? `\`${namespace.binding}\`` : "This namespace";
  const what = source === call ? "a new unique id" : `a fresh random name (\`${project.text(source)}\`)`;
  const kept = cls ? keptBy(project, cls) : "";
  return {
    span: project.span(call),
    message: `${who} makes an object under ${what}, and neither its name nor its id is stored, returned or passed on: once this code has run nobody can reach the object again, and what it stores${kept} stays and is billed for ever.`,
    confidence: confidenceIn(project, cls, source !== call),
    related: [
      ...(source === call || (source.start >= call.start && source.end <= call.end) ? [] : [{ span: project.span(source), message: "the random value that names it" }]),
      ...(cls ? [{ span: project.span(cls.id ?? cls), message: "the class of the object" }] : []),
    ],
    subject: { ...(className === undefined ? {} : { class: className }), ...(namespace?.binding === undefined ? {} : { binding: namespace.binding }) },
  };
}

function keptBy(project: Project, cls: Class): string {
  const { tables, alarm } = holdingsOf(project, cls);
  const items = [tables.length > 0 && count(tables.length, "SQL table"), alarm && "an alarm"].filter((item) => item !== false);
  return items.length > 0 ? ` (${listed(items)})` : "";
}

/** What the class does matters: one that stores nothing costs nothing, and one that knows its own id or name may tell it to somebody. */
function confidenceIn(project: Project, cls: Class | undefined, isNamed: boolean): Confidence {
  if (!cls) return "medium";
  const { uses, functions } = objectCode(project, cls);
  const stores = uses.some(({ operation }) => ["put", "sql", "orm-write", "setAlarm"].includes(operation)) || project.classes.knownBase(cls)?.ownsAlarm === true;
  if (!stores || uses.some(({ operation }) => operation === "deleteAll")) return "low";
  const tellsItsAddress = [...functions].some((fn) => {
    let tells = false;
    walk(fn, project.fileOf(fn).keys, (node) => {
      if (isMember(node) && (isOwnId(project, node) || (isNamed && isOwnName(project, cls, node)))) tells = true;
      return !tells;
    });
    return tells;
  });
  return tellsItsAddress ? "low" : "high";
}

/** `this.ctx.id` */
function isOwnId(project: Project, node: MemberExpression): boolean {
  return propertyName(node) === "id" && project.kindOf(node.object)?.kind === "do-state";
}

/** `this.name` in an Agent or a partyserver: the bases of the packages keep the name that the object was asked for by. */
function isOwnName(project: Project, cls: Class, node: MemberExpression): boolean {
  if (propertyName(node) !== "name" || unwrap(node.object).type !== "ThisExpression") return false;
  const around = thisClass(node);
  if (!around || around.isStatic || !project.classes.chain(cls).includes(around.cls)) return false;
  return project.classes.knownBase(cls)?.keepsName === true && project.classes.chain(cls).every((current) => !declares(current, "name"));
}

function declares(cls: Class, name: string): boolean {
  return cls.body.body.some((member) => (member.type === "PropertyDefinition" || member.type === "MethodDefinition" || member.type === "AccessorProperty") && !member.static && keyName(member.key, member.computed) === name);
}
