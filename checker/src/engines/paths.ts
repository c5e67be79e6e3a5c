import { grown } from "./configurations.js";

/** The order that led to each configuration, as a tree: a node is an operation and the node before it. */
export class Paths {
  #parents = new Int32Array(64);
  #operations = new Int32Array(64);
  #count = 0;
  #countWhenCompacted = 0;

  get bytes(): number {
    return 8 * this.#parents.length;
  }

  /** `parent`: ROOT, or a node. */
  add(parent: number, operation: number): number {
    if (this.#count === this.#parents.length) {
      this.#parents = grown(this.#parents, this.#count * 2);
      this.#operations = grown(this.#operations, this.#count * 2);
    }
    this.#parents[this.#count] = parent;
    this.#operations[this.#count] = operation;
    return this.#count++;
  }

  /** The operations from the first to this node. */
  to(node: number): number[] {
    const order: number[] = [];
    for (let at = node; at !== ROOT; at = this.#parents[at] as number) {
      order.push(this.#operations[at] as number);
    }
    return order.toReversed();
  }

  /** How many operations lead to each node. */
  lengths(): Int32Array {
    const lengths = new Int32Array(this.#count);
    for (let node = 0; node < this.#count; node++) {
      const parent = this.#parents[node] as number;
      lengths[node] = parent === ROOT ? 1 : (lengths[parent] as number) + 1;
    }
    return lengths;
  }

  /** Worth compacting: most nodes were added since it was last done. */
  isLoose(): boolean {
    return this.#count > 100_000 && this.#count > 2 * this.#countWhenCompacted;
  }

  /** The same, for those who also `cut`: fewer are kept. */
  isLong(): boolean {
    return this.#count > 1024 && this.#count > 2 * this.#countWhenCompacted;
  }

  /** What the nodes hold, in no order that means anything. */
  *held(): Generator<number> {
    for (let node = 0; node < this.#count; node++) yield this.#operations[node] as number;
  }

  /**
   * After `compact`: forgets what all paths have in common, but for the last `tail` nodes of it. `nodes` are renumbered in
   * place. Linear.
   */
  cut(nodes: Int32Array, count: number, tail: number): void {
    const passing = new Int32Array(this.#count);
    for (let i = 0; i < count; i++) {
      const node = nodes[i] as number;
      if (node === ROOT) return;
      passing[node] = (passing[node] as number) + 1;
    }
    let first = this.#count - 1;
    for (; first >= 0 && passing[first] !== count; first--) {
      const parent = this.#parents[first] as number;
      if (parent !== ROOT) passing[parent] = (passing[parent] as number) + (passing[first] as number);
    }
    for (let left = tail; first !== ROOT && left > 0; left--) first = this.#parents[first] as number;
    if (first === ROOT) return;
    this.#parents[first] = ROOT;
    this.compact(nodes, count);
  }

  /** Forgets nodes that lead to none of the first `count` of `nodes`, which are renumbered in place. */
  compact(nodes: Int32Array, count: number): void {
    const renumbered = new Int32Array(this.#count);
    for (let i = 0; i < count; i++) {
      for (
        let at = nodes[i] as number;
        at !== ROOT && renumbered[at] === 0;
        at = this.#parents[at] as number
      ) {
        renumbered[at] = 1;
      }
    }
    // A parent is older than its children, so one pass upwards sees every parent first.
    let kept = 0;
    for (let at = 0; at < this.#count; at++) {
      if (renumbered[at] === 0) continue;
      const parent = this.#parents[at] as number;
      this.#parents[kept] = parent === ROOT ? ROOT : (renumbered[parent] as number);
      this.#operations[kept] = this.#operations[at] as number;
      renumbered[at] = kept++;
    }
    for (let i = 0; i < count; i++) {
      const node = nodes[i] as number;
      if (node !== ROOT) nodes[i] = renumbered[node] as number;
    }
    this.#count = kept;
    this.#countWhenCompacted = kept;
  }
}

export const ROOT = -1;
