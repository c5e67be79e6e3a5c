import { EtcdError } from "../errors.js";
import type { ErrorName } from "../errors.js";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: EtcdError) => void;
}

/** Reads that arrived in one turn and share one question. */
interface Batch {
  readonly waiters: readonly Waiter[];
  readonly deadlineMs: number;
}

/** A batch whose answer has come, and the index that the state machine has to reach. */
interface Confirmed {
  readonly index: number;
  readonly batch: Batch;
}

/**
 * Linearizable reads on their way: gathered in a turn, asked as one read index, then waiting for the
 * state machine to reach it. A read joins only a question that is not asked yet: an answer to an older
 * one may be older than the read.
 */
export class Reads {
  readonly #timeoutMs: number;

  readonly #asked = new Map<number, Batch>();

  #gathering: Waiter[] = [];

  #confirmed: Confirmed[] = [];

  #nextId = 1;

  #waitingCount = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  get gatheredCount(): number {
    return this.#gathering.length;
  }

  /** Resolves once the state machine holds all that was acknowledged before this call. */
  add(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waitingCount += 1;
      this.#gathering.push({ resolve, reject });
    });
  }

  /** Makes one question of the gathered reads and returns its id. */
  ask(nowMs: number): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#asked.set(id, { waiters: this.#gathering, deadlineMs: nowMs + this.#timeoutMs });
    this.#gathering = [];
    return id;
  }

  /** An answer: the batch waits for `index`. Answers to questions that were given up are ignored. */
  confirm(id: number, index: number): void {
    const batch = this.#asked.get(id);
    if (batch === undefined) return;
    this.#asked.delete(id);
    this.#confirmed.push({ index, batch });
  }

  refuse(id: number, error: ErrorName): void {
    const batch = this.#asked.get(id);
    this.#asked.delete(id);
    if (batch !== undefined) this.#reject(batch.waiters, error);
  }

  /** The state machine holds everything up to `index`. */
  applied(index: number): void {
    if (this.#confirmed.length === 0) return;
    const later: Confirmed[] = [];
    for (const read of this.#confirmed) {
      if (read.index > index) {
        later.push(read);
        continue;
      }
      this.#waitingCount -= read.batch.waiters.length;
      for (const waiter of read.batch.waiters) waiter.resolve();
    }
    this.#confirmed = later;
  }

  /** Gives up what has waited too long. */
  expire(nowMs: number): void {
    for (const [id, batch] of this.#asked) {
      if (batch.deadlineMs > nowMs) break; // in order of age
      this.refuse(id, "Timeout");
    }
    if (this.#confirmed.length === 0) return;
    for (const { batch } of this.#confirmed) {
      if (batch.deadlineMs <= nowMs) this.#reject(batch.waiters, "Timeout");
    }
    this.#confirmed = this.#confirmed.filter(({ batch }) => batch.deadlineMs > nowMs);
  }

  refuseAll(error: ErrorName): void {
    for (const batch of this.#asked.values()) this.#reject(batch.waiters, error);
    for (const { batch } of this.#confirmed) this.#reject(batch.waiters, error);
    this.#reject(this.#gathering, error);
    this.#asked.clear();
    this.#confirmed = [];
    this.#gathering = [];
  }

  #reject(waiters: readonly Waiter[], error: ErrorName): void {
    this.#waitingCount -= waiters.length;
    for (const waiter of waiters) waiter.reject(new EtcdError(error));
  }
}
