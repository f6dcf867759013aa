import { readData } from "../../src/data.ts";
import { checkoutOf } from "../../src/project/discover/index.ts";
import type { KnownApis } from "../../src/project/graph/known.ts";
import { Project } from "../../src/project/graph/project.ts";
import type { CallExpression, FunctionNode, Node } from "../../src/project/parse/ast.ts";
import { calleeName, walk } from "../../src/project/parse/ast.ts";

/** A project of files held in memory. */
export async function projectOf(files: Readonly<Record<string, string>>): Promise<Project> {
  const apis = readData("platform")["known-apis"] as KnownApis;
  return new Project(await checkoutOf(files), { apis, isTest: (path) => path.includes(".test."), includeTests: false });
}

/** The first node of a file whose source text is exactly `text`. */
export function nodeAt(project: Project, path: string, text: string): Node {
  const file = project.file(path);
  if (!file) throw new Error(`no file ${path}`);
  let found: Node | undefined;
  walk(file.program, file.keys, (node) => {
    if (!found && node.type !== "Program" && node.type !== "ExpressionStatement" && file.text.slice(node.start, node.end) === text) found = node;
  });
  if (!found) throw new Error(`no node "${text}" in ${path}`);
  return found;
}

/** The calls of a name in a file. */
export function callsNamed(project: Project, path: string, name: string): readonly CallExpression[] {
  return (project.file(path)?.calls ?? []).filter((call) => calleeName(call) === name);
}

/** The function whose text starts so. */
export function functionStarting(project: Project, path: string, start: string): FunctionNode {
  const file = project.file(path);
  const found = file?.functions.find((fn) => file.text.slice(fn.start, fn.end).startsWith(start) || (fn.parent && file.text.slice(fn.parent.start, fn.parent.end).startsWith(start)));
  if (!found) throw new Error(`no function "${start}" in ${path}`);
  return found;
}
