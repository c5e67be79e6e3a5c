import type { Entry } from "./entry.js";

/** A member's id: a positive safe integer, the same on every member. */
export type MemberId = number;

/** What members say to one another. `term` is the sender's term, but for a pre-vote: the term it would campaign in. */
export type Message = Envelope & Body;
export type MessageType = Body["type"];
export type MessageOf<Type extends MessageType> = Envelope & Extract<Body, { readonly type: Type }>;

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: number;
}

export type Body =
  /** Raft section 3.4 (of Ongaro's dissertation); `pre` is a pre-vote (section 9.6): asks, binds nobody. */
  | {
      readonly type: "vote-request";
      readonly pre: boolean;
      readonly lastIndex: number;
      readonly lastTerm: number;
    }
  | { readonly type: "vote-response"; readonly pre: boolean; readonly granted: boolean }
  | {
      readonly type: "append";
      readonly prevIndex: number;
      readonly prevTerm: number;
      readonly commit: number;
      readonly entries: readonly Entry[];
    }
  /** Everything up to `matchIndex` equals the leader's log and is durable at the sender. */
  | { readonly type: "append-accepted"; readonly matchIndex: number }
  /**
   * The sender's log does not have (prevIndex, prevTerm) of the append. `hintIndex`, `hintTerm`: the
   * last place at which the two logs may still agree, so that the leader probes once a term.
   */
  | {
      readonly type: "append-rejected";
      readonly rejectedPrevIndex: number;
      readonly hintIndex: number;
      readonly hintTerm: number;
    }
  /** `commit` never exceeds what the receiver is known to hold; `round` is echoed, and confirms ReadIndex. */
  | { readonly type: "heartbeat"; readonly commit: number; readonly round: number }
  | { readonly type: "heartbeat-response"; readonly round: number }
  /** A follower hands proposals to the leader; no answer: the proposer sees its entry applied, or times out. */
  | { readonly type: "propose"; readonly data: readonly Uint8Array[] }
  /** A follower asks the leader for a read index. */
  | { readonly type: "read-request"; readonly id: number }
  /** `index` null: the receiver does not lead or cannot confirm; the asker may ask again. */
  | { readonly type: "read-response"; readonly id: number; readonly index: number | null };
