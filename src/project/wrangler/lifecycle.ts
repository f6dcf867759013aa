import type { Located } from "../span.ts";
import type { DurableObjectStorageBackend, EffectiveEnvironment } from "./types.ts";

/** Storage of a class that another Worker or an unrecorded migration created. */
type Backend = DurableObjectStorageBackend | "unknown";

/** One way in which a class came to have a namespace. */
export interface Introduction {
  readonly name: Located<string>;
  readonly how: "created" | "renamed" | "transferred";
  readonly backend: Backend;
  /** Whether a namespace of that name was there already. */
  readonly again: boolean;
}

/** What became of a class that has no namespace any more. */
export interface Departure {
  readonly how: "deleted" | "renamed" | "transferred";
  readonly name: Located<string>;
  /** The new class of a rename, the new Worker of a transfer. */
  readonly to?: string;
}

/** A class with a namespace, after all that the configuration says. */
export interface LiveClass {
  readonly backend: Backend;
  /** The entry that created it, under whatever name. */
  readonly origin: Located<string>;
}

/** The lifecycle of an environment's Durable Object classes, by class name. */
export interface ClassHistory {
  readonly introductions: ReadonlyMap<string, readonly Introduction[]>;
  readonly live: ReadonlyMap<string, LiveClass>;
  readonly gone: ReadonlyMap<string, Departure>;
  /** A class is deleted or renamed that was never created: the record begins after the Worker did. */
  readonly startsLate: boolean;
}

/** Plays the `migrations` of an environment in order, or reads its `exports` map. */
export function classHistory(environment: EffectiveEnvironment): ClassHistory {
  const history = new History();
  for (const migration of environment.migrations) {
    // Within one entry what goes is taken to go first, so that a class replaced by another of its name is no contradiction.
    for (const name of migration.deletedClasses) history.remove(name, { how: "deleted", name });
    for (const { from, to } of migration.renamedClasses) history.rename(from, to);
    for (const { to } of migration.transferredClasses) history.introduce(to, "transferred", { backend: "unknown", origin: to });
    for (const name of migration.newClasses) history.create(name, "legacy-kv");
    for (const name of migration.newSqliteClasses) history.create(name, "sqlite");
  }
  for (const entry of environment.exports) {
    const backend: Backend = entry.storage?.value === "sqlite" || entry.storage?.value === "legacy-kv" ? entry.storage.value : "unknown";
    if (entry.state === "created") history.introduce(entry.className, "created", { backend, origin: entry.className });
    else if (entry.state === "expecting-transfer") history.introduce(entry.className, "transferred", { backend, origin: entry.className });
    else history.depart({ how: entry.state, name: entry.className, ...targetOf(entry.renamedTo ?? entry.transferredTo) });
  }
  return history;
}

class History implements ClassHistory {
  readonly introductions = new Map<string, Introduction[]>();
  readonly live = new Map<string, LiveClass>();
  readonly gone = new Map<string, Departure>();
  startsLate = false;

  create(name: Located<string>, backend: DurableObjectStorageBackend): void {
    this.introduce(name, "created", { backend, origin: name });
  }

  rename(from: Located<string>, to: Located<string>): void {
    const before = this.live.get(from.value);
    this.remove(from, { how: "renamed", name: from, to: to.value });
    this.introduce(to, "renamed", before ?? { backend: "unknown", origin: to });
  }

  introduce(name: Located<string>, how: Introduction["how"], live: LiveClass): void {
    const introduction: Introduction = { name, how, backend: live.backend, again: this.live.has(name.value) };
    this.introductions.set(name.value, [...(this.introductions.get(name.value) ?? []), introduction]);
    this.live.set(name.value, live);
    this.gone.delete(name.value);
  }

  remove(name: Located<string>, departure: Departure): void {
    if (!this.live.delete(name.value)) this.startsLate = true;
    this.gone.set(name.value, departure);
  }

  /** A tombstone of the `exports` map, which says nothing about when the class was created. */
  depart(departure: Departure): void {
    if (!this.live.has(departure.name.value)) this.gone.set(departure.name.value, departure);
  }
}

function targetOf(target: Located<string> | undefined): { to?: string } {
  return target ? { to: target.value } : {};
}
