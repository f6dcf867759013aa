import type { CallExpression, MemberExpression, Node } from "../../parse/ast.ts";
import { calleeMember, enclosingFunction, isIdentifier, isMember, keyName, propertyName, unwrap } from "../../parse/ast.ts";
import { nodesOf } from "../../parse/source-file.ts";
import type { Kind, Kinds } from "./kinds.ts";
import type { Project } from "../project.ts";

/** What frameworks hand from one handler to the next in an object made for each request: Hono's variables, `locals`, tRPC's `ctx`. */
export class RequestContexts {
  readonly #kinds: Kinds;
  #contextVariables: ReadonlyMap<string, readonly Node[]> | undefined;
  #contextMembers: ReadonlyMap<string, readonly Node[]> | undefined;

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  /**
   * `event.locals.db` (SvelteKit, Astro) is what some hook assigned to `event.locals.db`; Hono's `c.var.db` what was given to `c.set("db", …)`;
   * `ctx.db` of a tRPC procedure and `context.db` of a loader what the function that makes the context put there, or what its type says.
   */
  propertyOf(node: MemberExpression, name: string): Kind | undefined {
    const holder = unwrap(node.object);
    const holderName = isIdentifier(holder) ? holder.name : isMember(holder) ? propertyName(holder) : undefined;
    return holderName === "var" && !isMember(holder) ? undefined : this.heldBy(holderName, name);
  }

  /** What `name` is in the per-request object that a framework hands on as `holder`. */
  heldBy(holder: string | undefined, name: string): Kind | undefined {
    switch (holder) {
      case "var":
        return this.#storedVariable(name);
      case "locals":
        return this.#assignedToLocals(name) ?? this.#inContext(name);
      case "ctx":
      case "context":
        return this.#inContext(name);
      default:
        return undefined;
    }
  }

  #assignedToLocals(name: string): Kind | undefined {
    for (const file of this.#kinds.project.files)
      for (const member of file.members.get(name) ?? []) {
        const assignment = member.parent;
        if (assignment?.type !== "AssignmentExpression" || assignment.left !== member) continue;
        const target = unwrap(member.object);
        if ((isIdentifier(target) ? target.name : isMember(target) ? propertyName(target) : undefined) !== "locals") continue;
        const kind = this.#kinds.kindOf(assignment.right);
        if (kind) return kind;
      }
    return undefined;
  }

  /** The database that contexts hold under a name, by their types or by the functions that make them; undefined when these differ. */
  #inContext(name: string): Kind | undefined {
    const found: Kind[] = [];
    for (const node of (this.#contextMembers ??= contextMembers(this.#kinds.project)).get(name) ?? []) {
      const kind = node.type === "TSTypeAnnotation" ? this.#kinds.kindOfType(node) : this.#kinds.kindOf(node);
      if (kind?.kind === "orm" || kind?.kind === "d1" || kind?.kind === "d1-session") found.push(kind);
    }
    const differs = found.some((kind) => kind.kind !== found[0]?.kind || (kind.kind === "orm" && found[0]?.kind === "orm" && (kind.library !== found[0].library || kind.target !== found[0].target)));
    return differs ? undefined : (found.find((kind) => kind.kind !== "orm" || kind.database) ?? found[0]);
  }

  /** Hono: `c.get("db")` is what some middleware gave to `c.set("db", …)`. */
  variableOf(node: CallExpression): Kind | undefined {
    const [key] = node.arguments;
    if (key?.type !== "Literal" || typeof key.value !== "string") return undefined;
    const member = calleeMember(node);
    return member && isIdentifier(unwrap(member.object)) ? this.#storedVariable(key.value) : undefined;
  }

  #storedVariable(key: string): Kind | undefined {
    if (!this.#contextVariables) {
      const table = new Map<string, Node[]>();
      for (const file of this.#kinds.project.files)
        for (const call of file.calls) {
          const member = calleeMember(call);
          const [name, value] = call.arguments;
          if (!member || propertyName(member) !== "set" || call.arguments.length !== 2 || !value || value.type === "SpreadElement") continue;
          if (name?.type !== "Literal" || typeof name.value !== "string" || !isIdentifier(unwrap(member.object))) continue;
          const list = table.get(name.value);
          if (list) list.push(value);
          else table.set(name.value, [value]);
        }
      this.#contextVariables = table;
    }
    for (const value of this.#contextVariables.get(key) ?? []) {
      const kind = this.#kinds.kindOf(value);
      if (kind) return kind;
    }
    return this.#inContext(key);
  }
}

const CONTEXT_TYPE = /(?:Locals|Context|Ctx|Variables|Vars)$/i;

const NAMES_CONTEXT_TYPE = /\b(?:interface|type)\s+\w*(?:Locals|Context|Ctx|Variables|Vars)\b|\bVariables\??\s*:\s*\{/;

const MAKES_CONTEXT = /(?:Context|Ctx)$/i;

/** By name: the members of types that describe a per-request context, and the values that the functions which make one put into it. */
function contextMembers(project: Project): ReadonlyMap<string, readonly Node[]> {
  const table = new Map<string, Node[]>();
  const add = (name: string | undefined, node: Node): void => {
    if (name === undefined) return;
    const list = table.get(name);
    if (list) list.push(node);
    else table.set(name, [node]);
  };
  // Types may stand in files that hold nothing else; the generated types of the runtime are too long to be one of them.
  const paths = new Set(project.files.map((file) => file.path));
  for (const path of project.checkout.sources) {
    const text = paths.has(path) || !/\.[cm]?ts$/.test(path) || project.options.isTest(path) ? "" : (project.checkout.read(path) ?? "");
    if (text.length < 50_000 && NAMES_CONTEXT_TYPE.test(text)) paths.add(path);
  }
  for (const path of paths) {
    const file = project.file(path);
    if (!file) continue;
    for (const member of nodesOf(file, "TSPropertySignature")) if (member.typeAnnotation && isContextType(member)) add(keyName(member.key, member.computed), member.typeAnnotation);
    for (const object of nodesOf(file, "ObjectExpression")) {
      if (!isMadeContext(object)) continue;
      for (const property of object.properties) if (property.type === "Property") add(keyName(property.key, property.computed), property.value);
    }
  }
  return table;
}

/** Whether a member stands in `interface AppLoadContext`, `interface Locals`, `Variables: { … }` and the like. */
function isContextType(member: Node): boolean {
  const owner = member.parent?.type === "TSInterfaceBody" ? member.parent.parent : member.parent?.parent;
  if (owner?.type === "TSInterfaceDeclaration" || owner?.type === "TSTypeAliasDeclaration") return CONTEXT_TYPE.test(owner.id.name);
  const holder = owner?.type === "TSTypeAnnotation" ? owner.parent : undefined;
  return holder?.type === "TSPropertySignature" && CONTEXT_TYPE.test(keyName(holder.key, holder.computed) ?? "");
}

/** Whether an object is what a function named for it gives back: `createContext: () => ({ db })`, `export async function createTRPCContext() { return { db } }`. */
function isMadeContext(object: Node): boolean {
  let returned = object.parent;
  while (returned && (returned.type === "ParenthesizedExpression" || returned.type === "TSAsExpression" || returned.type === "TSSatisfiesExpression")) returned = returned.parent ?? null;
  if (returned?.type !== "ReturnStatement" && returned?.type !== "ArrowFunctionExpression") return false;
  const fn = returned.type === "ArrowFunctionExpression" ? returned : enclosingFunction(object);
  if (!fn) return false;
  const named = fn.type !== "ArrowFunctionExpression" && fn.id ? fn.id.name : namedBy(fn.parent);
  return named !== undefined && MAKES_CONTEXT.test(named);
}

function namedBy(node: Node | null | undefined): string | undefined {
  if (node?.type === "VariableDeclarator") return node.id.type === "Identifier" ? node.id.name : undefined;
  return node?.type === "Property" || node?.type === "MethodDefinition" ? keyName(node.key, node.computed) : undefined;
}
