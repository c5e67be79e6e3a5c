import type { Configuration } from "./configuration.js";
import type { Role } from "./event.js";
import type { MemberId } from "./message.js";

/** A copy of what the core knows, for logs, metrics and tests. */
export interface RaftStatus {
  readonly self: MemberId;
  readonly role: Role;
  readonly term: number;
  /** Whom this member believes to lead `term`; null: nobody. */
  readonly leader: MemberId | null;
  readonly commitIndex: number;
  /** As reported by `applied`. */
  readonly appliedIndex: number;
  readonly lastIndex: number;
  /** Up to here the log is on this member's disk. */
  readonly durableIndex: number;
  /** The one in force: the last in the log, committed or not. */
  readonly configuration: Configuration;
  /** The first index that the log still has; one more than that of the snapshot before it. */
  readonly firstIndex: number;
  /** Entries up to here may have been acknowledged and are lost, so this member votes for nobody; null: none are. */
  readonly lostTo: number | null;
  /** To whom this leader is handing over; null: nobody. */
  readonly transferee: MemberId | null;
  /** Only at a leader: what it knows of the others. */
  readonly peers: readonly PeerStatus[] | null;
}

export interface PeerStatus {
  readonly member: MemberId;
  readonly state: "probe" | "replicate" | "snapshot";
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly inflightAppends: number;
}
