import type { Source } from "../workload.js";
import { Routes } from "./routes.js";

/** Each process has a source of its own; a worker is a new process after each operation whose end nobody knows. */
export function eachProcess(make: (worker: number) => Source): Source {
  const routes = new Routes();
  const sources = new Map<number, Source>();
  return {
    next: (worker, nowMs) => {
      const source = sources.get(worker) ?? make(worker);
      sources.set(worker, source);
      return routes.next(source, worker, nowMs);
    },
    completed: (worker, operation, type) => {
      routes.completed(operation, type);
      if (type === "info") sources.delete(worker);
    },
  };
}
