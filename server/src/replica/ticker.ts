import type { Clock } from "../ports.js";

/** So many may be made up for at once: a heartbeat interval's worth (tick-plan.ts). */
export const MAX_LATE_TICKS = 5;

/**
 * Calls `tick` once an interval by the monotonic clock, without drift: the next tick is due an interval
 * after this one was due, not after it ran. A few intervals that a busy machine missed are made up for, so that an election
 * timeout is as long as it says. More than that are skipped (a stopped process, a stalled event loop): a burst of ticks
 * would depose a leader that had no chance to speak.
 *
 * Ticks that are made up for come after the sockets were looked at (`soon`): what a leader said meanwhile is heard first.
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
      const missed = Math.floor((this.#clock.monotonicMs() - dueMs) / this.#intervalMs);
      if (missed < 1) {
        this.#schedule(dueMs + this.#intervalMs);
        this.#tick();
      } else {
        this.#clock.soon(() => this.#makeUp(dueMs));
      }
    });
  }

  #makeUp(dueMs: number): void {
    if (this.#cancel === null) return;
    const missed = Math.floor((this.#clock.monotonicMs() - dueMs) / this.#intervalMs);
    const late = Math.min(missed, MAX_LATE_TICKS);
    const lastMs = missed > late ? this.#clock.monotonicMs() : dueMs + missed * this.#intervalMs;
    this.#schedule(lastMs + this.#intervalMs);
    // A tick may stop it.
    for (let count = 0; count <= late && this.#cancel !== null; count++) this.#tick();
  }
}
