/** One chat room as the API shows it. Times are milliseconds since 1970. */
export interface ChatRoom {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly version: number;
  readonly createdAt: number;
  readonly labels: readonly string[];
}

/** What a caller gives to create one chat room. */
export interface NewChatRoom {
  readonly name: string;
  readonly ownerId: string;
  readonly labels: readonly string[];
}

/** Which chat rooms to list, newest first. `before` is where the page before this one ended. */
export interface ListOptions {
  readonly ownerId?: string | undefined;
  readonly label?: string | undefined;
  readonly before?: PagePosition | undefined;
  readonly limit: number;
}

/** The place of the last row of a page. The id decides between rows of the same millisecond. */
export interface PagePosition {
  readonly createdAt: number;
  readonly id: string;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly owner_id: string;
  readonly version: number;
  readonly created_at: number;
  readonly labels: string;
}

// The labels come along in the same query: one round trip to D1, not one more for each row.
const COLUMNS = `
  chat_rooms.id, chat_rooms.name, chat_rooms.owner_id, chat_rooms.version, chat_rooms.created_at,
  (SELECT json_group_array(label) FROM chat_room_labels WHERE chat_room_id = chat_rooms.id) AS labels`;

const END: PagePosition = { createdAt: Number.MAX_SAFE_INTEGER, id: "" };

/** One chat room, or undefined when there is none with this id. */
export async function getChatRoom(db: D1DatabaseSession, id: string): Promise<ChatRoom | undefined> {
  const row = await db.prepare(`SELECT ${COLUMNS} FROM chat_rooms WHERE id = ?`).bind(id).first<Row>();
  return row === null ? undefined : toChatRoom(row);
}

/** A page of chat rooms, newest first. */
export async function listChatRooms(db: D1DatabaseSession, options: ListOptions): Promise<readonly ChatRoom[]> {
  const { results } = await listStatement(db, options).all<Row>();
  return results.map(toChatRoom);
}

/** Creates one chat room with its labels, all or nothing. */
export async function createChatRoom(db: D1DatabaseSession, input: NewChatRoom, now: number): Promise<ChatRoom> {
  const id = crypto.randomUUID();
  const labels = [...new Set(input.labels)].sort();
  // A batch is one round trip and one transaction. `json_each` takes any number of labels as one parameter.
  await db.batch([
    db.prepare("INSERT INTO chat_rooms (id, name, owner_id, created_at) VALUES (?, ?, ?, ?)").bind(id, input.name, input.ownerId, now),
    db
      .prepare("INSERT INTO chat_room_labels (chat_room_id, label, created_at) SELECT ?, value, ? FROM json_each(?)")
      .bind(id, now, JSON.stringify(labels)),
  ]);
  return { id, name: input.name, ownerId: input.ownerId, version: 1, createdAt: now, labels };
}

/**
 * Renames one chat room if it is still at `version`. The check and the write are one statement, so of two callers who saw the same
 * version one wins and the other learns of it.
 */
export async function renameChatRoom(
  db: D1DatabaseSession,
  id: string,
  change: { readonly name: string; readonly version: number },
): Promise<"renamed" | "changed-meanwhile" | "not-found"> {
  const [update, present] = await db.batch([
    db.prepare("UPDATE chat_rooms SET name = ?, version = version + 1 WHERE id = ? AND version = ?").bind(change.name, id, change.version),
    db.prepare("SELECT 1 FROM chat_rooms WHERE id = ?").bind(id),
  ]);
  if (update?.meta.changes === 1) return "renamed";
  return present?.results.length === 1 ? "changed-meanwhile" : "not-found";
}

/** Deletes one chat room; its labels go with it. Tells whether there was one. */
export async function deleteChatRoom(db: D1DatabaseSession, id: string): Promise<boolean> {
  const { results } = await db.prepare("DELETE FROM chat_rooms WHERE id = ? RETURNING id").bind(id).all();
  return results.length === 1;
}

// One statement for each combination, so that each has an index of its own to walk.
function listStatement(db: D1DatabaseSession, { ownerId, label, before = END, limit }: ListOptions): D1PreparedStatement {
  const after = [before.createdAt, before.id] as const;
  if (label !== undefined)
    return db
      .prepare(
        `SELECT ${COLUMNS} FROM chat_room_labels AS wanted JOIN chat_rooms ON chat_rooms.id = wanted.chat_room_id
         WHERE wanted.label = ?1 AND (?2 IS NULL OR chat_rooms.owner_id = ?2) AND (wanted.created_at, wanted.chat_room_id) < (?3, ?4)
         ORDER BY wanted.created_at DESC, wanted.chat_room_id DESC LIMIT ?5`,
      )
      .bind(label, ownerId ?? null, ...after, limit);
  if (ownerId !== undefined)
    return db
      .prepare(
        `SELECT ${COLUMNS} FROM chat_rooms WHERE owner_id = ? AND (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      )
      .bind(ownerId, ...after, limit);
  return db
    .prepare(`SELECT ${COLUMNS} FROM chat_rooms WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`)
    .bind(...after, limit);
}

function toChatRoom(row: Row): ChatRoom {
  return {
    id: row.id,
    name: row.name,
    ownerId: row.owner_id,
    version: row.version,
    createdAt: row.created_at,
    labels: (JSON.parse(row.labels) as string[]).sort(),
  };
}
