/**
 * What the page carries for its script, as JSON. Columns rather than objects: 100,000 operations are a few
 * megabytes.
 */
export interface PageData {
  readonly title: string;
  readonly model: string;
  /** Of the clock; null: they are plain numbers. */
  readonly timeUnit: TimeUnit | null;
  /** What the clock shows at the moment that is shown as 0; null: the first of the page. */
  readonly timeOrigin: number | null;
  /** Every description, label and state, once each. */
  readonly texts: readonly string[];
  readonly kinds: readonly string[];
  /** Process p goes on as p + clients after an operation that never returned; null: not that anyone knows. */
  readonly clients: number | null;
  /** Illegal, then unknown, then ok; those that fit. */
  readonly partitions: readonly PagePartition[];
  readonly faults: readonly PageFault[];
}

export type TimeUnit = "ns" | "us" | "ms" | "s";

export interface PageFault {
  readonly name: string;
  readonly target: string;
  readonly from: number;
  /** Null: it had no end. */
  readonly to: number | null;
}

/** Operations are numbered by their place in these columns, which are sorted by call. */
export interface PagePartition {
  readonly key: string;
  readonly verdict: "ok" | "illegal" | "unknown";
  readonly reason: string;
  /** What is not shown, in sentences. */
  readonly notes: readonly string[];
  /** As operations are numbered in messages. */
  readonly ids: readonly number[];
  readonly process: readonly number[];
  readonly call: readonly number[];
  /** The return; null: never returned. */
  readonly end: readonly (number | null)[];
  /** What the clock showed at each distinct time of a call or return, in order; null: the times are the clock's. */
  readonly clock: readonly number[] | null;
  /** Numbers of texts. */
  readonly text: readonly number[];
  readonly label: readonly number[];
  readonly kind: readonly number[];
  /** Operations that certainly did not happen. */
  readonly failed: readonly number[];
  /** The witness; or longest partial orders, which end in different states; none of an undecided partition. */
  readonly orders: readonly PageOrder[];
  /** The operation whose return left no order; -1: none. */
  readonly brokeAt: number;
  /** The states that the object could be in before that return, described; not all of very many. */
  readonly possibleStates: readonly string[];
  readonly minimal: readonly number[];
  /** Of an undecided partition: the history is legal up to this time. */
  readonly legalUntil: number | null;
}

/** An order of operations, as far as they are on the page. */
export interface PageOrder {
  readonly operations: readonly number[];
  /** Steps of the order before the first one on the page. */
  readonly from: number;
  /** The state after each step: number of a text; -1: not on the page. */
  readonly states: readonly number[];
  /** Those that could come next in time but whose answer is impossible in the last state. */
  readonly illegalNext: readonly number[];
  /** Those that could come next, though no order goes on to explain the rest. */
  readonly possibleNext: readonly number[];
  /** What is not shown of it, in sentences. */
  readonly notes: readonly string[];
}
