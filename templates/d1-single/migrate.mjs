// Applies migrations/ to every D1 database of wrangler.jsonc: `node migrate.mjs --local`, or `--remote` for the deployed ones.
import { spawnSync } from "node:child_process";
import { unstable_readConfig } from "wrangler";

const where = process.argv[2];
if (where !== "--local" && where !== "--remote") {
  console.error("Say where: node migrate.mjs --local, or --remote");
  process.exit(2);
}

// wrangler asks before it migrates. Nothing is at stake locally, so there it finds nobody to ask.
const stdin = where === "--local" ? "ignore" : "inherit";

for (const { binding } of unstable_readConfig({ config: "wrangler.jsonc" }).d1_databases) {
  console.log(`${binding}:`);
  const options = { stdio: [stdin, "inherit", "inherit"], shell: process.platform === "win32" };
  const { status } = spawnSync("wrangler", ["d1", "migrations", "apply", binding, where], options);
  // The first that fails stops the rest: a deploy must not go on with databases of different shapes.
  if (status !== 0) process.exit(status ?? 1);
}
