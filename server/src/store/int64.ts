import type { Int64 } from "@gauntlet/proto";

/**
 * A client's 64-bit field as a number, rounded beyond 2^53. Everything in the store that it is compared
 * with is far smaller, so every comparison comes out as it would with the exact figure.
 */
export function rounded(value: Int64 | null | undefined): number {
  return typeof value === "object" && value !== null ? value.toNumber() : (value ?? 0);
}
