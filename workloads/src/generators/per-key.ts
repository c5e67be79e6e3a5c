import type { Source } from "../workload.js";
import { DONE } from "./next.js";
import { Routes } from "./routes.js";
import { limit } from "./limit.js";

export interface PerKeyOptions {
  /** Workers 0 … workers-1 take part. */
  readonly workers: number;
  /** So many neighbours work on one key at a time; whoever is left over joins the groups from the first on. */
  readonly groupSize: number;
  /** Then the group goes on to the next key: bounds the cost of checking one. */
  readonly operationsPerKey: number;
  readonly nameOf: (index: number) => string;
  /** What is done with a key. It knows its group as workers 0, 1, … */
  readonly source: (key: string, index: number) => Source;
  /** After so many keys it is done. Absent: never. */
  readonly keys?: number;
}

export interface KeyedSource extends Source {
  /** All keys so far, in their order. */
  readonly keys: readonly string[];
}

/** Groups of workers, each at a key of its own, one key after another. */
export function perKey(options: PerKeyOptions): KeyedSource {
  const { workers, groupSize, operationsPerKey, nameOf, source: make, keys: most } = options;
  const groups = Math.max(1, Math.floor(workers / groupSize));
  const routes = new Routes();
  const keys: string[] = [];
  const turns = new Map<number, Source>();
  const begin = (group: number): Source | undefined => {
    if (keys.length === most) return undefined;
    const index = keys.length;
    const key = nameOf(index);
    keys.push(key);
    const turn = limit(operationsPerKey, make(key, index));
    turns.set(group, turn);
    return turn;
  };
  return {
    keys,
    next: (worker, nowMs) => {
      const [group, own] = placeOf(worker, groups, groupSize);
      const turn = turns.get(group);
      const next = turn === undefined ? DONE : routes.next(turn, own, nowMs);
      if (next.type !== "done") return next;
      const following = begin(group);
      if (following === undefined) return DONE;
      const first = routes.next(following, own, nowMs);
      if (first.type === "done")
        throw new Error(`nothing is done with key ${keys.at(-1)}, so none would be the last`);
      return first;
    },
    completed: (_, operation, type) => routes.completed(operation, type),
  };
}

/** The group of a worker, and its number there. */
function placeOf(worker: number, groups: number, groupSize: number): readonly [number, number] {
  const over = worker - groups * groupSize;
  if (over < 0) return [Math.floor(worker / groupSize), worker % groupSize];
  return [over % groups, groupSize + Math.floor(over / groups)];
}
