import type { Rule } from "../rule.ts";
import doSingleton from "./do-singleton.ts";
import doTimer from "./do-timer.ts";
import doWebsocketAccept from "./do-websocket-accept.ts";
import doWebsocketWithoutHandler from "./do-websocket-without-handler.ts";
import wranglerDoKvBackend from "./wrangler-do-kv-backend.ts";
import wranglerDoMissingMigration from "./wrangler-do-missing-migration.ts";
import wranglerDoNotExported from "./wrangler-do-not-exported.ts";
import wranglerEnvBindings from "./wrangler-env-bindings.ts";
import wranglerMigrateLocal from "./wrangler-migrate-local.ts";
import wranglerMigrations from "./wrangler-migrations.ts";
import wranglerSharedDatabase from "./wrangler-shared-database.ts";
import wranglerUnknownBinding from "./wrangler-unknown-binding.ts";

/**
 * The modules' index: every rule, one import and one line each, sorted by id. A test holds it to the modules beside it and
 * to the documents under `rules/lint/`.
 */
export const rules: readonly Rule[] = [
  doSingleton,
  doTimer,
  doWebsocketAccept,
  doWebsocketWithoutHandler,
  wranglerDoKvBackend,
  wranglerDoMissingMigration,
  wranglerDoNotExported,
  wranglerEnvBindings,
  wranglerMigrateLocal,
  wranglerMigrations,
  wranglerSharedDatabase,
  wranglerUnknownBinding,
];
