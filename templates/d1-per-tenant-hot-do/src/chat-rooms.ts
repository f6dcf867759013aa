import type { ChatRoom, NewChatRoom } from "./types.ts";

const COLUMNS = "id, name, capacity, taken, created_at AS createdAt";

/** Creates one chat room in this tenant's database. */
export async function createChatRoom(db: D1DatabaseSession, input: NewChatRoom, now: number): Promise<ChatRoom> {
  const id = crypto.randomUUID();
  await db.prepare("INSERT INTO chat_rooms (id, name, capacity, created_at) VALUES (?, ?, ?, ?)").bind(id, input.name, input.capacity, now).run();
  return { id, ...input, taken: 0, createdAt: now };
}

/** One chat room, or undefined when this tenant has none with this id. */
export async function getChatRoom(db: D1DatabaseSession, id: string): Promise<ChatRoom | undefined> {
  return (await db.prepare(`SELECT ${COLUMNS} FROM chat_rooms WHERE id = ?`).bind(id).first<ChatRoom>()) ?? undefined;
}

/** The tenant's chat rooms that were made before `before`, newest first. */
export async function listChatRooms(db: D1DatabaseSession, before: number | undefined, limit: number): Promise<readonly ChatRoom[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM chat_rooms WHERE created_at < ? ORDER BY created_at DESC, id DESC LIMIT ?`)
    .bind(before ?? Number.MAX_SAFE_INTEGER, limit)
    .all<ChatRoom>();
  return results;
}

/** Deletes one chat room. Tells whether there was one. */
export async function deleteChatRoom(db: D1DatabaseSession, id: string): Promise<boolean> {
  return (await db.prepare("DELETE FROM chat_rooms WHERE id = ? RETURNING id").bind(id).all()).results.length === 1;
}

/** Tells the database how many places are taken. Older news than it has changes nothing, so it may be told twice, and late. */
export async function tellTaken(db: D1DatabaseSession, id: string, taken: number, seq: number): Promise<void> {
  await db.prepare("UPDATE chat_rooms SET taken = ?, taken_seq = ? WHERE id = ? AND taken_seq < ?").bind(taken, seq, id, seq).run();
}
