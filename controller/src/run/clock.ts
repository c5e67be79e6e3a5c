import { setTimeout as delay } from "node:timers/promises";

/**
 * The run's one clock: monotonic, zero at the first operation. Everything that is stamped (events,
 * faults, phases) is stamped by it, in one thread.
 */
export class RunClock {
  #originNs = process.hrtime.bigint();

  /** Makes this moment time 0. Only before anything was stamped. */
  restart(): void {
    this.#originNs = process.hrtime.bigint();
  }

  nowNs(): number {
    return Number(process.hrtime.bigint() - this.#originNs);
  }

  nowMs(): number {
    return this.nowNs() / 1e6;
  }

  /** Resolves when the time passed or the signal aborted, whichever is first. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
