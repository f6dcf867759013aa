-- Rows to play with in local development: `npm run seed:local`. Safe to run again.
INSERT INTO chat_rooms (id, name, owner_id, created_at) VALUES
  ('seed-1', 'First', 'ada', 1767225600000),
  ('seed-2', 'Second', 'ada', 1767312000000),
  ('seed-3', 'Third', 'grace', 1767398400000)
ON CONFLICT (id) DO NOTHING;

INSERT INTO chat_room_labels (chat_room_id, label, created_at) VALUES
  ('seed-1', 'blue', 1767225600000),
  ('seed-2', 'blue', 1767312000000),
  ('seed-2', 'green', 1767312000000),
  ('seed-3', 'green', 1767398400000)
ON CONFLICT DO NOTHING;
