import type { Source } from "../workload.js";
import { Routes } from "./routes.js";

export interface Reservation {
  readonly workers: number;
  /** Knows its workers as 0 … workers-1. */
  readonly source: Source;
}

/** The first workers are the first source's, the next ones the second's, and so on; whoever is left over is of `rest`. */
export function reserve(reservations: readonly Reservation[], rest: Source): Source {
  const routes = new Routes();
  return {
    next: (worker, nowMs) => {
      let own = worker;
      for (const { workers, source } of reservations) {
        if (own < workers) return routes.next(source, own, nowMs);
        own -= workers;
      }
      return routes.next(rest, own, nowMs);
    },
    completed: (_, operation, type) => routes.completed(operation, type),
  };
}
