import { at } from "../operation.js";

/** Two sets of which neither holds the other, with an element of each that the other lacks. */
export interface Incomparable {
  readonly left: number;
  readonly right: number;
  readonly onlyLeft: number;
  readonly onlyRight: number;
}

export interface Chain {
  /** Positions of the sets by size, equal sizes in the order given. */
  readonly order: readonly number[];
  /** Empty exactly if each set of the order holds the one before it: if all are comparable. */
  readonly incomparable: readonly Incomparable[];
}

/**
 * Sorts sets of integers in [0, universe), none twice in one set, by inclusion. Linear in their sizes:
 * sets are pairwise comparable exactly if, sorted by size, each holds its predecessor, so only
 * neighbours are compared. Of incomparable pairs it names those among neighbours.
 */
export function chainOf(sets: readonly ArrayLike<number>[], universe: number): Chain {
  const order = Array.from(sets.keys()).toSorted((a, b) => at(sets, a).length - at(sets, b).length || a - b);
  const marks = new Int32Array(universe).fill(-1);
  const incomparable: Incomparable[] = [];
  for (let i = 1; i < order.length; i++) {
    const [left, right] = [at(order, i - 1), at(order, i)];
    const [smaller, larger] = [at(sets, left), at(sets, right)];
    mark(marks, larger, 2 * i);
    const onlyLeft = firstNotMarked(marks, smaller, 2 * i);
    if (onlyLeft === undefined) continue;
    mark(marks, smaller, 2 * i + 1);
    // The larger is not smaller than the set that has something more, so it has something more itself.
    const onlyRight = firstNotMarked(marks, larger, 2 * i + 1);
    if (onlyRight === undefined) throw new Error("a set with an element twice");
    incomparable.push({ left, right, onlyLeft, onlyRight });
  }
  return { order, incomparable };
}

function mark(marks: Int32Array, set: ArrayLike<number>, stamp: number): void {
  for (let i = 0; i < set.length; i++) marks[set[i] as number] = stamp;
}

function firstNotMarked(marks: Int32Array, set: ArrayLike<number>, stamp: number): number | undefined {
  for (let i = 0; i < set.length; i++) {
    const element = set[i] as number;
    if (marks[element] !== stamp) return element;
  }
  return undefined;
}
