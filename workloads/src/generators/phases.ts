import type { Source } from "../workload.js";
import { DONE, pending } from "./next.js";

/**
 * One source after another: the next begins when the one before it is done for each of the workers 0 … workers-1 and all its
 * operations have ended.
 */
export function phases(workers: number, ...sources: readonly Source[]): Source {
  let phase = 0;
  let open = 0;
  const done = new Set<number>();
  return {
    next: (worker, nowMs) => {
      for (let source = sources[phase]; source !== undefined; source = sources[phase]) {
        const next = done.has(worker) ? DONE : source.next(worker, nowMs);
        if (next.type === "operation") open += 1;
        if (next.type !== "done") return next;
        done.add(worker);
        if (done.size < workers || open > 0) return pending(null);
        phase += 1;
        done.clear();
      }
      return DONE;
    },
    completed: (worker, operation, type) => {
      // What is open is of the present phase: no other begins before it has ended.
      open -= 1;
      sources[phase]?.completed?.(worker, operation, type);
    },
  };
}
