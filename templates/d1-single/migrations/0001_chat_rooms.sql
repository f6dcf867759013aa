CREATE TABLE chat_rooms (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  owner_id   TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
) STRICT;

-- created_at is repeated here, and never changes, so that "newest with this label" is one walk along an index.
CREATE TABLE chat_room_labels (
  chat_room_id TEXT NOT NULL REFERENCES chat_rooms (id) ON DELETE CASCADE,
  label        TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (chat_room_id, label)
) STRICT, WITHOUT ROWID;

-- Each list of the API reads one of these from its end and stops at the limit: no scan and no sort.
CREATE INDEX chat_rooms_by_age ON chat_rooms (created_at, id);
CREATE INDEX chat_rooms_by_owner ON chat_rooms (owner_id, created_at, id);
CREATE INDEX chat_room_labels_by_label ON chat_room_labels (label, created_at, chat_room_id);

PRAGMA optimize;
