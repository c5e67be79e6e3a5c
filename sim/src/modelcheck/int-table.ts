/** A map from pairs of non-negative integers to integers, in typed arrays: open addressing, never deletes. */
export class PairTable {
  private keys = new Int32Array(2 * 1024).fill(-1);
  private values = new Int32Array(1024);
  private mask = 1023;
  private used = 0;

  /** -1: not there. */
  get(a: number, b: number): number {
    const { keys, mask } = this;
    for (let slot = hashPair(a, b) & mask; ; slot = (slot + 1) & mask) {
      const key = keys[2 * slot] as number;
      if (key === -1) return -1;
      if (key === a && keys[2 * slot + 1] === b) return this.values[slot] as number;
    }
  }

  /** The pair must not be there yet. */
  add(a: number, b: number, value: number): void {
    if (2 * this.used > this.mask) this.grow();
    this.put(a, b, value);
    this.used += 1;
  }

  get size(): number {
    return this.used;
  }

  get bytes(): number {
    return this.keys.byteLength + this.values.byteLength;
  }

  private put(a: number, b: number, value: number): void {
    const { keys, mask } = this;
    let slot = hashPair(a, b) & mask;
    while (keys[2 * slot] !== -1) slot = (slot + 1) & mask;
    keys[2 * slot] = a;
    keys[2 * slot + 1] = b;
    this.values[slot] = value;
  }

  private grow(): void {
    const { keys, values } = this;
    this.keys = new Int32Array(2 * keys.length).fill(-1);
    this.values = new Int32Array(2 * values.length);
    this.mask = 2 * this.mask + 1;
    for (let slot = 0; slot < values.length; slot++) {
      const a = keys[2 * slot] as number;
      if (a !== -1) this.put(a, keys[2 * slot + 1] as number, values[slot] as number);
    }
  }
}

/** A growing list of integers without boxes. */
export class IntList {
  private items: Int32Array;
  length = 0;

  constructor(capacity = 1024) {
    this.items = new Int32Array(capacity);
  }

  get(at: number): number {
    return this.items[at] as number;
  }

  set(at: number, value: number): void {
    this.items[at] = value;
  }

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = new Int32Array(Math.ceil(1.5 * this.items.length));
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = value;
  }

  get bytes(): number {
    return this.items.byteLength;
  }
}

/** Gives equal rows of a fixed width one number each, from 0 in the order of arrival; compares them whole. */
export class RowTable {
  readonly width: number;
  private readonly rows: IntList;
  private slots = new Int32Array(1 << 12).fill(-1);
  private mask = (1 << 12) - 1;
  private count = 0;

  constructor(width: number) {
    this.width = width;
    this.rows = new IntList(width << 12);
  }

  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return this.rows.bytes + this.slots.byteLength;
  }

  at(row: number, column: number): number {
    return this.rows.get(row * this.width + column);
  }

  /** The number of the row, or what it would get if it is not there: then that is `size`, and it is added. */
  intern(row: ArrayLike<number>): number {
    const { slots, mask, width } = this;
    let slot = hashRow(row, width) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const found = slots[slot] as number;
      if (found === -1) break;
      if (this.equals(found, row)) return found;
    }
    const added = this.count++;
    slots[slot] = added;
    for (let column = 0; column < width; column++) this.rows.push(row[column] as number);
    if (5 * this.count > 3 * mask) this.grow();
    return added;
  }

  private equals(at: number, row: ArrayLike<number>): boolean {
    const start = at * this.width;
    for (let column = 0; column < this.width; column++) {
      if (this.rows.get(start + column) !== row[column]) return false;
    }
    return true;
  }

  private grow(): void {
    this.mask = 2 * this.mask + 1;
    this.slots = new Int32Array(this.mask + 1).fill(-1);
    const row = new Int32Array(this.width);
    for (let at = 0; at < this.count; at++) {
      for (let column = 0; column < this.width; column++) row[column] = this.at(at, column);
      let slot = hashRow(row, this.width) & this.mask;
      while (this.slots[slot] !== -1) slot = (slot + 1) & this.mask;
      this.slots[slot] = at;
    }
  }
}

function hashPair(a: number, b: number): number {
  return mix(Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 0x7f4a7c15, 0x85ebca6b));
}

function hashRow(row: ArrayLike<number>, width: number): number {
  let hash = 0x811c9dc5;
  for (let column = 0; column < width; column++) {
    hash = Math.imul(hash ^ (row[column] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return mix(hash);
}

function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x45d9f3b);
  return hash ^ (hash >>> 15);
}
