import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The command's name. */
export const NAME = "do-or-d1";

/** The package's version. The sources lie two folders below package.json, the bundle one or two. */
export const VERSION = readVersion();

function readVersion(): string {
  for (const up of ["../package.json", "../../package.json"]) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")) as { name?: string; version?: string };
      if (manifest.name === NAME && manifest.version) return manifest.version;
    } catch {
      // Not at this depth.
    }
  }
  return "0.0.0";
}

/** What tells this build of the tool from any other: the files it consists of. undefined when it runs from its sources. */
export function buildId(): string | undefined {
  const folder = ["./", "../"].map((up) => fileURLToPath(new URL(up, import.meta.url))).find((candidate) => existsSync(join(candidate, "cli.js")) && existsSync(join(candidate, "data")));
  if (folder === undefined) return undefined;
  const files = [folder, join(folder, "chunks"), join(folder, "data")].flatMap((part) => readdirSync(part).map((name) => join(part, name))).sort();
  return files.map((file) => ({ file, stat: statSync(file) })).map(({ file, stat }) => `${file} ${stat.size} ${stat.mtimeMs}`).join("\n");
}
