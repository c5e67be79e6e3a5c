import { grown } from "./configurations.js";
import type { CrashedCounts } from "./crashed-counts.js";

/**
 * The configurations that a depth-first search has been in. One is a row of integers: a key, and how many crashed
 * operations of each group are used up. Of rows with the same key only those are kept that no other dominates
 * (CrashedCounts). Keys are found by a hash that the search keeps up to date, and compared in full.
 */
export class Visited {
  /** Rows, overwritten ones among them. */
  count = 0;
  readonly #counts: CrashedCounts;
  readonly #keyLength: number;
  readonly #stride: number;
  #rows: Int32Array<ArrayBuffer>;
  #hashes = new Int32Array(START_ROWS);
  /** By row: another one with the same key, or END. */
  #others = new Int32Array(START_ROWS);
  /** By row: the end of its path (paths.ts); DEAD: dominated by another. */
  #nodes = new Int32Array(START_ROWS);
  /** By hash: a row's number plus one; 0: none. */
  #buckets = new Int32Array(2 * START_ROWS);
  #keys = 0;

  constructor(keyLength: number, counts: CrashedCounts) {
    this.#counts = counts;
    this.#keyLength = keyLength;
    this.#stride = keyLength + counts.words;
    this.#rows = new Int32Array(START_ROWS * this.#stride);
  }

  get bytes(): number {
    return 4 * (this.#rows.length + 3 * this.#nodes.length + this.#buckets.length);
  }

  /** A copy of `row`, unless one that is in already dominates it: its number, or -1. */
  add(row: Int32Array, hash: number): number {
    const mask = this.#buckets.length - 1;
    let bucket = hash & mask;
    for (;;) {
      const head = (this.#buckets[bucket] as number) - 1;
      if (head === END) break;
      if (this.#hashes[head] === hash && this.#hasKey(head, row)) return this.#addTo(head, row, hash);
      bucket = (bucket + 1) & mask;
    }
    const number = this.#append(row, hash, END);
    this.#buckets[bucket] = number + 1;
    if (++this.#keys * 2 > this.#buckets.length) this.#growBuckets();
    return number;
  }

  setNode(row: number, node: number): void {
    this.#nodes[row] = node;
  }

  /** Of every row that counts and begins with `first`: its second integer and its node. */
  forEachOf(first: number, each: (second: number, node: number) => void): void {
    for (let row = 0; row < this.count; row++) {
      const start = row * this.#stride;
      if (this.#nodes[row] === DEAD || this.#rows[start] !== first) continue;
      each(this.#rows[start + 1] as number, this.#nodes[row] as number);
    }
  }

  #hasKey(row: number, key: Int32Array): boolean {
    const start = row * this.#stride;
    for (let i = 0; i < this.#keyLength; i++) {
      if (this.#rows[start + i] !== key[i]) return false;
    }
    return true;
  }

  /** To the rows with its key, of which `head` is the first, in the place of one that it dominates if there is one. */
  #addTo(head: number, row: Int32Array, hash: number): number {
    const rows = this.#rows;
    let number = END;
    let previous = END;
    for (let other = head; other !== END; other = this.#others[other] as number) {
      const start = other * this.#stride + this.#keyLength;
      if (number === END && this.#counts.leaveNoLess(rows, start, row, this.#keyLength)) return -1;
      if (this.#counts.leaveNoLess(row, this.#keyLength, rows, start)) {
        if (number === END) number = other;
        else {
          this.#others[previous] = this.#others[other] as number;
          this.#nodes[other] = DEAD;
          continue;
        }
      }
      previous = other;
    }
    if (number !== END) {
      rows.set(row, number * this.#stride);
      return number;
    }
    const added = this.#append(row, hash, this.#others[head] as number);
    this.#others[head] = added;
    return added;
  }

  #append(row: Int32Array, hash: number, other: number): number {
    if (this.count === this.#nodes.length) this.#growRows();
    const number = this.count++;
    this.#rows.set(row, number * this.#stride);
    this.#hashes[number] = hash;
    this.#others[number] = other;
    return number;
  }

  #growRows(): void {
    const capacity = this.#nodes.length * 2;
    this.#rows = grown(this.#rows, capacity * this.#stride);
    this.#hashes = grown(this.#hashes, capacity);
    this.#others = grown(this.#others, capacity);
    this.#nodes = grown(this.#nodes, capacity);
  }

  #growBuckets(): void {
    const old = this.#buckets;
    const mask = old.length * 2 - 1;
    this.#buckets = new Int32Array(mask + 1);
    for (const head of old) {
      if (head === 0) continue;
      let bucket = (this.#hashes[head - 1] as number) & mask;
      while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      this.#buckets[bucket] = head;
    }
  }
}

const START_ROWS = 256;
const END = -1;
const DEAD = -2;
