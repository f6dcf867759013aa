CREATE TABLE rooms (id TEXT PRIMARY KEY, title TEXT NOT NULL);
CREATE TABLE messages (id INTEGER PRIMARY KEY, room TEXT NOT NULL, author TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX messages_by_room ON messages (room, at);
