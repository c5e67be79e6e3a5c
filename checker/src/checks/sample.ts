/** Evidence of bounded size: how many there are, and the first of them. */
export interface Sample<T> {
  readonly count: number;
  /** At most EVIDENCE_SHOWN. */
  readonly first: readonly T[];
}

export const EVIDENCE_SHOWN = 16;

/** Gathers a sample; what will not be shown is never made. */
export class Sampler<T> {
  count = 0;
  readonly #first: T[] = [];

  add(make: () => T): void {
    this.count++;
    if (this.#first.length < EVIDENCE_SHOWN) this.#first.push(make());
  }

  get example(): T | undefined {
    return this.#first[0];
  }

  sample(): Sample<T> {
    return { count: this.count, first: this.#first };
  }
}
