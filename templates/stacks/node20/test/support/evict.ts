import { runInDurableObject } from "cloudflare:test";

/** The runtime lets an idle object with hibernatable sockets hibernate after some 10 seconds. */
const HIBERNATES_AFTER_MS = 11_000;

/**
 * Drops the object from memory: storage stays, hibernating sockets stay connected. This line of the test runtime cannot evict on demand, so
 * an object with sockets is left alone until it hibernates, and one without is aborted, after which this stub is of no more use.
 */
export async function evict(stub: DurableObjectStub): Promise<void> {
  const seen = new WeakSet<object>();
  const connected = await runInDurableObject(stub, (object: object, ctx) => {
    seen.add(object);
    return ctx.getWebSockets().length > 0;
  });
  if (!connected) return crash(stub);
  await new Promise((resolve) => setTimeout(resolve, HIBERNATES_AFTER_MS));
  if (await runInDurableObject(stub, (object: object) => seen.has(object))) throw new Error("The object has not hibernated.");
}

/** Kills the object in the middle of whatever it does, as a lost machine would. The stub is of no more use afterwards. */
export async function crash(stub: DurableObjectStub): Promise<void> {
  await runInDurableObject(stub, (_, ctx) => ctx.abort("crashed by a test")).catch(() => undefined);
}
