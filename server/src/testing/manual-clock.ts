import type { Clock } from "../ports.js";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that a test moves. Timers run in order of their time, `soon` callbacks when asked. */
export class ManualClock implements Clock {
  #nowMs = 0;

  #timers = new Set<Timer>();

  #soon: (() => void)[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many wait. */
  get timers(): number {
    return this.#timers.size;
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Runs what `soon` was given, and what that gives it. */
  runSoon(): void {
    while (this.#soon.length > 0) this.runSoonOnce();
  }

  /** One turn: runs what `soon` was given so far. */
  runSoonOnce(): void {
    for (const callback of this.#soon.splice(0)) callback();
  }

  /** Runs all timers that fall due on the way. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#nextTimer(untilMs); next !== null; next = this.#nextTimer(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#timers.delete(next);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  /** Time passes, but nothing runs until it has: a process that is stopped, or a turn that takes long. */
  stall(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  #nextTimer(untilMs: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.atMs <= untilMs && (next === null || timer.atMs < next.atMs)) next = timer;
    }
    return next;
  }
}
