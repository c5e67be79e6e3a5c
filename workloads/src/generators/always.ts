import type { Operation, Source } from "../workload.js";

/** There is always an operation for everybody. */
export function always(make: (worker: number) => Operation): Source {
  return { next: (worker) => ({ type: "operation", operation: { ...make(worker) } }) };
}
