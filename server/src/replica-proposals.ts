import { EtcdError } from "./errors.js";
import type { ErrorName } from "./errors.js";

/** A call that waits for its entry to be applied. */
interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: EtcdError) => void;
  readonly sinceMs: number;
  readonly deadlineMs: number;
  /** The term in which it was handed to the core: the only one whose leader can take it in. */
  term: number | null;
}

export interface QueuedProposal {
  readonly requestId: number;
  readonly data: Uint8Array;
}

/**
 * The calls of this member that wait for their entries. All wait equally long, so that insertion
 * order is deadline order and a sweep ends at the first one that is still in time.
 */
export class Proposals<Result> {
  readonly #timeoutMs: number;

  readonly #waiting = new Map<number, Waiting<Result>>();

  #queue: QueuedProposal[] = [];

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  get queuedCount(): number {
    return this.#queue.length;
  }

  add(proposal: QueuedProposal, nowMs: number): Promise<Result> {
    this.#queue.push(proposal);
    return new Promise((resolve, reject) => {
      const deadlineMs = nowMs + this.#timeoutMs;
      this.#waiting.set(proposal.requestId, { resolve, reject, sinceMs: nowMs, deadlineMs, term: null });
    });
  }

  /**
   * Takes the queue, to be handed over in `term`, in chunks of at most `maxBytes` of data each, or of one
   * proposal that is larger.
   */
  takeQueue(term: number, maxBytes: number): QueuedProposal[][] {
    const chunks: QueuedProposal[][] = [];
    let chunk: QueuedProposal[] = [];
    let bytes = 0;
    for (const proposal of this.#queue) {
      if (chunk.length > 0 && bytes + proposal.data.length > maxBytes) {
        chunks.push(chunk);
        chunk = [];
        bytes = 0;
      }
      const waiting = this.#waiting.get(proposal.requestId);
      if (waiting !== undefined) waiting.term = term;
      chunk.push(proposal);
      bytes += proposal.data.length;
    }
    if (chunk.length > 0) chunks.push(chunk);
    this.#queue = [];
    return chunks;
  }

  /** Answers the call, if it still waits; returns how long it waited, in milliseconds. */
  answer(requestId: number, result: Result, nowMs: number): number | null {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return null;
    this.#waiting.delete(requestId);
    waiting.resolve(result);
    return nowMs - waiting.sinceMs;
  }

  refuse(proposals: readonly QueuedProposal[], error: ErrorName): void {
    for (const { requestId } of proposals) {
      this.#waiting.get(requestId)?.reject(new EtcdError(error));
      this.#waiting.delete(requestId);
    }
  }

  /**
   * An entry of `term` was applied: a leader took over, and what was handed to an earlier one and is not
   * applied by now was lost on the way. The calls need not wait for their timeout.
   */
  leaderTookOver(term: number): void {
    for (const [requestId, waiting] of this.#waiting) {
      if (waiting.term === null || waiting.term >= term) continue;
      this.#waiting.delete(requestId);
      waiting.reject(new EtcdError("LeaderChanged"));
    }
  }

  /** What has waited too long may still commit: Timeout promises nothing. */
  expire(nowMs: number): void {
    for (const [requestId, waiting] of this.#waiting) {
      if (waiting.deadlineMs > nowMs) return;
      this.#waiting.delete(requestId);
      waiting.reject(new EtcdError("Timeout"));
    }
  }

  refuseAll(error: ErrorName): void {
    this.#queue = [];
    for (const waiting of this.#waiting.values()) waiting.reject(new EtcdError(error));
    this.#waiting.clear();
  }
}
