import { DurableObject } from "cloudflare:workers";
import { project } from "./projection.ts";
import { isInUse, migrate } from "./schema.ts";
import type { Command, Entry, Outcome, OutboxStatus } from "./types.ts";

/** How long entries may gather before they are sent, so that a busy object makes one D1 write of many. */
const GATHER_MS = 250;
/** Most entries of one D1 write. */
const BATCH = 500;
const RETRY_MS = { first: 500, longest: 60_000 } as const;

type EntryRow = Record<"seq" | "amount" | "total" | "occurred_at", number> & Record<"command_id" | "actor", string>;
type OutboxRow = Record<"shipped_seq" | "attempts", number> & { readonly id: string; readonly last_error: string | null };

/**
 * One object for each chat room. It owns what is true: every command is decided here, in order, by one thread. What happened is kept as entries,
 * and the entries past `shipped_seq` are the outbox, which the alarm carries to D1.
 */
export class ChatRoom extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (!isInUse(ctx.storage)) return;
    migrate(ctx.storage);
    // An alarm that throws six times in a row is dropped. The one below catches what it can, and this catches the rest.
    // Own storage only, nothing on the network: this holds back every request.
    ctx.blockConcurrencyWhile(async () => {
      if (this.#pending() > 0 && (await ctx.storage.getAlarm()) === null) await ctx.storage.setAlarm(Date.now());
    });
  }

  /** Decides on a command. `id` is the name that the object is addressed by. */
  async apply(id: string, command: Command): Promise<Outcome> {
    // Asked first, so that no await stands between the writes: they reach the disk together, entry and alarm, or not at all.
    const alarm = await this.ctx.storage.getAlarm();
    migrate(this.ctx.storage);
    const earlier = this.#find(command.id);
    if (earlier !== undefined) return { status: "repeated", seq: earlier.seq, total: earlier.total };
    const newest = this.#newest();
    const total = (newest?.total ?? 0) + command.amount;
    // The rule of this example: there is never less than nothing. Two callers who both take the last one cannot both succeed.
    if (total < 0) return { status: "refused", seq: newest?.seq ?? 0, total: newest?.total ?? 0 };
    const { sql } = this.ctx.storage;
    sql.exec("INSERT INTO outbox (only_row, id) VALUES (1, ?) ON CONFLICT DO NOTHING", id);
    const { seq } = sql
      .exec<{ seq: number }>(
        "INSERT INTO entries (command_id, actor, amount, total, occurred_at) VALUES (?, ?, ?, ?, ?) RETURNING seq",
        command.id,
        command.actor,
        command.amount,
        total,
        Date.now(),
      )
      .one();
    if (alarm === null) await this.ctx.storage.setAlarm(Date.now() + GATHER_MS);
    return { status: "applied", seq, total };
  }

  /** How things stand, or undefined when nothing ever happened here. This is the truth; the view in D1 follows. */
  state(): { readonly seq: number; readonly total: number } | undefined {
    const newest = isInUse(this.ctx.storage) ? this.#newest() : undefined;
    return newest === undefined ? undefined : { seq: newest.seq, total: newest.total };
  }

  /** How far the read model is behind. */
  async outboxStatus(): Promise<OutboxStatus | undefined> {
    const outbox = this.#outbox();
    if (outbox === undefined) return undefined;
    const seq = this.#newest()?.seq ?? 0;
    const oldest = this.#entriesAfter(outbox.shipped_seq, 1)[0];
    return {
      seq,
      shippedSeq: outbox.shipped_seq,
      pending: seq - outbox.shipped_seq,
      lagMs: oldest === undefined ? 0 : Date.now() - oldest.occurredAt,
      attempts: outbox.attempts,
      lastError: outbox.last_error,
      nextAttemptAt: await this.ctx.storage.getAlarm(),
    };
  }

  /** Sends everything again from the first entry on, for a read model that was lost or has changed its shape. Nothing gets there twice. */
  async replay(): Promise<boolean> {
    if (this.#outbox() === undefined) return false;
    this.ctx.storage.sql.exec("UPDATE outbox SET shipped_seq = 0, attempts = 0, last_error = NULL");
    await this.ctx.storage.setAlarm(Date.now());
    return true;
  }

  /** Carries the outbox to D1. It may run twice for the same entries, and D1 may have done what it said had failed: both change nothing. */
  override async alarm(): Promise<void> {
    const outbox = this.#outbox();
    if (outbox === undefined) return;
    const entries = this.#entriesAfter(outbox.shipped_seq, BATCH);
    const last = entries.at(-1);
    if (last === undefined) return;
    try {
      await project(this.env.DB, outbox.id, entries, Date.now());
    } catch (error) {
      // Not thrown on: after six throws the runtime gives up, and the outbox must not.
      await this.#retryLater(error);
      return;
    }
    // While D1 was working a replay may have begun: then the mark is no longer where it was, and stays.
    if (this.#outbox()?.shipped_seq === outbox.shipped_seq)
      this.ctx.storage.sql.exec("UPDATE outbox SET shipped_seq = ?, attempts = 0, last_error = NULL", last.seq);
    if (this.#pending() > 0) await this.ctx.storage.setAlarm(Date.now());
  }

  async #retryLater(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const { id, attempts } = this.ctx.storage.sql
      .exec<{ id: string; attempts: number }>("UPDATE outbox SET attempts = attempts + 1, last_error = ? RETURNING id, attempts", message)
      .one();
    console.warn({ message: "projection failed", id, attempts, error: message, pending: this.#pending() });
    const longest = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** (attempts - 1));
    await this.ctx.storage.setAlarm(Date.now() + longest * (0.5 + Math.random() / 2));
  }

  #outbox(): OutboxRow | undefined {
    if (!isInUse(this.ctx.storage)) return undefined;
    return this.ctx.storage.sql.exec<OutboxRow>("SELECT id, shipped_seq, attempts, last_error FROM outbox").toArray()[0];
  }

  #pending(): number {
    return (this.#newest()?.seq ?? 0) - (this.#outbox()?.shipped_seq ?? 0);
  }

  #newest(): Entry | undefined {
    return this.ctx.storage.sql
      .exec<EntryRow>("SELECT seq, command_id, actor, amount, total, occurred_at FROM entries ORDER BY seq DESC LIMIT 1")
      .toArray()
      .map(toEntry)[0];
  }

  #find(commandId: string): Entry | undefined {
    return this.ctx.storage.sql
      .exec<EntryRow>("SELECT seq, command_id, actor, amount, total, occurred_at FROM entries WHERE command_id = ?", commandId)
      .toArray()
      .map(toEntry)[0];
  }

  #entriesAfter(seq: number, limit: number): readonly Entry[] {
    return this.ctx.storage.sql
      .exec<EntryRow>("SELECT seq, command_id, actor, amount, total, occurred_at FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
      .toArray()
      .map(toEntry);
  }
}

function toEntry({ command_id: commandId, occurred_at: occurredAt, ...rest }: EntryRow): Entry {
  return { ...rest, commandId, occurredAt };
}
