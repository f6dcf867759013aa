import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

// Runs before every test file. All shards have one shape. Migrations already applied are left alone.
for (const database of [env.DB_0, env.DB_1, env.DB_2, env.DB_3]) await applyD1Migrations(database, env.TEST_MIGRATIONS);
