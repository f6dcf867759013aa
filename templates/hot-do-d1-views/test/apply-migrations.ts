import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

// Runs before every test file. Migrations already applied are left alone.
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
