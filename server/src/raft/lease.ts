import type { Configuration } from "./configuration.js";
import type { Instant } from "./event.js";
import type { Member } from "./member.js";
import type { MemberId } from "./message.js";
import { reachedByQuorum } from "./quorum.js";

/**
 * Reads without asking the others (dissertation 6.4.1). While a lease holds, no other member can have become leader,
 * so nobody else committed anything, and the leader's commit index is as good as one that a round of
 * heartbeats confirms. The argument, in the order in which it can fail:
 *
 * - A round of heartbeats leaves at the leader's instant s. Whoever answers it got it after s and, from then on,
 *   gives no vote, itself included, for an election timeout of its own clock (LeasePromise): of its clock, and not of
 *   ticks, which may be late and then come close together. The lease starts at s, once a quorum of
 *   the voters has answered; every quorum that could elect another leader shares a member with it.
 * - A voter's clock is at most 1 / (1 - clockUncertainty) times as fast as the leader's: so much shorter is the lease.
 *   A voter that was paused looks at its clock in the step in which it would vote: a pause makes its promise longer, never shorter.
 * - The leader may be paused, too. It looks at its clock in the step in which it serves the read: a read that
 *   the lease allows is as of that instant, after the read came and before it is answered.
 * - A member that restarts has forgotten what it promised: it begins with a promise.
 * - A leader that hands over asks for votes on behalf of another: those are given in spite of promises. So it has
 *   no lease from then on until it is elected again, whatever comes of the transfer.
 * - Only neighbouring configurations share a member in every two quorums. A change ends the lease, and answers to
 *   rounds of before do not count: the next round is answered by a quorum of the new one.
 * - What a new leader knows to be committed may be old until an entry of its own term is: ReadIndex and leases have
 *   that condition in common (read-index.ts).
 */
export class Lease {
  private readonly member: Member;
  private readonly durationMs: number;
  private configuration: Configuration;
  /** When each round left, ascending; those before the one that a quorum answered are forgotten. */
  private rounds: { readonly round: number; readonly sentMs: number }[] = [];
  /** Highest round that each voter answered. */
  private answeredRound = new Map<MemberId, number>();
  private startMs = Number.NEGATIVE_INFINITY;
  private givenUp = false;

  constructor(member: Member) {
    this.member = member;
    const { lease } = member.config;
    this.durationMs = lease === undefined ? 0 : lease.electionTimeoutMs * (1 - lease.clockUncertainty);
    this.configuration = member.configuration;
  }

  get isOn(): boolean {
    return this.durationMs > 0;
  }

  holds(now: Instant): boolean {
    this.endWithConfiguration();
    return now.monotonicMs < this.startMs + this.durationMs;
  }

  /** The heartbeats of `round` leave: higher than all before. */
  sent(round: number, now: Instant): void {
    if (!this.isOn || this.givenUp) return;
    this.endWithConfiguration();
    // An answer to a round of so long ago gives no lease any more.
    this.rounds = this.rounds.filter(({ sentMs }) => now.monotonicMs - sentMs < this.durationMs);
    this.rounds.push({ round, sentMs: now.monotonicMs });
    this.answered(this.member.self, round);
  }

  answered(from: MemberId, round: number): void {
    if (!this.isOn) return;
    this.endWithConfiguration();
    this.answeredRound.set(from, Math.max(round, this.answeredRound.get(from) ?? 0));
    const confirmed = reachedByQuorum(this.configuration, (voter) => this.answeredRound.get(voter) ?? 0);
    const newest = this.rounds.findLastIndex((sent) => sent.round <= confirmed);
    this.startMs = this.rounds[newest]?.sentMs ?? this.startMs;
    if (newest > 0) this.rounds = this.rounds.slice(newest);
  }

  /** Another member is told to campaign. */
  giveUp(): void {
    this.givenUp = true;
    this.end();
  }

  private endWithConfiguration(): void {
    if (this.configuration === this.member.configuration) return;
    this.configuration = this.member.configuration;
    this.end();
  }

  /** Answers to earlier rounds find no round that they could confirm. */
  private end(): void {
    this.rounds = [];
    this.startMs = Number.NEGATIVE_INFINITY;
  }
}

/**
 * What a voter owes to leaders with leases: for an election timeout after it last heard one it votes for nobody, whatever
 * term it learns of meanwhile, but for a transfer that the leader itself began. Without leases it owes nothing.
 */
export class LeasePromise {
  private readonly durationMs: number;
  /** Null: what it promised in an earlier life is not known, so that its first instant counts as if it heard a leader. */
  private untilMs: number | null;

  constructor(member: Member) {
    this.durationMs = member.config.lease?.electionTimeoutMs ?? 0;
    // In its first life it has promised nothing.
    this.untilMs = this.durationMs > 0 && member.term > 0 ? null : 0;
  }

  binds(now: Instant): boolean {
    this.untilMs ??= now.monotonicMs + this.durationMs;
    return this.durationMs > 0 && now.monotonicMs < this.untilMs;
  }

  heardLeader(now: Instant): void {
    if (this.durationMs > 0) this.untilMs = now.monotonicMs + this.durationMs;
  }
}
