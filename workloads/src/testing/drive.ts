import type { Answer, Draw, Next, Operation, Source } from "../workload.js";
import type { Outcome } from "../client.js";

/** One operation that a source handed out, with virtual times. */
export interface Driven {
  readonly worker: number;
  readonly operation: Operation;
  readonly beganMs: number;
  endedMs: number;
  type: Outcome<Answer>["type"];
}

export interface DriveOptions {
  readonly workers: number;
  readonly untilMs: number;
  /** How long an operation takes, at most. */
  readonly longestMs: number;
  readonly draw: Draw;
}

/**
 * Asks a source as workers do that are never in step: each asks as soon as it is free, again at the time that it was told
 * or a bit later, and operations take their time and end in all three ways. Ends when all are done, or at `untilMs`.
 */
export function drive(
  source: Source,
  { workers, untilMs, longestMs, draw }: DriveOptions,
): readonly Driven[] {
  const driven: Driven[] = [];
  const open = new Set<Driven>();
  const done = new Set<number>();
  for (let nowMs = 0; nowMs < untilMs && (done.size < workers || open.size > 0); nowMs++) {
    for (const each of open) {
      if (each.endedMs > nowMs) continue;
      open.delete(each);
      source.completed?.(each.worker, each.operation, each.type);
    }
    const busy = new Set([...open].map(({ worker }) => worker));
    for (let turn = 0; turn < workers; turn++) {
      const worker = draw.below(workers);
      if (busy.has(worker) || done.has(worker)) continue;
      const next: Next = source.next(worker, nowMs);
      if (next.type === "done") done.add(worker);
      if (next.type !== "operation") continue;
      const type = (["ok", "fail", "info"] as const)[draw.below(3)] ?? "ok";
      const each = {
        worker,
        operation: next.operation,
        beganMs: nowMs,
        endedMs: nowMs + 1 + draw.below(longestMs),
        type,
      };
      driven.push(each);
      open.add(each);
      busy.add(worker);
    }
  }
  return driven;
}

/** A source that always has something, and hears its own and nothing else. */
export function listener(
  f: string,
  options: { readonly operations?: number } = {},
): Source & {
  readonly handedOut: Map<Operation, number>;
  readonly heard: (readonly [worker: number, type: string])[];
} {
  const handedOut = new Map<Operation, number>();
  const heard: (readonly [number, string])[] = [];
  return {
    handedOut,
    heard,
    next: (worker) => {
      if (handedOut.size === options.operations) return { type: "done" };
      const operation = { f, value: handedOut.size };
      handedOut.set(operation, worker);
      return { type: "operation", operation };
    },
    completed: (worker, operation, type) => {
      if (handedOut.get(operation) !== worker) throw new Error(`${f} hears of what it did not hand out`);
      heard.push([worker, type]);
    },
  };
}
