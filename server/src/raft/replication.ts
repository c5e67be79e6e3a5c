import type { Entry } from "./entry.js";
import { invariant } from "./invariant.js";
import type { Member } from "./member.js";
import type { MemberId, MessageOf } from "./message.js";
import { Progress } from "./progress.js";
import { reachedByMajority } from "./quorum.js";

/** The leader's side of replication, for one term: brings its log to the peers and learns what is committed. */
export class Replication {
  private readonly member: Member;
  private readonly peers: ReadonlyMap<MemberId, Progress>;
  private currentTick = 0;

  constructor(member: Member) {
    this.member = member;
    const { log, config } = member;
    this.peers = new Map(
      member.peers.map((peer) => [peer, new Progress(log.lastIndex + 1, config.maxInflightAppends, 0)]),
    );
  }

  get progress(): ReadonlyMap<MemberId, Progress> {
    return this.peers;
  }

  tick(): void {
    this.currentTick += 1;
  }

  /** A majority, this member included, has answered within the last `ticks`. */
  heardFromMajority(ticks: number): boolean {
    const heard = [this.currentTick];
    for (const progress of this.peers.values()) heard.push(progress.heardTick);
    return this.currentTick - reachedByMajority(heard) < ticks;
  }

  /** `routine`: one of the regular ones, whose answer may start a retransmission. */
  sendHeartbeats(round: number, routine: boolean): void {
    for (const [peer, progress] of this.peers) {
      const commit = Math.min(this.member.log.commitIndex, progress.matchIndex);
      if (routine) progress.recoveryDue = true;
      this.member.send(peer, { type: "heartbeat", commit, round });
    }
  }

  /** Sends all peers the entries and the commit index that they were not sent yet, as the window allows. */
  sendAppends(): void {
    for (const [peer, progress] of this.peers) this.fillWindow(peer, progress, false);
  }

  sendAppendsTo(peer: MemberId): void {
    this.fillWindow(peer, this.progressOf(peer), false);
  }

  accepted(message: MessageOf<"append-accepted">): void {
    const progress = this.heard(message.from);
    const { lastIndex } = this.member.log;
    invariant(
      message.matchIndex <= lastIndex,
      () =>
        `member ${message.from} acknowledges ${message.matchIndex}, but this leader's log ends at ${lastIndex}`,
    );
    progress.accepted(message.matchIndex);
  }

  rejected(message: MessageOf<"append-rejected">): void {
    const progress = this.heard(message.from);
    // The peer's hint lies in a term that this log may have, too: then they agree at most where it ends here.
    const agreeIndex = this.member.log.lastIndexWithin(message.hintIndex, message.hintTerm);
    if (!progress.rejected(message.rejectedPrevIndex, agreeIndex)) return;
    this.fillWindow(message.from, progress, true);
  }

  /** A peer that answers but lags may have lost an append: once a heartbeat, ask where it is. */
  heartbeatAnswered(from: MemberId): void {
    const progress = this.heard(from);
    if (!progress.recoveryDue) return;
    progress.recoveryDue = false;
    progress.allowProbe();
    if (progress.state === "replicate" && progress.matchIndex === this.member.log.lastIndex) return;
    this.fillWindow(from, progress, true);
  }

  /**
   * Counts what a majority has on disk. Only an entry of the leader's own term is committed so, and all
   * before it with it: an older one on a majority can still be replaced (dissertation, figure 3.7).
   */
  advanceCommit(): boolean {
    const { log, term } = this.member;
    const durable = [log.durableIndex];
    for (const progress of this.peers.values()) durable.push(progress.matchIndex);
    const index = reachedByMajority(durable);
    if (index <= log.commitIndex || log.termAt(index) !== term) return false;
    log.commitTo(index);
    return true;
  }

  private heard(from: MemberId): Progress {
    const progress = this.progressOf(from);
    progress.heardTick = this.currentTick;
    return progress;
  }

  private progressOf(peer: MemberId): Progress {
    const progress = this.peers.get(peer);
    invariant(progress !== undefined, () => `${peer} is no peer`);
    return progress;
  }

  /** `urgent`: send an append even if it has nothing new; its answer tells where the peer is. */
  private fillWindow(peer: MemberId, progress: Progress, urgent: boolean): void {
    const { log, config } = this.member;
    let sent = false;
    while (progress.maySend && progress.nextIndex <= log.lastIndex) {
      this.sendAppend(peer, progress, log.batch(progress.nextIndex, config.maxAppendBytes));
      sent = true;
    }
    if (sent) return;
    const newCommit = progress.state === "replicate" && progress.toldCommitIndex < log.commitIndex;
    if (urgent || newCommit) this.sendAppend(peer, progress, []);
  }

  private sendAppend(peer: MemberId, progress: Progress, entries: readonly Entry[]): void {
    const { log } = this.member;
    const prevIndex = progress.nextIndex - 1;
    const prevTerm = log.termAt(prevIndex);
    invariant(
      prevTerm !== null,
      () => `append to ${peer} after ${prevIndex}, past the log's end ${log.lastIndex}`,
    );
    const commit = log.commitIndex;
    this.member.send(peer, { type: "append", prevIndex, prevTerm, commit, entries });
    progress.sent(entries.length);
    const told = Math.min(commit, prevIndex + entries.length);
    progress.toldCommitIndex = Math.max(progress.toldCommitIndex, told);
  }
}
