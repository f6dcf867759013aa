import { createRequire } from "node:module";
import type { Diagnostic } from "../../lint/finding.ts";
import { lineStarts, positionAt } from "../span.ts";
import type { VisitorKeys } from "./ast.ts";
import { indexProgram, type SourceFile } from "./source-file.ts";

type Oxc = typeof import("oxc-parser");
let oxc: Oxc | undefined;

/** The parser is a native addon: loaded with the first file that needs parsing, never for `--help`. */
function parser(): Oxc {
  return (oxc ??= createRequire(import.meta.url)("oxc-parser") as Oxc);
}

/**
 * Whether the parser can hand its tree over in memory instead of as JSON text, which takes a third of the time. Node 22 and
 * later; the trees are the same.
 */
function handsOverMemory(): boolean {
  return parser().rawTransferSupported();
}

/** Child keys of every node type. */
export function visitorKeys(): VisitorKeys {
  return parser().visitorKeys;
}

/**
 * Parses one TypeScript or JavaScript file.
 * @param path decides the language by its ending; JSX is allowed in `.js`
 * @param test whether the file is a test
 * @returns the indexed tree, or a diagnostic with the place of the first syntax error
 */
export function parseSource(path: string, text: string, test: boolean): SourceFile | Diagnostic {
  try {
    return parse(path, text, test);
  } catch (error) {
    // Machine-written expressions nest deeper than the stack; anything else is our mistake, and must not hide other files' findings.
    if (error instanceof RangeError) return { file: path, message: "not checked: its code is nested too deeply", leftOut: true };
    const detail = error instanceof Error ? error : new Error(String(error));
    return { file: path, message: `internal error while reading this file: ${detail.message}`, hint: "Please report this.", internal: detail.stack ?? detail.message };
  }
}

function parse(path: string, text: string, test: boolean): SourceFile | Diagnostic {
  const { parseSync, visitorKeys: keys } = parser();
  const lang = /\.[cm]?ts$/.test(path) ? "ts" : path.endsWith(".tsx") ? "tsx" : "jsx";
  const options = { lang, preserveParens: false, ...(handsOverMemory() ? { experimentalRawTransfer: true } : {}) } as const;
  const result = parseSync(path, text, { ...options, sourceType: "module" });
  const errors = result.errors.filter((error) => error.severity === "Error");
  if (errors.length > 0 && result.program.body.length === 0) {
    // Plain scripts (sloppy mode, `return` at top level) are no modules.
    const script = parseSync(path, text, { ...options, sourceType: "script" });
    if (script.program.body.length > 0) return indexProgram({ path, text, program: script.program, comments: script.comments, keys, test });
    const offset = errors[0]?.labels[0]?.start ?? 0;
    return { file: path, ...positionAt(lineStarts(text), offset), message: `syntax error: ${errors[0]?.message ?? "not JavaScript or TypeScript"}`, hint: "Mend the syntax; the file was left out of this run." };
  }
  return indexProgram({ path, text, program: result.program, comments: result.comments, keys, test });
}
