import type { FunctionNode, Node } from "../../../project/parse/ast.ts";
import { calleeMember, calleeName, enclosingFunction, isIdentifier, unwrap } from "../../../project/parse/ast.ts";
import { nodesWithin, type SourceFile } from "../../../project/parse/source-file.ts";

const HOOK = /^use(?:State|Effect|LayoutEffect|InsertionEffect|Reducer|Ref|Callback|Memo|Transition|DeferredValue|SyncExternalStore)$/;
const COMPONENTS = /^(?:react|preact|preact\/(?:hooks|compat))$/;

/**
 * Code of a component that lives in a browser: in a file that says `"use client"`, or in a function that uses hooks. What it calls of the
 * server runs there in requests of their own, or not at all.
 */
export function runsInBrowser(file: SourceFile, node: Node): boolean {
  if (saysClient(file)) return true;
  if (!/\buse[A-Z]/.test(file.text)) return false;
  for (let fn = enclosingFunction(node); fn; fn = enclosingFunction(fn)) if (usesHooks(file, fn)) return true;
  return false;
}

function usesHooks(file: SourceFile, fn: FunctionNode): boolean {
  return nodesWithin(file.calls, fn).some((call) => HOOK.test(calleeName(call) ?? "") && enclosingFunction(call) === fn && isOfComponents(file, calleeMember(call)?.object ?? call.callee));
}

function saysClient(file: SourceFile): boolean {
  return file.program.body.some((statement) => statement.type === "ExpressionStatement" && statement.expression.type === "Literal" && statement.expression.value === "use client");
}

function isOfComponents(file: SourceFile, node: Node): boolean {
  const name = unwrap(node);
  const variable = isIdentifier(name) ? file.scopes.resolve(name) : undefined;
  const { parent } = variable?.declaration ?? {};
  return parent?.type === "ImportDeclaration" && COMPONENTS.test(String(parent.source.value));
}
