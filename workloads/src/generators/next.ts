import type { Next } from "../workload.js";

export const DONE: Next = { type: "done" };

export function pending(untilMs: number | null): Next {
  return { type: "pending", untilMs };
}

/** The earlier of two times; null is never. */
export function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
