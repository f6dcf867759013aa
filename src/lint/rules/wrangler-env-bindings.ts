// Bindings are not inherited by named environments: one that repeats none has `env.X === undefined`.
// https://developers.cloudflare.com/workers/wrangler/configuration/#environments
import { effectiveEnvironments } from "../../project/wrangler/effective.ts";
import type { EffectiveEnvironment, WranglerConfig, WranglerEnvironment } from "../../project/wrangler/types.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { lintedConfigs, nameList } from "../wrangler.ts";

export default defineRule({
  id: "wrangler-env-bindings",
  *check({ project }) {
    for (const config of lintedConfigs(project))
      for (const environment of effectiveEnvironments(config)) if (environment.kind === "named") yield* checkEnvironment(config, environment);
  },
});

interface Lack {
  readonly key: "durable_objects" | "d1_databases";
  readonly names: readonly string[];
  /** The environment has the key, with other bindings under it. */
  readonly isPartial: boolean;
  readonly at: WranglerEnvironment["span"] | undefined;
}

function* checkEnvironment(config: WranglerConfig, environment: EffectiveEnvironment): Generator<Report> {
  const { own } = environment;
  if (isAnotherWorker(config, own) || inheritsAll(config, own)) return;
  const { top } = config;
  const lacks: Lack[] = [
    lackOf("durable_objects", top.durableObjects.map(({ name }) => name.value), own.durableObjects.map(({ name }) => name.value), own.durableObjectsKey !== undefined, top.durableObjectsKey),
    lackOf("d1_databases", top.d1.map(({ binding }) => binding.value), own.d1.map(({ binding }) => binding.value), own.d1Key !== undefined, top.d1Key),
  ].filter(({ names }) => names.length > 0);
  const whole = lacks.filter(({ isPartial }) => !isPartial);
  // An environment that lists some bindings of a kind may well leave others out on purpose.
  const shown = whole.length > 0 ? whole : lacks;
  if (shown.length === 0) return;
  const names = shown.flatMap((lack) => lack.names);
  yield {
    span: own.span,
    message: `Environment "${own.name}" has no ${nameList(names)}: bindings are not inherited from the top level, so ${names.length === 1 ? `\`env.${names[0]}\` is` : `${nameList(names.map((name) => `env.${name}`))} are`} undefined there and the code that uses ${names.length === 1 ? "it" : "them"} throws.`,
    confidence: whole.length > 0 ? "high" : "low",
    related: shown.flatMap(({ key, at }) => (at ? [{ span: at, message: `\`${key}\` of the top level` }] : [])),
    subject: names.length === 1 && names[0] !== undefined ? { binding: names[0] } : {},
    help: `Repeat ${nameList(shown.map(({ key }) => key))} in \`env.${own.name}\`${shown.some(({ key }) => key === "d1_databases") ? ", with a database of that environment's own" : ""}.`,
    symbol: `env.${own.name}`,
  };
}

function lackOf(key: Lack["key"], above: readonly string[], own: readonly string[], isWritten: boolean, at: Lack["at"]): Lack {
  // `bindings: []` says that none are wanted.
  const isEmptied = isWritten && own.length === 0;
  return { key, names: isEmptied ? [] : above.filter((name) => !own.includes(name)), isPartial: isWritten, at };
}

/** An environment with a main module of its own is another Worker that shares the file. */
function isAnotherWorker(config: WranglerConfig, own: WranglerEnvironment): boolean {
  return own.main !== undefined && own.main.value !== config.top.main?.value;
}

/** On Pages an environment that overrides no binding or variable takes all of the top level's. */
function inheritsAll(config: WranglerConfig, own: WranglerEnvironment): boolean {
  return config.pagesBuildOutputDir !== undefined && own.otherBindings.size === 0 && !own.d1Key && !own.durableObjectsKey;
}
