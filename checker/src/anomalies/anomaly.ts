import type { Scalar } from "./list-append-history.js";

/** Worst first. Names as Elle's; the history needs no predicates, so all anti-dependencies are of items. */
export const CYCLE_CLASSES = ["G0", "G1c", "G-single-item", "G-nonadjacent-item", "G2-item"] as const;
export type CycleClass = (typeof CYCLE_CLASSES)[number];
/** With an edge of process order or of real-time order in it. */
export type CycleType = CycleClass | `${CycleClass}-process` | `${CycleClass}-realtime`;

/** What can be seen without a dependency graph. Worst first. */
export const DIRECT_TYPES = [
  /** A read returned an element that no transaction of the history appended. */
  "garbage-read",
  /** A read returned an element twice. */
  "duplicate-elements",
  /** A read shows a transaction's later append to a key without its earlier one, or before it. */
  "reordered-appends",
  /** Two reads of a key that cannot be of one growing list. */
  "incompatible-order",
  /** A read returned an element of an aborted transaction. */
  "G1a",
  /** A committed transaction appended to a list that holds an aborted transaction's element. */
  "dirty-update",
  /** A read ended between two appends of one transaction. */
  "G1b",
  /** A transaction read what it appended only later. */
  "future-read",
  /** A read contradicts the transaction's own earlier reads and appends. */
  "internal",
  /** A transaction saw one append of another transaction, and missed an append of it to another key. */
  "fractured-read",
  /** Two transactions read the same version of a key, and both appended to it. */
  "lost-update",
] as const;
export type DirectType = (typeof DIRECT_TYPES)[number];

export type AnomalyType = CycleType | DirectType;

/** Numbers of transactions are the `index` of their completion, or of their invocation if they have none. */
export interface DirectAnomaly {
  readonly type: DirectType;
  readonly transactions: readonly number[];
  readonly key: Scalar;
  readonly elements: readonly Scalar[];
  readonly text: string;
}

/** How many examples of each type a report holds. All are counted. */
export const EXAMPLES = 10;

/** Counts what was found, and keeps the first examples of each type. */
export class DirectFindings {
  readonly #counts = new Map<DirectType, number>();
  readonly examples: DirectAnomaly[] = [];

  /** `describe` is called only for the examples that are kept. */
  add(type: DirectType, describe: () => Omit<DirectAnomaly, "type">): void {
    const count = this.count(type);
    this.#counts.set(type, count + 1);
    if (count < EXAMPLES) this.examples.push({ type, ...describe() });
  }

  count(type: DirectType): number {
    return this.#counts.get(type) ?? 0;
  }
}
