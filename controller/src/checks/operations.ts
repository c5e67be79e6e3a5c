import { type HistoryEvent, pairEvents } from "@gauntlet/histories";
import { secondsOf } from "../text.js";

/** One operation of a client, as the checks of time and service see it. Milliseconds since time 0. */
export interface ServedOperation {
  readonly f: string;
  /** When it was due, where the history tells, else when it was invoked. */
  readonly startMs: number;
  readonly invokedMs: number;
  /** Null: nothing was heard of it. */
  readonly endMs: number | null;
  readonly outcome: "ok" | "fail" | "info";
  readonly isWrite: boolean;
  readonly node: string | null;
}

const NS_PER_MS = 1e6;

/** In order of invocation, without the final reads. */
export function servedOperations(history: readonly HistoryEvent[]): readonly ServedOperation[] {
  return pairEvents(history).flatMap(({ invoke, completion }): ServedOperation[] => {
    if (invoke.final === true) return [];
    return [
      {
        f: invoke.f,
        startMs: (invoke.due ?? invoke.time) / NS_PER_MS,
        invokedMs: invoke.time / NS_PER_MS,
        endMs: completion === null ? null : completion.time / NS_PER_MS,
        outcome: completion === null ? "info" : (completion.type as ServedOperation["outcome"]),
        isWrite: isWrite(invoke),
        node: invoke.node ?? null,
      },
    ];
  });
}

/** When writes were acknowledged, in order. */
export function acknowledgedWrites(operations: readonly ServedOperation[]): readonly number[] {
  return operations
    .flatMap(({ outcome, isWrite: writes, endMs }) =>
      writes && outcome === "ok" && endMs !== null ? [endMs] : [],
    )
    .toSorted((a, b) => a - b);
}

/**
 * Whether an operation needs the log to move on: everything but `read`, and but transactions of reads alone. A compare-and-set
 * that finds another value counts, for it takes a quorum to say so.
 */
function isWrite({ f, value }: HistoryEvent): boolean {
  if (f === "read") return false;
  if (f !== "txn" || !Array.isArray(value)) return true;
  return value.some((step: unknown) => !Array.isArray(step) || step[0] !== "r");
}

export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

export function lengthOf({ fromMs, toMs }: Interval): number {
  return toMs - fromMs;
}

/** Those that were invoked within it. */
export function invokedIn(
  { fromMs, toMs }: Interval,
  operations: readonly ServedOperation[],
): readonly ServedOperation[] {
  return operations.filter(({ invokedMs }) => invokedMs >= fromMs && invokedMs < toMs);
}

/** `no write was acknowledged for 31.2 s from 4 s on`. */
export function stopText(stop: Interval): string {
  return `no write was acknowledged for ${secondsOf(lengthOf(stop))} from ${secondsOf(stop.fromMs)} on`;
}

/** The longest time between the interval's ends and the moments (in order) within it. */
export function longestGap({ fromMs, toMs }: Interval, moments: readonly number[]): Interval {
  let longest: Interval = { fromMs, toMs: fromMs };
  let lastMs = fromMs;
  for (const next of [...slice(moments, fromMs, toMs), toMs]) {
    if (next - lastMs > lengthOf(longest)) longest = { fromMs: lastMs, toMs: next };
    lastMs = next;
  }
  return longest;
}

/** The interval without the parts that others cover. */
export function without({ fromMs, toMs }: Interval, others: readonly Interval[]): readonly Interval[] {
  const rest: Interval[] = [];
  let at = fromMs;
  for (const other of others.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (other.fromMs > at) rest.push({ fromMs: at, toMs: Math.min(other.fromMs, toMs) });
    at = Math.max(at, other.toMs);
    if (at >= toMs) break;
  }
  if (at < toMs) rest.push({ fromMs: at, toMs });
  return rest.filter((each) => each.fromMs < each.toMs);
}

/** The moments, which are in order, within the interval. */
export function slice(moments: readonly number[], fromMs: number, toMs: number): readonly number[] {
  return moments.slice(firstFrom(moments, fromMs), firstFrom(moments, toMs));
}

/** Index of the first that is not before it. */
export function firstFrom(moments: readonly number[], fromMs: number): number {
  let [low, high] = [0, moments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] ?? 0) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
