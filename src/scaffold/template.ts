import { UserError } from "../errors.ts";
import type { TextFile } from "./rename.ts";

/** A pattern that has a template. */
export const PATTERNS = ["d1-single", "do-per-entity", "hot-do-d1-views", "d1-per-tenant-hot-do", "d1-sharded"] as const;
export type ScaffoldPattern = (typeof PATTERNS)[number];

/** `template.yaml` of a template: what it is and what may be put in its place. */
export interface TemplateManifest {
  readonly pattern: ScaffoldPattern;
  readonly summary: string;
  readonly parameters: {
    /** The Worker's name as it stands in the files. */
    readonly name: { readonly placeholder: string };
    /** The atom as it stands in the files, and the one that is taken when nobody names one. */
    readonly atom: { readonly placeholder: string; readonly default: string };
  };
  /** Files of `templates/shared` that the project also gets, with the path they get there. */
  readonly shared: Readonly<Record<string, string>>;
  /** What to say when it is written: a request that shows that it works. */
  readonly firstRequest: string;
}

/** `stacks.yaml`: a line of tools that were seen working together. */
export interface Stack {
  readonly id: string;
  readonly title: string;
  /** The oldest Node that runs it, `major.minor.patch`. */
  readonly node: string;
  readonly ciNode: string;
  readonly compatibilityDate: string;
  /** Packages by the name that the templates use. Those not named stay as they are. */
  readonly packages: Readonly<Record<string, { readonly name?: string; readonly version: string }>>;
  /** What replaces the `exports` map of the templates, or nothing where it stays. */
  readonly migrations?: { readonly comment: string } | undefined;
  /** Files of this stack that replace the template's, where the template has such a file. */
  readonly overlay: readonly TextFile[];
}

/** Everything read from `templates/` for one project. */
export interface Template {
  readonly manifest: TemplateManifest;
  readonly files: readonly TextFile[];
  readonly shared: readonly TextFile[];
  readonly stacks: readonly Stack[];
}

/** @throws UserError naming the patterns there are, and what to do about those that have no template */
export function requirePattern(value: string): ScaffoldPattern {
  const found = PATTERNS.find((pattern) => pattern === value);
  if (found !== undefined) return found;
  throw new UserError(`there is no template for the pattern "${value}"`, {
    place: "--pattern",
    hint: WITHOUT_TEMPLATE[value] ?? `Patterns with a template: ${PATTERNS.join(", ")}.`,
  });
}

const WITHOUT_TEMPLATE: Readonly<Record<string, string>> = {
  redesign: "The design has one object for everything. Find what one object could stand for, and decide again: do-or-d1 choose",
  none: "The decision is for neither D1 nor Durable Objects: there is nothing to scaffold here.",
  "d1-per-tenant": "Start from d1-single and bind one database a tenant, or take d1-per-tenant-hot-do and leave its objects out.",
};
