-- The same in every shard. `bucket` says which rows move together when a shard is split.
CREATE TABLE chat_rooms (
  id         TEXT PRIMARY KEY,
  bucket     INTEGER NOT NULL,
  owner_id   TEXT NOT NULL,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX chat_rooms_by_owner ON chat_rooms (owner_id, created_at, id);
CREATE INDEX chat_rooms_by_age ON chat_rooms (created_at, id);
CREATE INDEX chat_rooms_by_bucket ON chat_rooms (bucket);

PRAGMA optimize;
