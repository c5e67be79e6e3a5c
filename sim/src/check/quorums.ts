import type { Entry, MemberId } from "@gauntlet/server/inside";

/** Who decides: a majority of `voters`, and one of `outgoing` too while it is not empty (a joint configuration). */
export interface Voters {
  readonly voters: readonly MemberId[];
  readonly outgoing: readonly MemberId[];
}

/** The configuration that an entry carries; null: it is of another kind. */
export function votersIn(entry: Entry): Voters | null {
  return entry.kind === "configuration" ? entry.configuration : null;
}

export function isQuorum({ voters, outgoing }: Voters, holds: (member: MemberId) => boolean): boolean {
  return isMajority(voters, holds) && (outgoing.length === 0 || isMajority(outgoing, holds));
}

function isMajority(members: readonly MemberId[], holds: (member: MemberId) => boolean): boolean {
  let count = 0;
  for (const member of members) if (holds(member)) count += 1;
  return count * 2 > members.length;
}

/**
 * Whether every quorum of the one shares a member with every quorum of the other. Tries all ways to part the members
 * in two: configurations are small, and change rarely.
 */
export function overlap(a: Voters, b: Voters): boolean {
  const members = [...new Set([...a.voters, ...a.outgoing, ...b.voters, ...b.outgoing])];
  for (let side = 0; side < 2 ** members.length; side++) {
    const isInside = (member: MemberId): boolean => ((side >> members.indexOf(member)) & 1) === 1;
    if (isQuorum(a, isInside) && isQuorum(b, (member) => !isInside(member))) return false;
  }
  return true;
}

export function describeVoters({ voters, outgoing }: Voters): string {
  return outgoing.length === 0
    ? `{${voters.join(" ")}}`
    : `{${voters.join(" ")}} leaving {${outgoing.join(" ")}}`;
}
