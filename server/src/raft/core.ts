import type { Random } from "../ports.js";
import { Acceptance } from "./acceptance.js";
import { ApplyCursor } from "./apply-cursor.js";
import { Backlog } from "./backlog.js";
import { validateConfig } from "./config.js";
import type { RaftConfig } from "./config.js";
import { askForVotes, Campaign, ElectionTimer, mayGrant } from "./election.js";
import { ENTRY_VERSION } from "./entry.js";
import type { Entry, PlainEntry } from "./entry.js";
import type { Effect, Event, Instant, Role } from "./event.js";
import { ForwardedReads } from "./forwarded-reads.js";
import { invariant, InvariantViolation } from "./invariant.js";
import { Member } from "./member.js";
import type { Restored } from "./member.js";
import type { MemberId, Message, MessageOf } from "./message.js";
import { ReadIndex } from "./read-index.js";
import { Replication } from "./replication.js";
import { answerToStale } from "./stale.js";
import type { RaftStatus } from "./status.js";

/** What exists only while this member leads. */
interface Leadership {
  readonly replication: Replication;
  readonly backlog: Backlog;
  /** All entries from here on are of this member's own term. */
  readonly firstIndex: number;
  heartbeatElapsedTicks: number;
}

/**
 * One member of one Raft group: a deterministic function of its events. See README.md for the contract.
 * This file holds the rules that join the concepts: terms, roles, and who answers which message.
 */
export class RaftCore {
  private readonly member: Member;
  private readonly timer: ElectionTimer;
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
      transferee: null,
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
        return this.propose(event.id, event.data, now);
      case "read":
        return this.read(event.id);
      case "persisted":
        return this.persisted(event.sequence, now);
      case "applied":
        return this.applyCursor.applied(event.index);
      case "checkpointed":
        return this.checkpointed(event.index, event.firstKept);
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
    if (this.leadership !== null) return this.leaderTick(this.leadership);
    this.forwardedReads.tick();
    if (this.timer.tick()) this.campaignFor(this.member.config.preVote ?? true, now);
  }

  private leaderTick(leadership: Leadership): void {
    const { config, term } = this.member;
    leadership.replication.tick();
    if ((config.checkQuorum ?? true) && !leadership.replication.heardFromQuorum(config.electionTicks)) {
      return this.becomeFollower(term, null);
    }
    if (this.diskStalls) return this.becomeFollower(term, null);
    leadership.heartbeatElapsedTicks += 1;
    if (leadership.heartbeatElapsedTicks < config.heartbeatTicks) return;
    leadership.heartbeatElapsedTicks = 0;
    leadership.replication.sendHeartbeats(this.readIndex.round, true);
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

  private campaignFor(pre: boolean, now: Instant): void {
    const member = this.member;
    this.setLeader(null);
    this.timer.restart();
    if (this.diskStalls) return this.becomeFollower(member.term, null);
    this.campaign = new Campaign(pre, member.config.initial.voters.length);
    if (pre) {
      this.role = "pre-candidate";
    } else {
      this.enterTerm(member.term + 1);
      member.voteFor(member.self);
      this.role = "candidate";
    }
    askForVotes(member, pre);
    // The vote for oneself in earnest counts when it is durable (persisted); a pre-vote binds nobody.
    if (pre) this.countVote(member.self, true, now);
  }

  private countVote(from: MemberId, granted: boolean, now: Instant): void {
    const campaign = this.campaign;
    if (campaign === null) return;
    const result = campaign.record(from, granted);
    if (result === "lost") this.becomeFollower(this.member.term, null);
    else if (result === "won" && campaign.pre) this.campaignFor(false, now);
    else if (result === "won") this.becomeLeader(now);
  }

  private becomeLeader(now: Instant): void {
    const { self, outbox, config, term, log } = this.member;
    invariant(
      this.role === "candidate" && this.member.vote === self && outbox.hardStateDurable,
      () => `leads term ${term} without a durable vote for itself`,
    );
    this.seeLeader(self);
    this.role = "leader";
    this.campaign = null;
    this.setLeader(self);
    const replication = new Replication(this.member, this.member.peers);
    const backlog = new Backlog(config.maxUncommittedBytes);
    this.leadership = { replication, backlog, firstIndex: log.lastIndex + 1, heartbeatElapsedTicks: 0 };
    this.append(this.leadership, this.newEntries("noop", [new Uint8Array(0)], now));
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
    const { self, peers, term } = this.member;
    if (message.to !== self || !peers.includes(message.from)) return;
    if (message.type === "vote-request" && message.term > term && this.isHeldBack(message)) return;
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

  /**
   * Who hears a leader lets nobody call an election: no forecast of one, and with CheckQuorum not even the
   * election itself. (Without CheckQuorum a leader might never step down, so others must be able to.)
   */
  private isHeldBack(request: MessageOf<"vote-request">): boolean {
    if (!request.pre && !(this.member.config.checkQuorum ?? true)) return false;
    return this.leadership !== null || (this.leader !== null && this.timer.isFresh);
  }

  private answer(message: Message, now: Instant): void {
    switch (message.type) {
      case "vote-request":
        return this.voteRequest(message);
      case "vote-response":
        return this.voteResponse(message, now);
      case "append":
        this.follow(message.from);
        return this.acceptance.append(message);
      case "heartbeat":
        this.follow(message.from);
        return this.acceptance.heartbeat(message);
      case "snapshot":
        this.follow(message.from);
        this.acceptance.snapshot(message);
        return;
      case "append-accepted":
      case "append-rejected":
      case "heartbeat-response":
        if (this.leadership !== null) this.peerAnswer(this.leadership, message);
        return;
      case "propose":
        // Not passed on: it would circle while members disagree about the leader.
        if (this.leadership !== null) this.admit(this.leadership, message.data, now);
        return;
      case "read-request":
        if (this.leadership !== null) {
          return this.readIndex.ask({ member: message.from, id: message.id }, this.leadership.replication);
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
  private follow(leader: MemberId): void {
    this.seeLeader(leader);
    if (this.role !== "follower" || this.leader !== leader) this.becomeFollower(this.member.term, leader);
    else this.timer.restart();
  }

  private peerAnswer(
    leadership: Leadership,
    message: MessageOf<"append-accepted"> | MessageOf<"append-rejected"> | MessageOf<"heartbeat-response">,
  ): void {
    const { replication } = leadership;
    switch (message.type) {
      case "append-accepted":
        replication.accepted(message);
        if (!this.advanceCommit(leadership)) replication.sendAppendsTo(message.from);
        return;
      case "append-rejected":
        return replication.rejected(message);
      case "heartbeat-response":
        replication.heartbeatAnswered(message.from);
        return this.readIndex.confirmed(message.from, message.round, replication);
    }
  }

  private persisted(sequence: number, now: Instant): void {
    const { outbox, log, self } = this.member;
    outbox.persisted(sequence);
    log.persisted(sequence);
    if (this.role === "candidate" && outbox.hardStateDurable) this.countVote(self, true, now);
    this.acceptance.persisted();
    if (this.leadership !== null) this.advanceCommit(this.leadership);
  }

  private checkpointed(index: number, firstKept: number): void {
    const { appliedIndex } = this.applyCursor;
    invariant(index <= appliedIndex, () => `checkpoint of entry ${index}, applied up to ${appliedIndex}`);
    const inUse = this.leadership?.replication.firstIndexInUse ?? Number.POSITIVE_INFINITY;
    this.member.checkpoint(index, Math.min(firstKept, inUse));
  }

  // ---- proposals and reads

  private propose(id: number, data: readonly Uint8Array[], now: Instant): void {
    const { outbox } = this.member;
    if (data.length === 0) return;
    if (this.leadership !== null) {
      if (this.admit(this.leadership, data, now)) return;
      return outbox.emit({ type: "proposals-refused", id, reason: "too-many-uncommitted" });
    }
    const leader = this.leader;
    if (leader === null) return outbox.emit({ type: "proposals-refused", id, reason: "no-leader" });
    this.member.send(leader, { type: "propose", id, data });
  }

  /** All of them enter the log, or none. */
  private admit(leadership: Leadership, data: readonly Uint8Array[], now: Instant): boolean {
    const entries = this.newEntries("normal", data, now);
    if (!leadership.backlog.hasRoomFor(entries)) return false;
    this.append(leadership, entries);
    return true;
  }

  private newEntries(kind: PlainEntry["kind"], data: readonly Uint8Array[], now: Instant): readonly Entry[] {
    const { term, log } = this.member;
    const first = log.lastIndex + 1;
    return data.map((bytes, at) => {
      return { index: first + at, term, kind, version: ENTRY_VERSION, timestampMs: now.wallMs, data: bytes };
    });
  }

  private append(leadership: Leadership, entries: readonly Entry[]): void {
    leadership.backlog.add(entries);
    this.member.replaceLogFrom(entries);
    leadership.replication.sendAppends();
  }

  /** True: the commit index moved, and all peers were sent what is new to them. */
  private advanceCommit({ replication, backlog, firstIndex }: Leadership): boolean {
    const { log } = this.member;
    const first = Math.max(firstIndex, log.commitIndex + 1);
    if (!replication.advanceCommit()) return false;
    backlog.committed(log.slice(first, log.commitIndex));
    replication.sendAppends();
    this.readIndex.begin(replication);
    return true;
  }

  private read(id: number): void {
    if (this.leadership !== null) {
      return this.readIndex.ask({ member: this.member.self, id }, this.leadership.replication);
    }
    if (this.leader !== null) return this.forwardedReads.ask(id, this.leader);
    this.member.outbox.emit({ type: "read-refused", id, reason: "no-leader" });
  }
}
