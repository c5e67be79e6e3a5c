/** What is kept in memory of what a checkpoint holds, for peers that lag a little and would else need a snapshot. */
export interface TailLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** The last of the applied entries that fit into the limits together. */
export class Tail {
  readonly #limits: TailLimits;

  /** A ring: what entry i weighs is at i modulo its length. */
  readonly #bytes: Uint32Array;

  #first: number;

  #last: number;

  #totalBytes = 0;

  /** Nothing yet; `lastIndex` was applied before. */
  constructor(limits: TailLimits, lastIndex: number) {
    this.#limits = limits;
    this.#bytes = new Uint32Array(limits.maxEntries + 1);
    this.#first = lastIndex + 1;
    this.#last = lastIndex;
  }

  /** The first of them; if there are none, the one that comes next. */
  get firstIndex(): number {
    return this.#first;
  }

  /** The entry that follows the last one. */
  add(bytes: number): void {
    this.#last += 1;
    this.#bytes[this.#last % this.#bytes.length] = bytes;
    this.#totalBytes += bytes;
    const { maxEntries, maxBytes } = this.#limits;
    while (this.#last - this.#first + 1 > maxEntries || this.#totalBytes > maxBytes) {
      this.#totalBytes -= this.#bytes[this.#first % this.#bytes.length] ?? 0;
      this.#first += 1;
    }
  }
}
