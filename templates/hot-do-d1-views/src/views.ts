/** One chat room as the read model knows it. `seq` says up to where. */
export interface ChatRoomView {
  readonly id: string;
  readonly seq: number;
  readonly total: number;
  readonly projectedAt: number;
}

/** One thing that happened, wherever it happened. */
export interface ActorEntry {
  readonly chatRoomId: string;
  readonly seq: number;
  readonly amount: number;
  readonly occurredAt: number;
}

/** How long it took the newest changes to get here, over at most the last hundred chat rooms that changed. */
export interface Lag {
  readonly chatRooms: number;
  readonly meanMs: number | null;
  readonly maxMs: number | null;
  readonly newestAt: number | null;
}

/** The chat rooms with the most, which no object could tell: each knows only itself. */
export async function topChatRooms(db: D1DatabaseSession, below: number | undefined, limit: number): Promise<readonly ChatRoomView[]> {
  const { results } = await db
    .prepare("SELECT id, seq, total, projected_at AS projectedAt FROM chat_room_views WHERE total < ? ORDER BY total DESC, id DESC LIMIT ?")
    .bind(below ?? Number.MAX_SAFE_INTEGER, limit)
    .all<ChatRoomView>();
  return results;
}

/** What one actor did in all chat rooms, newest first. */
export async function entriesOfActor(db: D1DatabaseSession, actor: string, before: number | undefined, limit: number): Promise<readonly ActorEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT chat_room_id AS chatRoomId, seq, amount, occurred_at AS occurredAt FROM chat_room_entries
       WHERE actor = ? AND occurred_at < ? ORDER BY occurred_at DESC, chat_room_id DESC, seq DESC LIMIT ?`,
    )
    .bind(actor, before ?? Number.MAX_SAFE_INTEGER, limit)
    .all<ActorEntry>();
  return results;
}

/** The lag of what arrived last. An object whose writes fail does not show here: its log line and its own status tell. */
export async function recentLag(db: D1DatabaseSession): Promise<Lag> {
  const lag = await db
    .prepare(
      `SELECT count(*) AS chatRooms, avg(projected_at - occurred_at) AS meanMs, max(projected_at - occurred_at) AS maxMs, max(projected_at) AS newestAt
       FROM (SELECT occurred_at, projected_at FROM chat_room_views ORDER BY projected_at DESC LIMIT 100)`,
    )
    .first<Lag>();
  return lag ?? { chatRooms: 0, meanMs: null, maxMs: null, newestAt: null };
}
