import type { Draw } from "@gauntlet/workloads";

/**
 * How operations arrive, in either case whether or not earlier ones were answered. `paced`: by those processes that there are;
 * what nobody was free to take for a while is dropped, and the achieved rate tells. `open`: each arrival is taken
 * sooner or later, and its latency counts from when it was due.
 */
export type Arrival = "paced" | "open";

export interface PacerOptions {
  readonly ratePerSecond: number;
  readonly arrival: Arrival;
  readonly draw: Draw;
}

/** How late a paced operation may be handed out after everybody was busy: a stall is not followed by a burst. */
const MAX_LAG_MS = 1_000;

/**
 * When operations are due: slot i somewhere in its own period [i / rate, (i + 1) / rate), so the
 * rate is even, yet never in step with the cluster's own timers.
 */
export class Pacer {
  readonly arrival: Arrival;

  readonly #periodMs: number;

  readonly #draw: Draw;

  #slot = 0;

  #dueMs: number;

  constructor({ ratePerSecond, arrival, draw }: PacerOptions) {
    this.arrival = arrival;
    this.#periodMs = 1000 / ratePerSecond;
    this.#draw = draw;
    this.#dueMs = this.#jittered(0);
  }

  /** When the next operation is due, milliseconds. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Takes the next slot if it is due, and says when it was; else null. */
  take(nowMs: number): number | null {
    const dueMs = this.#dueMs;
    if (nowMs < dueMs) return null;
    const oldest = this.arrival === "open" ? 0 : Math.floor((nowMs - MAX_LAG_MS) / this.#periodMs);
    this.#slot = Math.max(this.#slot + 1, oldest);
    this.#dueMs = this.#jittered(this.#slot);
    return dueMs;
  }

  /** Of the arrivals before `untilMs`, those that nobody has taken. */
  waiting(untilMs: number): number {
    return Math.max(0, Math.floor(untilMs / this.#periodMs) - this.#slot);
  }

  #jittered(slot: number): number {
    const resolution = 1_000_000;
    return (slot + this.#draw.below(resolution) / resolution) * this.#periodMs;
  }
}
