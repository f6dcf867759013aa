// A class gets a namespace only from a migration or a live `exports` entry; a binding alone creates nothing.
// https://developers.cloudflare.com/durable-objects/reference/durable-objects-migrations/#how-exports-works
import { effectiveEnvironments } from "../../project/wrangler/effective.ts";
import { classHistory } from "../../project/wrangler/lifecycle.ts";
import type { DurableObjectBinding, EffectiveEnvironment, WranglerConfig } from "../../project/wrangler/types.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { environmentLabel, lintedConfigs } from "../wrangler.ts";

export default defineRule({
  id: "wrangler-do-missing-migration",
  *check({ project }) {
    for (const config of lintedConfigs(project)) {
      // Pages cannot hold classes of its own: what it binds lies in another Worker.
      if (!config.pagesBuildOutputDir) yield* checkConfig(config);
    }
  },
});

interface Missing {
  readonly environment: EffectiveEnvironment;
  readonly binding: DurableObjectBinding;
}

function* checkConfig(config: WranglerConfig): Generator<Report> {
  const byClass = new Map<string, Missing[]>();
  for (const environment of effectiveEnvironments(config)) {
    const history = classHistory(environment);
    if (history.startsLate) continue;
    for (const binding of environment.durableObjects) {
      const name = binding.className.value;
      if (binding.scriptName || history.introductions.has(name) || history.gone.has(name)) continue;
      byClass.set(name, [...(byClass.get(name) ?? []), { environment, binding }]);
    }
  }
  for (const missing of byClass.values()) yield reportFor(config, missing);
}

function reportFor(config: WranglerConfig, [first, ...others]: readonly Missing[]): Report {
  if (!first) throw new Error("a class without a binding was reported");
  const { environment, binding } = first;
  const usesExports = environment.exports.length > 0;
  const record = usesExports ? "entry of `exports`" : "migration";
  return {
    span: binding.className.span,
    message: `\`${binding.name.value}\` binds class \`${binding.className.value}\`${environment.kind === "top" ? "" : ` in ${environmentLabel(environment)}`}, but no ${record} creates it: the class has no namespace, and the deployment is refused or every call through the binding fails.`,
    confidence: "high",
    related: others.map((other) => ({ span: other.binding.className.span, message: `also bound in ${environmentLabel(other.environment)}` })),
    subject: { class: binding.className.value, binding: binding.name.value },
    help: `Add ${usesExports ? exportsEntry(config, binding.className.value) : migrationEntry(config, environment, binding.className.value)}.`,
    symbol: `class.${binding.className.value}`,
  };
}

function exportsEntry(config: WranglerConfig, className: string): string {
  return config.format === "typescript" ? `\`${className}: exports.durableObject({ storage: "sqlite" })\` to \`exports\`` : `\`"${className}": { "type": "durable-object", "storage": "sqlite" }\` to \`exports\``;
}

function migrationEntry(config: WranglerConfig, environment: EffectiveEnvironment, className: string): string {
  if (config.format === "typescript") return exportsEntry(config, className);
  const tag = nextTag(environment);
  return config.format === "toml"
    ? `\`[[migrations]]\` with \`tag = "${tag}"\` and \`new_sqlite_classes = ["${className}"]\``
    : `\`{ "tag": "${tag}", "new_sqlite_classes": ["${className}"] }\` to \`migrations\``;
}

/** The tag after the last one when it ends in a number, else `v` and the number of entries. */
function nextTag(environment: EffectiveEnvironment): string {
  const { migrations } = environment;
  const match = /^(.*?)(\d+)$/.exec(migrations[migrations.length - 1]?.tag?.value ?? "");
  return match ? `${match[1]}${Number(match[2]) + 1}` : `v${migrations.length + 1}`;
}
