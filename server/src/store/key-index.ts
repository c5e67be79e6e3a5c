import type { Key } from "./keys.js";
import { WordTable } from "./word-table.js";

/** Whatever stands for a key outside: its number, by which its bytes are found. */
export type KeyRow = number;

/** Of a leaf: how many keys it has, the leaf behind it (NO_LEAF: none), its keys. */
const LEAF_NEXT = 1;
const LEAF_KEYS = 2;
const NO_LEAF = 0xffff_ffff;
/** Of a branch: how many nodes are below it, the smallest key below each (that of the first counts for nothing), the nodes. */
const BRANCH_KEYS = 1;
/** Of both. */
const COUNT = 0;

const FANOUT = 64;

/** A node that was cut off another: its smallest key, and its number. */
interface Split {
  readonly first: KeyRow;
  readonly node: number;
}

/**
 * Keys in order: a B+ tree of numbers in memory outside the JavaScript heap, so that a collector finds nothing to visit
 * however many keys there are. The keys themselves are elsewhere. Nothing is ever taken out.
 */
export class KeyIndex {
  private readonly compare: (key: Key, row: KeyRow) => number;
  private readonly fanout: number;
  private readonly leaves: WordTable;
  private readonly branches: WordTable;
  private root: number;
  /** Of branches above the leaves. */
  private height = 0;
  /** The key that `get` last did not find, if nothing was added since, and its place: who adds it has asked before. */
  private missed: Key | null = null;
  private missedLeaf = 0;
  private missedAt = 0;

  /** `compare`: below 0 where the key comes before that of the row, 0 where it is that. `fanout`: even, 4 at least. */
  constructor(compare: (key: Key, row: KeyRow) => number, fanout = FANOUT) {
    this.compare = compare;
    this.fanout = fanout;
    this.leaves = new WordTable(LEAF_KEYS + fanout);
    this.branches = new WordTable(BRANCH_KEYS + 2 * fanout);
    this.root = this.leaves.add();
    this.leaves.set(this.root, LEAF_NEXT, NO_LEAF);
  }

  /** Memory taken. */
  get bytes(): number {
    return this.leaves.bytes + this.branches.bytes;
  }

  get(key: Key): KeyRow | undefined {
    const leaf = this.leafOf(key);
    const at = this.placeIn(leaf, key);
    if (at < this.leaves.get(leaf, COUNT)) {
      const row = this.leaves.get(leaf, LEAF_KEYS + at);
      if (this.compare(key, row) === 0) return row;
    }
    this.missed = key;
    this.missedLeaf = leaf;
    this.missedAt = at;
    return undefined;
  }

  /** The key must not be in it yet; `row` must be found by `compare`. */
  add(key: Key, row: KeyRow): void {
    const hasPlace = this.missed === key && this.leaves.get(this.missedLeaf, COUNT) < this.fanout;
    this.missed = null;
    if (hasPlace) {
      this.addToLeaf(this.missedLeaf, this.missedAt, row);
      return;
    }
    const split = this.addBelow(this.root, this.height, key, row);
    if (split === null) return;
    const root = this.branches.add();
    this.branches.set(root, COUNT, 2);
    this.branches.set(root, BRANCH_KEYS + 1, split.first);
    this.branches.set(root, BRANCH_KEYS + this.fanout, this.root);
    this.branches.set(root, BRANCH_KEYS + this.fanout + 1, split.node);
    this.root = root;
    this.height += 1;
  }

  /** The rows in order of their keys, from `from` on and before `to` (null: all), until `visitor` returns false. */
  visit(from: Key, to: Key | null, visitor: (row: KeyRow) => boolean): void {
    const { leaves } = this;
    let leaf = this.leafOf(from);
    let at = this.placeIn(leaf, from);
    for (; leaf !== NO_LEAF; leaf = leaves.get(leaf, LEAF_NEXT), at = 0) {
      const count = leaves.get(leaf, COUNT);
      const isLast =
        to !== null && count > 0 && this.compare(to, leaves.get(leaf, LEAF_KEYS + count - 1)) <= 0;
      const end = isLast ? this.placeIn(leaf, to) : count;
      for (; at < end; at++) {
        if (!visitor(leaves.get(leaf, LEAF_KEYS + at))) return;
      }
      if (isLast) return;
    }
  }

  private addBelow(node: number, height: number, key: Key, row: KeyRow): Split | null {
    if (height === 0) return this.addToLeaf(node, this.placeIn(node, key), row);
    const at = this.childOf(node, key);
    const split = this.addBelow(
      this.branches.get(node, BRANCH_KEYS + this.fanout + at),
      height - 1,
      key,
      row,
    );
    return split === null ? null : this.addToBranch(node, at + 1, split);
  }

  private addToLeaf(leaf: number, at: number, row: KeyRow): Split | null {
    const { leaves, fanout } = this;
    const count = leaves.get(leaf, COUNT);
    if (count < fanout) {
      leaves.insert(leaf, LEAF_KEYS + at, LEAF_KEYS + count, row);
      leaves.set(leaf, COUNT, count + 1);
      return null;
    }
    const next = leaves.get(leaf, LEAF_NEXT);
    // Behind all keys: more will come there, and none in between.
    const kept = next === NO_LEAF && at === count ? count : fanout / 2;
    const node = leaves.add();
    leaves.set(node, LEAF_NEXT, next);
    leaves.set(leaf, LEAF_NEXT, node);
    leaves.set(leaf, COUNT, kept);
    leaves.set(node, COUNT, count - kept);
    leaves.copy(leaf, LEAF_KEYS + kept, node, LEAF_KEYS, count - kept);
    if (at < kept) this.addToLeaf(leaf, at, row);
    else this.addToLeaf(node, at - kept, row);
    return { first: leaves.get(node, LEAF_KEYS), node };
  }

  /** `at` is not 0: what was cut off is behind what was there. */
  private addToBranch(branch: number, at: number, split: Split): Split | null {
    const { branches, fanout } = this;
    const nodes = BRANCH_KEYS + fanout;
    const count = branches.get(branch, COUNT);
    if (count < fanout) {
      branches.insert(branch, BRANCH_KEYS + at, BRANCH_KEYS + count, split.first);
      branches.insert(branch, nodes + at, nodes + count, split.node);
      branches.set(branch, COUNT, count + 1);
      return null;
    }
    const kept = fanout / 2;
    const node = branches.add();
    branches.set(branch, COUNT, kept);
    branches.set(node, COUNT, count - kept);
    branches.copy(branch, BRANCH_KEYS + kept, node, BRANCH_KEYS, count - kept);
    branches.copy(branch, nodes + kept, node, nodes, count - kept);
    if (at <= kept) this.addToBranch(branch, at, split);
    else this.addToBranch(node, at - kept, split);
    return { first: branches.get(node, BRANCH_KEYS), node };
  }

  /** The leaf where the key is, if it is anywhere. */
  private leafOf(key: Key): number {
    let node = this.root;
    for (let { height } = this; height > 0; height--) {
      node = this.branches.get(node, BRANCH_KEYS + this.fanout + this.childOf(node, key));
    }
    return node;
  }

  /** The last node below the branch whose smallest key is not behind `key`; else the first. */
  private childOf(branch: number, key: Key): number {
    let [low, high] = [0, this.branches.get(branch, COUNT) - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.compare(key, this.branches.get(branch, BRANCH_KEYS + middle)) >= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** How many keys of the leaf are before `key`. */
  private placeIn(leaf: number, key: Key): number {
    let [low, high] = [0, this.leaves.get(leaf, COUNT)];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(key, this.leaves.get(leaf, LEAF_KEYS + middle)) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
