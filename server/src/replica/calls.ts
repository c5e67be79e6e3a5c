import { EtcdError } from "../errors.js";
import type { ErrorName } from "../errors.js";

/** A call that waits for its entry to be applied. */
interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: EtcdError) => void;
  readonly sinceMs: number;
  readonly deadlineMs: number;
  /** With what it was handed to the core; null: not yet. */
  batch: Batch | null;
}

/** What was handed to the core under one id: all of it enters a log, or none. */
interface Batch {
  readonly id: number;
  /** The term in which: the only one whose leader can take it in. */
  readonly term: number;
  /** Of those that still wait. */
  readonly requestIds: Set<number>;
}

/**
 * The calls of this member that wait for their entries. All wait equally long, so that insertion
 * order is deadline order and a sweep ends at the first one that is still in time.
 */
export class Calls<Result> {
  readonly #timeoutMs: number;

  readonly #waiting = new Map<number, Waiting<Result>>();

  /** Those with calls that still wait, by id. */
  readonly #batches = new Map<number, Batch>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  add(requestId: number, nowMs: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      const deadlineMs = nowMs + this.#timeoutMs;
      this.#waiting.set(requestId, { resolve, reject, sinceMs: nowMs, deadlineMs, batch: null });
    });
  }

  /** These are handed to the core as one, under the id `id`, in `term`. Some may have timed out. */
  handOver(id: number, requestIds: readonly number[], term: number): void {
    const batch: Batch = { id, term, requestIds: new Set() };
    for (const requestId of requestIds) {
      const waiting = this.#waiting.get(requestId);
      if (waiting === undefined) continue;
      waiting.batch = batch;
      batch.requestIds.add(requestId);
    }
    if (batch.requestIds.size > 0) this.#batches.set(id, batch);
  }

  /** Answers the call, if it still waits; returns how long it waited, in milliseconds. */
  answer(requestId: number, result: Result, nowMs: number): number | null {
    const waiting = this.#take(requestId);
    if (waiting === undefined) return null;
    waiting.resolve(result);
    return nowMs - waiting.sinceMs;
  }

  /** Nothing of what was handed over under this id entered a log, nor will. */
  refuse(id: number, error: ErrorName): void {
    this.#reject(this.#batches.get(id)?.requestIds ?? [], error);
  }

  /**
   * An entry of `term` was applied: a leader took over, and what was handed to an earlier one and is not
   * applied by now was lost on the way. The calls need not wait for their timeout.
   */
  leaderTookOver(term: number): void {
    for (const batch of this.#batches.values()) {
      if (batch.term < term) this.#reject(batch.requestIds, "LeaderChanged");
    }
  }

  /** The first of the call's entries is applied, and the next will follow, whoever leads by then. */
  outlivesLeaders(requestId: number): void {
    const batch = this.#waiting.get(requestId)?.batch;
    if (batch) this.#batches.delete(batch.id);
  }

  /** What has waited too long may still commit: Timeout promises nothing. */
  expire(nowMs: number): void {
    for (const [requestId, { deadlineMs }] of this.#waiting) {
      if (deadlineMs > nowMs) return;
      this.#reject([requestId], "Timeout");
    }
  }

  refuseAll(error: ErrorName): void {
    this.#reject(this.#waiting.keys(), error);
  }

  #reject(requestIds: Iterable<number>, error: ErrorName): void {
    for (const requestId of requestIds) this.#take(requestId)?.reject(new EtcdError(error));
  }

  #take(requestId: number): Waiting<Result> | undefined {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(requestId);
    const { batch } = waiting;
    batch?.requestIds.delete(requestId);
    if (batch?.requestIds.size === 0) this.#batches.delete(batch.id);
    return waiting;
  }
}
