import type { Source } from "../workload.js";
import { Routes } from "./routes.js";

/** An operation of the one, then one of the other, and so on. Done as soon as the one whose turn it is is done. */
export function flipFlop(one: Source, other: Source): Source {
  const routes = new Routes();
  let [turn, after] = [one, other];
  return {
    next: (worker, nowMs) => {
      const next = routes.next(turn, worker, nowMs);
      if (next.type === "operation") [turn, after] = [after, turn];
      return next;
    },
    completed: (_, operation, type) => routes.completed(operation, type),
  };
}
