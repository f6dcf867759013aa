import { isFunction, type FunctionNode, type Node } from "../../src/project/parse/ast.ts";
import { parseSource } from "../../src/project/parse/parse.ts";
import type { SourceFile } from "../../src/project/parse/source-file.ts";
import { controlFlow, type Flow } from "../../src/project/flow/flow.ts";
import { childrenOf } from "../../src/project/flow/children.ts";

export interface Sample {
  readonly file: SourceFile;
  readonly fn: FunctionNode;
  readonly flow: Flow;
  /** The outermost expression with exactly this text, the `nth` in source order. */
  readonly at: (text: string, nth?: number) => Node;
  readonly text: (node: Node) => string;
}

/** Parses a module and builds the flow of its first function. */
export function sample(code: string, callbacks: "run" | "value" = "run"): Sample {
  const file = parseSource("sample.ts", code, false);
  if (!("program" in file)) throw new Error(file.message);
  const fn = file.functions[0];
  if (!fn || !isFunction(fn)) throw new Error("no function in the sample");
  const text = (node: Node): string => code.slice(node.start, node.end);
  const at = (wanted: string, nth = 0): Node => {
    const found: Node[] = [];
    const visit = (node: Node): void => {
      if (text(node) === wanted && node.type !== "ExpressionStatement") found.push(node);
      else childrenOf(node).forEach(visit);
    };
    visit(file.program);
    const node = found[nth];
    if (!node) throw new Error(`no ${wanted} in the sample`);
    return node;
  };
  return { file, fn, flow: controlFlow(fn, { callbacks }), at, text };
}

/** The body of an async function. */
export function body(code: string): Sample {
  return sample(`async function f(a, b, c, db, rows) {\n${code}\n}`);
}
