import type { Int64 } from "@gauntlet/proto";

/**
 * A client's 64-bit field as a number, held at the largest safe integer. Everything in the store that it is
 * compared with is far smaller, so every comparison comes out as it would without the bound.
 */
export function bounded(value: Int64 | null | undefined): number {
  const number = typeof value === "object" && value !== null ? value.toNumber() : (value ?? 0);
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
}
