import { optional } from "./read.ts";
import type { EffectiveEnvironment, WranglerConfig, WranglerEnvironment } from "./types.ts";

/**
 * The environments of a configuration as wrangler deploys them: the top level, the named ones, then `previews`.
 * Bindings are never inherited; name, main, compatibility settings, `migrations` and `exports` are. A named environment
 * without a name of its own is deployed as `<name>-<environment>`.
 */
export function effectiveEnvironments(config: WranglerConfig): EffectiveEnvironment[] {
  return [
    effective(config, "top", config.top),
    ...config.environments.map((environment) => effective(config, "named", environment)),
    ...(config.previews ? [effective(config, "previews", config.previews)] : []),
  ];
}

function effective(config: WranglerConfig, kind: EffectiveEnvironment["kind"], own: WranglerEnvironment): EffectiveEnvironment {
  const { top } = config;
  return {
    config,
    kind,
    own,
    name: own.name,
    ...optional("workerName", own.workerName ?? derivedName(kind, own, top)),
    ...optional("main", own.main ?? top.main),
    ...optional("compatibilityDate", own.compatibilityDate ?? top.compatibilityDate),
    compatibilityFlags: own.compatibilityFlags ?? top.compatibilityFlags ?? [],
    durableObjects: own.durableObjects,
    d1: own.d1,
    migrations: own.migrationsKey ? own.migrations : top.migrations,
    exports: own.exportsKey ? own.exports : top.exports,
  };
}

function derivedName(kind: EffectiveEnvironment["kind"], own: WranglerEnvironment, top: WranglerEnvironment): WranglerEnvironment["workerName"] {
  if (!top.workerName || kind !== "named" || own.name === undefined) return top.workerName;
  return { value: `${top.workerName.value}-${own.name}`, span: top.workerName.span };
}
