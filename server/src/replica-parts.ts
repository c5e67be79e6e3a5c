import type { Clock, Network, Random } from "./ports.js";
import type { Configuration } from "./raft/configuration.js";
import type { Entry, HardState } from "./raft/entry.js";
import type { Effect, Event, Instant, Role } from "./raft/event.js";
import type { Report } from "./replica-report.js";
import type { MemberId, Message } from "./raft/message.js";
import type { LogSnapshot } from "./wal/index.js";

/** The body of a write: exactly one of the requests, encoded as etcd encodes it. */
export type CommandBody =
  | { readonly put: Uint8Array }
  | { readonly delete_range: Uint8Array }
  | { readonly txn: Uint8Array };

/** What an applied command leaves: whom to answer, and with what. */
export interface Applied<Result> {
  readonly origin: MemberId;
  readonly requestId: number;
  readonly result: Result;
}

export interface ReplicaStatus extends View {
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  /** In force: the last in the log, committed or not. */
  readonly configuration: Configuration;
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
  readonly snapshot: LogSnapshot | null;
  readonly entries: readonly Entry[];
}

/** The parts that a replica drives. */
export interface ReplicaParts<Result> {
  readonly core: { step(event: Event, now: Instant): readonly Effect[]; status(): ReplicaStatus };
  /** Resolves when durable; calls are completed in order. */
  readonly log: { append(record: LogRecord): Promise<void> };
  readonly store: { applyCommand(data: Uint8Array): Applied<Result> };
  readonly network: Pick<Network<Message, Report>, "send">;
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
  /** The configuration of a committed entry: it will not be taken back. After a restart all are told again. */
  configurationApplied(configuration: Configuration): void;
  /** This member was in the configuration that was applied before, and is not in the one that is applied now. */
  removed(): void;
  /** The log cannot be written or an invariant broke: end the process before it says anything more. */
  fatal(error: Error): void;
}

export interface ReplicaOptions {
  readonly self: MemberId;
  /** In force where the log has no configuration. */
  readonly initial: Configuration;
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
