import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The groups of documents under `rules/`. */
export type DataGroup = "lint" | "choose" | "platform";

const cache = new Map<DataGroup, Readonly<Record<string, unknown>>>();

/**
 * All documents of a group under `rules/`, by file name without its extension. The built tool reads the JSON that the build
 * made of them; from the sources (tests) the YAML itself is read.
 */
export function readData(group: DataGroup): Readonly<Record<string, unknown>> {
  const cached = cache.get(group);
  if (cached) return cached;
  const documents = readBuilt(group) ?? readYaml(group);
  cache.set(group, documents);
  return documents;
}

function readBuilt(group: DataGroup): Record<string, unknown> | undefined {
  // The bundle's chunks lie in dist/ or dist/chunks/, the sources in src/.
  for (const candidate of [`./data/${group}.json`, `../data/${group}.json`]) {
    const path = fileURLToPath(new URL(candidate, import.meta.url));
    if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  }
  return undefined;
}

function readYaml(group: DataGroup): Record<string, unknown> {
  const { parse } = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  const folder = fileURLToPath(new URL(`../rules/${group}/`, import.meta.url));
  const documents: Record<string, unknown> = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml")).sort())
    documents[file.slice(0, -".yaml".length)] = parse(readFileSync(`${folder}/${file}`, "utf8"));
  return documents;
}
