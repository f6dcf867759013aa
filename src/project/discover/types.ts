import type { Diagnostic } from "../../lint/finding.ts";
import type { WranglerConfig } from "../wrangler/types.ts";

/** A folder with a package.json. */
export interface PackageInfo {
  /** POSIX folder relative to the root, "" for the root itself. */
  readonly dir: string;
  readonly file: string;
  readonly text: string;
  readonly name?: string;
  /** Parsed package.json; an empty object when it could not be read. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly scripts: ReadonlyMap<string, string>;
}

/**
 * What a checkout holds, as data. The core sees only this, never the file system: disk, editor and tests all feed it.
 * All paths are POSIX and relative to `root`; lists are sorted.
 */
export interface Checkout {
  /** Code files that were asked for (.ts .tsx .mts .cts .js .jsx .mjs .cjs), ignored and generated folders left out. */
  readonly sources: readonly string[];
  /** Other files a rule may look at: `*.sql`, `*.tf`, `.github/workflows/*.yml`, shell scripts, tsconfig files. */
  readonly others: readonly string[];
  readonly packages: readonly PackageInfo[];
  readonly configs: readonly WranglerConfig[];
  /** What could not be read so far; reading is lazy, so ask again after the run. */
  readonly diagnostics: readonly Diagnostic[];
  /** Whether a path is one of, or lies below, the paths that were asked for: findings elsewhere are not reported. */
  isAsked(path: string): boolean;
  /** Whether a path is a test: matched by the configured test globs. */
  isTest(path: string): boolean;
  /** Whether a path is left out by an ignore file, or is a folder of tools' output, or lies in one. */
  isIgnored(path: string): boolean;
  /** The text of a file (BOM removed), or undefined when it is absent, unreadable, binary, or outside the root. */
  read(path: string): string | undefined;
  /** Whether a file is there, without reading it. */
  exists(path: string): boolean;
}
