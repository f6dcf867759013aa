// `env` holds exactly what the configuration binds: a name that it does not bind is undefined at run time.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/
import { isInside, joinPath } from "../../paths.ts";
import { packageOf, resolveFile } from "../../project/discover/resolve.ts";
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
    for (const config of lintedConfigs(project)) if (config.role === "primary") yield* unused(project, config);
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

/** Bindings of the top level that no text of the Worker names. */
function* unused(project: Project, config: WranglerConfig): Generator<Report> {
  const bindings: { readonly name: Located<string>; readonly kind: string }[] = [
    ...config.top.durableObjects.map(({ name }) => ({ name, kind: "Durable Object namespace" })),
    ...config.top.d1.map(({ binding }) => ({ name: binding, kind: "D1 database" })),
  ];
  const texts = bindings.length > 0 ? textsOf(project, config) : [];
  // Without any code in sight nothing can be said about what it uses.
  if (texts.length === 0) return;
  const isRouted = texts.some((text) => ROUTERS.test(text));
  for (const { name, kind } of bindings) {
    const word = new RegExp(`(?<![\\w$])${name.value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w$])`);
    if ((isRouted && kind !== "D1 database") || ADAPTERS.test(name.value) || texts.some((text) => word.test(text))) continue;
    yield {
      span: name.span,
      message: `No code of this Worker uses the ${kind} \`${name.value}\`.`,
      confidence: "medium",
      subject: { binding: name.value },
      help: "Take the binding out, or use it; where a dependency or generated code needs it, suppress this finding and say so.",
      symbol: `unused.${name.value}`,
    };
  }
}

/** Functions that reach every namespace by what stands in the URL, or a binding by a default name. */
const ROUTERS = /\b(?:routeAgentRequest|routePartykitRequest|partyserverMiddleware|agentsMiddleware|routeAgentEmail|proxyToSandbox|McpAgent)\b|\.(?:serve|serveSSE|mount)\(/;

/** Bindings that a framework's adapter uses by names of its own. */
const ADAPTERS = /^(?:NEXT_|WORKER_SELF_REFERENCE$)/;

/**
 * Code of the Worker: below the configuration's folder, in the package of its main module, and whatever that imports elsewhere.
 * Generated types name every binding and prove no use. Nothing where the main module is no JavaScript or TypeScript.
 */
function textsOf(project: Project, config: WranglerConfig): string[] {
  const { checkout } = project;
  const environment = effectiveEnvironments(config)[0];
  if (environment?.main && /\.(?:py|wasm|rs)$/.test(environment.main.value)) return [];
  // Pages and components of these frameworks use bindings in files that are not read here.
  const dependencies = packageOf(checkout, config.file)?.dependencies;
  if (["astro", "svelte", "nuxt", "vue"].some((framework) => dependencies?.has(framework))) return [];
  const path = environment?.main && joinPath(config.dir, environment.main.value);
  const main = path === undefined ? undefined : resolveFile(checkout, path);
  const home = path === undefined ? undefined : packageOf(checkout, path)?.dir;
  const paths = new Set([...checkout.sources.filter((source) => isInside(source, config.dir) || (home !== undefined && isInside(source, home))), ...(main === undefined ? [] : project.reachable(main))]);
  return [...paths].filter((source) => !source.endsWith(".d.ts")).flatMap((source) => checkout.read(source) ?? []);
}
