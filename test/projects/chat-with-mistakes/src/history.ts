/** Every room with its last message. */
export async function listRooms(db: D1Database) {
  const { results: rooms } = await db.prepare("SELECT id, title FROM rooms").all<{ id: string; title: string }>();
  const list = [];
  for (const room of rooms) {
    const last = await db.prepare("SELECT author, body FROM messages WHERE room = ? ORDER BY at DESC LIMIT 1").bind(room.id).first();
    list.push({ ...room, last });
  }
  return list;
}
