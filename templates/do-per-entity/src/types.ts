/** The chat room as callers see it. Times are milliseconds since 1970. */
export interface ChatRoomProfile {
  readonly id: string;
  readonly title: string;
  readonly openedAt: number;
  readonly lastActiveAt: number;
  /** The `seq` of the newest message, 0 when there is none. */
  readonly lastSeq: number;
  readonly members: readonly Connection[];
}

/** What a message needs. `id` is the sender's, so that sending again after a lost answer does no harm. */
export interface NewMessage {
  readonly id: string;
  readonly member: string;
  readonly text: string;
}

/** A message with its place in the order. */
export interface Message extends NewMessage {
  readonly seq: number;
  readonly sentAt: number;
}

/** Which messages: those before a `seq`, and of one member. */
export interface HistoryOptions {
  readonly before?: number | undefined;
  readonly member?: string | undefined;
}

/** State of one connection. It is attached to the socket (16 KiB at most) and so survives hibernation. */
export interface Connection {
  readonly member: string;
  readonly joinedAt: number;
  /** How many messages came over this connection. */
  readonly sent: number;
}

/** What a client may send over its socket. The text `ping` is answered with `pong` besides. */
export interface ClientEvent {
  readonly type: "say";
  readonly id: string;
  readonly text: string;
}

/** What a client gets over its socket. */
export type ServerEvent =
  | { readonly type: "welcome"; readonly profile: ChatRoomProfile; readonly history: readonly Message[] }
  | { readonly type: "message"; readonly message: Message }
  | { readonly type: "members"; readonly members: readonly Connection[] }
  | { readonly type: "error"; readonly error: string };
