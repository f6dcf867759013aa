import { evictDurableObject } from "cloudflare:test";

/** Drops the object from memory as idleness or a deploy would: storage stays, hibernating sockets stay connected. */
export async function evict(stub: DurableObjectStub): Promise<void> {
  await evictDurableObject(stub);
}
