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
  return Math.min(reachedByMajority(halves.voters, reached), reachedByMajority(halves.outgoing, reached));
}

export type VoteResult = "won" | "lost" | "pending";

/** `lost`: not even all missing answers could make a quorum. Answers of others than voters do not count. */
export function tally(halves: Halves, votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  const incoming = tallyOfHalf(halves.voters, votes);
  const outgoing = tallyOfHalf(halves.outgoing, votes);
  if (incoming === "lost" || outgoing === "lost") return "lost";
  return incoming === "pending" || outgoing === "pending" ? "pending" : "won";
}

/** No values: infinity, which never is the smaller of two. */
function reachedByMajority(voters: readonly MemberId[], reached: (voter: MemberId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const descending: number[] = [];
  for (const voter of voters) insertDescending(descending, reached(voter));
  return descending[majoritySize(voters.length) - 1] ?? 0;
}

/** Voters are few, and this runs at every acknowledgement: cheaper than to sort a copy. */
function insertDescending(values: number[], value: number): void {
  let at = values.push(value) - 1;
  for (; at > 0; at--) {
    const before = values[at - 1] ?? 0;
    if (before >= value) break;
    values[at] = before;
  }
  values[at] = value;
}

function tallyOfHalf(voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  const needed = voters.length === 0 ? 0 : majoritySize(voters.length);
  let granted = 0;
  let refused = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted += 1;
    else if (vote === false) refused += 1;
  }
  if (granted >= needed) return "won";
  return voters.length - refused < needed ? "lost" : "pending";
}
