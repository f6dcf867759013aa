/**
 * The steps of an object's schema: entry n takes storage from version n to n + 1. Every object walks them by itself when it wakes, which
 * may be months after the deploy, so a step that has been deployed is never changed: add one.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE profile (
     only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
     id             TEXT NOT NULL,
     title          TEXT NOT NULL,
     opened_at      INTEGER NOT NULL,
     last_active_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE messages (
     seq     INTEGER PRIMARY KEY AUTOINCREMENT,
     id      TEXT NOT NULL UNIQUE,
     member  TEXT NOT NULL,
     text    TEXT NOT NULL,
     sent_at INTEGER NOT NULL
   ) STRICT;`,
  `CREATE INDEX messages_by_member ON messages (member, seq);`,
];

// `PRAGMA user_version` is not allowed in an object, so the version is a key.
const VERSION = "schema-version";

/** Whether this object holds anything. Asking creates nothing: storage that is never written is never billed. */
export function isInUse(storage: DurableObjectStorage): boolean {
  return storage.kv.get(VERSION) !== undefined;
}

/** Brings storage to the newest version, all steps or none. Cheap when there is nothing to do. */
export function migrate(storage: DurableObjectStorage): void {
  const version = storage.kv.get<number>(VERSION) ?? 0;
  if (version >= STEPS.length) return;
  storage.transactionSync(() => {
    for (const step of STEPS.slice(version)) storage.sql.exec(step);
    storage.kv.put(VERSION, STEPS.length);
  });
}
