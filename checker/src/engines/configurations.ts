/**
 * A set of configurations. One is a row of integers: the state, the bits of the open operations that are
 * linearized already, and for each group of crashed operations how many of it are used up.
 *
 * Of two rows that differ only in what is used up, the one that has left all that the other has left, or
 * operations that can stand in for it, can do all that the other can, since a crashed operation need never
 * take effect. So the set keeps only rows that no other row dominates. Rows are found by a hash of state and bits, and compared in full.
 */
export class ConfigurationSet {
  /** Rows ever added since `clear`; dead ones among them. */
  count = 0;
  /** Row comparisons made: a measure of time spent. */
  work = 0;
  rows: Int32Array;
  /** By row: the end of its path (paths.ts). */
  nodes: Int32Array;
  readonly stride: number;
  readonly #keyLength: number;
  /** The columns of the counts by family: first the group that covers the others, then those. */
  readonly #columns: Int32Array;
  readonly #familyEnds: Int32Array;
  /** By row: the next row of the same state and bits, END, or DEAD. */
  #chain: Int32Array;
  /** By row: see #signature. */
  #signatures: Int32Array;
  #buckets: Int32Array;
  /** A bucket counts only if its stamp is the present one: clearing costs nothing. */
  #stamps: Int32Array;
  #stamp = 1;
  #used = 0;

  /**
   * `keyLength`: state and bits, the first integers of a row; the rest are the counts. `coveredBy`: by
   * group, the group that can stand in for it, or -1.
   */
  constructor(keyLength: number, coveredBy: Int32Array) {
    this.#keyLength = keyLength;
    this.stride = keyLength + coveredBy.length;
    const columns: number[] = [];
    const ends: number[] = [];
    coveredBy.forEach((cover, group) => {
      if (cover !== -1) return;
      columns.push(keyLength + group);
      coveredBy.forEach((other, member) => {
        if (other === group) columns.push(keyLength + member);
      });
      ends.push(columns.length);
    });
    this.#columns = Int32Array.from(columns);
    this.#familyEnds = Int32Array.from(ends);
    this.rows = new Int32Array(64 * this.stride);
    this.nodes = new Int32Array(64);
    this.#chain = new Int32Array(64);
    this.#signatures = new Int32Array(64);
    this.#buckets = new Int32Array(128);
    this.#stamps = new Int32Array(128);
  }

  get bytes(): number {
    return 4 * (this.rows.length + 3 * this.nodes.length + 2 * this.#buckets.length);
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
    this.#stamp++;
  }

  isDead(row: number): boolean {
    return this.#chain[row] === DEAD;
  }

  /** Adds a copy of `row` unless another dominates it; returns its number, or -1. */
  add(row: Int32Array): number {
    if (this.#used * 2 >= this.#buckets.length) this.#growBuckets();
    const bucket = this.#find(row);
    const filled = this.#stamps[bucket] === this.#stamp;
    const signature = this.#signature(row);
    const rest = filled ? this.#dropDominated(this.#buckets[bucket] as number, row, signature) : END;
    if (rest === DOMINATED) return -1;
    if (this.count === this.nodes.length) this.#growRows();
    const number = this.count++;
    this.rows.set(row, number * this.stride);
    this.#chain[number] = rest;
    this.#signatures[number] = signature;
    this.#buckets[bucket] = number;
    if (!filled) {
      this.#stamps[bucket] = this.#stamp;
      this.#used++;
    }
    return number;
  }

  /** The bucket of this row's state and bits: a filled one with the same, or the empty one where they belong. */
  #find(row: Int32Array): number {
    const mask = this.#buckets.length - 1;
    let bucket = hash(row, 0, this.#keyLength) & mask;
    while (this.#stamps[bucket] === this.#stamp) {
      const start = (this.#buckets[bucket] as number) * this.stride;
      let i = 0;
      while (i < this.#keyLength && this.rows[start + i] === row[i]) i++;
      if (i === this.#keyLength) return bucket;
      bucket = (bucket + 1) & mask;
    }
    return bucket;
  }

  /** Marks the rows of a chain that `row` dominates dead; returns what is left of it, or DOMINATED. */
  #dropDominated(head: number, row: Int32Array, signature: number): number {
    let kept = head;
    let previous = END;
    for (let other = head; other !== END; ) {
      this.work++;
      const next = this.#chain[other] as number;
      const known = this.#signatures[other] as number;
      const relation =
        isAtMost(known, signature) || isAtMost(signature, known) ? this.#compare(other, row) : NEITHER;
      if (relation === NO_MORE) return DOMINATED;
      if (relation === NO_LESS) {
        if (previous === END) kept = next;
        else this.#chain[previous] = next;
        this.#chain[other] = DEAD;
      } else previous = other;
      other = next;
    }
    return kept;
  }

  /** Whether row number `other` dominates `row` (NO_MORE) or is dominated by it (NO_LESS), or neither. */
  #compare(other: number, row: Int32Array): number {
    const start = other * this.stride;
    let relation = NO_MORE | NO_LESS;
    let group = 0;
    for (const end of this.#familyEnds) {
      // What the family's first group, which can stand in for the rest, has left beyond the other's.
      const first = this.#columns[group++] as number;
      const spare = (row[first] as number) - (this.rows[start + first] as number);
      let more = 0;
      let less = 0;
      for (; group < end; group++) {
        const column = this.#columns[group] as number;
        const difference = (this.rows[start + column] as number) - (row[column] as number);
        if (difference > 0) more += difference;
        else less -= difference;
      }
      if (spare < more) relation &= ~NO_MORE;
      if (-spare < less) relation &= ~NO_LESS;
      if (relation === NEITHER) return NEITHER;
    }
    return relation & NO_MORE ? NO_MORE : NO_LESS;
  }

  /**
   * How many crashed operations the row used, by family, in four lanes of a byte (families share lanes).
   * A row dominates another only if it used no more in any lane: most comparisons end with this one.
   */
  #signature(row: Int32Array): number {
    let signature = 0;
    let column = 0;
    for (let family = 0; family < this.#familyEnds.length; family++) {
      const lane = (family & 3) * 8;
      let used = (signature >>> lane) & LANE_MAX;
      for (; column < (this.#familyEnds[family] as number); column++) {
        used += row[this.#columns[column] as number] as number;
      }
      signature = (signature & ~(LANE_MAX << lane)) | (Math.min(used, LANE_MAX) << lane);
    }
    return signature;
  }

  #growRows(): void {
    const capacity = this.nodes.length * 2;
    const rows = new Int32Array(capacity * this.stride);
    rows.set(this.rows);
    this.rows = rows;
    this.nodes = grown(this.nodes, capacity);
    this.#chain = grown(this.#chain, capacity);
    this.#signatures = grown(this.#signatures, capacity);
  }

  #growBuckets(): void {
    const [buckets, stamps] = [this.#buckets, this.#stamps];
    const mask = buckets.length * 2 - 1;
    this.#buckets = new Int32Array(mask + 1);
    this.#stamps = new Int32Array(mask + 1);
    for (let old = 0; old < buckets.length; old++) {
      if (stamps[old] !== this.#stamp) continue;
      const head = buckets[old] as number;
      let bucket = hash(this.rows, head * this.stride, this.#keyLength) & mask;
      while (this.#stamps[bucket] === this.#stamp) bucket = (bucket + 1) & mask;
      this.#buckets[bucket] = head;
      this.#stamps[bucket] = this.#stamp;
    }
  }
}

const END = -1;
const DEAD = -2;
const DOMINATED = -3;
const NO_MORE = 1;
const NO_LESS = 2;
const NEITHER = 0;
const LANE_MAX = 0x7f;
/** The bit above each lane. */
const GUARDS = 0x80808080 | 0;

/** Whether each lane of `a` is at most that of `b`: none borrows from its guard bit. */
function isAtMost(a: number, b: number): boolean {
  return (((b | GUARDS) - a) & GUARDS) === GUARDS;
}

function hash(integers: Int32Array, start: number, length: number): number {
  let h = 0;
  for (let i = start; i < start + length; i++) {
    h = Math.imul(h ^ (integers[i] as number), 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h;
}

export function grown(old: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(old);
  return larger;
}
