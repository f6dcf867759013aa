import { lineStarts, type Span } from "../span.ts";
import type {
  CallExpression, Class, Comment, FunctionNode, LoopNode, MemberExpression, NewExpression, Node, Program, VisitorKeys,
} from "./ast.ts";
import { isClass, isFunction, isLoop, propertyName } from "./ast.ts";
import { Scopes } from "./scopes.ts";

/** One parsed file: its tree with `parent` links, and lists of the nodes that rules start from, in source order. */
export interface SourceFile {
  /** POSIX path relative to the checkout's root. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly keys: VisitorKeys;
  readonly lineStarts: readonly number[];
  readonly functions: readonly FunctionNode[];
  readonly classes: readonly Class[];
  readonly calls: readonly CallExpression[];
  readonly news: readonly NewExpression[];
  readonly loops: readonly LoopNode[];
  /** All nodes of the types that are listed in `INDEXED`. */
  readonly byType: ReadonlyMap<string, readonly Node[]>;
  /** Identifiers that may be references or declarations, by name; property keys and member names are not among them. */
  readonly identifiers: ReadonlyMap<string, readonly Node[]>;
  /** Member expressions by their static property name. */
  readonly members: ReadonlyMap<string, readonly MemberExpression[]>;
  readonly scopes: Scopes;
  /** Minified or written by a bundler: read for exports and bases only. */
  readonly generated: boolean;
  /** A test, by the configured globs. */
  readonly test: boolean;
}

/** Node types that `SourceFile.byType` lists: those that something starts from. */
const INDEXED = [
  "AssignmentExpression", "AwaitExpression", "ExportAllDeclaration", "ExportDefaultDeclaration", "ExportNamedDeclaration", "ImportDeclaration", "ObjectExpression", "ReturnStatement",
  "TaggedTemplateExpression", "TSPropertySignature", "UpdateExpression",
] as const;

type IndexedType = (typeof INDEXED)[number];

const IS_INDEXED: ReadonlySet<string> = new Set(INDEXED);

/** Links parents, builds the lists and the scopes of a parsed program. One walk. */
export function indexProgram(input: {
  readonly path: string; readonly text: string; readonly program: Program; readonly comments: readonly Comment[];
  readonly keys: VisitorKeys; readonly test: boolean;
}): SourceFile {
  const functions: FunctionNode[] = [];
  const classes: Class[] = [];
  const calls: CallExpression[] = [];
  const news: NewExpression[] = [];
  const loops: LoopNode[] = [];
  const byType = new Map<string, Node[]>();
  const identifiers = new Map<string, Node[]>();
  const members = new Map<string, MemberExpression[]>();
  const { keys } = input;

  const scopes = new Scopes();
  const visit = (node: Node, parent: Node | undefined, block: Node, hoist: Node): void => {
    if (parent) node.parent = parent;
    const scope = scopes.enter(node, block, hoist);
    const innerBlock = scope === undefined ? block : node;
    const innerHoist = scope === "function" ? node : hoist;
    if (isFunction(node)) functions.push(node);
    else if (isClass(node)) classes.push(node);
    else if (node.type === "CallExpression") calls.push(node);
    else if (node.type === "NewExpression") news.push(node);
    else if (isLoop(node)) loops.push(node);
    else if (node.type === "Identifier") {
      if (!isNameOnly(node, parent)) push(identifiers, node.name, node);
    } else if (node.type === "MemberExpression") {
      const name = propertyName(node);
      if (name !== undefined) push(members, name, node);
    }
    if (IS_INDEXED.has(node.type)) push(byType, node.type, node);
    const record = node as unknown as Record<string, unknown>;
    const childKeys = keys[node.type];
    if (childKeys)
      for (const key of childKeys) {
        const child = record[key];
        if (child === null || typeof child !== "object") continue;
        if (Array.isArray(child)) {
          for (const item of child as (Node | null)[]) if (item && typeof item.type === "string") visit(item, node, innerBlock, innerHoist);
        } else visit(child as Node, node, innerBlock, innerHoist);
      }
  };
  visit(input.program, undefined, input.program, input.program);
  let starts: readonly number[] | undefined;
  return {
    ...input, functions, classes, calls, news, loops, byType, identifiers, members, scopes,
    // Worked out when first asked for: few files have findings.
    get lineStarts() {
      return (starts ??= lineStarts(input.text));
    },
    generated: isGenerated(input.text),
  };
}

/** The span of a node. */
export function spanOf(file: SourceFile, node: { readonly start: number; readonly end: number }): Span {
  return { file: file.path, start: node.start, end: node.end };
}

/** The source text of a node. */
export function textOf(file: SourceFile, node: { readonly start: number; readonly end: number }): string {
  return file.text.slice(node.start, node.end);
}

/** Nodes of one type, typed. */
export function nodesOf<T extends IndexedType>(file: SourceFile, type: T): readonly Extract<Node, { type: T }>[] {
  return (file.byType.get(type) ?? []) as readonly Extract<Node, { type: T }>[];
}

/** Of nodes in source order (a list of the file's), those inside `scope`, itself included: found by bisection, not by a walk. */
export function nodesWithin<T extends Node>(nodes: readonly T[], scope: { readonly start: number; readonly end: number }): readonly T[] {
  const first = firstAt(nodes, scope.start);
  return nodes.slice(first, firstAt(nodes, scope.end, first));
}

/** The index of the first node that starts at `offset` or later. */
function firstAt(nodes: readonly Node[], offset: number, from = 0): number {
  let [low, high] = [from, nodes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((nodes[middle]?.start ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Identifiers that are no variable: keys, member names, labels. */
function isNameOnly(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && !parent.computed && !parent.shorthand;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.key === node && !parent.computed;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return true;
    default:
      return false;
  }
}

const BANNER = /(?:webpackBootstrap|__webpack_require__|Generated by Wrangler|This file (?:was|is) (?:auto[- ]?)?generated|__toCommonJS|__commonJS(?:Min)?\b|var __defProp = Object\.defineProperty)/;

/** Whether a text is minified, or says that a bundler or generator wrote it. */
export function isGenerated(text: string): boolean {
  if (text.length < 2_000) return false;
  const head = text.slice(0, 3_000);
  if (BANNER.test(head)) return true;
  // What a bundler wrote says where its source map is.
  if (/\n\/\/[#@] sourceMappingURL=\S+\s*$/.test(text.slice(-300))) return true;
  if (/(?:\/\/|\*|#).*(?:@generated|eslint-disable.*generated)/.test(head.slice(0, 800))) return true;
  // Minified: very long lines on average, over at least a few kilobytes.
  let lines = 1;
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lines++;
  return text.length / lines > 400;
}
