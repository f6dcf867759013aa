import { dirOf, isInside } from "../../paths.ts";
import type { OtherBindingKind, WranglerConfig, WranglerEnvironment } from "../wrangler/types.ts";
import type { Class } from "../parse/ast.ts";
import { namesPattern } from "./prefilter.ts";
import type { Project } from "./project.ts";

/** What a name in `env` is. */
export type NamedBinding =
  | { readonly type: "namespace"; readonly name: string; readonly className?: string; readonly scriptName?: string; readonly config?: WranglerConfig }
  | { readonly type: "d1"; readonly name: string; readonly config?: WranglerConfig }
  | { readonly type: "other"; readonly name: string; readonly other: OtherBindingKind; readonly config?: WranglerConfig };

const TYPED_MEMBER = /(?:^|[{;,])[ \t]*(?:readonly\s+)?["']?([A-Za-z_$][\w$]*)["']?\??\s*:\s*(D1Database|DurableObjectNamespace|KVNamespace|R2Bucket|Queue|Fetcher|Ai|Vectorize(?:Index)?)\b(?:\s*<\s*(?:import\([^)]*\)\.)?(?:typeof\s+)?([A-Za-z_$][\w$]*))?/gm;

const BINDING_TYPE = /\b(?:D1Database|DurableObjectNamespace|KVNamespace|R2Bucket|Queue|Fetcher|Ai|Vectorize(?:Index)?)\b/;
/** Types of bindings other than objects and databases. */
const OTHER_TYPES: Readonly<Record<string, OtherBindingKind>> = { KVNamespace: "kv", R2Bucket: "r2", Queue: "queue", Fetcher: "service", Ai: "ai", Vectorize: "vectorize", VectorizeIndex: "vectorize" };

const PREPARING_MEMBER = /\benv\s*\??\.\s*([A-Z][\w$]*)\s*[?!]?\s*\.\s*prepare\s*\(/g;
/** `db = env.DB`, `database: env.DATABASE`: a name that the member of `env` is kept under. */
const KEPT_MEMBER = /\b([A-Za-z_$][\w$]*)\s*[=:]\s*(?:[A-Za-z_$][\w$]*\??\.)?(?<!\b(?:process|meta)\s*\??\.\s*)env\s*\??\.\s*([A-Za-z_$][\w$]*)\s*(?=[,;)}\r\n])/g;

/** `DB`, `D1`, `SHOP_DB`. */
const DATABASE_NAME = /^(?:[A-Z][A-Z0-9]*_)*(?:DB|D1)$/;

/** Which names in `env` are namespaces, databases and other bindings: from the configurations, and from the members of `Env` types. */
export class BindingTable {
  readonly #project: Project;
  readonly #byDir = new Map<string, ReadonlyMap<string, NamedBinding>>();
  readonly #nearest = new Map<string, readonly WranglerConfig[]>();
  #configDirs: ReadonlyMap<string, readonly WranglerConfig[]> | undefined;
  readonly #patterns = new Map<string, RegExp | undefined>();
  #typed: ReadonlyMap<string, NamedBinding> | undefined;
  #byUse: ReadonlyMap<string, NamedBinding> | undefined;
  #prepares: boolean | undefined;
  #all: ReadonlyMap<string, NamedBinding> | undefined;

  constructor(project: Project) {
    this.#project = project;
  }

  /** A pattern that finds the namespaces and databases of the configurations nearest above a path; undefined when there are none. */
  namesNear(path: string): RegExp | undefined {
    const configs = this.configsFor(path);
    const dir = configs[0]?.dir ?? "\0none";
    if (this.#patterns.has(dir)) return this.#patterns.get(dir);
    const names = configs.flatMap((config) =>
      environmentsOf(config).flatMap((environment) => [...environment.durableObjects.map((binding) => binding.name.value), ...environment.d1.map((database) => database.binding.value)]),
    );
    const pattern = namesPattern(names);
    this.#patterns.set(dir, pattern);
    return pattern;
  }

  /** Configurations that stand nearest above a path: those of the first folder upwards that has any. */
  configsFor(path: string): readonly WranglerConfig[] {
    const start = dirOf(path);
    const known = this.#nearest.get(start);
    if (known) return known;
    const byDir = (this.#configDirs ??= groupByDir(this.#project.checkout.configs));
    let found: readonly WranglerConfig[] = [];
    for (let dir = start; ; dir = dirOf(dir)) {
      found = byDir.get(dir) ?? [];
      if (found.length > 0 || dir === "") break;
    }
    this.#nearest.set(start, found);
    return found;
  }

  /** What `env[name]` is for code in `path`; undefined when nothing says. */
  lookup(path: string, name: string): NamedBinding | undefined {
    const near = this.#near(path).get(name);
    if (near) return near;
    return this.#typedMembers().get(name) ?? this.#everything().get(name) ?? this.#used().get(name) ?? this.#named(name);
  }

  /** The class behind a binding as seen from `path`. */
  classNameOf(path: string, binding: string): string | undefined {
    const found = this.lookup(path, binding);
    return found?.type === "namespace" ? found.className : undefined;
  }

  /**
   * The DO classes that a namespace may be of, the likeliest first: of a binding with `script_name` those of that Worker, where it is part of
   * the checkout, else those nearest to `path`.
   */
  classesOf(className: string, path: string, binding: string | undefined): readonly Class[] {
    return this.#project.classes.byName(className, this.workerOf(path, binding)?.file ?? path);
  }

  /** The configuration of the other Worker whose objects a binding with `script_name` gives; undefined when it has none, or that Worker is not in sight. */
  workerOf(path: string, binding: string | undefined): WranglerConfig | undefined {
    const named = binding === undefined ? undefined : this.lookup(path, binding);
    if (named?.type !== "namespace" || named.scriptName === undefined) return undefined;
    return this.#project.checkout.configs.find((config) => environmentsOf(config).some(({ workerName }) => workerName?.value === named.scriptName));
  }

  #near(path: string): ReadonlyMap<string, NamedBinding> {
    const configs = this.configsFor(path);
    const dir = configs[0]?.dir ?? "\0none";
    const known = this.#byDir.get(dir);
    if (known) return known;
    const table = collect(configs);
    this.#byDir.set(dir, table);
    return table;
  }

  /** `env.DB.prepare("…")`, or `db.prepare("…")` of a kept one, where nothing declares `DB` (bound in the dashboard, plain JavaScript): only databases are asked to prepare. */
  #used(): ReadonlyMap<string, NamedBinding> {
    if (this.#byUse) return this.#byUse;
    const table = new Map<string, NamedBinding>();
    const { checkout } = this.#project;
    for (const path of checkout.sources) {
      const text = checkout.read(path);
      if (text === undefined || !text.includes(".prepare")) continue;
      const add = (name: string | undefined): void => {
        if (name !== undefined && !table.has(name)) table.set(name, { type: "d1", name });
      };
      for (const [, name] of text.matchAll(PREPARING_MEMBER)) add(name);
      for (const [, kept, name] of text.matchAll(KEPT_MEMBER)) if (kept !== undefined && new RegExp(`(?<![\\w$])${kept.replaceAll("$", "\\$")}\\s*\\??\\.\\s*prepare\\s*\\(`).test(text)) add(name);
    }
    return (this.#byUse = table);
  }

  /** A name that says it is a database, which nothing declares, in a project that prepares statements: helpers are handed it. */
  #named(name: string): NamedBinding | undefined {
    if (!DATABASE_NAME.test(name)) return undefined;
    const { checkout } = this.#project;
    this.#prepares ??= checkout.sources.some((path) => /\.prepare\s*\(/.test(checkout.read(path) ?? ""));
    return this.#prepares ? { type: "d1", name } : undefined;
  }

  #everything(): ReadonlyMap<string, NamedBinding> {
    return (this.#all ??= collect(this.#project.checkout.configs));
  }

  #typedMembers(): ReadonlyMap<string, NamedBinding> {
    if (this.#typed) return this.#typed;
    const table = new Map<string, NamedBinding>();
    const { checkout } = this.#project;
    for (const path of checkout.sources) {
      if (!/\.[cm]?tsx?$/.test(path)) continue;
      const text = checkout.read(path);
      if (text === undefined || !BINDING_TYPE.test(text)) continue;
      // Generated runtime types are long; the bindings stand in the first lines.
      const head = path.endsWith(".d.ts") ? text.slice(0, 60_000) : text;
      for (const [, name, type, className] of head.matchAll(TYPED_MEMBER)) {
        // Members in capitals only: a lower-case `db: D1Database` is a parameter or a field, which its own annotation explains.
        if (name === undefined || table.has(name) || !/^[A-Z]/.test(name)) continue;
        const other = type === undefined ? undefined : OTHER_TYPES[type];
        if (other) table.set(name, { type: "other", name, other });
        else table.set(name, type === "D1Database" ? { type: "d1", name } : { type: "namespace", name, ...(className === undefined || className === "undefined" ? {} : { className }) });
      }
    }
    return (this.#typed = table);
  }
}

/** The top level, the named environments and the previews block of a configuration. */
export function environmentsOf(config: WranglerConfig): readonly WranglerEnvironment[] {
  return [config.top, ...config.environments, ...(config.previews ? [config.previews] : [])];
}

/** Whether a path is under the folder of a configuration. */
export function isUnder(config: WranglerConfig, path: string): boolean {
  return isInside(path, config.dir);
}

function groupByDir(configs: readonly WranglerConfig[]): ReadonlyMap<string, readonly WranglerConfig[]> {
  const table = new Map<string, WranglerConfig[]>();
  for (const config of configs) {
    const list = table.get(config.dir);
    if (list) list.push(config);
    else table.set(config.dir, [config]);
  }
  return table;
}

function collect(configs: readonly WranglerConfig[]): ReadonlyMap<string, NamedBinding> {
  const table = new Map<string, NamedBinding>();
  const add = (binding: NamedBinding): void => {
    if (!table.has(binding.name)) table.set(binding.name, binding);
  };
  for (const config of configs)
    for (const environment of environmentsOf(config)) {
      for (const { name, className, scriptName } of environment.durableObjects)
        add({ type: "namespace", name: name.value, className: className.value, config, ...(scriptName ? { scriptName: scriptName.value } : {}) });
      for (const { binding } of environment.d1) add({ type: "d1", name: binding.value, config });
      for (const [name, other] of environment.otherBindings) add({ type: "other", name, other, config });
    }
  return table;
}
