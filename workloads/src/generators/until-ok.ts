import type { Source } from "../workload.js";
import { DONE, pending } from "./next.js";

/** One operation at a time, until one of them is ok. */
export function untilOk(source: Source): Source {
  let isOpen = false;
  let isOver = false;
  return {
    next: (worker, nowMs) => {
      if (isOver) return DONE;
      if (isOpen) return pending(null);
      const next = source.next(worker, nowMs);
      isOpen = next.type === "operation";
      return next;
    },
    completed: (worker, operation, type) => {
      isOpen = false;
      isOver ||= type === "ok";
      source.completed?.(worker, operation, type);
    },
  };
}
