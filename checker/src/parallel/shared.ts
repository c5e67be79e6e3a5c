import type { PartitionUnknown } from "../result.js";

export type StopReason = Exclude<PartitionUnknown["ranOut"], "memory" | "engine">;
const STOP_REASONS: readonly StopReason[] = ["time", "aborted", "stopped"];

/** A few integers that all threads of a check see: whether to stop, and how much memory each holds. */
export class Shared {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;

  /** `threads`: how many, or the buffer of another thread. */
  constructor(threads: number | SharedArrayBuffer) {
    const buffer = typeof threads === "number" ? new SharedArrayBuffer(4 * (1 + threads)) : threads;
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
  }

  get stopReason(): StopReason | undefined {
    return STOP_REASONS[Atomics.load(this.#cells, 0) - 1];
  }

  /** The first reason stays. */
  stop(reason: StopReason): void {
    Atomics.compareExchange(this.#cells, 0, 0, STOP_REASONS.indexOf(reason) + 1);
  }

  /**
   * Notes what this thread holds; true if all of them together hold more than allowed and this one more than its
   * part: a thread that holds little does not suffer for the others.
   */
  isFull(thread: number, bytes: number, maxBytes: number): boolean {
    Atomics.store(this.#cells, 1 + thread, Math.ceil(bytes / KIB));
    let held = 0;
    for (let cell = 1; cell < this.#cells.length; cell++) held += Atomics.load(this.#cells, cell);
    return held * KIB > maxBytes && bytes > maxBytes / (this.#cells.length - 1);
  }
}

const KIB = 1024;
