import type { Place, Span } from "../project/span.ts";

export type Severity = "error" | "warning" | "info";
export type Confidence = "high" | "medium" | "low";
export type Profile = "recommended" | "strict";

export const SEVERITIES = ["error", "warning", "info"] as const satisfies readonly Severity[];

/** What a finding is about, in the user's own names. */
export interface Subject {
  readonly class?: string;
  readonly binding?: string;
  readonly database?: string;
  readonly table?: string;
}

/** A replacement of `span` by `text`. An insertion has an empty span. */
export interface TextEdit {
  readonly span: Span;
  readonly text: string;
}

/** What a rule yields: spans instead of lines, nothing that the pipeline can work out itself. */
export interface Report {
  readonly span: Span;
  /** What will happen and why, in the user's own names. One to three sentences, no trailing newline. */
  readonly message: string;
  readonly confidence: Confidence;
  readonly related?: readonly { readonly span: Span; readonly message: string }[];
  readonly subject?: Subject;
  /** One sentence: what to do. Defaults to the rule document's `help`. */
  readonly help?: string;
  /** Names the enclosing symbol for the fingerprint, e.g. `Room.alarm` or `env.staging`. Worked out from the code when absent. */
  readonly symbol?: string;
  /** Safe edits, applied by `--fix`. */
  readonly fix?: readonly TextEdit[];
  /** Edits that need a person: shown, never applied. */
  readonly suggestion?: { readonly description: string; readonly edits: readonly TextEdit[] };
}

/** A finding as reporters see it. */
export interface Finding extends Place {
  readonly rule: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly message: string;
  readonly related: readonly (Place & { readonly message: string })[];
  readonly subject: Subject;
  readonly help: string;
  readonly docs: string;
  readonly fingerprint: string;
  readonly fix?: readonly TextEdit[];
  readonly suggestion?: { readonly description: string; readonly edits: readonly TextEdit[] };
}

/** An input that could not be read or understood. Never hides findings in other files. */
export interface Diagnostic {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  readonly hint?: string;
  /** Set when the problem is our own: the stack to report. The run then ends with status 3. */
  readonly internal?: string;
  /** Set for a file that is left out on purpose, such as a bundle above the size limit: worth saying, no reason to fail. */
  readonly leftOut?: true;
}
