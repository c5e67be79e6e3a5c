/** A growing list of 32-bit integers: what an array of numbers is, in a quarter of the memory. */
export class IntVector {
  #data: Int32Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#data = new Int32Array(Math.max(capacity, 1));
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const larger = new Int32Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.#length++] = value;
  }

  get(index: number): number {
    if (index >= this.#length) throw new RangeError(`no element ${index} of ${this.#length}`);
    return this.#data[index] as number;
  }

  set(index: number, value: number): void {
    if (index >= this.#length) throw new RangeError(`no element ${index} of ${this.#length}`);
    this.#data[index] = value;
  }

  /** The elements, for good: a copy only where much of the memory would lie idle. The vector is not used afterwards. */
  finish(): Int32Array {
    return this.#length * 4 < this.#data.length * 3 ? this.#data.slice(0, this.#length) : this.view();
  }

  /** The elements; shares memory with the vector. */
  view(): Int32Array {
    return this.#data.subarray(0, this.#length);
  }
}
