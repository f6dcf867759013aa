import type { Entry } from "./types.ts";

/**
 * Writes entries of one object, oldest first, to the read model. Entries and view change in one transaction, so the view always is the sum of the
 * entries beside it. Doing it again, or late, changes nothing: entries are known by their place, and the view never goes backwards.
 */
export async function project(db: D1Database, id: string, entries: readonly Entry[], now: number): Promise<void> {
  const last = entries.at(-1);
  if (last === undefined) return;
  // Writes go to the primary anyway; the session says so.
  const session = db.withSession("first-primary");
  await session.batch([
    // All entries are one parameter: a statement takes 100 at most.
    session
      .prepare(
        `INSERT INTO chat_room_entries (chat_room_id, seq, command_id, actor, amount, total, occurred_at)
         SELECT ?, value ->> 'seq', value ->> 'commandId', value ->> 'actor', value ->> 'amount', value ->> 'total', value ->> 'occurredAt'
         FROM json_each(?) WHERE true
         ON CONFLICT (chat_room_id, seq) DO UPDATE SET
           command_id = excluded.command_id, actor = excluded.actor, amount = excluded.amount, total = excluded.total, occurred_at = excluded.occurred_at`,
      )
      .bind(id, JSON.stringify(entries)),
    session
      .prepare(
        `INSERT INTO chat_room_views (id, seq, total, occurred_at, projected_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
           seq = excluded.seq, total = excluded.total, occurred_at = excluded.occurred_at, projected_at = excluded.projected_at
         WHERE excluded.seq >= chat_room_views.seq`,
      )
      .bind(id, last.seq, last.total, last.occurredAt, now),
  ]);
}
