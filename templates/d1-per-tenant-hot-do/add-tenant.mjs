// Adds a tenant: `npm run tenant:add -- initech`. It changes src/tenants.ts and wrangler.jsonc, and says what comes next.
import { readFileSync, writeFileSync } from "node:fs";

const tenant = process.argv[2] ?? "";
const worker = "scaffolded-worker";

if (!/^[a-z][a-z0-9-]{0,30}$/.test(tenant)) {
  console.error("A tenant's name has 1 to 31 lower-case letters, digits and -, and begins with a letter: npm run tenant:add -- initech");
  process.exit(2);
}

const binding = `TENANT_${tenant.toUpperCase().replaceAll("-", "_")}`;
const database = `${worker}-${tenant}`;

const change = (path, pattern, addition) => {
  const text = readFileSync(path, "utf8");
  if (text.includes(`"${binding}"`)) throw new Error(`${path} already has ${binding}`);
  const changed = text.replace(pattern, addition);
  if (changed === text) throw new Error(`${path} does not look as it did when it was made: add ${binding} by hand`);
  return () => writeFileSync(path, changed);
};

try {
  // Both are worked out before either is written.
  const writes = [
    change("wrangler.jsonc", /("d1_databases": \[\n[\s\S]*?\})\n( {2}\])/, (_, before, end) => `${before},\n    { "binding": "${binding}", "database_name": "${database}", "migrations_dir": "migrations" }\n${end}`),
    change("src/tenants.ts", /\n(\]\);)/, (_, end) => `\n  ["${tenant}", "${binding}"],\n${end}`),
  ];
  for (const write of writes) write();
  console.log(`Added ${tenant}. Next:

  npm run typecheck                     # also writes the types of the new binding
  npx wrangler d1 create ${database}    # add the id it prints to wrangler.jsonc
  npm run deploy                        # migrates every tenant, the new one too, then deploys

Locally it is there with the next npm run dev.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
