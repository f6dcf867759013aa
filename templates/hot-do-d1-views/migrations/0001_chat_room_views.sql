-- One row for each chat room: where it stood when its object last told us.
CREATE TABLE chat_room_views (
  id           TEXT PRIMARY KEY,
  seq          INTEGER NOT NULL,
  total        INTEGER NOT NULL,
  occurred_at  INTEGER NOT NULL,
  projected_at INTEGER NOT NULL
) STRICT;

-- Everything that happened, everywhere. (chat_room_id, seq) is the object's own numbering, so nothing can be in here twice.
CREATE TABLE chat_room_entries (
  chat_room_id TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  command_id   TEXT NOT NULL,
  actor        TEXT NOT NULL,
  amount       INTEGER NOT NULL,
  total        INTEGER NOT NULL,
  occurred_at  INTEGER NOT NULL,
  PRIMARY KEY (chat_room_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_room_views_by_total ON chat_room_views (total, id);
CREATE INDEX chat_room_views_by_projection ON chat_room_views (projected_at);
CREATE INDEX chat_room_entries_by_actor ON chat_room_entries (actor, occurred_at, chat_room_id, seq);

PRAGMA optimize;
