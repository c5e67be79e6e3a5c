import type { MemberId } from "../message.js";
import { seededRandom } from "./prng.js";

const MAX_LATE_TICKS = 5;

/**
 * True time, and each member's clock: an origin of its own, and a rate that no other exceeds by more than the
 * declared uncertainty. Ticks come by it as the server's ticker has it: of what is missed a few are made up for, at once.
 */
export class Clocks {
  readonly #seed: number;
  readonly #uncertainty: number;
  readonly #intervalMs: number;
  readonly #clocks = new Map<MemberId, { readonly rate: number; readonly originMs: number; dueMs: number }>();
  #trueMs = 0;

  constructor(seed: number, uncertainty: number, intervalMs: number) {
    this.#seed = seed;
    this.#uncertainty = uncertainty;
    this.#intervalMs = intervalMs;
  }

  monotonicMs(id: MemberId): number {
    const { rate, originMs } = this.#clock(id);
    return originMs + rate * this.#trueMs;
  }

  pass(milliseconds: number): void {
    this.#trueMs += milliseconds;
  }

  /** If this member's next tick is not due yet, time passes until it is. */
  tick(id: MemberId): void {
    const clock = this.#clock(id);
    const earlyMs = clock.dueMs - this.monotonicMs(id);
    if (earlyMs > 0) this.pass(earlyMs / clock.rate);
    const nowMs = Math.max(clock.dueMs, this.monotonicMs(id));
    clock.dueMs = Math.max(clock.dueMs, nowMs - MAX_LATE_TICKS * this.#intervalMs) + this.#intervalMs;
  }

  /** Whose tick is due first, in true time. */
  first(ids: readonly MemberId[]): MemberId | undefined {
    const due = (id: MemberId) => {
      const { rate, originMs, dueMs } = this.#clock(id);
      return (dueMs - originMs) / rate;
    };
    return ids.toSorted((a, b) => due(a) - due(b))[0];
  }

  restart(id: MemberId): void {
    this.#clock(id).dueMs = this.monotonicMs(id) + this.#intervalMs;
  }

  #clock(id: MemberId) {
    const known = this.#clocks.get(id);
    if (known !== undefined) return known;
    const random = seededRandom(this.#seed + 15_485_863 * id);
    // Often one of the extremes.
    const slowness = random.below(3) / 2;
    const originMs = random.below(1_000_000);
    const clock = { rate: 1 - this.#uncertainty * slowness, originMs, dueMs: 0 };
    clock.dueMs = originMs + clock.rate * this.#trueMs + this.#intervalMs;
    this.#clocks.set(id, clock);
    return clock;
  }
}
