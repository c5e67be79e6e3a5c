import type { Generator, Operation } from "./workload.js";

export interface Assignment {
  /** Who does it, one operation at a time. */
  readonly place: number;
  /** For whom the generator made it. */
  readonly worker: number;
  readonly operation: Operation;
}

interface Idle {
  readonly place: number;
  /** When its generator may have something for it, unless an operation completes before; Infinity: nobody knows. */
  askAtMs: number;
}

/**
 * Who is free, and what the generator has for them: whoever has been idle longest is asked first. There are more places than
 * workers where arrivals are open: each time that everybody is busy another one is hired, and acts for worker place mod workers.
 */
export class Roster {
  readonly #generator: Generator;
  readonly #workers: number;
  readonly #places: number;
  #hired: number;
  readonly #idle: Idle[];
  #someWait = false;

  constructor(generator: Generator, options: { readonly workers: number; readonly places: number }) {
    this.#generator = generator;
    this.#workers = options.workers;
    this.#places = options.places;
    this.#hired = options.workers;
    this.#idle = Array.from({ length: options.workers }, (_, place) => ({ place, askAtMs: 0 }));
  }

  /** An operation and who is to do it; null: there is none for anybody who is free. */
  take(nowMs: number): Assignment | null {
    for (;;) {
      if (this.#idle.length === 0 && this.#hired < this.#places) this.release(this.#hired++);
      const { length } = this.#idle;
      const assignment = this.#ask(nowMs);
      if (assignment === null && this.#idle.length === length) return null;
      // Whoever waited may wait no longer: somebody has got an operation, or is done.
      this.completed();
      if (assignment !== null) return assignment;
    }
  }

  #ask(nowMs: number): Assignment | null {
    for (let at = 0; at < this.#idle.length; ) {
      const idle = this.#idle[at];
      if (idle === undefined) break;
      const { place } = idle;
      const worker = place % this.#workers;
      const next = idle.askAtMs > nowMs ? null : this.#generator.next(worker, nowMs);
      if (next === null || next.type === "pending") {
        if (next !== null) this.#wait(idle, next.untilMs);
        at += 1;
        continue;
      }
      this.#idle.splice(at, 1);
      if (next.type === "operation") return { place, worker, operation: next.operation };
    }
    return null;
  }

  #wait(idle: Idle, untilMs: number | null): void {
    idle.askAtMs = untilMs ?? Number.POSITIVE_INFINITY;
    this.#someWait = true;
  }

  /** When somebody is worth asking; Infinity: after a completion or a release. */
  get askAtMs(): number {
    if (this.#idle.length === 0 && this.#hired < this.#places) return 0;
    return this.#idle.reduce((least, { askAtMs }) => Math.min(least, askAtMs), Number.POSITIVE_INFINITY);
  }

  /** Whether nobody is idle: everybody works, or is done. */
  get isEmpty(): boolean {
    return this.#idle.length === 0;
  }

  /** An operation has completed: whoever waits may be asked again. */
  completed(): void {
    if (!this.#someWait) return;
    this.#someWait = false;
    for (const idle of this.#idle) idle.askAtMs = 0;
  }

  /** Is free again. */
  release(place: number): void {
    this.#idle.push({ place, askAtMs: 0 });
  }
}
