import type { FunctionNode, Node } from "../../project/parse/ast.ts";
import { calleeMember, isFunction, unwrap, wrapped } from "../../project/parse/ast.ts";
import { nodesOf } from "../../project/parse/source-file.ts";
import type { Project } from "../../project/graph/project.ts";
import { defineRule } from "../rule.ts";
import { classNames } from "./shared/names.ts";

// transactionSync() commits when its callback returns. A promise is a return value like any other, so everything after the first
// `await` runs outside of the transaction. https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#transactionsync

export default defineRule({
  id: "do-async-transaction-sync",
  *check({ project }) {
    for (const file of project.files)
      for (const member of file.members.get("transactionSync") ?? []) {
        const call = wrapped(member).parent;
        if (call?.type !== "CallExpression" || calleeMember(call) !== member) continue;
        const [callback] = call.arguments;
        if (!callback || callback.type === "SpreadElement") continue;
        const owner = project.kindOf(member.object);
        if (owner && owner.kind !== "do-storage") continue;
        const fn = functionOf(project, callback);
        const promise = fn && promiseOf(project, fn);
        if (!fn || !promise) continue;
        const owners = project.classes.ownersOf(call);
        const [cls] = owners;
        const where = owners.size > 0 ? ` of ${classNames(project, owners)}` : "";
        yield {
          // The head of a callback written in place, not all of its body.
          span: fn === unwrap(callback) ? { file: file.path, start: fn.start, end: fn.body?.start ?? fn.end } : project.span(callback),
          message: fn.async
            ? `The callback of this transactionSync()${where} is async: the transaction is committed at its first \`await\`, so what comes after is not part of it and is not rolled back when it throws; the error itself is lost unless the returned promise is awaited. Take the awaits out of the callback.`
            : `The callback of this transactionSync()${where} returns a promise: the transaction is committed before that promise is settled, so its work is not part of it and is not rolled back when it fails. Do the asynchronous work before or after the transaction.`,
          confidence: owner ? "high" : "medium",
          related: promise === fn || project.fileOf(promise) !== file ? [] : [{ span: project.span(promise), message: "the promise" }],
          subject: cls ? { class: project.classes.nameOf(cls) ?? "" } : {},
        };
      }
  },
});

function functionOf(project: Project, callback: Node): FunctionNode | undefined {
  const value = unwrap(callback);
  if (isFunction(value)) return value;
  const kind = project.kindOf(value);
  return kind?.kind === "function" ? kind.fn : undefined;
}

/** What makes a callback's result a promise: the function itself when it is async, or what it returns. */
function promiseOf(project: Project, fn: FunctionNode): Node | undefined {
  if (fn.async) return fn;
  if (!fn.body) return undefined;
  if (fn.body.type !== "BlockStatement") return isPromise(project, fn.body) ? fn.body : undefined;
  const file = project.fileOf(fn);
  return nodesOf(file, "ReturnStatement").find((statement) => {
    if (!statement.argument || statement.start < fn.start || statement.end > fn.end) return false;
    for (let current = statement.parent ?? undefined; current && current !== fn; current = current.parent ?? undefined) if (isFunction(current)) return false;
    return isPromise(project, statement.argument);
  })?.argument ?? undefined;
}

/** `Promise.all(…)`, `new Promise(…)`, `.then(…)`, or a call of an async function. */
function isPromise(project: Project, raw: Node): boolean {
  const node = unwrap(raw);
  if (node.type === "NewExpression") return node.callee.type === "Identifier" && node.callee.name === "Promise";
  if (node.type === "ConditionalExpression") return isPromise(project, node.consequent) || isPromise(project, node.alternate);
  if (node.type !== "CallExpression") return false;
  const member = calleeMember(node);
  const object = member && unwrap(member.object);
  if (object?.type === "Identifier" && object.name === "Promise") return true;
  const targets = project.targetsOf(node);
  return targets.length > 0 && targets.every((target) => target.async && !target.generator);
}
