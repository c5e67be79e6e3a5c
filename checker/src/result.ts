import type { EngineName } from "./engine.js";

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
  /** The engine that decided, or that got farthest. */
  readonly engine: EngineName;
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
  /** Others that end in other states, the longest first; at most STATES_SHOWN with it. */
  readonly otherPartialOrders: readonly (readonly number[])[];
  /** The states (described) that the object could be in before that return; at most STATES_SHOWN. */
  readonly possibleStates: readonly string[];
  /** How many distinct states there were. */
  readonly possibleStateCount: number;
  /** Why, in a sentence. */
  readonly reason: string;
}

export interface PartitionUnknown extends PartitionBase {
  readonly verdict: "unknown";
  /** `engine`: the one that was asked for cannot decide this history. `stopped`: a violation elsewhere was enough. */
  readonly ranOut: "time" | "memory" | "aborted" | "stopped" | "engine";
  /** Returns that were settled: the history up to there is legal. Out of `returns`. */
  readonly settledReturns: number;
  readonly returns: number;
  readonly reason: string;
}

export const STATES_SHOWN = 16;

export interface CheckProgress {
  readonly key: string;
  /** Partitions decided, of all. */
  readonly decided: number;
  readonly partitions: number;
  /** Of the partition that is being worked on. */
  readonly settledReturns: number;
  readonly returns: number;
  readonly configurations: number;
  readonly bytes: number;
}

export interface CheckOptions {
  /**
   * For the whole check; no limit if absent. Respected within 5 % or 50 ms. Where it ends before the history was gone
   * through once, the result is one partition, of the key "" and all operations.
   */
  readonly timeoutMs?: number | undefined;
  /** Bytes of the engines' own tables, for the whole check; 1 GiB if absent. */
  readonly maxBytes?: number | undefined;
  /** One engine instead of those that suit the history. */
  readonly engine?: EngineName | "auto" | undefined;
  /** One violation is enough: partitions undecided by then are `unknown`. Else all are decided. */
  readonly stopAtFirst?: boolean | undefined;
  /** Called as soon as a partition is decided, the easy ones first. */
  readonly onPartition?: ((result: PartitionResult) => void) | undefined;
  /** Called about ten times a second while a check runs. */
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
  /** Ends the check with `unknown` for what is undecided. */
  readonly signal?: AbortSignal | undefined;
  /** Has an independent routine go through every witness (linear time); throws if it disagrees. */
  readonly verifyWitness?: boolean | undefined;
}

export const DEFAULT_MAX_BYTES = 2 ** 30;
