// wrangler refuses a Worker whose main module does not export a class that it binds or declares.
// https://developers.cloudflare.com/workers/wrangler/configuration/#durable-objects
import type { Located } from "../../project/span.ts";
import { didYouMean } from "../../nearest.ts";
import type { Project } from "../../project/graph/project.ts";
import { effectiveEnvironments } from "../../project/wrangler/effective.ts";
import type { EffectiveEnvironment, WranglerConfig } from "../../project/wrangler/types.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { lintedConfigs, mainFile } from "../wrangler.ts";

export default defineRule({
  id: "wrangler-do-not-exported",
  *check({ project }) {
    for (const config of lintedConfigs(project)) {
      if (!config.pagesBuildOutputDir && config.role !== "example") yield* checkConfig(project, config);
    }
  },
});

function* checkConfig(project: Project, config: WranglerConfig): Generator<Report> {
  const reported = new Set<string>();
  for (const environment of effectiveEnvironments(config)) {
    const wanted = ownClasses(environment);
    const path = wanted.length > 0 ? mainFile(project.checkout, environment) : undefined;
    const file = path === undefined ? undefined : project.file(path);
    if (path === undefined || !file || project.exportsUnknown(file)) continue;
    const exported = project.exportsOf(file);
    for (const { name, binding } of wanted) {
      const key = `${path}\n${name.value}`;
      if (exported.has(name.value) || reported.has(key)) continue;
      reported.add(key);
      yield reportFor(project, path, exported, name, binding);
    }
  }
}

/** Classes that the environment expects in its own main module, each at its first mention. */
function ownClasses(environment: EffectiveEnvironment): { name: Located<string>; binding?: string }[] {
  const bound = environment.durableObjects.filter((binding) => !binding.scriptName).map((binding) => ({ name: binding.className, binding: binding.name.value }));
  const declared = environment.exports.filter((entry) => entry.state === "created").map((entry) => ({ name: entry.className }));
  return [...bound, ...declared.filter(({ name }) => !bound.some((other) => other.name.value === name.value))];
}

function reportFor(project: Project, path: string, exported: ReadonlySet<string>, name: Located<string>, binding: string | undefined): Report {
  const file = project.file(path);
  const defined = project.files.flatMap(({ classes }) => classes).find((cls) => cls.id?.name === name.value);
  const classes = [...exported].filter((other) => other !== "default");
  return {
    span: name.span,
    message: `${binding === undefined ? "`exports` declares" : `\`${binding}\` binds`} class \`${name.value}\`, which the main module ${path} does not export${didYouMean(name.value, classes)}: the deployment is refused.`,
    confidence: "high",
    related: [
      ...(file ? [{ span: { file: path, start: 0, end: 0 }, message: "the main module" }] : []),
      ...(defined ? [{ span: project.span(defined.id ?? defined), message: `class \`${name.value}\` is defined here` }] : []),
    ],
    subject: { class: name.value, ...(binding === undefined ? {} : { binding }) },
    symbol: `class.${name.value}`,
  };
}
