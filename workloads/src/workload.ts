import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import type { Client, Outcome } from "./client.js";

/** What one process is to do next. */
export interface Operation {
  readonly f: string;
  readonly key?: string;
  readonly value?: unknown;
}

/** Fields of the completion event that the operation's answer adds: value read, `succeeded`. */
export type Answer = Readonly<Record<string, unknown>>;

/** Numbers drawn from the run's seed: the same seed gives the same sequence. */
export interface Draw {
  /** A uniform integer in [0, bound). */
  below(bound: number): number;
}

export interface CheckLimits {
  readonly timeLimitMs: number;
}

export interface WorkloadOptions {
  /** Workers, numbered 0 … concurrency-1, worker w pinned to node w mod nodes. */
  readonly concurrency: number;
  readonly nodes: number;
  /** Exponent of the Zipf distribution by which keys are chosen; 0 or absent: all alike. */
  readonly keySkew?: number;
}

/** A workload is a generator, its client calls, its checks and its final reads. Pure and seeded. */
export interface Workload {
  readonly name: string;
  /** The functions that a run must have seen succeed; one without any `ok` makes the run vacuous. */
  readonly functions: readonly string[];
  /** How many client calls one operation makes, one after another, at most: bounds how long it may take. */
  readonly callsPerOperation: number;
  start(options: WorkloadOptions, draw: Draw): Generator;
  /** Performs one operation. The answer's fields go into the completion event. */
  perform(client: Client, operation: Operation): Promise<Outcome<Answer>>;
  check(history: readonly HistoryEvent[], limits: CheckLimits): Promise<readonly CheckResult[]>;
  /** Watches a history while it grows, so that a run can end at its first violation. The last word is `check`'s. */
  live?(): LiveCheck;
}

export interface LiveCheck {
  /** The next event. Returns a violation once that event settled it; sound, though not yet complete. */
  push(event: HistoryEvent): CheckResult | undefined;
}

/** What a worker is to do next. */
export type Next =
  | { readonly type: "operation"; readonly operation: Operation }
  /** Nothing now. Worth asking again at `untilMs` (null: no such time is known), and whenever an operation has completed. */
  | { readonly type: "pending"; readonly untilMs: number | null }
  /** Nothing any more, for this worker. */
  | { readonly type: "done" };

/**
 * Hands out operations, each an object of its own. Called from one thread, with times that never go back. Several
 * operations of one worker may be open, where arrivals are open.
 */
export interface Source {
  /** `nowMs`: milliseconds since the load began. */
  next(worker: number, nowMs: number): Next;
  /** Told how each operation that `next` handed out ended; it is the same object. */
  completed?(worker: number, operation: Operation, type: Outcome<Answer>["type"]): void;
}

/** All operations of a run. */
export interface Generator extends Source {
  /** After the last heal: what to read so that everything acknowledged is looked at once more. */
  finalOperations(): readonly Operation[];
}
