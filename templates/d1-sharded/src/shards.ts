/**
 * Keys are hashed into buckets, and buckets are laid on shards. The number of buckets and the hash are for ever: ids contain the bucket. Which shard
 * a bucket lies on may change, one bucket at a time.
 */
export const BUCKETS = 64;

/** The number of a shard, which is its place in `databasesOf`. */
export type Shard = 0 | 1 | 2 | 3;

/** All shards. */
export const SHARDS: readonly Shard[] = [0, 1, 2, 3];

/** How many shards there were at first. It stays, so that a shard that is added takes no bucket by itself. */
const FIRST_SHARDS = 4;

/** Buckets that lie elsewhere than the remainder says. A bucket that was moved to another shard is written down here. */
const MOVED: ReadonlyMap<number, Shard> = new Map<number, Shard>([]);

/** The bucket of a key, from 0 to BUCKETS - 1: FNV-1a over its UTF-8 bytes, its halves folded because the low bits alone mix poorly. */
export function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS;
}

/** Where a bucket lies. */
export function shardOf(bucket: number): Shard {
  return MOVED.get(bucket) ?? SHARDS[bucket % FIRST_SHARDS] ?? 0;
}

/** A new id, which says in which bucket to look for it. */
export function newId(bucket: number): string {
  return `${bucket.toString(36).padStart(2, "0")}-${crypto.randomUUID()}`;
}

/** The bucket that an id was made in, or undefined when it is none of our ids. */
export function bucketOfId(id: string): number | undefined {
  const bucket = /^[0-9a-z]{2}-[0-9a-f-]{36}$/.test(id) ? parseInt(id.slice(0, 2), 36) : undefined;
  return bucket !== undefined && bucket < BUCKETS ? bucket : undefined;
}

/** The shards of one request: one session each, opened when first asked for, and their bookmarks. */
export interface ShardSessions {
  readonly of: (shard: Shard) => D1DatabaseSession;
  /** Bookmarks of the sessions that were used, by shard. */
  readonly bookmarks: () => ReadonlyMap<string, string>;
}

/** Opens the shards for one request, each at the bookmark that the caller has of it. */
export function openShards(env: Env, known: ReadonlyMap<string, string>): ShardSessions {
  const databases: Readonly<Record<Shard, D1Database>> = [env.DB_0, env.DB_1, env.DB_2, env.DB_3];
  const open = new Map<Shard, D1DatabaseSession>();
  const of = (shard: Shard): D1DatabaseSession => {
    const session = open.get(shard) ?? databases[shard].withSession(known.get(String(shard)) ?? "first-unconstrained");
    open.set(shard, session);
    return session;
  };
  return {
    of,
    bookmarks: () => new Map([...open].flatMap(([shard, session]) => [[String(shard), session.getBookmark()] as const]).filter(isUsed)),
  };
}

function isUsed(entry: readonly [string, string | null]): entry is readonly [string, string] {
  return entry[1] !== null;
}
