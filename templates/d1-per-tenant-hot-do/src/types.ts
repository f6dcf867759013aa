/** One chat room as its tenant's database has it. Times are milliseconds since 1970. */
export interface ChatRoom {
  readonly id: string;
  readonly name: string;
  readonly capacity: number;
  /** How many places were taken when the object last told the database. */
  readonly taken: number;
  readonly createdAt: number;
}

/** What a caller gives to create one chat room. */
export interface NewChatRoom {
  readonly name: string;
  readonly capacity: number;
}

/** One place taken. It falls free at `until`, unless it is claimed again before. */
export interface Claim {
  readonly holder: string;
  readonly until: number;
}

/** What became of a claim. */
export type ClaimOutcome = { readonly status: "claimed"; readonly claim: Claim } | { readonly status: "full" } | { readonly status: "not-found" };
