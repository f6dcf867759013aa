import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { BUCKETS, bucketOf, bucketOfId, newId, openShards, SHARDS, shardOf } from "../src/shards.ts";

describe("where a key lives", () => {
  // Changing any of these loses every row that was stored under the old answer.
  test.each([
    ["", 25],
    ["ada", 2],
    ["grace", 35],
    ["Ωmega", 15],
  ])("%j is in the bucket it has always been in", (key, bucket) => expect(bucketOf(key)).toBe(bucket));

  test("keys spread over all buckets, and buckets over all shards", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 64_000; i++) {
      const bucket = bucketOf(`owner-${i}`);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    expect(counts.size).toBe(BUCKETS);
    expect(Math.max(...counts.values())).toBeLessThan(2 * Math.min(...counts.values()));
    expect(new Set(Array.from({ length: BUCKETS }, (_, bucket) => shardOf(bucket))).size).toBe(SHARDS.length);
  });

  test("an id says its bucket, and what is no id says none", () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++) expect(bucketOfId(newId(bucket))).toBe(bucket);
    for (const id of ["", "zz-00000000-0000-0000-0000-000000000000", "../../etc", "00", `${newId(1)}x`]) expect(bucketOfId(id)).toBeUndefined();
  });

  test("every shard is a database of its own", async () => {
    for (const shard of SHARDS)
      await openShards(env, new Map())
        .of(shard)
        .prepare("INSERT INTO chat_rooms (id, bucket, owner_id, name, created_at) VALUES ('same', ?, '', '', 0)")
        .bind(shard)
        .run();
    expect(await env.DB_3.prepare("SELECT bucket FROM chat_rooms WHERE id = 'same'").first("bucket")).toBe(3);
  });
});
