/** Something that is to be over before its deadline. */
export interface Awaited {
  readonly deadlineMs: number;
  readonly late: () => void;
}

/**
 * Tells what takes longer than a limit, which is the same for all, so that the one begun first is late first: one timer does
 * for all of them, and most that begin and end never touch it.
 */
export class Deadlines {
  readonly #limitMs: number;

  /** In the order in which they are late. */
  readonly #awaited = new Set<Awaited>();

  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Calls `late` once, unless it is over by then. */
  add(late: () => void): Awaited {
    const awaited = { deadlineMs: performance.now() + this.#limitMs, late };
    this.#awaited.add(awaited);
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#look(), this.#limitMs);
    return awaited;
  }

  over(awaited: Awaited): void {
    this.#awaited.delete(awaited);
  }

  #look(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const awaited of this.#awaited) {
      if (awaited.deadlineMs > nowMs) {
        this.#timer = setTimeout(() => this.#look(), awaited.deadlineMs - nowMs);
        return;
      }
      this.#awaited.delete(awaited);
      awaited.late();
    }
  }
}
