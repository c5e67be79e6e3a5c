import type { Configuration } from "./configuration.js";
import type { MemberId } from "./message.js";

/**
 * Majorities. Any two majorities of one set share a member: all of Raft rests on that. A joint configuration
 * decides by a majority of each half (dissertation 4.3); an empty half has no objection.
 */

export function majoritySize(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

type Halves = Pick<Configuration, "voters" | "outgoing">;

/**
 * The highest value that a quorum has reached: of acknowledged indexes, what is replicated; of times,
 * when a quorum was last heard. No voters at all: infinity.
 */
export function reachedByQuorum(halves: Halves, reached: (voter: MemberId) => number): number {
  return Math.min(
    reachedByMajority(halves.voters.map(reached)),
    reachedByMajority(halves.outgoing.map(reached)),
  );
}

export type VoteResult = "won" | "lost" | "pending";

/** `lost`: not even all missing answers could make a quorum. Answers of others than voters do not count. */
export function tally(halves: Halves, votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  const results = [tallyOfHalf(halves.voters, votes), tallyOfHalf(halves.outgoing, votes)];
  if (results.includes("lost")) return "lost";
  return results.includes("pending") ? "pending" : "won";
}

/** No values: infinity, which never is the smaller of two. */
function reachedByMajority(values: readonly number[]): number {
  if (values.length === 0) return Number.POSITIVE_INFINITY;
  const descending = values.toSorted((a, b) => b - a);
  return descending[majoritySize(values.length) - 1] ?? 0;
}

function tallyOfHalf(voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  const needed = voters.length === 0 ? 0 : majoritySize(voters.length);
  const granted = voters.filter((voter) => votes.get(voter) === true).length;
  const refused = voters.filter((voter) => votes.get(voter) === false).length;
  if (granted >= needed) return "won";
  return voters.length - refused < needed ? "lost" : "pending";
}
