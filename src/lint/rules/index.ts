import type { Rule } from "../rule.ts";
import d1AsLock from "./d1-as-lock.ts";
import d1BindMismatch from "./d1-bind-mismatch.ts";
import d1DdlInRequest from "./d1-ddl-in-request.ts";
import d1ForeignKeysOff from "./d1-foreign-keys-off.ts";
import d1QueryInLoop from "./d1-query-in-loop.ts";
import d1ReadModifyWrite from "./d1-read-modify-write.ts";
import d1ReplicaWithoutSession from "./d1-replica-without-session.ts";
import d1SessionPerQuery from "./d1-session-per-query.ts";
import d1SessionWithoutBookmark from "./d1-session-without-bookmark.ts";
import d1SqlInjection from "./d1-sql-injection.ts";
import d1TransactionStatement from "./d1-transaction-statement.ts";
import d1UnbatchedWrites from "./d1-unbatched-writes.ts";
import d1UnboundedIn from "./d1-unbounded-in.ts";
import doAlarmLoop from "./do-alarm-loop.ts";
import doAlarmResetOnWake from "./do-alarm-reset-on-wake.ts";
import doAlarmWithoutHandler from "./do-alarm-without-handler.ts";
import doAsDatabase from "./do-as-database.ts";
import doAsyncTransactionSync from "./do-async-transaction-sync.ts";
import doAwaitRace from "./do-await-race.ts";
import doBlockConcurrency from "./do-block-concurrency.ts";
import doFanOutQuery from "./do-fan-out-query.ts";
import doFloatingCall from "./do-floating-call.ts";
import doHibernationState from "./do-hibernation-state.ts";
import doMissingDeleteAlarm from "./do-missing-delete-alarm.ts";
import doMissingDeleteAll from "./do-missing-delete-all.ts";
import doModuleState from "./do-module-state.ts";
import doRandomName from "./do-random-name.ts";
import doSingleton from "./do-singleton.ts";
import doSqlInjection from "./do-sql-injection.ts";
import doSqlOnKvClass from "./do-sql-on-kv-class.ts";
import doTimer from "./do-timer.ts";
import doTransactionStatement from "./do-transaction-statement.ts";
import doUnboundedList from "./do-unbounded-list.ts";
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
  d1AsLock,
  d1BindMismatch,
  d1DdlInRequest,
  d1ForeignKeysOff,
  d1QueryInLoop,
  d1ReadModifyWrite,
  d1ReplicaWithoutSession,
  d1SessionPerQuery,
  d1SessionWithoutBookmark,
  d1SqlInjection,
  d1TransactionStatement,
  d1UnbatchedWrites,
  d1UnboundedIn,
  doAlarmLoop,
  doAlarmResetOnWake,
  doAlarmWithoutHandler,
  doAsDatabase,
  doAsyncTransactionSync,
  doAwaitRace,
  doBlockConcurrency,
  doFanOutQuery,
  doFloatingCall,
  doHibernationState,
  doMissingDeleteAlarm,
  doMissingDeleteAll,
  doModuleState,
  doRandomName,
  doSingleton,
  doSqlInjection,
  doSqlOnKvClass,
  doTimer,
  doTransactionStatement,
  doUnboundedList,
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
