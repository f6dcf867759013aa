import type { LintResults } from "../lint/results.ts";

/** Formats that a report can be written in. */
export const FORMATS = ["pretty", "json", "sarif", "github", "gitlab", "junit", "markdown"] as const;
export type Format = (typeof FORMATS)[number];

/** What a reporter gets: results, and how to speak of files. Reporters are pure: the same input gives the same text. */
export interface ReportInput {
  readonly results: LintResults;
  readonly tool: { readonly name: string; readonly version: string };
  /** A file's path as the person who ran the command would type it: relative to the working folder. Takes a path relative to the checkout's root. */
  readonly path: (file: string) => string;
  /** A file's path relative to the repository, for services that annotate code. */
  readonly repositoryPath: (file: string) => string;
  /** A file's text, for the code that a report shows. */
  readonly text: (file: string) => string | undefined;
  /** The paths that were asked for, as given. */
  readonly asked: readonly string[];
  readonly durationMs: number;
  /** Width of the terminal in columns, for `pretty`. */
  readonly width: number;
  readonly color: boolean;
}

export type Reporter = (input: ReportInput) => string;
