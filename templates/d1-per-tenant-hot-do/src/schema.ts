/**
 * The steps of an object's schema: entry n takes storage from version n to n + 1. Every object walks them by itself when it wakes, which
 * may be months after the deploy, so a step that has been deployed is never changed: add one.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE place (
     only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
     tenant   TEXT NOT NULL,
     id       TEXT NOT NULL,
     capacity INTEGER NOT NULL,
     seq      INTEGER NOT NULL DEFAULT 0,
     told_seq INTEGER NOT NULL DEFAULT 0,
     tell_at  INTEGER,
     failures INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE TABLE claims (
     holder     TEXT PRIMARY KEY,
     held_until INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX claims_by_end ON claims (held_until);`,
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
