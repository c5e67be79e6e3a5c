import { flawOf } from "./configuration-change.js";
import type { Configuration } from "./configuration.js";
import type { MemberId } from "./message.js";

/** What a member is told at its start. Ticks are calls of `tick`: the driver decides how long one is. */
export interface RaftConfig {
  readonly self: MemberId;
  /**
   * In force where neither log nor snapshot has a configuration: the cluster's first members, the same list
   * everywhere, since two lists that differ can have two majorities that do not meet. A member that joins
   * a running cluster has no voters here: it follows whoever leads, until the log tells it more.
   */
  readonly initial: Configuration;
  /**
   * T: a member that heard nothing from a leader for T to 2T ticks (drawn anew each time) campaigns, and a
   * leader that heard nothing from a majority for T steps down. Shorter: faster failover, but a slow disk
   * or a pause costs an election. Longer: a dead leader is missed later. Ten heartbeats are usual.
   */
  readonly electionTicks: number;
  /**
   * Ticks between a leader's heartbeats, and between retries of what was lost. Must be below
   * `electionTicks`, better a tenth of it: one lost heartbeat should not cost an election.
   */
  readonly heartbeatTicks: number;
  /**
   * Bytes of entries in one append or one forwarded batch of proposals. A single entry that is larger
   * goes alone. Must fit the transport's message limit. Larger: fewer messages while a peer catches up,
   * but heartbeats queue behind them.
   */
  readonly maxAppendBytes: number;
  /**
   * Appends that may be on their way to one peer without an answer. 1 waits a round trip for each.
   * The product with `maxAppendBytes` bounds what a slow peer keeps in the transport's queue.
   */
  readonly maxInflightAppends: number;
  /** Bytes of entries that may be on their way to one peer; one append goes out whatever its size. */
  readonly maxInflightBytes: number;
  /**
   * Bytes of its own entries that a leader holds uncommitted before it refuses more: bounds the memory of
   * a leader that cannot reach a majority. What meets an empty backlog is taken whatever its size.
   */
  readonly maxUncommittedBytes: number;
  /**
   * Ask for votes without raising the term first (dissertation 9.6). Default true. Off: a member that
   * was cut off comes back with a higher term and deposes a healthy leader.
   */
  readonly preVote?: boolean;
  /**
   * A leader steps down without a majority; members that hear a leader ignore vote requests
   * (dissertation 4.2.3 and 6.2). Default true. Off: a leader that was cut off goes on for ever, and
   * reads and proposals given to it wait as long.
   */
  readonly checkQuorum?: boolean;
  /**
   * A leader whose oldest write is not durable after so many ticks steps down, and no member stands for election
   * while its disk is stuck so. Default: electionTicks. Longer: a slow disk holds up the cluster as long, where
   * the leader's own disk is needed. Shorter: one slow sync costs an election.
   */
  readonly diskStallTicks?: number;
  /** Entries that a learner may lag behind the leader's log and still be made a voter. Default 1000. */
  readonly maxPromotionLag?: number;
  /**
   * Serve reads at the leader without asking the others while a lease holds. Absent: off. Needs checkQuorum. The
   * reads are linearizable only if every member has this setting and the same election timeout, and all their
   * monotonic clocks run true within `clockUncertainty`, none of them standing still: see lease.ts.
   */
  readonly lease?: LeaseConfig;
}

export interface LeaseConfig {
  /** What electionTicks are in milliseconds of a true clock. */
  readonly electionTimeoutMs: number;
  /** By how much two clocks' rates may differ, as a share: 0.1 is 10 %. In [0, 1). */
  readonly clockUncertainty: number;
}

/** Throws a RangeError that names the field: a wrong setting must not become a wrong cluster. */
export function validateConfig(config: RaftConfig): void {
  const members = [...config.initial.voters, ...config.initial.learners];
  for (const id of [config.self, ...members]) {
    if (!Number.isSafeInteger(id) || id < 1)
      throw new RangeError(`${id} is no member id: a positive integer is`);
  }
  if (new Set(members).size < members.length) throw new RangeError("initial: a member is named twice");
  const flaw = members.length === 0 ? null : flawOf(config.initial);
  if (flaw !== null) throw new RangeError(`initial: ${flaw}`);
  for (const field of COUNTS) {
    const value = config[field];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${field}: ${value} is not a positive integer`);
    }
  }
  if (config.heartbeatTicks >= config.electionTicks) {
    throw new RangeError(
      `heartbeatTicks: ${config.heartbeatTicks} must be below electionTicks (${config.electionTicks})`,
    );
  }
  const { maxPromotionLag: lag = 0 } = config;
  if (!Number.isSafeInteger(lag) || lag < 0) throw new RangeError(`maxPromotionLag: ${lag} is no count`);
  if (config.lease !== undefined) validateLease(config.lease, config.checkQuorum ?? true);
}

function validateLease({ electionTimeoutMs, clockUncertainty }: LeaseConfig, checkQuorum: boolean): void {
  if (!checkQuorum) throw new RangeError("lease: needs checkQuorum, by which members hold back their votes");
  if (!(electionTimeoutMs > 0 && electionTimeoutMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`lease.electionTimeoutMs: ${electionTimeoutMs} is not a positive number`);
  }
  if (!(clockUncertainty >= 0 && clockUncertainty < 1)) {
    throw new RangeError(`lease.clockUncertainty: ${clockUncertainty} is not in [0, 1)`);
  }
}

const COUNTS = [
  "electionTicks",
  "heartbeatTicks",
  "maxAppendBytes",
  "maxInflightAppends",
  "maxInflightBytes",
  "maxUncommittedBytes",
  "diskStallTicks",
] as const;
