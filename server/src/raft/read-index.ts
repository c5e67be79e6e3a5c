import type { Member } from "./member.js";
import type { MemberId } from "./message.js";
import { tally } from "./quorum.js";
import type { Replication } from "./replication.js";
import type { Lease } from "./lease.js";
import type { Instant } from "./event.js";

/** Who wants a read index: a caller of this member, or another member for its callers. */
export interface Reader {
  readonly member: MemberId;
  readonly id: number;
}

/** By what a leader learns that it still leads. */
interface Leading {
  readonly replication: Replication;
  readonly lease: Lease;
}

interface Batch {
  readonly round: number;
  readonly index: number;
  readonly readers: readonly Reader[];
  readonly confirmedBy: Map<MemberId, true>;
}

/**
 * Linearizable reads without the log, at the leader (dissertation 6.4). A read's index is the commit
 * index at a moment after the read arrived, and it counts once a quorum answered a heartbeat that left
 * after that moment: nobody else can have committed anything by then. A new leader knows the commit
 * index only when an entry of its own term is committed; reads wait for that.
 *
 * While a lease holds, the same is known without asking, and the read is answered at once.
 *
 * One round is under way at a time and confirms all reads that waited when it began. Rounds are
 * numbered from 1 and never start over while the process lives; 0 confirms nothing.
 */
export class ReadIndex {
  private readonly member: Member;
  private lastRound = 0;
  private waiting: Reader[] = [];
  private batch: Batch | null = null;
  /** Ticks in which reads waited and no round could begin. */
  private stuckTicks = 0;

  constructor(member: Member) {
    this.member = member;
  }

  /** What routine heartbeats carry: they make up for others that were lost. A lease is prolonged by new rounds only. */
  routineRound(lease: Lease, now: Instant): number {
    if (lease.isOn) this.startRound(lease, now);
    return this.lastRound;
  }

  ask(reader: Reader, leading: Leading, now: Instant): void {
    this.waiting.push(reader);
    this.begin(leading, now);
  }

  /** Answers the reads that wait, or starts a round, if there is reason to and none is under way. */
  begin({ replication, lease }: Leading, now: Instant): void {
    const { log, term, self } = this.member;
    if (this.waiting.length === 0 || log.termAt(log.commitIndex) !== term) return;
    if (lease.holds(now)) {
      this.answer(this.waiting, log.commitIndex);
      this.waiting = [];
    }
    while (this.batch === null && this.waiting.length > 0) {
      this.startRound(lease, now);
      this.batch = {
        round: this.lastRound,
        index: log.commitIndex,
        readers: this.waiting,
        confirmedBy: new Map([[self, true]]),
      };
      this.waiting = [];
      if (!this.finishIfConfirmed()) replication.sendHeartbeats(this.lastRound, false);
    }
  }

  /**
   * A majority that answers heartbeats but cannot write commits nothing, and deposes nobody: what waits for the first
   * commit of the term is given up after an election timeout.
   */
  tick(): void {
    if (this.waiting.length === 0 || this.batch !== null) this.stuckTicks = 0;
    else this.stuckTicks += 1;
    if (this.stuckTicks >= this.member.config.electionTicks) this.refuseAll();
  }

  /** `from` still followed this leader when it answered round `round`. */
  confirmed(from: MemberId, round: number, leading: Leading, now: Instant): void {
    const batch = this.batch;
    if (batch === null || round < batch.round) return;
    batch.confirmedBy.set(from, true);
    if (this.finishIfConfirmed()) this.begin(leading, now);
  }

  /** Those whose answers are missing may have no say any more. */
  reconfigured(leading: Leading, now: Instant): void {
    if (this.finishIfConfirmed()) this.begin(leading, now);
  }

  /** This member can confirm nothing: mostly because it no longer leads. */
  refuseAll(): void {
    const readers = [...(this.batch?.readers ?? []), ...this.waiting];
    this.batch = null;
    this.waiting = [];
    this.stuckTicks = 0;
    for (const { member, id } of readers) {
      if (member === this.member.self) {
        this.member.outbox.emit({ type: "read-refused", id, reason: "leader-changed" });
      } else {
        this.member.send(member, { type: "read-response", id, index: null });
      }
    }
  }

  /**
   * By the configuration in force now: a rival's, from before the round, is at most one change away, so a quorum of
   * the one shares a member with any of the other.
   */
  private finishIfConfirmed(): boolean {
    const batch = this.batch;
    if (batch === null || tally(this.member.configuration, batch.confirmedBy) !== "won") return false;
    this.batch = null;
    this.answer(batch.readers, batch.index);
    return true;
  }

  private startRound(lease: Lease, now: Instant): void {
    this.lastRound += 1;
    lease.sent(this.lastRound, now);
  }

  private answer(readers: readonly Reader[], index: number): void {
    for (const { member, id } of readers) {
      if (member === this.member.self) this.member.outbox.emit({ type: "read-ready", id, index });
      else this.member.send(member, { type: "read-response", id, index });
    }
  }
}
