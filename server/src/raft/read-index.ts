import type { Member } from "./member.js";
import type { MemberId } from "./message.js";
import { tally } from "./quorum.js";
import type { Replication } from "./replication.js";

/** Who wants a read index: a caller of this member, or another member for its callers. */
export interface Reader {
  readonly member: MemberId;
  readonly id: number;
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
 * One round is under way at a time and confirms all reads that waited when it began. Rounds are
 * numbered from 1 and never start over while the process lives; 0 confirms nothing.
 */
export class ReadIndex {
  private readonly member: Member;
  private lastRound = 0;
  private waiting: Reader[] = [];
  private batch: Batch | null = null;

  constructor(member: Member) {
    this.member = member;
  }

  /** What every heartbeat carries: one that is repeated by routine makes up for one that was lost. */
  get round(): number {
    return this.lastRound;
  }

  ask(reader: Reader, replication: Replication): void {
    this.waiting.push(reader);
    this.begin(replication);
  }

  /** Starts a round, if there is reason to and none is under way. */
  begin(replication: Replication): void {
    const { log, term, self } = this.member;
    while (this.batch === null && this.waiting.length > 0) {
      if (log.termAt(log.commitIndex) !== term) return;
      this.lastRound += 1;
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

  /** `from` still followed this leader when it answered round `round`. */
  confirmed(from: MemberId, round: number, replication: Replication): void {
    const batch = this.batch;
    if (batch === null || round < batch.round) return;
    batch.confirmedBy.set(from, true);
    if (this.finishIfConfirmed()) this.begin(replication);
  }

  /** Those whose answers are missing may have no say any more. */
  reconfigured(replication: Replication): void {
    if (this.finishIfConfirmed()) this.begin(replication);
  }

  /** This member no longer leads: it can confirm nothing. */
  refuseAll(): void {
    const readers = [...(this.batch?.readers ?? []), ...this.waiting];
    this.batch = null;
    this.waiting = [];
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
    for (const { member, id } of batch.readers) {
      if (member === this.member.self) {
        this.member.outbox.emit({ type: "read-ready", id, index: batch.index });
      } else {
        this.member.send(member, { type: "read-response", id, index: batch.index });
      }
    }
    return true;
  }
}
