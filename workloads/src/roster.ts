import type { Generator, Operation } from "./workload.js";

export interface Assignment {
  readonly worker: number;
  readonly operation: Operation;
}

interface Idle {
  readonly worker: number;
  /** When its generator may have something for it; Infinity: when an operation has completed. */
  askAtMs: number;
}

/** Who is free, and what the generator has for them: whoever has been idle longest is asked first. */
export class Roster {
  readonly #generator: Generator;
  readonly #idle: Idle[];

  /** Workers 0 … workers-1 are idle. */
  constructor(generator: Generator, workers: number) {
    this.#generator = generator;
    this.#idle = Array.from({ length: workers }, (_, worker) => ({ worker, askAtMs: 0 }));
  }

  /** An operation and the idle worker that is to do it; null: there is none for anybody now. */
  take(nowMs: number): Assignment | null {
    for (let at = 0; at < this.#idle.length; at++) {
      const idle = this.#idle[at];
      if (idle === undefined || idle.askAtMs > nowMs) continue;
      const next = this.#generator.next(idle.worker, nowMs);
      if (next.type === "pending") {
        idle.askAtMs = next.untilMs ?? Number.POSITIVE_INFINITY;
        continue;
      }
      this.#idle.splice(at, 1);
      if (next.type === "operation") return { worker: idle.worker, operation: next.operation };
      // Done, for good: the next one is at its place.
      at -= 1;
    }
    return null;
  }

  /** When somebody idle is worth asking; Infinity: after a completion or a release. */
  get askAtMs(): number {
    return this.#idle.reduce((least, { askAtMs }) => Math.min(least, askAtMs), Number.POSITIVE_INFINITY);
  }

  /** What waits for a completion may be asked again. */
  completed(): void {
    for (const idle of this.#idle) if (idle.askAtMs === Number.POSITIVE_INFINITY) idle.askAtMs = 0;
  }

  /** The worker is free again. */
  release(worker: number): void {
    this.#idle.push({ worker, askAtMs: 0 });
  }
}
