import type { Source } from "../workload.js";
import { DONE } from "./next.js";

/** So many operations, and then no more. */
export function limit(operations: number, source: Source): Source {
  let left = operations;
  return {
    next: (worker, nowMs) => {
      if (left === 0) return DONE;
      const next = source.next(worker, nowMs);
      if (next.type === "operation") left -= 1;
      return next;
    },
    completed: (worker, operation, type) => source.completed?.(worker, operation, type),
  };
}
