import type { Operations } from "../model.js";

/** Operations side by side: those of a lane never overlap. Lanes of one node are together. */
export interface TimelineLanes {
  readonly node: string;
  /** Rows of the operations, by their start. */
  readonly rows: readonly number[];
}

/** An operation of which nothing was ever heard takes up its lane this long: others may follow it there. */
const UNHEARD_MS = 1_000;

export function lanesOf(operations: Operations): readonly TimelineLanes[] {
  const { names, node, startMs } = operations;
  const byNode = new Map<string, { readonly rows: number[]; readonly endsMs: number }[]>();
  const open = new Map<string, { rows: number[]; endsMs: number }[]>();
  for (let row = 0; row < startMs.length; row++) {
    const name = names[node[row] ?? -1] ?? "";
    const lanes = open.get(name) ?? [];
    open.set(name, lanes);
    const start = startMs[row] ?? 0;
    let lane = lanes.find(({ endsMs }) => endsMs <= start);
    if (lane === undefined) {
      lane = { rows: [], endsMs: 0 };
      lanes.push(lane);
    }
    lane.rows.push(row);
    lane.endsMs = endOf(operations, row);
    byNode.set(name, lanes);
  }
  return [...byNode]
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .flatMap(([name, lanes]) => lanes.map(({ rows }) => ({ node: name, rows })));
}

export function endOf({ startMs, lengthMs }: Operations, row: number): number {
  const length = lengthMs[row] ?? -1;
  return (startMs[row] ?? 0) + (length < 0 ? UNHEARD_MS : length);
}

/** The place of the first row that ends after a moment: within a lane they end in the order of their starts. */
export function firstAfter(operations: Operations, rows: readonly number[], ms: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(operations, rows[middle] ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
