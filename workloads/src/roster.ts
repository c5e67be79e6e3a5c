import type { Generator, Operation } from "./workload.js";

export interface Assignment {
  readonly worker: number;
  readonly operation: Operation;
}

interface Idle {
  readonly worker: number;
  /** When its generator may have something for it, unless an operation completes before; Infinity: nobody knows. */
  askAtMs: number;
}

/** Who is free, and what the generator has for them: whoever has been idle longest is asked first. */
export class Roster {
  readonly #generator: Generator;
  readonly #idle: Idle[];
  #someWait = false;

  /** Workers 0 … workers-1 are idle. */
  constructor(generator: Generator, workers: number) {
    this.#generator = generator;
    this.#idle = Array.from({ length: workers }, (_, worker) => ({ worker, askAtMs: 0 }));
  }

  /** An operation and the idle worker that is to do it; null: there is none for anybody now. */
  take(nowMs: number): Assignment | null {
    for (;;) {
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
      const next = idle.askAtMs > nowMs ? null : this.#generator.next(idle.worker, nowMs);
      if (next === null || next.type === "pending") {
        if (next !== null) this.#wait(idle, next.untilMs);
        at += 1;
        continue;
      }
      this.#idle.splice(at, 1);
      if (next.type === "operation") return { worker: idle.worker, operation: next.operation };
    }
    return null;
  }

  #wait(idle: Idle, untilMs: number | null): void {
    idle.askAtMs = untilMs ?? Number.POSITIVE_INFINITY;
    this.#someWait = true;
  }

  /** When somebody idle is worth asking; Infinity: after a completion or a release. */
  get askAtMs(): number {
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

  /** The worker is free again. */
  release(worker: number): void {
    this.#idle.push({ worker, askAtMs: 0 });
  }
}
