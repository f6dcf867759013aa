// `env` holds exactly what the configuration binds: a name that it does not bind is undefined at run time.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/
import { isInside } from "../../paths.ts";
import type { MemberExpression, Node } from "../../project/parse/ast.ts";
import type { Project } from "../../project/graph/project.ts";
import type { Located } from "../../project/span.ts";
import { effectiveEnvironments } from "../../project/wrangler/effective.ts";
import type { WranglerConfig } from "../../project/wrangler/types.ts";
import type { Report } from "../finding.ts";
import { defineRule } from "../rule.ts";
import { lintedConfigs, nameList } from "../wrangler.ts";

export default defineRule({
  id: "wrangler-unknown-binding",
  *check({ project }) {
    yield* undeclared(project);
    for (const config of lintedConfigs(project.checkout)) if (config.role === "primary") yield* unused(project, config);
  },
});

/** Uses of `env.X` that must be a namespace or a database, in code whose configuration binds no X. */
function* undeclared(project: Project): Generator<Report> {
  const uses = new Map<string, { readonly name: string; readonly nodes: Node[]; readonly configs: readonly WranglerConfig[] }>();
  for (const file of project.files) {
    const configs = configsAround(project, file.path);
    if (configs.length === 0) continue;
    const declared = new Set(configs.flatMap(namesIn));
    for (const [name, members] of file.members) {
      if (declared.has(name) || !/^[A-Z]/.test(name)) continue;
      const nodes = members.filter((node) => isBinding(project, node, name));
      const key = `${configs[0]?.dir ?? ""}\n${name}`;
      const known = uses.get(key);
      if (known) known.nodes.push(...nodes);
      else if (nodes.length > 0) uses.set(key, { name, nodes, configs });
    }
  }
  for (const { name, nodes, configs } of uses.values()) {
    const [first, ...others] = nodes;
    if (!first) continue;
    const kind = project.kindOf(first)?.kind === "d1" ? "D1 database" : "Durable Object namespace";
    yield {
      span: project.span(first),
      message: `\`env.${name}\` is used as a ${kind}, but ${nameList(configs.map(({ file }) => file))} ${configs.length === 1 ? "binds" : "bind"} no \`${name}\`: it is undefined at run time.`,
      confidence: "medium",
      related: others.slice(0, 20).map((node) => ({ span: project.span(node), message: "also used here" })),
      subject: { binding: name },
      symbol: `unknown.${name}`,
    };
  }
}

/** Whether `x.NAME` is a namespace or a database out of `env`. `ctx.exports.NAME` needs no binding. */
function isBinding(project: Project, node: MemberExpression, name: string): boolean {
  const kind = project.kindOf(node);
  return (kind?.kind === "namespace" || kind?.kind === "d1") && kind.binding === name && project.kindOf(node.object)?.kind !== "loopback-exports";
}

/** The configurations of the nearest folder above a file that has any, test fixtures aside. */
function configsAround(project: Project, path: string): readonly WranglerConfig[] {
  return project.bindings.configsFor(path).filter((config) => config.role === "primary" && (!config.inTests || project.options.isTest(path)));
}

function namesIn(config: WranglerConfig): string[] {
  return effectiveEnvironments(config).flatMap(({ own }) => [...own.durableObjects.map(({ name }) => name.value), ...own.d1.map(({ binding }) => binding.value), ...own.otherBindings.keys()]);
}

/** Bindings of the top level that no text below the configuration's folder names. */
function* unused(project: Project, config: WranglerConfig): Generator<Report> {
  const bindings: { readonly name: Located<string>; readonly kind: string }[] = [
    ...config.top.durableObjects.map(({ name }) => ({ name, kind: "Durable Object namespace" })),
    ...config.top.d1.map(({ binding }) => ({ name: binding, kind: "D1 database" })),
  ];
  if (bindings.length === 0) return;
  const texts = textsUnder(project, config);
  // Without any code in sight nothing can be said about what it uses.
  if (texts.length === 0) return;
  for (const { name, kind } of bindings) {
    const word = new RegExp(`(?<![\\w$])${name.value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w$])`);
    if (texts.some((text) => word.test(text))) continue;
    yield {
      span: name.span,
      message: `no code of this Worker uses the ${kind} \`${name.value}\`.`,
      confidence: "medium",
      subject: { binding: name.value },
      help: "Take the binding out, or use it; where a dependency or generated code needs it, suppress this finding and say so.",
      symbol: `unused.${name.value}`,
    };
  }
}

/** Code of the Worker: below the configuration's folder, and whatever its main module imports elsewhere. Generated types name every binding and prove no use. */
function textsUnder(project: Project, config: WranglerConfig): string[] {
  const { checkout } = project;
  const main = config.top.main && checkout.sources.find((path) => path.endsWith(config.top.main?.value.replace(/^(?:\.\/)+/, "") ?? "\0") && isInside(path, config.dir));
  const paths = new Set([...checkout.sources.filter((path) => isInside(path, config.dir)), ...(main === undefined ? [] : project.reachable(main))]);
  return [...paths].filter((path) => !path.endsWith(".d.ts")).flatMap((path) => checkout.read(path) ?? []);
}

