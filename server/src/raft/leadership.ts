import { Backlog } from "./backlog.js";
import { leaveJoint } from "./configuration-change.js";
import { isVoter } from "./configuration.js";
import type { Configuration, ConfigurationChange } from "./configuration.js";
import { ENTRY_VERSION } from "./entry.js";
import type { Entry } from "./entry.js";
import type { Instant, RefusalReason, TransferRefusal } from "./event.js";
import { invariant } from "./invariant.js";
import { Lease } from "./lease.js";
import type { Member } from "./member.js";
import { planChange, readyToPromote } from "./membership-change.js";
import type { MemberId, MessageOf } from "./message.js";
import type { ReadIndex } from "./read-index.js";
import { ReceivedProposals } from "./received-proposals.js";
import { Replication } from "./replication.js";
import { Transfer } from "./transfer.js";

/** What exists only while this member leads, for one term: takes proposals and changes, commits, hands over. */
export class Leadership {
  readonly replication: Replication;
  readonly lease: Lease;
  private readonly member: Member;
  private readonly readIndex: ReadIndex;
  private readonly backlog: Backlog;
  private readonly received = new ReceivedProposals();
  /** All entries from here on are of this member's own term. */
  private readonly firstIndex: number;
  private heartbeatElapsedTicks = 0;
  private transfer: Transfer | null = null;

  constructor(member: Member, readIndex: ReadIndex, now: Instant) {
    this.member = member;
    this.readIndex = readIndex;
    this.replication = new Replication(member, member.peers);
    this.lease = new Lease(member);
    this.backlog = new Backlog(member.config.maxUncommittedBytes);
    this.firstIndex = member.log.lastIndex + 1;
    this.append([{ ...this.slot(0, NO_DATA, now), kind: "noop" }], now);
  }

  get transferee(): MemberId | null {
    return this.transfer?.to ?? null;
  }

  /** The configuration without this leader is committed: its part is done (dissertation 4.2.2). */
  get isOver(): boolean {
    const { configuration, configurations, log, self } = this.member;
    return !isVoter(configuration, self) && configurations.lastIndex <= log.commitIndex;
  }

  /** So that no election timeout passes: the most complete of those who stay, and who answer, is to campaign at once. */
  resign(): void {
    const { configuration, config } = this.member;
    const match = (voter: MemberId) => this.replication.progress.get(voter)?.matchIndex ?? 0;
    const byMatch = configuration.voters.toSorted((a, b) => match(b) - match(a));
    // One that died a moment ago may have as much as any other. Who lives has answered a heartbeat since.
    const alive = byMatch.find((voter) => this.replication.wasHeard(voter, 2 * config.heartbeatTicks));
    const heir = alive ?? byMatch[0];
    if (heir !== undefined) this.inviteElection(heir);
  }

  // ---- time

  /** False: no quorum was heard for an election timeout (CheckQuorum). */
  tick(now: Instant): boolean {
    const { config } = this.member;
    this.replication.tick();
    if ((config.checkQuorum ?? true) && !this.replication.heardFromQuorum(config.electionTicks)) return false;
    if (this.transfer?.tick() === true) this.transfer = null;
    this.heartbeatElapsedTicks += 1;
    if (this.heartbeatElapsedTicks < config.heartbeatTicks) return true;
    this.heartbeatElapsedTicks = 0;
    this.replication.sendHeartbeats(this.readIndex.routineRound(this.lease, now), true);
    this.promote(now);
    return true;
  }

  // ---- proposals and changes

  /** All of them enter the log, or none. */
  propose(data: readonly Uint8Array[], now: Instant): RefusalReason | null {
    if (this.transfer !== null) return "no-leader";
    return this.admit(
      data.map((bytes, at) => ({ ...this.slot(at, bytes, now), kind: "normal" })),
      now,
    );
  }

  change(changes: readonly ConfigurationChange[], data: Uint8Array, now: Instant): RefusalReason | null {
    if (this.transfer !== null) return "no-leader";
    const { configuration, refusal } = planChange(this.member, this.replication, changes);
    if (refusal !== null) return refusal;
    return this.admit([this.configurationEntry(configuration, data, now)], now);
  }

  /** What a follower hands over. A doubled message is not taken twice. */
  forwarded(message: MessageOf<"propose"> | MessageOf<"propose-change">, now: Instant): void {
    const { from, id } = message;
    if (!this.received.isNew(from, id)) return;
    const reason =
      message.type === "propose"
        ? this.propose(message.data, now)
        : this.change(message.changes, message.data, now);
    if (reason !== null) this.member.send(from, { type: "proposals-refused", id, reason });
  }

  /** What a leader appends by itself, to begin its term and to leave a joint configuration, is small and not asked here. */
  private admit(entries: readonly Entry[], now: Instant): RefusalReason | null {
    if (this.member.diskIsFull) return "no-space";
    if (!this.backlog.hasRoomFor(entries)) return "too-many-uncommitted";
    this.append(entries, now);
    return null;
  }

  private append(entries: readonly Entry[], now: Instant): void {
    const { configurations, log } = this.member;
    const reconfigures = entries.some(({ kind }) => kind === "configuration");
    invariant(
      !reconfigures || configurations.lastIndex <= log.commitIndex,
      () => `a configuration after ${configurations.lastIndex}, which is not committed`,
    );
    this.backlog.add(entries);
    this.member.replaceLogFrom(entries);
    if (reconfigures) this.reconfigured(now);
    this.replication.sendAppends();
  }

  /** In force at once. */
  private reconfigured(now: Instant): void {
    this.replication.setPeers(this.member.peers);
    this.readIndex.reconfigured(this, now);
  }

  /** A learner that is to become a voter does so when it has caught up, if nothing else is under way. */
  private promote(now: Instant): void {
    const learner = readyToPromote(this.member, this.replication);
    if (learner !== null) this.change([{ type: "add-voter", member: learner }], NO_DATA, now);
  }

  /** As soon as the joint configuration is committed; whoever leads then, had it entered. */
  private leaveJoint(now: Instant): void {
    const { configuration, configurations, log } = this.member;
    if (!configuration.autoLeave || configurations.lastIndex > log.commitIndex) return;
    const left = leaveJoint(configuration);
    if (left.error !== null) return;
    // Where it came with a snapshot, the state machine knows what came with it.
    const joint =
      configurations.lastIndex < log.firstIndex
        ? []
        : log.slice(configurations.lastIndex, configurations.lastIndex);
    this.append([this.configurationEntry(left.configuration, joint[0]?.data ?? NO_DATA, now)], now);
  }

  private configurationEntry(configuration: Configuration, data: Uint8Array, now: Instant): Entry {
    return { ...this.slot(0, data, now), kind: "configuration", configuration };
  }

  private slot(at: number, data: Uint8Array, now: Instant) {
    const { term, log } = this.member;
    return { index: log.lastIndex + 1 + at, term, version: ENTRY_VERSION, timestampMs: now.wallMs, data };
  }

  // ---- answers of the others, and of this member's disk

  answered(
    message: MessageOf<"append-accepted"> | MessageOf<"append-rejected"> | MessageOf<"heartbeat-response">,
    now: Instant,
  ): void {
    const { replication } = this;
    // It was removed since it was asked.
    if (!replication.progress.has(message.from)) return;
    switch (message.type) {
      case "append-accepted":
        replication.accepted(message);
        if (!this.advanceCommit(now)) replication.sendAppendsTo(message.from);
        return this.continueTransfer();
      case "append-rejected":
        return replication.rejected(message);
      case "heartbeat-response":
        replication.heartbeatAnswered(message.from);
        this.lease.answered(message.from, message.round);
        return this.readIndex.confirmed(message.from, message.round, this, now);
    }
  }

  /** True: the commit index moved, and all peers were sent what is new to them. */
  advanceCommit(now: Instant): boolean {
    const { log } = this.member;
    const first = Math.max(this.firstIndex, log.commitIndex + 1);
    if (!this.replication.advanceCommit()) return false;
    this.backlog.committed(log.slice(first, log.commitIndex));
    this.replication.sendAppends();
    this.readIndex.begin(this, now);
    this.leaveJoint(now);
    return true;
  }

  // ---- handing over

  transferTo(to: MemberId): TransferRefusal | null {
    if (this.transfer !== null) return "transfer-under-way";
    if (!this.mayLead(to)) return "not-a-voter";
    if (to === this.member.self) return null;
    this.transfer = new Transfer(to, this.member.config.electionTicks);
    this.continueTransfer();
    return null;
  }

  /** A voter that stays one when a joint configuration is left: nothing else changes during a transfer. */
  private mayLead(member: MemberId): boolean {
    return this.member.configuration.voters.includes(member);
  }

  private continueTransfer(): void {
    const { transfer } = this;
    if (transfer === null || transfer.asked) return;
    if (this.replication.progress.get(transfer.to)?.matchIndex !== this.member.log.lastIndex) return;
    transfer.asked = true;
    this.inviteElection(transfer.to);
  }

  private inviteElection(to: MemberId): void {
    this.lease.giveUp();
    this.member.send(to, { type: "timeout-now" });
  }
}

const NO_DATA = new Uint8Array(0);
