import type { Random } from "../ports.js";
import type { Member } from "./member.js";
import type { MemberId, MessageOf } from "./message.js";
import { tally } from "./quorum.js";
import type { VoteResult } from "./quorum.js";

/** Counts the ticks without a leader. The limit is drawn anew each time, so that split votes do not repeat. */
export class ElectionTimer {
  private readonly electionTicks: number;
  private readonly random: Random;
  private elapsedTicks = 0;
  private limitTicks = 0;

  constructor(electionTicks: number, random: Random) {
    this.electionTicks = electionTicks;
    this.random = random;
    this.restart();
  }

  restart(): void {
    this.elapsedTicks = 0;
    this.limitTicks = this.electionTicks + this.random.below(this.electionTicks);
  }

  /** True: time to campaign. */
  tick(): boolean {
    this.elapsedTicks += 1;
    return this.elapsedTicks >= this.limitTicks;
  }

  /** Less than the shortest election timeout has passed since the restart. */
  get isFresh(): boolean {
    return this.elapsedTicks < this.electionTicks;
  }
}

/** One attempt to be elected, in one term; `pre`: only asks whether it would succeed. */
export class Campaign {
  readonly pre: boolean;
  private readonly votes = new Map<MemberId, boolean>();
  private readonly voters: number;

  constructor(pre: boolean, voters: number) {
    this.pre = pre;
    this.voters = voters;
  }

  /** A member's first answer counts: a duplicate changes nothing. */
  record(voter: MemberId, granted: boolean): VoteResult {
    if (!this.votes.has(voter)) this.votes.set(voter, granted);
    const grants = [...this.votes.values()].filter(Boolean).length;
    return tally(this.voters, grants, this.votes.size - grants);
  }
}

/** Asks all peers. A pre-vote names the term that a campaign would be in, without entering it. */
export function askForVotes(member: Member, pre: boolean): void {
  const { log } = member;
  for (const peer of member.peers) {
    member.send(
      peer,
      { type: "vote-request", pre, transfer: false, lastIndex: log.lastIndex, lastTerm: log.lastTerm },
      pre ? member.term + 1 : member.term,
    );
  }
}

/**
 * Whether this member may vote for the asker, whose term is not below its own. A real vote binds for the
 * term; a pre-vote is only a forecast of one, so in a term to come there is nothing against it but the log.
 */
export function mayGrant(
  member: Member,
  leader: MemberId | null,
  request: MessageOf<"vote-request">,
): boolean {
  if (!member.log.isUpToDate(request.lastIndex, request.lastTerm)) return false;
  if (request.pre && request.term > member.term) return true;
  return member.vote === request.from || (member.vote === null && leader === null);
}
