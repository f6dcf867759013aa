import { evictDurableObject, runInDurableObject } from "cloudflare:test";

/** Drops the object from memory as idleness or a deploy would: storage stays, hibernating sockets stay connected. */
export async function evict(stub: DurableObjectStub): Promise<void> {
  await evictDurableObject(stub);
}

/** Kills the object in the middle of whatever it does, as a lost machine would. The stub is of no more use afterwards. */
export async function crash(stub: DurableObjectStub): Promise<void> {
  await runInDurableObject(stub, (_, ctx) => ctx.abort("crashed by a test")).catch(() => undefined);
}
