import type { Node } from "../../project/parse/ast.ts";
import { enclosingFunction, isFunction, keyName, propertyName, unwrap } from "../../project/parse/ast.ts";
import type { Project } from "../../project/graph/project.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";

// list() without options loads every pair into the memory of the object.
// https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#do-kv-async-list

const BOUNDS: ReadonlySet<string> = new Set(["limit", "prefix", "start", "startAfter", "end"]);

export default defineRule({
  id: "do-unbounded-list",
  *check({ project }) {
    for (const file of project.files)
      for (const member of file.members.get("list") ?? []) {
        const call = member.parent;
        if (call?.type !== "CallExpression" || call.callee !== member) continue;
        const owner = project.kindOf(member.object)?.kind;
        if (owner !== "do-storage" && owner !== "do-kv") continue;
        const [options] = call.arguments;
        if (options && (options.type === "SpreadElement" || !isUnbounded(project, options))) continue;
        const fn = enclosingFunction(call);
        if (!fn || !project.calls.isOnRequestPath(call)) continue;
        const owners = project.classes.ownersOf(call);
        yield {
          span: project.span(call),
          message: `\`${propertyName(member) ?? "list"}()\` without a prefix, a range or a limit reads everything that ${classNames(project, owners)} has ever stored into memory, in every such event: the more it stores the slower each of them gets and the more rows are billed, and what does not fit into memory resets the object.`,
          confidence: owner === "do-kv" ? "medium" : "high",
          subject: { class: [...owners].flatMap((cls) => project.classes.nameOf(cls) ?? [])[0] ?? "" },
        };
      }
  },
});

/** Whether the options say nothing that bounds the result. Options that cannot be seen may. */
function isUnbounded(project: Project, options: Node): boolean {
  const value = unwrap(options);
  if (value.type === "Literal" || (value.type === "Identifier" && value.name === "undefined")) return true;
  const file = project.fileOf(options);
  // An object that is filled in step by step is no literal any more.
  const variable = value.type === "Identifier" ? file.scopes.resolve(value) : undefined;
  if (variable && (file.identifiers.get(variable.name) ?? []).some((use) => use.parent?.type === "MemberExpression" && use.parent.object === use && file.scopes.resolve(use) === variable)) return false;
  const kind = project.kindOf(value);
  if (kind?.kind !== "object" || (variable && isFunction(variable.declaration))) return false;
  return kind.node.properties.every((property) => property.type === "Property" && !BOUNDS.has(keyName(property.key, property.computed) ?? "limit"));
}
