import { at } from "../operation.js";

/** Of a sample of durations, by nearest rank: each is one that was measured. */
export interface LatencyQuantiles {
  readonly minMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Null of an empty sample. */
export function latencyQuantiles(nanoseconds: readonly number[]): LatencyQuantiles | null {
  if (nanoseconds.length === 0) return null;
  const sorted = nanoseconds.toSorted((a, b) => a - b);
  const ms = (q: number): number => at(sorted, Math.max(0, Math.ceil(q * sorted.length) - 1)) / 1e6;
  return { minMs: ms(0), medianMs: ms(0.5), p95Ms: ms(0.95), p99Ms: ms(0.99), maxMs: ms(1) };
}
