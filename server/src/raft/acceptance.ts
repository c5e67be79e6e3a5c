import { invariant } from "./invariant.js";
import type { Member } from "./member.js";
import type { MemberId, MessageOf } from "./message.js";

/**
 * The follower's side of replication: takes a leader's entries and snapshots and says what it holds.
 *
 * Within one term, `verifiedIndex` is the prefix known to equal the leader's log. The commit index
 * never passes it: a tail left by an older leader may be as long, but is not what was committed.
 * An acknowledgement names what is verified and durable, whatever append it answers.
 */
export class Acceptance {
  private readonly member: Member;
  private verifiedTo = 0;
  private acknowledgedIndex = 0;
  /** Whom to answer when the disk is done; null: nothing is owed. */
  private owedTo: MemberId | null = null;

  constructor(member: Member) {
    this.member = member;
  }

  /** Everything up to here is known to equal the log of the present term's leader. */
  get verifiedIndex(): number {
    return this.verifiedTo;
  }

  /** What was verified was so against the leader of the old term. */
  enterTerm(): void {
    this.verifiedTo = 0;
    this.acknowledgedIndex = 0;
    this.owedTo = null;
  }

  append(message: MessageOf<"append">): void {
    const { log } = this.member;
    if (!log.agreesAt(message.prevIndex, message.prevTerm)) {
      this.reject(message);
      return;
    }
    this.take(message);
    const lastIndex = message.prevIndex + message.entries.length;
    this.verifiedTo = Math.max(this.verifiedTo, lastIndex);
    const known = log.commitIndex;
    log.commitTo(Math.max(known, Math.min(message.commit, this.verifiedTo)));
    // A leader that tells of commits alone has heard all that could be answered. If it has not, because an answer was
    // lost, it asks with the next heartbeat; that tells nothing new, and is answered.
    const isNotice = message.entries.length === 0 && log.commitIndex > known;
    if (isNotice && lastIndex <= this.acknowledgedIndex) return;
    this.answer(message.from, lastIndex);
  }

  /**
   * A snapshot is of committed entries, so it equals every log that has its last one: then there is nothing to
   * install, and a tail behind it may stay. That holds for all that this member has committed, too:
   * an older snapshot never takes the place of a newer state machine. True: the snapshot replaces the log.
   */
  snapshot(message: MessageOf<"snapshot">): boolean {
    const { log } = this.member;
    const { index, term } = message.snapshot;
    invariant(
      term <= message.term,
      () => `snapshot of entry ${index} of term ${term}, after its leader's ${message.term}`,
    );
    const installs = index > log.commitIndex && !log.agreesAt(index, term);
    if (installs) {
      invariant(
        index > this.verifiedTo,
        () => `the leader of term ${message.term} changed entry ${index} of its own log`,
      );
      this.member.restoreLog(message.snapshot);
    }
    this.verifiedTo = Math.max(this.verifiedTo, index);
    log.commitTo(Math.max(log.commitIndex, index));
    this.answer(message.from, index);
    return installs;
  }

  /**
   * A leader caps a heartbeat's commit by what this member acknowledged to it in this term: the prefix
   * was verified, if before a restart, and it was durable. If it is gone now, the disk lied, or this member knows
   * of its loss. What is left of the prefix is still the leader's, as in one term nothing but that leader's entries comes in.
   */
  heartbeat(message: MessageOf<"heartbeat">): void {
    const { log, lostTo } = this.member;
    invariant(
      message.commit <= log.lastIndex || lostTo !== null,
      () => `entries up to ${message.commit} were acknowledged, but the log ends at ${log.lastIndex}`,
    );
    const held = Math.min(message.commit, log.lastIndex);
    this.verifiedTo = Math.max(this.verifiedTo, held);
    log.commitTo(Math.max(log.commitIndex, held));
    this.member.send(message.from, { type: "heartbeat-response", round: message.round });
    if (held < message.commit) this.sendRejection(message.from, message.commit, held, log.lastTerm);
  }

  /** The disk got further: pay what is owed. */
  persisted(): void {
    const leader = this.owedTo;
    if (leader === null) return;
    const { durableIndex } = this.member.log;
    if (Math.min(this.verifiedTo, durableIndex) > this.acknowledgedIndex) this.acknowledge(leader);
    if (durableIndex >= this.verifiedTo) this.owedTo = null;
  }

  /** Everything up to `index` is the leader's: says so, now or when the disk has it. */
  private answer(leader: MemberId, index: number): void {
    if (this.member.log.durableIndex >= index) this.acknowledge(leader);
    else this.owedTo = leader;
  }

  private acknowledge(leader: MemberId): void {
    const matchIndex = Math.min(this.verifiedTo, this.member.log.durableIndex);
    this.acknowledgedIndex = Math.max(this.acknowledgedIndex, matchIndex);
    this.member.send(leader, { type: "append-accepted", matchIndex });
  }

  /**
   * Replaces the log from the first entry that differs, and only from there: an append that arrives
   * late, after longer ones, must not cut off what they brought. (Of what is compacted, nothing differs.)
   */
  private take(message: MessageOf<"append">): void {
    const { log } = this.member;
    let index = message.prevIndex;
    for (const [at, entry] of message.entries.entries()) {
      index += 1;
      invariant(
        entry.index === index,
        () => `append after ${message.prevIndex} has entry ${entry.index} at ${index}`,
      );
      invariant(
        entry.term <= message.term,
        () => `entry ${index} is of a term after its leader's ${message.term}`,
      );
      if (log.agreesAt(index, entry.term)) continue;
      invariant(
        index > this.verifiedTo,
        () => `the leader of term ${message.term} changed entry ${index} of its own log`,
      );
      this.member.replaceLogFrom(message.entries.slice(at));
      return;
    }
  }

  /**
   * Of all places where the logs may still agree, the last is in a term not after that of the append's
   * previous entry: everything of later terms in this log cannot be in the leader's prefix.
   */
  private reject(message: MessageOf<"append">): void {
    const { log } = this.member;
    invariant(
      message.prevIndex > log.commitIndex,
      () => `the leader of term ${message.term} lacks the committed entry ${message.prevIndex}`,
    );
    const hintIndex = log.lastIndexWithin(message.prevIndex, message.prevTerm);
    this.sendRejection(message.from, message.prevIndex, hintIndex, log.termAt(hintIndex) ?? 0);
  }

  /** Only from a recovering member does it take back what was acknowledged before: otherwise that would be an old answer. */
  private sendRejection(to: MemberId, rejectedPrevIndex: number, hintIndex: number, hintTerm: number): void {
    const lost = this.member.lostTo !== null;
    this.member.send(to, { type: "append-rejected", rejectedPrevIndex, hintIndex, hintTerm, lost });
  }
}
