import type { Located, Span } from "../span.ts";

export type DurableObjectStorageBackend = "sqlite" | "legacy-kv";

export interface DurableObjectBinding {
  readonly name: Located<string>;
  readonly className: Located<string>;
  readonly scriptName?: Located<string>;
  readonly span: Span;
}

export interface D1Binding {
  readonly binding: Located<string>;
  readonly databaseName?: Located<string>;
  readonly databaseId?: Located<string>;
  readonly previewDatabaseId?: Located<string>;
  readonly migrationsDir?: Located<string>;
  readonly migrationsTable?: Located<string>;
  readonly migrationsPattern?: Located<string>;
  readonly span: Span;
}

/** One entry of the legacy `migrations` list. */
export interface ClassMigration {
  readonly tag?: Located<string>;
  readonly newClasses: readonly Located<string>[];
  readonly newSqliteClasses: readonly Located<string>[];
  readonly deletedClasses: readonly Located<string>[];
  readonly renamedClasses: readonly { readonly from: Located<string>; readonly to: Located<string> }[];
  readonly transferredClasses: readonly { readonly from: Located<string>; readonly fromScript?: Located<string>; readonly to: Located<string> }[];
  readonly span: Span;
}

/** One Durable Object entry of the declarative `exports` map. */
export interface ClassExport {
  readonly className: Located<string>;
  readonly state: "created" | "deleted" | "renamed" | "transferred" | "expecting-transfer";
  readonly storage?: Located<string>;
  readonly renamedTo?: Located<string>;
  readonly transferredTo?: Located<string>;
  readonly transferFrom?: Located<string>;
  readonly span: Span;
}

/** Kinds of other bindings, so that the code model knows what `env.X` is. */
export type OtherBindingKind =
  | "kv" | "r2" | "service" | "ai" | "queue" | "vectorize" | "hyperdrive" | "analytics" | "workflow" | "assets" | "browser"
  | "images" | "email" | "rate-limit" | "dispatch" | "pipeline" | "secret" | "mtls" | "var" | "other";

/** The part of a configuration that may stand at the top level, in a named environment, or under `previews`. Only what is written there: nothing inherited. */
export interface WranglerEnvironment {
  /** undefined for the top level, "previews" for the `previews` block. */
  readonly name: string | undefined;
  /** The key (of a named environment) or the start of the file. */
  readonly span: Span;
  readonly workerName?: Located<string>;
  readonly main?: Located<string>;
  readonly compatibilityDate?: Located<string>;
  readonly compatibilityFlags?: readonly Located<string>[];
  /** The key `durable_objects`, when written here at all (even with an empty list). */
  readonly durableObjectsKey?: Span;
  readonly durableObjects: readonly DurableObjectBinding[];
  /** The key `d1_databases`, when written here at all. */
  readonly d1Key?: Span;
  readonly d1: readonly D1Binding[];
  readonly migrationsKey?: Span;
  readonly migrations: readonly ClassMigration[];
  /** The key `exports`, when written here at all and holding at least one Durable Object entry. */
  readonly exportsKey?: Span;
  readonly exports: readonly ClassExport[];
  readonly crons: readonly Located<string>[];
  readonly queueConsumers: readonly Located<string>[];
  readonly workflowClasses: readonly Located<string>[];
  readonly containerClasses: readonly Located<string>[];
  /** Every other binding by its name in `env`. */
  readonly otherBindings: ReadonlyMap<string, OtherBindingKind>;
  /** `routes`, `route`, `workers_dev`, … written here: signs that the environment is deployed. */
  readonly deploys: boolean;
}

/** What one wrangler configuration file says. */
export interface WranglerConfig {
  /** POSIX path relative to the checkout's root. */
  readonly file: string;
  /** Its folder, "" for the root. */
  readonly dir: string;
  readonly format: "jsonc" | "toml" | "typescript";
  /** `redirected`: another tool's output named by `.wrangler/deploy/config.json`; `example`: a template with placeholders that stands alone. */
  readonly role: "primary" | "redirected" | "example";
  /** Lies in a test folder or is named as a test file: fixtures, not something that is deployed. */
  readonly inTests: boolean;
  /** For a redirected configuration: the folder whose `.wrangler/deploy/config.json` names it. */
  readonly redirectedFrom?: string;
  readonly text: string;
  readonly top: WranglerEnvironment;
  readonly environments: readonly WranglerEnvironment[];
  readonly previews?: WranglerEnvironment;
  readonly pagesBuildOutputDir?: Located<string>;
  readonly assetsOnly: boolean;
}

/** An environment with wrangler's inheritance applied: bindings are not inherited; name, main, compatibility settings, migrations and exports are. */
export interface EffectiveEnvironment {
  readonly config: WranglerConfig;
  readonly kind: "top" | "named" | "previews";
  readonly own: WranglerEnvironment;
  readonly name: string | undefined;
  readonly workerName?: Located<string>;
  readonly main?: Located<string>;
  readonly compatibilityDate?: Located<string>;
  readonly compatibilityFlags: readonly Located<string>[];
  readonly durableObjects: readonly DurableObjectBinding[];
  readonly d1: readonly D1Binding[];
  readonly migrations: readonly ClassMigration[];
  readonly exports: readonly ClassExport[];
}
