import type { Clock } from "../ports.js";

/**
 * Calls `tick` once an interval by the monotonic clock, without drift: the next tick is due an interval
 * after this one was due, not after it ran. Intervals that were missed as a whole (a stopped process, a
 * stalled event loop) are skipped, not made up for: a burst of ticks would depose a leader that
 * had no chance to speak. So from any moment on, n ticks take more than n - 2 intervals: leases rely on it (raft/lease.ts).
 */
export class Ticker {
  readonly #clock: Clock;

  readonly #intervalMs: number;

  readonly #tick: () => void;

  #cancel: (() => void) | null = null;

  constructor(clock: Clock, intervalMs: number, tick: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#tick = tick;
  }

  start(): void {
    this.#schedule(this.#clock.monotonicMs() + this.#intervalMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(dueMs: number): void {
    const delayMs = Math.max(0, dueMs - this.#clock.monotonicMs());
    this.#cancel = this.#clock.after(delayMs, () => {
      const missedOne = this.#clock.monotonicMs() - dueMs >= this.#intervalMs;
      this.#schedule((missedOne ? this.#clock.monotonicMs() : dueMs) + this.#intervalMs);
      this.#tick();
    });
  }
}
