import { bucketOf, bucketOfId, newId, SHARDS, shardOf, type ShardSessions } from "./shards.ts";

/** One chat room as the API shows it. Times are milliseconds since 1970. */
export interface ChatRoom {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly version: number;
  readonly createdAt: number;
}

/** The place of the last row of a page. The id decides between rows of the same millisecond. */
export interface PagePosition {
  readonly createdAt: number;
  readonly id: string;
}

const COLUMNS = "id, owner_id AS ownerId, name, version, created_at AS createdAt";
const END: PagePosition = { createdAt: Number.MAX_SAFE_INTEGER, id: "" };

/** Creates one chat room in its owner's shard, beside all others of the same owner. */
export async function createChatRoom(shards: ShardSessions, ownerId: string, name: string, now: number): Promise<ChatRoom> {
  const bucket = bucketOf(ownerId);
  const id = newId(bucket);
  await shards
    .of(shardOf(bucket))
    .prepare("INSERT INTO chat_rooms (id, bucket, owner_id, name, created_at) VALUES (?, ?, ?, ?, ?)")
    .bind(id, bucket, ownerId, name, now)
    .run();
  return { id, ownerId, name, version: 1, createdAt: now };
}

/** One chat room, or undefined. Its id says which shard has it. */
export async function getChatRoom(shards: ShardSessions, id: string): Promise<ChatRoom | undefined> {
  const session = sessionOfId(shards, id);
  const row = await session?.prepare(`SELECT ${COLUMNS} FROM chat_rooms WHERE id = ?`).bind(id).first<ChatRoom>();
  return row ?? undefined;
}

/** A page of one owner's chat rooms, newest first: one query to one shard. */
export async function listOfOwner(
  shards: ShardSessions,
  ownerId: string,
  page: { readonly before?: PagePosition | undefined; readonly limit: number },
): Promise<readonly ChatRoom[]> {
  const { createdAt, id } = page.before ?? END;
  const { results } = await shards
    .of(shardOf(bucketOf(ownerId)))
    .prepare(`SELECT ${COLUMNS} FROM chat_rooms WHERE owner_id = ? AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`)
    .bind(ownerId, createdAt, id, page.limit)
    .all<ChatRoom>();
  return results;
}

/**
 * A page of everybody's chat rooms, newest first: every shard is asked at once for its own newest, and the newest of those are the answer. It costs a
 * query to each shard, so it is for rare views; one that is looked at often wants a read model of its own.
 */
export async function listOfAll(
  shards: ShardSessions,
  page: { readonly before?: PagePosition | undefined; readonly limit: number },
): Promise<readonly ChatRoom[]> {
  const { createdAt, id } = page.before ?? END;
  // At once, not one after the other, and never more than there are shards.
  const answers = await Promise.all(
    SHARDS.map((shard) =>
      shards
        .of(shard)
        .prepare(`SELECT ${COLUMNS} FROM chat_rooms WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`)
        .bind(createdAt, id, page.limit)
        .all<ChatRoom>(),
    ),
  );
  return answers
    .flatMap((answer) => answer.results)
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
    .slice(0, page.limit);
}

/**
 * Renames one chat room if it is still at `version`. The check and the write are one statement, so of two callers who saw the same
 * version one wins and the other learns of it.
 */
export async function renameChatRoom(
  shards: ShardSessions,
  id: string,
  change: { readonly name: string; readonly version: number },
): Promise<"renamed" | "changed-meanwhile" | "not-found"> {
  const session = sessionOfId(shards, id);
  if (session === undefined) return "not-found";
  const [update, present] = await session.batch([
    session.prepare("UPDATE chat_rooms SET name = ?, version = version + 1 WHERE id = ? AND version = ?").bind(change.name, id, change.version),
    session.prepare("SELECT 1 FROM chat_rooms WHERE id = ?").bind(id),
  ]);
  if (update?.meta.changes === 1) return "renamed";
  return present?.results.length === 1 ? "changed-meanwhile" : "not-found";
}

/** Deletes one chat room. Tells whether there was one. */
export async function deleteChatRoom(shards: ShardSessions, id: string): Promise<boolean> {
  const deleted = await sessionOfId(shards, id)?.prepare("DELETE FROM chat_rooms WHERE id = ? RETURNING id").bind(id).all();
  return deleted?.results.length === 1;
}

/** How large each shard is, in bytes, to see in time which one to split: a database ends at 10 GB. */
export async function sizesOfShards(shards: ShardSessions): Promise<readonly number[]> {
  const answers = await Promise.all(SHARDS.map((shard) => shards.of(shard).prepare("SELECT 1").run()));
  return answers.map((answer) => answer.meta.size_after);
}

function sessionOfId(shards: ShardSessions, id: string): D1DatabaseSession | undefined {
  const bucket = bucketOfId(id);
  return bucket === undefined ? undefined : shards.of(shardOf(bucket));
}
