import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

// Runs before every test file. All tenants' databases have one shape. Migrations already applied are left alone.
for (const database of [env.TENANT_ACME, env.TENANT_GLOBEX]) await applyD1Migrations(database, env.TEST_MIGRATIONS);
