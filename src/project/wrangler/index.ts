import type { Diagnostic } from "../../lint/finding.ts";
import { parseJsonc } from "./jsonc.ts";
import { type ConfigOrigin, readWrangler } from "./read.ts";
import { parseToml } from "./toml.ts";
import type { WranglerConfig } from "./types.ts";

export { effectiveEnvironments } from "./effective.ts";
export { isPlaceholder } from "./placeholder.ts";

/** A configuration and what is wrong with its text. */
export interface ParsedWrangler {
  readonly config: WranglerConfig;
  readonly diagnostics: readonly Diagnostic[];
}

type Extra = Omit<ConfigOrigin, "file" | "text" | "format">;

/** Reads a wrangler.json or wrangler.jsonc. `file` is the path that places carry. Never throws. */
export function parseWranglerJsonc(file: string, text: string, extra: Extra = {}): ParsedWrangler {
  const { root, diagnostics } = parseJsonc(file, text);
  return { config: readWrangler({ file, text, format: "jsonc", ...extra }, root), diagnostics };
}

/** Reads a wrangler.toml. `file` is the path that places carry. Never throws. */
export function parseWranglerToml(file: string, text: string, extra: Extra = {}): ParsedWrangler {
  const { root, diagnostics } = parseToml(file, text);
  return { config: readWrangler({ file, text, format: "toml", ...extra }, root), diagnostics };
}
