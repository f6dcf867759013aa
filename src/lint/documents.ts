import { readData } from "../data.ts";
import type { Profile, Severity } from "./finding.ts";

/** Where a rule's facts come from. */
export interface RuleSource {
  readonly url: string;
  /** ISO date on which the source was read. */
  readonly read: string;
  /** What it says, in one sentence. */
  readonly says: string;
}

/** A piece of code that the rule leaves alone. `code` is short for `files: { src/index.ts: … }`, `wrangler` for `wrangler.jsonc`, `config` for `do-or-d1.yaml`. */
export interface GoodExample {
  readonly name: string;
  readonly code?: string;
  readonly wrangler?: string;
  readonly config?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A piece of code that the rule flags, with the findings it must give and the text after `--fix`. */
export interface BadExample extends GoodExample {
  readonly expect: readonly { readonly file?: string; readonly line: number; readonly message?: string }[];
  readonly fixed?: string | Readonly<Record<string, string>>;
}

/** One document under `rules/lint/`: all that is said about a rule outside its code. */
export interface RuleDocument {
  readonly id: string;
  readonly severity: Severity;
  readonly profile: Profile;
  /** One line for tables and lists. */
  readonly summary: string;
  /** One sentence: what to do. */
  readonly help: string;
  /** Paragraphs. */
  readonly why: string;
  /** The page to read first. */
  readonly docs: string;
  readonly sources: readonly RuleSource[];
  /** How to mend it, in words. */
  readonly fix: string;
  readonly options?: string;
  readonly examples: { readonly bad: readonly BadExample[]; readonly good: readonly GoodExample[] };
}

/** The rule that the pipeline itself reports; it has a document and no module. */
export const UNUSED_SUPPRESSION = "unused-suppression";

let documents: ReadonlyMap<string, RuleDocument> | undefined;

/** Every rule's document by id, sorted by id. Their shape is held by `test/rules.test.ts`, so it is not checked again here. */
export function ruleDocuments(): ReadonlyMap<string, RuleDocument> {
  documents ??= new Map(
    Object.entries(readData("lint"))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, document]) => [id, document as RuleDocument]),
  );
  return documents;
}

/** The document of a rule that is known to have one. */
export function requireDocument(id: string): RuleDocument {
  const document = ruleDocuments().get(id);
  if (!document) throw new Error(`no document rules/lint/${id}.yaml`);
  return document;
}
