import type { Diagnostic } from "../../lint/finding.ts";
import type { WranglerConfig } from "./types.ts";

/** placeholder to be written */
export function parseCloudflareConfig(_file: string, _text: string, _extra: { readonly inTests: boolean }): { configs: WranglerConfig[]; diagnostics: Diagnostic[] } {
  return { configs: [], diagnostics: [] };
}
