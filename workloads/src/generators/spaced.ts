import type { Source } from "../workload.js";
import { pending } from "./next.js";

/**
 * One operation, then nothing for as long as `gapMs` says. Times are counted from when an operation was due, so that being
 * asked late does not add up; a gap that was missed as a whole is not made up for.
 */
export function spaced(gapMs: () => number, source: Source): Source {
  let dueMs: number | null = null;
  return {
    next: (worker, nowMs) => {
      if (dueMs !== null && nowMs < dueMs) return pending(dueMs);
      const next = source.next(worker, nowMs);
      if (next.type !== "operation") return next;
      const gap = gapMs();
      dueMs = dueMs === null || nowMs - dueMs >= gap ? nowMs + gap : dueMs + gap;
      return next;
    },
    completed: (worker, operation, type) => source.completed?.(worker, operation, type),
  };
}
