import type { Member } from "./member.js";

/**
 * A member that lost entries from its disk and knows it (HardState.lostTo): it may have acknowledged any of them, and some
 * may be committed by that. Until it has again all of those that are, it is recovering: it follows, appends, acknowledges
 * and counts, but gives no vote, not even to itself.
 *
 * Why nothing that was committed can be missing in a later leader's log. As ever, an entry is committed by a leader of
 * term t that a quorum acknowledged it to; whoever is elected in a later term was voted for by a quorum; some v is in both,
 * acknowledged first and voted then (its term, which is never lost, only grows). If v lost nothing in between, the
 * argument is Raft's (dissertation 3.6.3). Otherwise it voted when it was not recovering any more, and then it had
 * the entry again, by one of two ways. By induction over terms all leaders between t and that vote have the entry.
 *
 * - *Up to lostTo*, where its log ended and so all that it acknowledged and no leader replaced, its log is durable and equals
 *   that of the leader whom it follows, or is committed. That leader's term is t, and its log, which only grows, has the entry; or it is later,
 *   and has it by induction. What is committed is the same in all logs anyway, be it in a snapshot.
 * - *An entry of a later term* than any in which it said something before the loss is durable here. The leader of that
 *   term appended it behind all that it was elected with; that has the entry, by induction; and the logs match.
 *
 * In the term of the loss itself an entry of that term proves nothing: the lost ones may follow it in the leader's log.
 *
 * What follows from it, and need not be looked at anywhere:
 *
 * - An acknowledgement of before the loss may arrive after it, in the same term, and be counted: the entry is then
 *   committed while it is on fewer disks than a quorum. The argument did not ask where it is, only who votes.
 * - For the same reason it does not matter how many members lose entries at once. If it is a majority, and nobody leads,
 *   nobody ever will: that is better than the alternative.
 * - Joint and changing configurations: "some v is in both" is what they are made for (configuration-change.ts). Which
 *   configuration a recovering member believes in does not matter: it decides nothing by it. A learner's loss is told in the
 *   same way, since what it acknowledged counts from when it is a voter.
 * - Leases and reads by ReadIndex ask that a member that answered a leader does not vote for some time, or did not
 *   before. One that does not vote at all keeps that.
 * - A leader that loses entries does not lead any more when it is back: its own copies count by the same rule, and
 *   what it sent before was its log.
 * - A crash while recovering changes nothing: lostTo is in the hard state. A second loss must not make it lower.
 *   That it may be forgotten is durable before the first vote, as is everything that a vote rests on.
 */
export function isWholeAgain({ log, lostTo, restoredTerm }: Member, verifiedIndex: number): boolean {
  if (lostTo === null) return false;
  const { durableIndex, commitIndex } = log;
  if (Math.min(durableIndex, Math.max(verifiedIndex, commitIndex)) >= lostTo) return true;
  return (log.termAt(durableIndex) ?? 0) > restoredTerm;
}
