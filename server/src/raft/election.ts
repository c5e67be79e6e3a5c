import type { Random } from "../ports.js";
import type { Member } from "./member.js";
import type { MemberId, MessageOf } from "./message.js";
import { isVoter, membersOf } from "./configuration.js";
import type { Configuration } from "./configuration.js";
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
  /** Cannot change meanwhile: only a leader changes the log, and to hear one ends the campaign. */
  private readonly configuration: Configuration;

  constructor(pre: boolean, configuration: Configuration) {
    this.pre = pre;
    this.configuration = configuration;
  }

  /** A member's first answer counts: a duplicate changes nothing. */
  record(voter: MemberId, granted: boolean): VoteResult {
    if (!this.votes.has(voter)) this.votes.set(voter, granted);
    return tally(this.configuration, this.votes);
  }
}

/**
 * A voter does. So does one that the last configuration leaves out, as long as that may not be committed: if it alone
 * has that entry, it votes for nobody whose log is shorter, and only it can be elected (dissertation 4.2.2,
 * figure 4.6). Its own vote does not count then. No more than one can be uncommitted: the one before is not.
 */
export function mayStand({ self, log, configurations, lostTo }: Member): boolean {
  if (lostTo !== null) return false;
  if (isVoter(configurations.last, self)) return true;
  return configurations.lastIndex > log.commitIndex && isVoter(configurations.beforeLast, self);
}

/**
 * Asks all other voters. A pre-vote names the term that a campaign would be in, without entering it.
 * `transfer`: the leader wished for it.
 */
export function askForVotes(member: Member, pre: boolean, transfer: boolean): void {
  const { log, configuration, self } = member;
  for (const peer of membersOf(configuration)) {
    if (peer === self || !isVoter(configuration, peer)) continue;
    member.send(
      peer,
      { type: "vote-request", pre, transfer, lastIndex: log.lastIndex, lastTerm: log.lastTerm },
      pre ? member.term + 1 : member.term,
    );
  }
}

/**
 * Whether this member may vote for the asker, whose term is not below its own. A real vote binds for the
 * term; a pre-vote is only a forecast of one, so in a term to come there is nothing against it but the log.
 * Neither's configuration matters: the asker may know a later one than this member, in which both vote. A recovering
 * member gives no vote and forecasts none, not even once more the one that it gave before it lost its entries.
 */
export function mayGrant(
  member: Member,
  leader: MemberId | null,
  request: MessageOf<"vote-request">,
): boolean {
  if (member.lostTo !== null) return false;
  if (!member.log.isUpToDate(request.lastIndex, request.lastTerm)) return false;
  if (request.pre && request.term > member.term) return true;
  return member.vote === request.from || (member.vote === null && leader === null);
}

/**
 * Who hears a leader lets nobody call an election: no forecast of one, and with CheckQuorum not even the
 * election itself. (Without CheckQuorum a leader might never step down, so others must be able to.)
 * So members that were removed, and do not know it, depose nobody. What the leader itself wished for is let pass.
 */
export function isHeldBack(
  member: Member,
  hearsLeader: boolean,
  request: MessageOf<"vote-request">,
): boolean {
  if (!hearsLeader || request.transfer || request.term <= member.term) return false;
  return request.pre || (member.config.checkQuorum ?? true);
}
