import { readFileSync } from "node:fs";

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
