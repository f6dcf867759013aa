// Builds dist/: the command line tool, bundled by esbuild with code splitting so that a command loads only what it needs,
// and the YAML documents under rules/ as JSON, because parsing them at start-up costs more than a whole small lint run.
import { build } from "esbuild";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const finished = join(root, "dist");
// Built aside and swapped in at the end: a failed build leaves the last good one, and no reader sees half of one.
const dist = join(root, `.dist-${process.pid}`);

// A build that fails leaves nothing behind.
process.on("exit", () => rmSync(dist, { recursive: true, force: true }));

mkdirSync(join(dist, "data"), { recursive: true });

for (const group of readdirSync(join(root, "rules"), { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const documents = {};
  for (const file of readdirSync(join(root, "rules", group.name)).filter((name) => name.endsWith(".yaml")).sort())
    documents[file.slice(0, -".yaml".length)] = parse(readFileSync(join(root, "rules", group.name, file), "utf8"));
  writeFileSync(join(dist, "data", `${group.name}.json`), JSON.stringify(documents));
}

await build({
  absWorkingDir: root,
  entryPoints: { cli: "src/cli/main.ts", eslint: "src/eslint.ts" },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  chunkNames: "chunks/[name]-[hash]",
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
});
chmodSync(join(dist, "cli.js"), 0o755);
const previous = join(root, `.dist-${process.pid}-previous`);
if (existsSync(finished)) renameSync(finished, previous);
renameSync(dist, finished);
rmSync(previous, { recursive: true, force: true });

// `npx do-or-d1` in this repository runs this build at once, instead of a copy that npm would first install into a cache of its own.
const link = join(root, "node_modules/.bin/do-or-d1");
try {
  mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync("../../dist/cli.js", link);
} catch {
  // No links on this file system: npm's own way works too, only slower.
}
