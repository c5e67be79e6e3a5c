import type { ConfigurationChange, SnapshotMark } from "./configuration.js";
import type { Entry, HardState } from "./entry.js";
import type { MemberId, Message } from "./message.js";

/**
 * When a step happens, by its member's own clocks. Elections count ticks; the monotonic clock is read for
 * leases alone, the wall clock for people.
 */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** All that can happen to the core. */
export type Event =
  | { readonly type: "tick" }
  | { readonly type: "receive"; readonly message: Message }
  /**
   * Local proposals, in order; all of them enter the log or none. `id` is unique on this member, over its
   * restarts too. Answered by nothing but their entries, or by `proposals-refused` with the id, in this
   * step or later.
   */
  | { readonly type: "propose"; readonly id: number; readonly data: readonly Uint8Array[] }
  /**
   * Changes of the configuration, all at once. Answered as `propose` is; the entries that enter and leave a joint
   * configuration both carry `data`, and the change is done when the one that is not joint is applied.
   */
  | {
      readonly type: "change";
      readonly id: number;
      readonly changes: readonly ConfigurationChange[];
      readonly data: Uint8Array;
    }
  /** Hand the leadership to `to`. Answered by `transfer-refused`, or by a change of role; or by nothing, if it fails. */
  | { readonly type: "transfer"; readonly to: MemberId }
  /** Stand for election now, if this member may: for people and tests. */
  | { readonly type: "campaign" }
  /** Asks for a read index. `id` is unique on this member while it runs; answered by one `read-ready` or `read-refused`. */
  | { readonly type: "read"; readonly id: number }
  /** The persist effect `sequence`, and all before it, are durable. */
  | { readonly type: "persisted"; readonly sequence: number }
  /** Everything up to `index` is in the state machine. */
  | { readonly type: "applied"; readonly index: number }
  /**
   * The state machine as of `index` (which was applied) is durable and can be sent to a peer. Entries
   * before `firstKept`, at most `index` + 1, are not needed any more.
   */
  | { readonly type: "checkpointed"; readonly index: number; readonly firstKept: number }
  /** The last snapshot for `to` (a send effect) was taken in there, as far as is known, or its way ended before that. */
  | { readonly type: "snapshot-sent"; readonly to: MemberId; readonly ok: boolean }
  /** This member's disk has no room for more than what is under way, or has it again. */
  | { readonly type: "space"; readonly full: boolean };

/** All that the core asks for, in the order in which it must be begun. */
export type Effect =
  | { readonly type: "send"; readonly message: Message }
  /**
   * Make these durable, then step `persisted`. `snapshot`, when any, replaces the log and the state machine as a
   * whole by what its sender sent along. `entries`, when any, replace the log from `entries[0].index` on.
   * Effects carry ascending sequences and are completed in that order.
   */
  | {
      readonly type: "persist";
      readonly sequence: number;
      readonly hardState: HardState | null;
      readonly snapshot: SnapshotMark | null;
      readonly entries: readonly Entry[];
    }
  /** Committed entries, each exactly once, in order. */
  | { readonly type: "apply"; readonly entries: readonly Entry[] }
  /** A read with this id is linearizable once everything up to `index` is applied. */
  | { readonly type: "read-ready"; readonly id: number; readonly index: number }
  | { readonly type: "read-refused"; readonly id: number; readonly reason: RefusalReason }
  /** None of the proposals with this id entered any log, nor will. */
  | { readonly type: "proposals-refused"; readonly id: number; readonly reason: RefusalReason }
  | { readonly type: "transfer-refused"; readonly to: MemberId; readonly reason: TransferRefusal }
  /** Role, term or known leader changed. */
  | {
      readonly type: "role-changed";
      readonly role: Role;
      readonly term: number;
      readonly leader: MemberId | null;
    };

export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/**
 * `no-leader`: none is known, or it is handing over. `too-many-uncommitted`: the leader's own limit. `no-space`:
 * the leader's disk is full.
 * `leader-changed` (reads only): the leader that was asked cannot confirm.
 * The rest is for changes of the configuration. `change-under-way`: an earlier one is not committed.
 * `term-not-committed`: the leader has not committed an entry of its own term yet (Ongaro 2015).
 * `learner-not-ready`: it has not caught up. `no-voters-left`: no voter would be left.
 */
export type RefusalReason =
  | "no-leader"
  | "too-many-uncommitted"
  | "no-space"
  | "leader-changed"
  | "change-under-way"
  | "term-not-committed"
  | "learner-not-ready"
  | "no-voters-left";

export type TransferRefusal = "not-leader" | "not-a-voter" | "transfer-under-way";
