import { resolveFile } from "../project/discover/resolve.ts";
import type { Checkout } from "../project/discover/types.ts";
import type { Project } from "../project/graph/project.ts";
import { joinPath } from "../paths.ts";
import { effectiveEnvironments } from "../project/wrangler/effective.ts";
import type { EffectiveEnvironment, WranglerConfig } from "../project/wrangler/types.ts";

/**
 * The configurations that rules look at: none of tests or with a test's main module, unless tests were asked for. One that a build tool wrote and redirects wrangler to repeats what the project's
 * own says, so it counts only where the project has none of its own.
 */
export function lintedConfigs(project: Project): readonly WranglerConfig[] {
  const { checkout, options } = project;
  const own = new Set(checkout.configs.filter((config) => config.role !== "redirected").map((config) => config.dir));
  return checkout.configs.filter((config) => (options.includeTests || !(config.inTests || servesTests(project, config))) && (config.role !== "redirected" || config.redirectedFrom === undefined || !own.has(config.redirectedFrom)));
}

/** Whether a configuration's main module is a test's, as where it only generates types or runs a test pool: it is never deployed. */
function servesTests(project: Project, config: WranglerConfig): boolean {
  const path = config.top.main && joinPath(config.dir, config.top.main.value);
  return path !== undefined && project.options.isTest(path);
}

/**
 * The environments of a configuration whose lists of class lifecycle differ: the top level, and the named environments
 * that have `migrations` or `exports` of their own.
 */
export function lifecycleEnvironments(config: WranglerConfig): readonly EffectiveEnvironment[] {
  return effectiveEnvironments(config).filter(({ kind, own }) => kind === "top" || own.migrationsKey !== undefined || own.exportsKey !== undefined);
}

/** `environment "staging"`, `previews`, or `the top level`, for messages. */
export function environmentLabel(environment: EffectiveEnvironment): string {
  if (environment.kind === "previews") return "`previews`";
  return environment.kind === "named" ? `environment "${environment.name}"` : "the top level";
}

/**
 * The file that is an environment's main module, or undefined when it is not there, is built first (it lies among ignored
 * output), or is no JavaScript or TypeScript.
 */
export function mainFile(checkout: Checkout, environment: EffectiveEnvironment): string | undefined {
  const path = environment.main && joinPath(environment.config.dir, environment.main.value);
  const file = path === undefined ? undefined : resolveFile(checkout, path);
  return file !== undefined && /\.[cm]?[jt]sx?$/.test(file) && !checkout.isIgnored(file) ? file : undefined;
}

/** A text with its first letter as at the start of a sentence. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "`A`", "`A` and `B`", "`A`, `B` and `C`". */
export function nameList(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted[quoted.length - 1]}`;
}
