import { runDurableObjectAlarm } from "cloudflare:test";
import type { ChatRoom } from "../../src/index.ts";

/** Runs the object's alarm until the read model has everything. */
export async function drain(at: (id: string) => DurableObjectStub<ChatRoom>, id: string): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    const status = await at(id).outboxStatus();
    if (status === undefined || status.pending === 0) return;
    await runDurableObjectAlarm(at(id));
  }
  throw new Error(`The outbox of ${id} does not drain: ${JSON.stringify(await at(id).outboxStatus())}`);
}
