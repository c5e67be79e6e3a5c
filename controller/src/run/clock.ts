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
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
    });
  }
}
