import { DurableObject } from "cloudflare:workers";
import { getChatRoom, tellTaken } from "./chat-rooms.ts";
import { isInUse, migrate } from "./schema.ts";
import { databaseOf } from "./tenants.ts";
import type { Claim, ClaimOutcome } from "./types.ts";

/** How long a claim holds its place. */
export const HOLD_MS = 10 * 60 * 1000;
/** How long changes may gather before the database is told. */
const GATHER_MS = 1000;
const RETRY_MS = { first: 1000, longest: 60_000 } as const;

type PlaceRow = Record<"capacity" | "seq" | "told_seq" | "failures", number> & Record<"tenant" | "id", string> & { readonly tell_at: number | null };

/**
 * The hot path of one chat room of one tenant: who holds a place. Claims that come at the same moment are decided here, in order, and never in D1. What
 * belongs to the tenant's product, the name, the capacity, the list, is in the tenant's database.
 */
export class ChatRoom extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // An object that is not in use gets no tables: a look at a name must not leave storage behind to be billed for ever.
    if (isInUse(ctx.storage)) migrate(ctx.storage);
  }

  /** Takes a place for a holder, or keeps the one it has for longer. `tenant` and `id` are what the object is addressed by. */
  async claim(tenant: string, id: string, holder: string): Promise<ClaimOutcome> {
    if (this.#place() === undefined && !(await this.#begin(tenant, id))) return { status: "not-found" };
    const now = Date.now();
    this.#dropEnded(now);
    const place = this.#place();
    // It may have ended while #begin waited for the database.
    if (place === undefined) return { status: "not-found" };
    if (!this.#holds(holder) && this.#count() >= place.capacity) return { status: "full" };
    const claim: Claim = { holder, until: now + HOLD_MS };
    this.ctx.storage.sql.exec(
      "INSERT INTO claims (holder, held_until) VALUES (?, ?) ON CONFLICT (holder) DO UPDATE SET held_until = excluded.held_until",
      holder,
      claim.until,
    );
    this.#changed(now);
    await this.#arm();
    return { status: "claimed", claim };
  }

  /** Gives a place back. Tells whether the holder had one. */
  async release(holder: string): Promise<boolean> {
    if (this.#place() === undefined) return false;
    const released = this.ctx.storage.sql.exec("DELETE FROM claims WHERE holder = ? RETURNING holder", holder).toArray().length === 1;
    if (released) this.#changed(Date.now());
    await this.#arm();
    return released;
  }

  /** Who holds a place now, soonest to end first. Empty when nobody does. */
  claims(): readonly Claim[] {
    if (this.#place() === undefined) return [];
    return this.ctx.storage.sql
      .exec<{ holder: string; held_until: number }>("SELECT holder, held_until FROM claims WHERE held_until > ? ORDER BY held_until", Date.now())
      .toArray()
      .map(({ holder, held_until: until }) => ({ holder, until }));
  }

  /** Ends the object, for now or for good. Nothing stays behind; the next claim, if the database still has the chat room, begins anew. */
  async end(): Promise<void> {
    // Only deleteAll removes everything, bookkeeping included, and with it the alarm.
    await this.ctx.storage.deleteAll();
  }

  /** One alarm for two things: claims that end, and news for the database. It may run twice: the second time finds nothing to do. */
  override async alarm(): Promise<void> {
    const place = this.#place();
    if (place === undefined) return;
    const now = Date.now();
    this.#dropEnded(now);
    if (place.tell_at !== null && place.tell_at <= now) await this.#tell();
    if (this.#isDone()) await this.end();
    else await this.#arm();
  }

  /** Learns from the tenant's database what this chat room is. Not asked again: what the object knows it keeps. */
  async #begin(tenant: string, id: string): Promise<boolean> {
    const found = await this.#read(tenant, id);
    if (found === undefined) return false;
    migrate(this.ctx.storage);
    // Two first claims may both have asked; the second changes nothing.
    this.ctx.storage.sql.exec("INSERT INTO place (only_row, tenant, id, capacity) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING", tenant, id, found.capacity);
    return true;
  }

  async #read(tenant: string, id: string) {
    const session = databaseOf(this.env, tenant)?.withSession("first-primary");
    return session === undefined ? undefined : getChatRoom(session, id);
  }

  async #tell(): Promise<void> {
    const place = this.#place();
    if (place === undefined) return;
    const db = databaseOf(this.env, place.tenant);
    if (db === undefined) {
      // The tenant is gone, and nobody is left to be told: trying again would wake this object for ever.
      this.ctx.storage.sql.exec("UPDATE place SET tell_at = NULL");
      return;
    }
    try {
      await tellTaken(db.withSession("first-primary"), place.id, this.#count(), place.seq);
    } catch (error) {
      // Not thrown on: after six throws the runtime gives up.
      this.#tellLater(error);
      return;
    }
    // It may have been ended meanwhile. Changes that came while D1 was working have a higher seq, and are told next time.
    if (this.#place() === undefined) return;
    this.ctx.storage.sql.exec(
      "UPDATE place SET told_seq = ?1, failures = 0, tell_at = CASE WHEN seq > ?1 THEN ?2 END WHERE told_seq <= ?1",
      place.seq,
      Date.now() + GATHER_MS,
    );
  }

  #tellLater(error: unknown): void {
    const place = this.#place();
    if (place === undefined) return;
    const failures = place.failures + 1;
    console.warn({ message: "telling D1 failed", tenant: place.tenant, id: place.id, failures, error: String(error) });
    const wait = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** place.failures) * (0.5 + Math.random() / 2);
    this.ctx.storage.sql.exec("UPDATE place SET failures = ?, tell_at = ?", failures, Math.round(Date.now() + wait));
  }

  #place(): PlaceRow | undefined {
    if (!isInUse(this.ctx.storage)) return undefined;
    return this.ctx.storage.sql.exec<PlaceRow>("SELECT tenant, id, capacity, seq, told_seq, tell_at, failures FROM place").toArray()[0];
  }

  #holds(holder: string): boolean {
    return this.ctx.storage.sql.exec("SELECT 1 FROM claims WHERE holder = ?", holder).toArray().length === 1;
  }

  #count(): number {
    return this.ctx.storage.sql.exec<{ held: number }>("SELECT count(*) AS held FROM claims").one().held;
  }

  #dropEnded(now: number): void {
    const ended = this.ctx.storage.sql.exec("DELETE FROM claims WHERE held_until <= ? RETURNING holder", now).toArray();
    if (ended.length > 0) this.#changed(now);
  }

  // Counted in milliseconds, so that an object that ended and began anew goes on from there, and its news count as newer.
  #changed(now: number): void {
    this.ctx.storage.sql.exec("UPDATE place SET seq = max(seq + 1, ?), tell_at = coalesce(tell_at, ?)", now, now + GATHER_MS);
  }

  /** Nobody holds a place and the database knows it: there is nothing left that is worth its storage. */
  #isDone(): boolean {
    const place = this.#place();
    return place !== undefined && place.tell_at === null && this.#count() === 0;
  }

  /** There is one alarm to an object, so it is always set for what comes first, and for nothing when nothing comes. */
  async #arm(): Promise<void> {
    if (this.#place() === undefined) return;
    const { next } = this.ctx.storage.sql
      .exec<{ next: number | null }>("SELECT min(due) AS next FROM (SELECT tell_at AS due FROM place UNION ALL SELECT min(held_until) FROM claims)")
      .one();
    const armed = await this.ctx.storage.getAlarm();
    if (next !== null && next !== armed) await this.ctx.storage.setAlarm(next);
    if (next === null && armed !== null) await this.ctx.storage.deleteAlarm();
  }
}
