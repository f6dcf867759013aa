import { kept } from "../../../kept.ts";
import { databaseOf } from "../kinds/kinds.ts";
import type { CallExpression, Node } from "../../parse/ast.ts";
import { calleeMember, calleeName, isCall, isFunction, isMember, propertyName, unwrap, wrapped } from "../../parse/ast.ts";
import type { SourceFile } from "../../parse/source-file.ts";
import type { DatabaseKind } from "../kinds/kinds.ts";
import type { Project } from "../project.ts";

/** What a session begins from. */
export type SessionStart =
  /** Any replica may answer the first query: no argument, or `first-unconstrained`. */
  | "unconstrained"
  /** The primary answers the first query. */
  | "primary"
  /** A value of the run: the bookmark of an earlier session, as far as can be seen. */
  | "bookmark";

/** One `withSession()`. */
export interface D1Session {
  readonly call: CallExpression;
  readonly file: SourceFile;
  readonly database: DatabaseKind | undefined;
  readonly start: SessionStart;
  /** `getBookmark()` calls on this session. */
  readonly bookmarks: readonly CallExpression[];
}

/** The constraints that `withSession` takes in place of a bookmark. */
const PRIMARY = "first-primary";
const UNCONSTRAINED: ReadonlySet<string> = new Set(["", "first-unconstrained"]);

/** Every session that the project opens on a D1 database. */
export const sessionsOf = kept((project: Project): readonly D1Session[] => {
  const bookmarks = bookmarkCalls(project);
  return project.files.flatMap((file) =>
    file.calls.flatMap((call) => {
      const member = calleeName(call) === "withSession" ? calleeMember(call) : undefined;
      const kind = member ? project.kindOf(member.object) : undefined;
      if (kind?.kind !== "d1" && kind?.kind !== "d1-session") return [];
      return [{ call, file, database: databaseOf(kind), start: startOf(project, call), bookmarks: bookmarks.filter((bookmark) => bookmark.sessions.includes(call)).map((bookmark) => bookmark.call) }];
    }),
  );
});

/** Where a session starts. Of several possible constants the weakest counts. */
function startOf(project: Project, call: CallExpression): SessionStart {
  const [argument] = call.arguments;
  if (!argument) return "unconstrained";
  if (argument.type === "SpreadElement" || isOpenParameter(project, argument)) return "bookmark";
  const { constants, dynamic } = project.constants.valuesOf(argument);
  // A fallback beside a value of the run: `bookmark ?? "first-unconstrained"`.
  if (dynamic || constants.length === 0) return "bookmark";
  if (constants.some((constant) => UNCONSTRAINED.has(constant.value))) return "unconstrained";
  return constants.every((constant) => constant.value === PRIMARY) ? "primary" : "bookmark";
}

/** A parameter of a function that nothing in sight calls: its default says nothing about what callers pass. */
function isOpenParameter(project: Project, node: Node): boolean {
  const value = unwrap(node);
  const variable = value.type === "Identifier" ? project.fileOf(value).scopes.resolve(value) : undefined;
  return variable?.kind === "parameter" && isFunction(variable.declaration) && project.calls.callersOf(variable.declaration).length === 0;
}

/** `getBookmark()` calls and the `withSession` calls whose session they may ask: all of them where the session cannot be followed. */
function bookmarkCalls(project: Project): readonly { readonly call: CallExpression; readonly sessions: { includes(call: CallExpression): boolean } }[] {
  return project.files.flatMap((file) =>
    file.calls.flatMap((call) => {
      const member = calleeName(call) === "getBookmark" ? calleeMember(call) : undefined;
      if (!member) return [];
      const kind = project.kindOf(member.object);
      const session = kind?.kind === "d1-session" ? kind.call : undefined;
      // The session of a helper that has several, or that came in as an argument: any of them may be meant.
      return [{ call, sessions: session ? [session] : { includes: () => true } }];
    }),
  );
}

/** Whether a bookmark leaves the code that asked for it: not when it is only logged, thrown away, or taken apart as if it were an object. */
export function leavesAsBookmark(project: Project, call: CallExpression): boolean {
  let current = wrapped(call);
  for (let parent = current.parent ?? undefined; parent; parent = current.parent ?? undefined) {
    switch (parent.type) {
      case "ExpressionStatement":
        return false;
      case "VariableDeclarator": {
        if (parent.id.type !== "Identifier") return false;
        const { id } = parent;
        const file = project.fileOf(id);
        const variable = file.scopes.resolve(id);
        return (file.identifiers.get(id.name) ?? []).some((use) => use !== id && file.scopes.resolve(use) === variable && usedForMore(use));
      }
      case "CallExpression":
        return !isLog(parent);
      case "LogicalExpression":
      case "ConditionalExpression":
      case "TemplateLiteral":
      case "BinaryExpression":
        current = wrapped(parent);
        continue;
      case "IfStatement":
      case "UnaryExpression":
        return false;
      default:
        return true;
    }
  }
  return false;
}

/** Whether a use of the bookmark's variable does something with it besides asking whether it is there and logging it. */
function usedForMore(use: Node): boolean {
  let current = wrapped(use);
  for (let parent = current.parent ?? undefined; parent; parent = current.parent ?? undefined) {
    if (parent.type === "IfStatement" || parent.type === "UnaryExpression" || parent.type === "ExpressionStatement") return false;
    if (parent.type === "CallExpression") return !isLog(parent);
    if (parent.type === "TemplateLiteral" || parent.type === "LogicalExpression" || parent.type === "BinaryExpression") {
      current = wrapped(parent);
      continue;
    }
    if (parent.type === "Property" && isCall(parent.parent?.parent)) return !isLog(parent.parent.parent);
    return true;
  }
  return false;
}

function isLog(call: CallExpression): boolean {
  const member = calleeMember(call);
  const object = member ? unwrap(member.object) : undefined;
  const name = member ? propertyName(member) : undefined;
  const holder = object?.type === "Identifier" ? object.name : isMember(object) ? propertyName(object) : undefined;
  return (holder !== undefined && /^(?:console|log|logger)$/i.test(holder)) || (name === undefined && /^log$/i.test(calleeName(call) ?? ""));
}
