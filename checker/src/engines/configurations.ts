/**
 * How a row lies in memory: the state; the bits of the open operations that may be taken to have taken effect; the bits
 * of those that may be taken to have not (updates only); a count for each group of crashed operations of which
 * some configuration has used some.
 */
export class Layout {
  /** Integers for each of the two sets of bits. */
  words = 1;
  stride = 3;
  /** The first bits that must be equal for one row to dominate another: a hash finds rows by them and the state. */
  exact = new Int32Array(1);
  /** The columns of the counts by family: first the group that covers the others, then those. */
  familyColumns: readonly number[] = [];
  familyEnds: readonly number[] = [];

  get countsAt(): number {
    return 1 + 2 * this.words;
  }

  /** `coveredBy`: by column of counts, another that can stand in for it and that has none itself, or -1. */
  setColumns(coveredBy: readonly number[]): void {
    this.stride = this.countsAt + coveredBy.length;
    const columns: number[] = [];
    const ends: number[] = [];
    coveredBy.forEach((cover, column) => {
      if (cover !== -1) return;
      columns.push(this.countsAt + column);
      coveredBy.forEach((other, member) => {
        if (other === column) columns.push(this.countsAt + member);
      });
      ends.push(columns.length);
    });
    this.familyColumns = columns;
    this.familyEnds = ends;
  }
}

/**
 * A set of configurations, in rows of integers. A row stands for several configurations where an operation has
 * both its bits: it may have taken effect or not, as one likes.
 *
 * Of two rows of the same state, the one that leaves every choice that the other leaves can do all that the other can:
 * it has all the bits that the other has, and of the crashed operations it has left all that the other has left,
 * or operations that can stand in for it, since a crashed operation need never take effect. So the set keeps only
 * rows that no other row dominates. They are found by a hash, and compared in full.
 */
export class ConfigurationSet {
  /** Rows ever added since `clear`; dead ones among them. */
  count = 0;
  /** Row comparisons made: a measure of time spent. */
  work = 0;
  rows = new Int32Array(64);
  /** By row: the end of its path (paths.ts). */
  nodes = new Int32Array(16);
  readonly #layout: Layout;
  /** By row: the next row of the same hash key, END, or DEAD. */
  #chain = new Int32Array(16);
  /** By row: see #signature. */
  #signatures = new Int32Array(16);
  #dead = 0;
  #buckets = new Int32Array(32);
  /** A bucket counts only if its stamp is the present one: clearing costs nothing. */
  #stamps = new Int32Array(32);
  #stamp = 1;
  #used = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  get bytes(): number {
    return 4 * (this.rows.length + 3 * this.nodes.length + 2 * this.#buckets.length);
  }

  clear(): void {
    this.count = 0;
    this.#dead = 0;
    this.#used = 0;
    if (this.#stamp === MAX_STAMP) this.#stamps.fill((this.#stamp = 0));
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
    const signature = this.#layout.familyEnds.length === 0 ? 0 : this.#signature(row);
    const rest = filled ? this.#dropDominated(bucket, row, signature) : END;
    if (rest === DOMINATED) return -1;
    const number = this.count++;
    const { stride } = this.#layout;
    const start = number * stride;
    if (number === this.nodes.length) this.#growNumbers();
    // Together with them, but by the stride, which may have changed since.
    if (start + stride > this.rows.length) this.rows = grown(this.rows, this.nodes.length * stride);
    for (let i = 0; i < stride; i++) this.rows[start + i] = row[i] as number;
    this.#chain[number] = rest;
    this.#signatures[number] = signature;
    this.#buckets[bucket] = number;
    if (!filled) {
      this.#stamps[bucket] = this.#stamp;
      this.#used++;
    }
    return number;
  }

  /** Moves the living rows to the front: then there are no dead ones. No `add` before the next `clear`. */
  dropDead(): void {
    if (this.#dead === 0) return;
    const { stride } = this.#layout;
    let kept = 0;
    for (let row = 0; row < this.count; row++) {
      if (this.isDead(row)) continue;
      for (let i = 0; i < stride; i++) this.rows[kept * stride + i] = this.rows[row * stride + i] as number;
      this.nodes[kept++] = this.nodes[row] as number;
    }
    this.count = kept;
    this.#dead = 0;
    this.#chain.fill(END, 0, kept);
  }

  /** For a new layout; `sources`: by integer of a new row, the one of an old row that it takes, or -1 for 0. */
  relayout(oldStride: number, sources: readonly number[]): void {
    const stride = sources.length;
    const rows = new Int32Array(Math.max(this.rows.length, this.nodes.length * stride));
    for (let row = 0; row < this.count; row++) {
      for (let i = 0; i < stride; i++) {
        const source = sources[i] as number;
        if (source !== -1) rows[row * stride + i] = this.rows[row * oldStride + source] as number;
      }
    }
    this.rows = rows;
  }

  /** The bucket of this row's state and exact bits: a filled one with the same, or the empty one where they belong. */
  #find(row: Int32Array): number {
    const { exact, stride, words } = this.#layout;
    const mask = this.#buckets.length - 1;
    let bucket = this.#hash(row, 0) & mask;
    while (this.#stamps[bucket] === this.#stamp) {
      const start = (this.#buckets[bucket] as number) * stride;
      let same = this.rows[start] === row[0];
      for (let i = 0; i < words && same; i++)
        same = (((this.rows[start + 1 + i] as number) ^ (row[1 + i] as number)) & (exact[i] as number)) === 0;
      if (same) return bucket;
      bucket = (bucket + 1) & mask;
    }
    return bucket;
  }

  #hash(rows: Int32Array, start: number): number {
    const { exact, words } = this.#layout;
    let hash = Math.imul(rows[start] as number, 0x9e3779b1);
    for (let i = 0; i < words; i++) {
      hash ^= hash >>> 15;
      hash = Math.imul(hash ^ ((rows[start + 1 + i] as number) & (exact[i] as number)), 0x85ebca6b);
    }
    return hash ^ (hash >>> 13);
  }

  /** Marks the rows of a bucket that `row` dominates dead; returns the first that is left, or DOMINATED. */
  #dropDominated(bucket: number, row: Int32Array, signature: number): number {
    const head = this.#buckets[bucket] as number;
    const { stride } = this.#layout;
    let kept = head;
    let previous = END;
    for (let other = head; other !== END; ) {
      this.work++;
      const next = this.#chain[other] as number;
      const known = this.#signatures[other] as number;
      const relation =
        isAtMost(known, signature) || isAtMost(signature, known)
          ? this.#compare(other * stride, row)
          : NEITHER;
      if (relation & NO_MORE) {
        // What dominated one will probably dominate more: to the front with it.
        if (previous !== END) {
          this.#chain[previous] = next;
          this.#chain[other] = kept;
        }
        this.#buckets[bucket] = other;
        return DOMINATED;
      }
      if (relation === NO_LESS) {
        if (previous === END) kept = next;
        else this.#chain[previous] = next;
        this.#chain[other] = DEAD;
        this.#dead++;
      } else previous = other;
      other = next;
    }
    return kept;
  }

  /** Whether the row that begins at `start` dominates `row` (NO_MORE), or is dominated by it (NO_LESS). */
  #compare(start: number, row: Int32Array): number {
    const { countsAt, familyEnds } = this.#layout;
    let relation = NO_MORE | NO_LESS;
    for (let i = 1; i < countsAt; i++) {
      const known = this.rows[start + i] as number;
      const added = row[i] as number;
      if (added & ~known) relation &= ~NO_MORE;
      if (known & ~added) relation &= ~NO_LESS;
    }
    return relation === NEITHER || familyEnds.length === 0
      ? relation
      : relation & this.#compareCounts(start, row);
  }

  #compareCounts(start: number, row: Int32Array): number {
    const { familyColumns, familyEnds } = this.#layout;
    let relation = NO_MORE | NO_LESS;
    let place = 0;
    for (let family = 0; family < familyEnds.length && relation !== NEITHER; family++) {
      const end = familyEnds[family] as number;
      // What the family's first group, which can stand in for the rest, has left beyond the other's.
      const first = familyColumns[place++] as number;
      const spare = (row[first] as number) - (this.rows[start + first] as number);
      let more = 0;
      let less = 0;
      for (; place < end; place++) {
        const column = familyColumns[place] as number;
        const difference = (this.rows[start + column] as number) - (row[column] as number);
        if (difference > 0) more += difference;
        else less -= difference;
      }
      if (spare < more) relation &= ~NO_MORE;
      if (-spare < less) relation &= ~NO_LESS;
    }
    return relation;
  }

  /**
   * How many crashed operations the row used, by family, in four lanes of a byte (families share lanes).
   * A row dominates another only if it used no more in any lane: most comparisons end with this one.
   */
  #signature(row: Int32Array): number {
    const { familyColumns, familyEnds } = this.#layout;
    let signature = 0;
    let place = 0;
    for (let family = 0; family < familyEnds.length; family++) {
      const lane = (family & 3) * 8;
      let used = (signature >>> lane) & LANE_MAX;
      for (const end = familyEnds[family] as number; place < end; place++)
        used += row[familyColumns[place] as number] as number;
      signature = (signature & ~(LANE_MAX << lane)) | (Math.min(used, LANE_MAX) << lane);
    }
    return signature;
  }

  #growNumbers(): void {
    const capacity = this.nodes.length * 2;
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
      let bucket = this.#hash(this.rows, head * this.#layout.stride) & mask;
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
const MAX_STAMP = 2 ** 31 - 1;

/** Whether each lane of `a` is at most that of `b`: none borrows from its guard bit. */
function isAtMost(a: number, b: number): boolean {
  return (((b | GUARDS) - a) & GUARDS) === GUARDS;
}

export function grown(old: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(old);
  return larger;
}
