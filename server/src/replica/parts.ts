import type { Clock, Network, Random } from "../ports.js";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import type { Entry, HardState } from "../raft/entry.js";
import type { Effect, Event, Instant, Role } from "../raft/event.js";
import type { MemberId, Message } from "../raft/message.js";
import type { CheckpointOptions } from "./checkpoints.js";
import type { Difference } from "./integrity.js";
import type { Alarm, Report } from "./report.js";
import type { ReplicaState } from "./state.js";

/** The body of a write: exactly one of the requests, encoded as etcd encodes it. */
export type CommandBody =
  | { readonly put: Uint8Array }
  | { readonly delete_range: Uint8Array }
  | { readonly txn: Uint8Array };

export interface ReplicaStatus extends View {
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  /** In force: the last in the log, committed or not. */
  readonly configuration: Configuration;
  /** Only at a leader: what the others have of its log. */
  readonly peers: readonly { readonly member: MemberId; readonly matchIndex: number }[] | null;
}

/** Whom this member believes to lead, and its own part in it. */
export interface View {
  readonly role: Role;
  readonly term: number;
  readonly leader: MemberId | null;
}

/** What one persist effect makes durable. */
export interface LogRecord {
  readonly hardState: HardState | null;
  /** Takes the place of the whole log, and the state of that generation that of the state. */
  readonly snapshot: { readonly mark: SnapshotMark; readonly generation: number } | null;
  readonly entries: readonly Entry[];
}

/** The parts that a replica drives. */
export interface ReplicaParts<Result> {
  readonly core: { step(event: Event, now: Instant): readonly Effect[]; status(): ReplicaStatus };
  readonly log: {
    /** Resolves when durable; calls are completed in order. */
    append(record: LogRecord): Promise<void>;
    /** Entries before `firstKept` are not needed after a restart. Holds up no append. */
    compact(firstKept: number): Promise<void>;
  };
  readonly state: ReplicaState<Result>;
  /** Notes on disk that this member's state is not that of the others: it does not open again before it is rebuilt. */
  readonly markCorrupt: (difference: Difference) => Promise<void>;
  readonly network: Network<Message, Report>;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: ReplicaObserver;
}

/** Told what happens; none of it changes what the replica does, but `fatal` must not return to a living process. */
export interface ReplicaObserver {
  roleChanged(view: View): void;
  ticked(): void;
  /** A write of this member was committed and applied, so many milliseconds after it was proposed. */
  proposalApplied(elapsedMs: number): void;
  /** The configuration of a committed entry: it will not be taken back. After a restart that of the checkpoint is told, and all that follow. */
  configurationApplied(configuration: Configuration): void;
  /** This member was in the configuration that was applied before, and is not in the one that is applied now. */
  removed(): void;
  /** The state as of `index` is on disk; writing what was new in it took so long. */
  checkpointed(index: number, elapsedMs: number): void;
  /** A snapshot as of `index` was sent; `error`: what kept it from arriving, null: nothing. */
  snapshotSent(to: MemberId, index: number, error: Error | null): void;
  /** A snapshot as of `index` came from a peer; `error`: it was not whole or not wanted, null: it is taken, or was no news. */
  snapshotReceived(from: MemberId, index: number, error: Error | null): void;
  /** A peer's state as of `index` took the place of log and state. */
  snapshotInstalled(index: number): void;
  /** What this member knows to be wrong with itself has changed. */
  alarmsChanged(alarms: readonly Alarm[]): void;
  /** The state is not that of the others: this member takes no more part. */
  corrupt(difference: Difference): void;
  /** What was lost is known to be back: this member votes again. */
  recovered(): void;
  /** The log cannot be written or an invariant broke: end the process before it says anything more. */
  fatal(error: Error): void;
}

export interface ReplicaOptions {
  readonly self: MemberId;
  /** In force before the first entry, where there is no checkpoint. */
  readonly initial: Configuration;
  /** As the core began with it. */
  readonly hardState: HardState;
  readonly checkpoints: CheckpointOptions;
  /** Each member remembers and tells what its state comes to at every so many-th entry: the same at all members. */
  readonly hashInterval: number;
  readonly tickIntervalMs: number;
  /** How long a write waits for its entry, a read for its index and a transfer for its leader. */
  readonly requestTimeoutMs: number;
  /** Largest encoded command; a larger one is refused with RequestTooLarge. */
  readonly maxProposalBytes: number;
  /** Proposals of one turn are handed to the core in batches of at most so many bytes of entries. */
  readonly maxProposalBatchBytes: number;
  /** Writes of this member that may wait at once, and as many changes of members, and transfers; more get RequestTooManyRequests. */
  readonly maxWaitingProposals: number;
  /** Linearizable reads of this member that may wait at once; more get RequestTooManyRequests. */
  readonly maxWaitingReads: number;
}
