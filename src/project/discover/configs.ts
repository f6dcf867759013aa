import type { Diagnostic } from "../../lint/finding.ts";
import { joinPath } from "../../paths.ts";
import { looksLikeWrangler, readWrangler } from "../wrangler/read.ts";
import type { WranglerConfig } from "../wrangler/types.ts";
import { type WranglerName, wranglerName } from "./names.ts";

/** A file that may be a wrangler configuration. */
export interface ConfigCandidate extends WranglerName {
  readonly file: string;
  readonly isIgnored: boolean;
}

/** What reading the configurations needs to know about the checkout. */
export interface ConfigSource {
  readonly read: (path: string) => string | undefined;
  readonly isTest: (path: string) => boolean;
}

/** Configurations and what is wrong with them. */
export interface ReadConfigs {
  readonly configs: readonly WranglerConfig[];
  readonly diagnostics: readonly Diagnostic[];
}

const PRECEDENCE = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/**
 * Reads the configurations of one folder. Of several default names wrangler takes the first, so only that one counts;
 * a template counts only where nothing else is beside it.
 */
export async function readFolderConfigs(candidates: readonly ConfigCandidate[], source: ConfigSource): Promise<ReadConfigs> {
  const configs: WranglerConfig[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const candidate of withoutShadowed(candidates.filter((candidate) => !candidate.isExample))) {
    const read = await readConfig(candidate, source);
    configs.push(...read.configs);
    diagnostics.push(...read.diagnostics);
  }
  if (configs.length === 0)
    for (const candidate of candidates.filter((candidate) => candidate.isExample)) configs.push(...(await readConfig(candidate, source)).configs);
  return { configs, diagnostics };
}

/** Of wrangler.json, .jsonc and .toml in one folder wrangler reads the first; one that git does not know is some tool's output. */
function withoutShadowed(candidates: readonly ConfigCandidate[]): readonly ConfigCandidate[] {
  const rank = (candidate: ConfigCandidate): number => (candidate.isIgnored ? PRECEDENCE.length : 0) + PRECEDENCE.findIndex((name) => candidate.file.endsWith(name));
  const defaults = candidates.filter((candidate) => candidate.isDefault && candidate.format !== "typescript").sort((a, b) => rank(a) - rank(b));
  return candidates.filter((candidate) => candidate === defaults[0] || !defaults.includes(candidate));
}

async function readConfig(candidate: ConfigCandidate, source: ConfigSource): Promise<ReadConfigs> {
  const { file, format, isDefault, isExample } = candidate;
  const text = source.read(file);
  if (text === undefined) return { configs: [], diagnostics: [] };
  const inTests = source.isTest(file);
  if (format === "typescript") {
    const { parseCloudflareConfig } = await import("../wrangler/typescript.ts");
    return parseCloudflareConfig(file, text, { inTests });
  }
  const parse = format === "toml" ? (await import("../wrangler/toml.ts")).parseToml : (await import("../wrangler/jsonc.ts")).parseJsonc;
  const { root, diagnostics } = parse(file, text);
  // A template of a generator (`{{name}}`, `<% … %>`) is no valid document before it is filled in.
  const isTemplate = isExample || (diagnostics.length > 0 && /\{\{.*\}\}|<%.*%>/.test(text));
  if (!isDefault && !looksLikeWrangler(root)) return { configs: [], diagnostics: [] };
  const config = readWrangler({ file, text, format, inTests, role: isTemplate ? "example" : "primary" }, root);
  return { configs: [config], diagnostics: isTemplate || inTests ? [] : diagnostics };
}

/**
 * Follows `.wrangler/deploy/config.json` in `folder`, with which a build tool tells wrangler to take the configuration
 * that the tool wrote.
 */
export async function readRedirect(folder: string, source: ConfigSource, exists: (path: string) => boolean): Promise<ReadConfigs> {
  const none: ReadConfigs = { configs: [], diagnostics: [] };
  const file = joinPath(folder, ".wrangler/deploy/config.json");
  const text = file === undefined ? undefined : source.read(file);
  if (file === undefined || text === undefined) return none;
  const [{ parseJsonc }, { stringAt }, { lineStarts, positionAt }] = await Promise.all([import("../wrangler/jsonc.ts"), import("../wrangler/read.ts"), import("../span.ts")]);
  const { root, diagnostics } = parseJsonc(file, text);
  const configPath = stringAt(root, "configPath");
  if (!configPath) return diagnostics.length > 0 ? { configs: [], diagnostics } : { configs: [], diagnostics: [{ file, line: 1, column: 1, message: 'no "configPath" in this redirect: wrangler refuses it', hint: "build the project again, or delete the file" }] };
  const target = joinPath(folder, ".wrangler/deploy", configPath.value);
  const name = target === undefined ? undefined : wranglerName(target.slice(target.lastIndexOf("/") + 1));
  if (target === undefined || !exists(target)) {
    const place = positionAt(lineStarts(text), configPath.span.start);
    return { configs: [], diagnostics: [{ file, ...place, message: `the configuration it redirects to is not there: ${configPath.value}`, hint: "build the project again, or delete the file" }] };
  }
  const read = await readConfig({ file: target, format: name?.format ?? "jsonc", isDefault: true, isExample: false, isIgnored: true }, source);
  return { ...read, configs: read.configs.map((config) => ({ ...config, role: "redirected", redirectedFrom: folder })) };
}
