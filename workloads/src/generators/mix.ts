import type { Draw, Next, Source } from "../workload.js";
import { DONE, earlier, pending } from "./next.js";
import { Routes } from "./routes.js";

export interface Share {
  /** A whole number; of all operations, weight / sum of weights come from this source. */
  readonly weight: number;
  readonly source: Source;
}

/** Each operation comes from one of the sources that have something now, drawn by weight. Done when all of them are. */
export function mix(shares: readonly Share[], draw: Draw): Source {
  const routes = new Routes();
  return {
    next: (worker, nowMs) => {
      const left = [...shares];
      let last: Next = DONE;
      while (left.length > 0) {
        const [share] = left.splice(drawn(left, draw), 1);
        if (share === undefined) break;
        const next = routes.next(share.source, worker, nowMs);
        if (next.type === "operation") return next;
        if (next.type === "pending")
          last = last.type === "pending" ? pending(earlier(last.untilMs, next.untilMs)) : next;
      }
      return last;
    },
    completed: (_, operation, type) => routes.completed(operation, type),
  };
}

function drawn(shares: readonly Share[], draw: Draw): number {
  let rest = draw.below(shares.reduce((sum, { weight }) => sum + weight, 0));
  return shares.findIndex(({ weight }) => (rest -= weight) < 0);
}
