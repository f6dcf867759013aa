import ignore, { type Ignore } from "ignore";
import { SKIPPED_FOLDERS } from "./names.ts";

/** The ignore files that hold for a folder, from the outermost to the innermost, each with the folder it lies in. */
export type IgnoreChain = readonly { readonly folder: string; readonly rules: Ignore }[];

/** Adds the ignore file of `folder` to the chain of the folder above it. */
export function withIgnoreFile(chain: IgnoreChain, folder: string, text: string): IgnoreChain {
  return [...chain, { folder, rules: ignore({ ignoreCase: false }).add(text) }];
}

/** Whether a path is ignored, its folder being known not to be: the innermost file that has something to say decides, as in git. */
export function isIgnoredBy(chain: IgnoreChain, path: string, isFolder: boolean): boolean {
  for (let at = chain.length - 1; at >= 0; at--) {
    const entry = chain[at];
    if (!entry) continue;
    const relative = (entry.folder === "" ? path : path.slice(entry.folder.length + 1)) + (isFolder ? "/" : "");
    const { ignored, unignored } = entry.rules.test(relative);
    if (ignored) return true;
    if (unignored) return false;
  }
  return false;
}

/** Whether a folder of this name is never looked into. */
export function isSkippedFolder(name: string): boolean {
  return SKIPPED_FOLDERS.has(name);
}
