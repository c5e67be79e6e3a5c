import type { Source } from "../workload.js";
import { DONE, earlier, pending } from "./next.js";

/** No more operations once `limitMs` have passed since it was first asked. */
export function timeLimit(limitMs: number, source: Source): Source {
  let endMs: number | null = null;
  return {
    next: (worker, nowMs) => {
      endMs ??= nowMs + limitMs;
      if (nowMs >= endMs) return DONE;
      const next = source.next(worker, nowMs);
      return next.type === "pending" ? pending(earlier(next.untilMs, endMs)) : next;
    },
    completed: (worker, operation, type) => source.completed?.(worker, operation, type),
  };
}
