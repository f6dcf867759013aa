-- The same in every tenant's database. `taken` is what the object last told; the object itself knows better.
CREATE TABLE chat_rooms (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  capacity   INTEGER NOT NULL CHECK (capacity > 0),
  taken      INTEGER NOT NULL DEFAULT 0,
  taken_seq  INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX chat_rooms_by_age ON chat_rooms (created_at, id);

PRAGMA optimize;
