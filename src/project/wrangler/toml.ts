import { TomlError, parse } from "smol-toml";
import type { Diagnostic } from "../../lint/finding.ts";
import { type ParsedConfigText, blankBom } from "./jsonc.ts";
import { scanToml } from "./toml-scan.ts";

/**
 * Reads TOML. `smol-toml`, the parser wrangler uses, decides what is valid; the places come from a scanner of our own,
 * because that parser gives none. What comes before and after a syntax error is still given back.
 */
export function parseToml(file: string, text: string): ParsedConfigText {
  return { root: scanToml(file, text), diagnostics: syntaxErrors(file, text) };
}

function syntaxErrors(file: string, text: string): Diagnostic[] {
  try {
    parse(blankBom(text));
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? "syntax error";
    return [{ file, line: error.line, column: error.column, message: `not valid TOML: ${reason}`, hint: "wrangler refuses this file; what could be read before and after that place was still checked" }];
  }
}
