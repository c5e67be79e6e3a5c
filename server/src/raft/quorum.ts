/** Majorities of a set of voters. Any two majorities of one set share a member: all of Raft rests on that. */

export function majoritySize(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/**
 * The highest value that a majority has reached: of acknowledged indexes, what is replicated; of
 * times, when a majority was last heard. No voters: infinity, which never is the smaller of two.
 */
export function reachedByMajority(values: readonly number[]): number {
  if (values.length === 0) return Number.POSITIVE_INFINITY;
  const descending = values.toSorted((a, b) => b - a);
  return descending[majoritySize(values.length) - 1] ?? 0;
}

export type VoteResult = "won" | "lost" | "pending";

/** `lost`: not even all missing answers could make a majority. No voters: won. */
export function tally(voters: number, granted: number, refused: number): VoteResult {
  const needed = voters === 0 ? 0 : majoritySize(voters);
  if (granted >= needed) return "won";
  return voters - refused < needed ? "lost" : "pending";
}
