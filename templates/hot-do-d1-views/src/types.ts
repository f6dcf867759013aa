/** What a caller wants done. `id` is the caller's own: the same command again, after a lost answer, is done once. */
export interface Command {
  readonly id: string;
  readonly actor: string;
  /** A whole number; negative takes away. */
  readonly amount: number;
}

/** What became of a command. */
export interface Outcome {
  readonly status: "applied" | "repeated" | "refused";
  /** The place of the command in the order, or of the newest one when it was refused. The view shows at least this once its `seq` is as high. */
  readonly seq: number;
  readonly total: number;
}

/** One thing that happened. `total` is how things stood right after it. Times are milliseconds since 1970. */
export interface Entry {
  readonly seq: number;
  readonly commandId: string;
  readonly actor: string;
  readonly amount: number;
  readonly total: number;
  readonly occurredAt: number;
}

/** How far the read model is behind one object. */
export interface OutboxStatus {
  readonly seq: number;
  readonly shippedSeq: number;
  readonly pending: number;
  /** Age of the oldest entry that is not in the read model yet. */
  readonly lagMs: number;
  /** Failed attempts in a row, and what the last one said. */
  readonly attempts: number;
  readonly lastError: string | null;
  readonly nextAttemptAt: number | null;
}
