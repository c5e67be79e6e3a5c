import type { Random } from "../ports.js";
import { Acceptance } from "./acceptance.js";
import { ApplyCursor } from "./apply-cursor.js";
import { validateConfig } from "./config.js";
import type { RaftConfig } from "./config.js";
import { askForVotes, Campaign, ElectionTimer, isHeldBack, mayGrant, mayStand } from "./election.js";
import type { Effect, Event, Instant, RefusalReason, Role } from "./event.js";
import { ForwardedReads } from "./forwarded-reads.js";
import { invariant, InvariantViolation } from "./invariant.js";
import { Leadership } from "./leadership.js";
import { LeasePromise } from "./lease.js";
import { Member } from "./member.js";
import type { Restored } from "./member.js";
import type { MemberId, Message, MessageOf } from "./message.js";
import { ReadIndex } from "./read-index.js";
import { isWholeAgain } from "./recovering.js";
import { answerToStale } from "./stale.js";
import type { RaftStatus } from "./status.js";

/**
 * One member of one Raft group: a deterministic function of its events. See README.md for the contract.
 * This file holds the rules that join the concepts: terms, roles, and who answers which message.
 */
export class RaftCore {
  private readonly member: Member;
  private readonly timer: ElectionTimer;
  private readonly promise: LeasePromise;
  private readonly acceptance: Acceptance;
  private readonly applyCursor: ApplyCursor;
  private readonly readIndex: ReadIndex;
  private readonly forwardedReads: ForwardedReads;
  private role: Role = "follower";
  private leader: MemberId | null = null;
  /** Who was seen to lead the present term, even if it is not believed to do so any more. */
  private leaderOfTerm: MemberId | null = null;
  private campaign: Campaign | null = null;
  private leadership: Leadership | null = null;
  private announced: { role: Role; term: number; leader: MemberId | null };
  private violation: InvariantViolation | null = null;

  /**
   * `restored`: exactly what was durable, the state machine that of the snapshot. The commit index is not part of
   * it: it begins at the snapshot's, a leader tells it, and all committed entries after it are applied again.
   * @throws RangeError for a wrong config, InvariantViolation for a log that cannot be
   */
  constructor(config: RaftConfig, restored: Restored, random: Random) {
    validateConfig(config);
    this.member = new Member(config, restored);
    this.applyCursor = new ApplyCursor(restored.snapshot);
    this.timer = new ElectionTimer(config.electionTicks, random);
    this.promise = new LeasePromise(this.member);
    this.acceptance = new Acceptance(this.member);
    this.readIndex = new ReadIndex(this.member);
    this.forwardedReads = new ForwardedReads(this.member, random);
    this.announced = { role: this.role, term: this.member.term, leader: null };
  }

  /**
   * Takes one event and returns what is to be done about it.
   * @throws InvariantViolation, also on every later call: the member must stop
   */
  step(event: Event, now: Instant): readonly Effect[] {
    if (this.violation !== null) throw this.violation;
    try {
      this.handle(event, now);
      if (this.leadership?.isOver === true) {
        this.leadership.resign();
        this.becomeFollower(this.member.term, null);
      }
      if (isWholeAgain(this.member, this.acceptance.verifiedIndex)) this.member.recovered();
      return this.takeEffects();
    } catch (error) {
      if (error instanceof InvariantViolation) this.violation = error;
      throw error;
    }
  }

  status(): RaftStatus {
    const { self, term, log } = this.member;
    const progress = this.leadership?.replication.progress;
    return {
      self,
      role: this.role,
      term,
      leader: this.leader,
      commitIndex: log.commitIndex,
      appliedIndex: this.applyCursor.appliedIndex,
      lastIndex: log.lastIndex,
      durableIndex: log.durableIndex,
      configuration: this.member.configuration,
      firstIndex: log.firstIndex,
      lostTo: this.member.lostTo,
      transferee: this.leadership?.transferee ?? null,
      peers:
        progress === undefined
          ? null
          : [...progress].map(([member, { state, matchIndex, nextIndex, inflightAppends }]) => {
              return { member, state, matchIndex, nextIndex, inflightAppends };
            }),
    };
  }

  private handle(event: Event, now: Instant): void {
    switch (event.type) {
      case "tick":
        return this.tick(now);
      case "receive":
        return this.receive(event.message, now);
      case "propose":
        return this.propose(event, now);
      case "change":
        return this.propose(event, now);
      case "transfer":
        return this.transfer(event.to);
      case "campaign":
        if (this.leadership === null) this.campaignFor(this.asksFirst, false, now);
        return;
      case "read":
        return this.read(event.id, now);
      case "persisted":
        return this.persisted(event.sequence, now);
      case "applied":
        return this.applyCursor.applied(event.index);
      case "checkpointed":
        return this.checkpointed(event.index, event.firstKept);
      case "snapshot-sent":
        return this.leadership?.replication.snapshotSent(event.to, event.ok);
      case "space":
        this.member.diskIsFull = event.full;
        return;
    }
  }

  private takeEffects(): readonly Effect[] {
    const { outbox, log, term } = this.member;
    const entries = this.applyCursor.next(log);
    if (entries.length > 0) outbox.emit({ type: "apply", entries });
    const announced = this.announced;
    if (announced.role !== this.role || announced.term !== term || announced.leader !== this.leader) {
      this.announced = { role: this.role, term, leader: this.leader };
      outbox.emit({ type: "role-changed", ...this.announced });
    }
    return outbox.take(log);
  }

  // ---- time

  private tick(now: Instant): void {
    this.member.outbox.tick();
    this.readIndex.tick();
    if (this.leadership !== null) {
      if (this.diskStalls || !this.leadership.tick(now)) this.becomeFollower(this.member.term, null);
      return;
    }
    this.forwardedReads.tick();
    if (this.timer.tick()) this.campaignFor(this.asksFirst, false, now);
  }

  private get asksFirst(): boolean {
    return this.member.config.preVote ?? true;
  }

  /**
   * The disk does not answer. Such a leader steps down, though its followers alone may make a majority: every
   * commit then waits for the slowest of them, and it applies nothing itself. (tick, campaignFor)
   */
  private get diskStalls(): boolean {
    const { outbox, config } = this.member;
    return outbox.oldestWriteTicks > (config.diskStallTicks ?? config.electionTicks);
  }

  // ---- roles and terms

  /** Whom it believed to lead does not any more, even if this member may not lead itself. */
  private campaignFor(pre: boolean, transfer: boolean, now: Instant): void {
    const member = this.member;
    if (this.promise.binds(now) && !transfer) return;
    this.setLeader(null);
    this.timer.restart();
    if (this.diskStalls || !mayStand(member)) {
      return this.becomeFollower(member.term, null);
    }
    this.campaign = new Campaign(pre, member.configuration);
    if (pre) {
      this.role = "pre-candidate";
    } else {
      this.enterTerm(member.term + 1);
      member.voteFor(member.self);
      this.role = "candidate";
    }
    askForVotes(member, pre, transfer);
    // The vote for oneself in earnest counts when it is durable (persisted); a pre-vote binds nobody.
    if (pre) this.countVote(member.self, true, now);
  }

  private countVote(from: MemberId, granted: boolean, now: Instant): void {
    const campaign = this.campaign;
    if (campaign === null) return;
    const result = campaign.record(from, granted);
    if (result === "lost") this.becomeFollower(this.member.term, null);
    else if (result === "won" && campaign.pre) this.campaignFor(false, false, now);
    else if (result === "won") this.becomeLeader(now);
  }

  private becomeLeader(now: Instant): void {
    const { self, outbox, term } = this.member;
    invariant(
      this.role === "candidate" && this.member.vote === self && outbox.hardStateDurable,
      () => `leads term ${term} without a durable vote for itself`,
    );
    this.seeLeader(self);
    this.role = "leader";
    this.campaign = null;
    this.setLeader(self);
    this.leadership = new Leadership(this.member, this.readIndex, now);
  }

  private becomeFollower(term: number, leader: MemberId | null): void {
    const wasFollower = this.role === "follower";
    this.role = "follower";
    this.campaign = null;
    this.leadership = null;
    // Refused under the old term, in which the reads were asked.
    this.readIndex.refuseAll();
    this.setLeader(leader);
    if (term > this.member.term) this.enterTerm(term);
    if (leader !== null) this.seeLeader(leader);
    // A follower that only learns of a later term has still not heard from any leader.
    if (!wasFollower || leader !== null) this.timer.restart();
  }

  private enterTerm(term: number): void {
    this.member.enterTerm(term);
    this.acceptance.enterTerm();
    this.leaderOfTerm = null;
  }

  private setLeader(leader: MemberId | null): void {
    if (leader === this.leader) return;
    this.leader = leader;
    this.forwardedReads.refuseAll();
  }

  private seeLeader(leader: MemberId): void {
    const known = this.leaderOfTerm;
    invariant(
      known === null || known === leader,
      () => `two leaders in term ${this.member.term}: ${known} and ${leader}`,
    );
    this.leaderOfTerm = leader;
  }

  // ---- messages

  private receive(message: Message, now: Instant): void {
    const { self, term } = this.member;
    // Nobody is a stranger: this member's configuration may be an old one.
    if (message.to !== self || message.from === self) return;
    if (message.type === "vote-request" && isHeldBack(this.member, this.hearsLeader, message)) return;
    if (message.type === "vote-request" && !message.transfer && this.promise.binds(now)) return;
    if (message.term < term) {
      const answer = answerToStale(message);
      if (answer !== null) this.member.send(message.from, answer);
      return;
    }
    const speaksOfLaterTerm =
      message.type === "vote-request"
        ? message.pre
        : message.type === "vote-response" && message.pre && message.granted;
    if (message.term > term && !speaksOfLaterTerm) this.becomeFollower(message.term, null);
    this.answer(message, now);
  }

  private get hearsLeader(): boolean {
    return this.leadership !== null || (this.leader !== null && this.timer.isFresh);
  }

  private answer(message: Message, now: Instant): void {
    switch (message.type) {
      case "vote-request":
        return this.voteRequest(message);
      case "vote-response":
        return this.voteResponse(message, now);
      case "append":
        this.follow(message.from, now);
        return this.acceptance.append(message);
      case "heartbeat":
        this.follow(message.from, now);
        return this.acceptance.heartbeat(message);
      case "snapshot":
        this.follow(message.from, now);
        this.acceptance.snapshot(message);
        return;
      case "append-accepted":
      case "append-rejected":
      case "heartbeat-response":
        this.leadership?.answered(message, now);
        return;
      case "timeout-now":
        // Only a leader says so; it waits for this member's log, so there is no need to ask first.
        this.seeLeader(message.from);
        if (this.member.lostTo !== null) return;
        return this.campaignFor(false, true, now);
      case "propose":
      case "propose-change":
        // Not passed on: it would circle while members disagree about the leader.
        this.leadership?.forwarded(message, now);
        return;
      case "proposals-refused":
        return this.refuseProposals(message.id, message.reason);
      case "read-request":
        if (this.leadership !== null) {
          return this.readIndex.ask({ member: message.from, id: message.id }, this.leadership, now);
        }
        return this.member.send(message.from, { type: "read-response", id: message.id, index: null });
      case "read-response":
        return this.forwardedReads.answered(message);
    }
  }

  private voteRequest(request: MessageOf<"vote-request">): void {
    const granted = mayGrant(this.member, this.leader, request);
    if (granted && !request.pre) {
      this.member.voteFor(request.from);
      this.timer.restart();
    }
    // A pre-vote is granted for the term that was asked about; anything else speaks of the present one.
    const term = request.pre && granted ? request.term : this.member.term;
    this.member.send(request.from, { type: "vote-response", pre: request.pre, granted }, term);
  }

  private voteResponse(response: MessageOf<"vote-response">, now: Instant): void {
    const campaign = this.campaign;
    if (campaign === null || campaign.pre !== response.pre) return;
    const asked = campaign.pre && response.granted ? this.member.term + 1 : this.member.term;
    if (response.term === asked) this.countVote(response.from, response.granted, now);
  }

  /** `leader` proved that it leads the present term. */
  private follow(leader: MemberId, now: Instant): void {
    this.seeLeader(leader);
    this.promise.heardLeader(now);
    if (this.role !== "follower" || this.leader !== leader) this.becomeFollower(this.member.term, leader);
    else this.timer.restart();
  }

  private persisted(sequence: number, now: Instant): void {
    const { outbox, log, self } = this.member;
    outbox.persisted(sequence);
    log.persisted(sequence);
    if (this.role === "candidate" && outbox.hardStateDurable) this.countVote(self, true, now);
    this.acceptance.persisted();
    this.leadership?.advanceCommit(now);
  }

  private checkpointed(index: number, firstKept: number): void {
    const { appliedIndex } = this.applyCursor;
    invariant(index <= appliedIndex, () => `checkpoint of entry ${index}, applied up to ${appliedIndex}`);
    const inUse = this.leadership?.replication.firstIndexInUse ?? Number.POSITIVE_INFINITY;
    this.member.checkpoint(index, Math.min(firstKept, inUse));
  }

  // ---- proposals and reads

  private propose(event: Extract<Event, { readonly type: "propose" | "change" }>, now: Instant): void {
    const { id, data } = event;
    if (event.type === "propose" && data.length === 0) return;
    if (this.leadership !== null) {
      const reason =
        event.type === "propose"
          ? this.leadership.propose(event.data, now)
          : this.leadership.change(event.changes, event.data, now);
      if (reason !== null) this.refuseProposals(id, reason);
    } else if (this.leader === null) this.refuseProposals(id, "no-leader");
    else if (event.type === "propose") this.member.send(this.leader, event);
    else this.member.send(this.leader, { ...event, type: "propose-change" });
  }

  private refuseProposals(id: number, reason: RefusalReason): void {
    this.member.outbox.emit({ type: "proposals-refused", id, reason });
  }

  private transfer(to: MemberId): void {
    const reason = this.leadership === null ? "not-leader" : this.leadership.transferTo(to);
    if (reason !== null) this.member.outbox.emit({ type: "transfer-refused", to, reason });
  }

  private read(id: number, now: Instant): void {
    if (this.leadership !== null) {
      return this.readIndex.ask({ member: this.member.self, id }, this.leadership, now);
    }
    if (this.leader !== null) return this.forwardedReads.ask(id, this.leader);
    this.member.outbox.emit({ type: "read-refused", id, reason: "no-leader" });
  }
}
