/** Illegal beats unknown, unknown beats ok. */
export type CheckVerdict = "ok" | "illegal" | "unknown";

/** All numbers of operations below are positions in the array that was checked. */
export interface CheckResult {
  readonly verdict: CheckVerdict;
  /** One per key, in order of first appearance. */
  readonly partitions: readonly PartitionResult[];
  /** Configurations explored in all: a measure of the work that does not depend on the machine. */
  readonly configurations: number;
  readonly elapsedMs: number;
}

export type PartitionResult = PartitionOk | PartitionIllegal | PartitionUnknown;

interface PartitionBase {
  /** What `model.key` said; "" where the model has no key. */
  readonly key: string;
  /** The operations of this partition. */
  readonly operations: readonly number[];
  readonly configurations: number;
}

export interface PartitionOk extends PartitionBase {
  readonly verdict: "ok";
  /**
   * An order in which a sequential object would have given these very answers, each operation between
   * its call and its return. Operations that never returned are in it only if they had to take effect.
   */
  readonly witness: readonly number[];
}

export interface PartitionIllegal extends PartitionBase {
  readonly verdict: "illegal";
  /**
   * The operation whose return left no order. The history up to this return is illegal already, given the
   * answers that the operations open then gave later.
   */
  readonly failedAt: number;
  /** A longest partial order found: legal, and holds all that had returned before `failedAt` did. */
  readonly partialOrder: readonly number[];
  /** The states (described) that the object could be in before that return; at most STATES_SHOWN. */
  readonly possibleStates: readonly string[];
  /** How many distinct states there were. */
  readonly possibleStateCount: number;
  /** Why, in a sentence. */
  readonly reason: string;
}

export interface PartitionUnknown extends PartitionBase {
  readonly verdict: "unknown";
  readonly ranOut: "time" | "configurations" | "aborted";
  /** Returns that were settled: the history up to there is legal. Out of `returns`. */
  readonly settledReturns: number;
  readonly returns: number;
  readonly reason: string;
}

export const STATES_SHOWN = 16;

export interface CheckProgress {
  readonly key: string;
  readonly partition: number;
  readonly partitions: number;
  readonly settledReturns: number;
  readonly returns: number;
  readonly configurations: number;
}

export interface CheckOptions {
  /** For the whole check; no limit if absent. Undecided partitions share what is left fairly. */
  readonly timeoutMs?: number | undefined;
  /**
   * Configurations held in memory at a time (not explored in all). The default keeps the tables of a
   * partition under about 1 GiB.
   */
  readonly maxConfigurations?: number | undefined;
  /** Called about ten times a second while a check runs. */
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
  /** Ends the check with `unknown` for what is undecided. */
  readonly signal?: AbortSignal | undefined;
}
