import type { MemberId } from "./message.js";

/** What a member is told at its start. Ticks are calls of `tick`: the driver decides how long one is. */
export interface RaftConfig {
  /** This member; one of `voters`. */
  readonly self: MemberId;
  /** All members, the same list everywhere: two lists that differ can have two majorities that do not meet. */
  readonly voters: readonly MemberId[];
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
}

/** Throws a RangeError that names the field: a wrong setting must not become a wrong cluster. */
export function validateConfig(config: RaftConfig): void {
  for (const id of config.voters) {
    if (!Number.isSafeInteger(id) || id < 1) throw new RangeError(`voters: ${id} is not a positive integer`);
  }
  if (new Set(config.voters).size !== config.voters.length)
    throw new RangeError("voters: a member is named twice");
  if (!config.voters.includes(config.self))
    throw new RangeError(`self: ${config.self} is not one of the voters`);
  for (const field of COUNTS) {
    const value = config[field];
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${field}: ${value} is not a positive integer`);
    }
  }
  if (config.heartbeatTicks >= config.electionTicks) {
    throw new RangeError(
      `heartbeatTicks: ${config.heartbeatTicks} must be below electionTicks (${config.electionTicks})`,
    );
  }
}

const COUNTS = [
  "electionTicks",
  "heartbeatTicks",
  "maxAppendBytes",
  "maxInflightAppends",
  "maxUncommittedBytes",
] as const;
