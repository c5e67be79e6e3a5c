import type { Random } from "../ports.js";
import type { Member } from "./member.js";
import type { MemberId, MessageOf } from "./message.js";

interface Read {
  readonly id: number;
  readonly arrivedTick: number;
}

interface Request {
  readonly id: number;
  readonly leader: MemberId;
  readonly reads: readonly Read[];
  readonly sentTick: number;
}

/**
 * A follower's reads: asks the leader for an index, one request at a time for all reads that wait.
 *
 * A request's id stands for its reads and no others, ever: it is never given to a later request, not
 * even after a restart, so an answer that comes late cannot pass for one to a newer read. That is also
 * why a request that gets no answer may be repeated under its id.
 */
export class ForwardedReads {
  private readonly member: Member;
  private nextRequestId: number;
  private waiting: Read[] = [];
  private request: Request | null = null;
  private currentTick = 0;

  constructor(member: Member, random: Random) {
    this.member = member;
    this.nextRequestId = randomStart(random);
  }

  ask(id: number, leader: MemberId): void {
    this.waiting.push({ id, arrivedTick: this.currentTick });
    this.send(leader);
  }

  answered(message: MessageOf<"read-response">): void {
    const request = this.request;
    if (request === null || request.id !== message.id || request.leader !== message.from) return;
    this.request = null;
    for (const { id } of request.reads) {
      if (message.index === null) this.refuse(id);
      else this.member.outbox.emit({ type: "read-ready", id, index: message.index });
    }
    this.send(message.from);
  }

  /** Repeats what got no answer, and gives up on reads that are older than an election timeout. */
  tick(): void {
    this.currentTick += 1;
    if (this.request === null && this.waiting.length === 0) return;
    const { electionTicks, heartbeatTicks } = this.member.config;
    const isLate = (read: Read) => this.currentTick - read.arrivedTick >= electionTicks;
    this.waiting = this.refuseWhere(this.waiting, isLate);
    const request = this.request;
    if (request === null) return;
    const reads = this.refuseWhere(request.reads, isLate);
    if (reads.length === 0) {
      this.request = null;
      this.send(request.leader);
      return;
    }
    const repeat = this.currentTick - request.sentTick >= heartbeatTicks;
    this.request = { ...request, reads, sentTick: repeat ? this.currentTick : request.sentTick };
    if (repeat) this.member.send(request.leader, { type: "read-request", id: request.id });
  }

  /** The leader that was asked is no longer known to lead. */
  refuseAll(): void {
    const reads = [...(this.request?.reads ?? []), ...this.waiting];
    this.request = null;
    this.waiting = [];
    for (const { id } of reads) this.refuse(id);
  }

  private send(leader: MemberId): void {
    if (this.request !== null || this.waiting.length === 0) return;
    this.request = { id: this.nextRequestId, leader, reads: this.waiting, sentTick: this.currentTick };
    this.nextRequestId += 1;
    this.waiting = [];
    this.member.send(leader, { type: "read-request", id: this.request.id });
  }

  private refuseWhere(reads: readonly Read[], late: (read: Read) => boolean): Read[] {
    for (const read of reads) if (late(read)) this.refuse(read.id);
    return reads.filter((read) => !late(read));
  }

  private refuse(id: number): void {
    this.member.outbox.emit({ type: "read-refused", id, reason: "leader-changed" });
  }
}

/** 48 random bits: what an earlier life of this member asked, and what is still on its way, stays distinct. */
function randomStart(random: Random): number {
  const part = 2 ** 16;
  return (random.below(part) * part + random.below(part)) * part + random.below(part);
}
