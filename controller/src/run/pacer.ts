import type { Draw } from "@gauntlet/workloads";

/**
 * When operations are due: slot i somewhere in its own period [i / rate, (i + 1) / rate), so the
 * rate is even, yet never in step with the cluster's own timers. The schedule is open: it does
 * not wait for answers. Slots that nobody was free to take are dropped once they are late by more
 * than `maxLagMs`, so that a stall is not followed by a burst; the achieved rate tells.
 */
export class Pacer {
  readonly #periodMs: number;

  readonly #maxLagMs: number;

  readonly #draw: Draw;

  #slot = 0;

  #dueMs: number;

  constructor(options: { readonly ratePerSecond: number; readonly maxLagMs: number; readonly draw: Draw }) {
    this.#periodMs = 1000 / options.ratePerSecond;
    this.#maxLagMs = options.maxLagMs;
    this.#draw = options.draw;
    this.#dueMs = this.#jittered(0);
  }

  /** When the next operation is due, milliseconds. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Takes the next slot if it is due. */
  take(nowMs: number): boolean {
    if (nowMs < this.#dueMs) return false;
    const oldest = Math.floor((nowMs - this.#maxLagMs) / this.#periodMs);
    this.#slot = Math.max(this.#slot + 1, oldest);
    this.#dueMs = this.#jittered(this.#slot);
    return true;
  }

  #jittered(slot: number): number {
    const resolution = 1_000_000;
    return (slot + this.#draw.below(resolution) / resolution) * this.#periodMs;
  }
}
