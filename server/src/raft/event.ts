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
  /** Local proposals, in order. Answered by nothing, or by `proposals-refused` in the same step. */
  | { readonly type: "propose"; readonly data: readonly Uint8Array[] }
  /** Asks for a read index. `id` is unique on this member while it runs; answered by one `read-ready` or `read-refused`. */
  | { readonly type: "read"; readonly id: number }
  /** The persist effect `sequence`, and all before it, are durable. */
  | { readonly type: "persisted"; readonly sequence: number }
  /** Everything up to `index` is in the state machine. */
  | { readonly type: "applied"; readonly index: number };

/** All that the core asks for, in the order in which it must be begun. */
export type Effect =
  | { readonly type: "send"; readonly message: Message }
  /**
   * Make these durable, then step `persisted`. `entries`, when any, replace the log from
   * `entries[0].index` on. Effects carry ascending sequences and are completed in that order.
   */
  | {
      readonly type: "persist";
      readonly sequence: number;
      readonly hardState: HardState | null;
      readonly entries: readonly Entry[];
    }
  /** Committed entries, each exactly once, in order. */
  | { readonly type: "apply"; readonly entries: readonly Entry[] }
  /** A read with this id is linearizable once everything up to `index` is applied. */
  | { readonly type: "read-ready"; readonly id: number; readonly index: number }
  | { readonly type: "read-refused"; readonly id: number; readonly reason: RefusalReason }
  /** None of the proposals of this step entered any log, nor will. */
  | { readonly type: "proposals-refused"; readonly reason: RefusalReason }
  /** Role, term or known leader changed. */
  | {
      readonly type: "role-changed";
      readonly role: Role;
      readonly term: number;
      readonly leader: MemberId | null;
    };

export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/**
 * `no-leader`: none is known. `too-many-uncommitted`: the leader's own limit.
 * `leader-changed` (reads only): the leader that was asked can no longer confirm.
 */
export type RefusalReason = "no-leader" | "too-many-uncommitted" | "leader-changed";
