import type { ErrorName } from "../errors.js";
import { sameUrl } from "../peer/members.js";
import type { MemberId } from "../raft/message.js";
import type { RosterMember } from "../roster.js";

/** etcd's: so that a cluster does not fill up with members that only listen. */
const MAX_LEARNERS = 1;

/** As this member sees the cluster. */
export interface Circumstances {
  readonly self: MemberId;
  readonly members: readonly RosterMember[];
  /** For a while already. True of this member itself. */
  readonly isConnected: (member: MemberId) => boolean;
}

/**
 * etcd's strict check of reconfigurations: none is begun of which it is foreseeable that the cluster would come to
 * a stop, be it that too few members have ever started, or that too few answer now. Null: it may be begun.
 */
export function faultOfAdding(
  { members, isConnected }: Circumstances,
  peerUrls: readonly string[],
  isLearner: boolean,
): ErrorName | null {
  if (!isLearner && !hasQuorumStarted(members, 1)) return "MemberNotEnoughStarted";
  if (!votersOf(members).every(({ id }) => isConnected(id))) return "Unhealthy";
  if (isTaken(members, peerUrls, null)) return "PeerURLExist";
  const learners = members.filter((member) => member.isLearner).length;
  return isLearner && learners >= MAX_LEARNERS ? "TooManyLearners" : null;
}

export function faultOfRemoving(circumstances: Circumstances, id: MemberId): ErrorName | null {
  const { self, members, isConnected } = circumstances;
  const member = members.find((each) => each.id === id);
  if (member === undefined) return "MemberNotFound";
  if (member.isLearner) return null;
  const rest = votersOf(members).filter((each) => each.id !== id);
  const started = rest.filter(({ isStarted }) => isStarted).length;
  if (rest.length === 0 || started < quorumOf(rest.length)) return "MemberNotEnoughStarted";
  // One that does not answer is no loss; it may be all that keeps the rest from having a quorum to spare.
  if (id !== self && !isConnected(id)) return null;
  return rest.filter((each) => isConnected(each.id)).length < quorumOf(rest.length) ? "Unhealthy" : null;
}

export function faultOfPromoting({ members }: Circumstances, id: MemberId): ErrorName | null {
  const member = members.find((each) => each.id === id);
  if (member === undefined) return "MemberNotFound";
  if (!member.isLearner) return "MemberNotLearner";
  // That it runs and has caught up, the leader knows.
  return hasQuorumStarted(members, 1, 1) ? null : "MemberNotEnoughStarted";
}

export function faultOfUpdating(
  { members }: Circumstances,
  id: MemberId,
  peerUrls: readonly string[],
): ErrorName | null {
  if (!members.some((each) => each.id === id)) return "MemberNotFound";
  return isTaken(members, peerUrls, id) ? "PeerURLExist" : null;
}

/** With `more` voters, of which `moreStarted` run. */
function hasQuorumStarted(members: readonly RosterMember[], more: number, moreStarted = 0): boolean {
  const voters = votersOf(members);
  const started = voters.filter(({ isStarted }) => isStarted).length + moreStarted;
  // A cluster of one could not grow otherwise.
  if (voters.length === 1 && more === 1 && started >= 1) return true;
  return started >= quorumOf(voters.length + more);
}

function votersOf(members: readonly RosterMember[]): readonly RosterMember[] {
  return members.filter(({ isLearner }) => !isLearner);
}

function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

function isTaken(
  members: readonly RosterMember[],
  peerUrls: readonly string[],
  by: MemberId | null,
): boolean {
  return members.some(({ id, peerUrls: taken }) => {
    return id !== by && taken.some((url) => peerUrls.some((other) => sameUrl(url, other)));
  });
}
