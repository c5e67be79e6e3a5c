import type { Clock } from "../run/clock.js";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  fire(): void;
}

/** Time that jumps to the next timer as soon as nothing else can happen. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        this.#timers.delete(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer: Timer = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, fire: end };
      this.#timers.add(timer);
      signal?.addEventListener("abort", end);
    });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass until the promise is settled. Throws when it never can be: nothing waits for a timer. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      await settleMicrotasks();
      if (isSettled) return promise;
      const next = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (next === undefined) throw new Error(`nothing can happen any more at ${this.#nowMs} ms`);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
    }
  }
}

/** Everything that is ready runs before a macrotask does. */
async function settleMicrotasks(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
