import type { ConfigurationChange, SnapshotMark } from "./configuration.js";
import type { Entry } from "./entry.js";
import type { RefusalReason } from "./event.js";

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
      /** The leader itself asked for this election: those who hear it answer all the same (section 3.10). */
      readonly transfer: boolean;
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
   * last place at which the two logs may still agree, so that the leader probes once a term. `lost`: whatever the
   * sender acknowledged in an earlier life, it has nothing behind `hintIndex` any more.
   */
  | {
      readonly type: "append-rejected";
      readonly rejectedPrevIndex: number;
      readonly hintIndex: number;
      readonly hintTerm: number;
      readonly lost: boolean;
    }
  /** `commit` never exceeds what the receiver is known to hold; `round` is echoed, and confirms ReadIndex. */
  | { readonly type: "heartbeat"; readonly commit: number; readonly round: number }
  | { readonly type: "heartbeat-response"; readonly round: number }
  /** The leader's log has no entries for the receiver any more: it sends its state machine, and goes on after it. */
  | { readonly type: "snapshot"; readonly snapshot: SnapshotMark }
  /** The leader wants the receiver to be elected in its place (section 3.10). */
  | { readonly type: "timeout-now" }
  /**
   * A follower hands proposals to the leader. Answered by `proposals-refused` or not at all: the proposer sees
   * its entries applied, or times out. `id` tells doubles, never to be taken twice.
   */
  | { readonly type: "propose"; readonly id: number; readonly data: readonly Uint8Array[] }
  | {
      readonly type: "propose-change";
      readonly id: number;
      readonly changes: readonly ConfigurationChange[];
      readonly data: Uint8Array;
    }
  | { readonly type: "proposals-refused"; readonly id: number; readonly reason: RefusalReason }
  /** A follower asks the leader for a read index. */
  | { readonly type: "read-request"; readonly id: number }
  /** `index` null: the receiver does not lead or cannot confirm; the asker may ask again. */
  | { readonly type: "read-response"; readonly id: number; readonly index: number | null };
