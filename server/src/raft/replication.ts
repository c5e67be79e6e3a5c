import { totalBytes } from "./entry.js";
import type { Entry } from "./entry.js";
import { invariant } from "./invariant.js";
import type { Member } from "./member.js";
import type { MemberId, MessageOf } from "./message.js";
import { Progress } from "./progress.js";
import { reachedByQuorum } from "./quorum.js";

/** The leader's side of replication, for one term: brings its log to the peers and learns what is committed. */
export class Replication {
  private readonly member: Member;
  private peers: ReadonlyMap<MemberId, Progress> = new Map();
  private currentTick = 0;

  constructor(member: Member, peers: readonly MemberId[]) {
    this.member = member;
    this.followPeers(peers, member.log.lastIndex + 1);
  }

  /** Newcomers are probed with the last entry, which makes them peers; what is known of the others stays. */
  setPeers(peers: readonly MemberId[]): void {
    this.followPeers(peers, Math.max(this.member.log.lastIndex, 1));
  }

  private followPeers(peers: readonly MemberId[], nextIndex: number): void {
    const { config } = this.member;
    const known = this.peers;
    this.peers = new Map(
      peers.map((peer) => [peer, known.get(peer) ?? new Progress(nextIndex, config, this.currentTick)]),
    );
  }

  get progress(): ReadonlyMap<MemberId, Progress> {
    return this.peers;
  }

  tick(): void {
    this.currentTick += 1;
  }

  /** A quorum has answered within the last `ticks`; this member always does. */
  heardFromQuorum(ticks: number): boolean {
    const { self, configuration } = this.member;
    const heardTick = reachedByQuorum(configuration, (voter) => {
      return voter === self ? this.currentTick : this.progressOf(voter).heardTick;
    });
    return this.currentTick - heardTick < ticks;
  }

  /** Within the last `ticks`. */
  wasHeard(peer: MemberId, ticks: number): boolean {
    const progress = this.peers.get(peer);
    return progress !== undefined && this.currentTick - progress.heardTick <= ticks;
  }

  /** It has nearly all of this log, and was heard within an election timeout. */
  isCaughtUp(peer: MemberId): boolean {
    const { log, config } = this.member;
    const progress = this.peers.get(peer);
    if (progress?.state !== "replicate") return false;
    const lag = log.lastIndex - progress.matchIndex;
    const silence = this.currentTick - progress.heardTick;
    return lag <= (config.maxPromotionLag ?? DEFAULT_PROMOTION_LAG) && silence < config.electionTicks;
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
    const progress = this.peers.get(peer);
    if (progress !== undefined) this.fillWindow(peer, progress, false);
  }

  accepted(message: MessageOf<"append-accepted">): void {
    const progress = this.heard(message.from);
    if (progress === null) return;
    const { lastIndex } = this.member.log;
    invariant(
      message.matchIndex <= lastIndex,
      () =>
        `member ${message.from} acknowledges ${message.matchIndex}, but this leader's log ends at ${lastIndex}`,
    );
    progress.accepted(message.matchIndex, this.member.log.firstIndex, this.currentTick);
  }

  rejected(message: MessageOf<"append-rejected">): void {
    const progress = this.heard(message.from);
    if (progress === null) return;
    // The peer's hint lies in a term that this log may have, too: then they agree at most where it ends here.
    const agreeIndex = this.member.log.lastIndexWithin(message.hintIndex, message.hintTerm);
    if (!progress.rejected(message.rejectedPrevIndex, agreeIndex, message.lost)) return;
    this.fillWindow(message.from, progress, true);
  }

  /**
   * A peer that answers but lags may have lost an append: once a heartbeat, ask where it is. While a snapshot is on
   * its way, it is known: what became of that, the driver says.
   */
  heartbeatAnswered(from: MemberId): void {
    const progress = this.heard(from);
    if (progress === null || !progress.recoveryDue) return;
    progress.recoveryDue = false;
    progress.allowProbe();
    if (progress.state === "snapshot") return;
    if (progress.state === "replicate" && progress.matchIndex === this.member.log.lastIndex) return;
    this.fillWindow(from, progress, true);
  }

  snapshotSent(to: MemberId, ok: boolean): void {
    this.peers.get(to)?.snapshotEnded(ok, this.currentTick);
  }

  /**
   * Which entry has to be kept for peers that get a snapshot: if the log began behind it when it arrives, they
   * would need another one, and so on for ever. It is kept as long as the snapshot is on its way, and for an
   * election timeout after it arrived, for the appends that follow.
   */
  get firstIndexInUse(): number {
    const ticks = this.member.config.electionTicks;
    let first = Number.POSITIVE_INFINITY;
    for (const progress of this.peers.values()) {
      first = Math.min(first, progress.firstIndexAfterSnapshot(this.currentTick, ticks));
    }
    return first;
  }

  /**
   * Counts what a quorum has on disk. Only an entry of the leader's own term is committed so, and all
   * before it with it: an older one on a majority can still be replaced (dissertation, figure 3.7).
   */
  advanceCommit(): boolean {
    const { self, log, term, configuration } = this.member;
    const index = reachedByQuorum(configuration, (voter) => {
      return voter === self ? log.durableIndex : this.progressOf(voter).matchIndex;
    });
    if (index <= log.commitIndex || log.termAt(index) !== term) return false;
    log.commitTo(index);
    return true;
  }

  /** Null: an answer from one that is no member any more, or not yet. */
  private heard(from: MemberId): Progress | null {
    const progress = this.peers.get(from);
    if (progress !== undefined) progress.heardTick = this.currentTick;
    return progress ?? null;
  }

  private progressOf(peer: MemberId): Progress {
    const progress = this.peers.get(peer);
    invariant(progress !== undefined, () => `${peer} is no peer`);
    return progress;
  }

  /** `urgent`: send an append even if it has nothing new; its answer tells where the peer is. */
  private fillWindow(peer: MemberId, progress: Progress, urgent: boolean): void {
    const { log, config } = this.member;
    if (progress.nextIndex < log.firstIndex && progress.state !== "snapshot") {
      if (progress.maySendSnapshot && (urgent || progress.maySend)) this.sendSnapshot(peer, progress);
      return;
    }
    let sent = false;
    while (progress.maySend && progress.nextIndex <= log.lastIndex) {
      const entries = log.batch(progress.nextIndex, Math.min(config.maxAppendBytes, progress.roomBytes));
      const bytes = totalBytes(entries);
      if (!progress.fits(bytes)) break;
      this.sendAppend(peer, progress, entries, bytes);
      sent = true;
    }
    if (sent) return;
    // An append without entries tells of no more than was sent: else its answer would call for the next one, for ever.
    const newCommit = progress.toldCommitIndex < Math.min(log.commitIndex, progress.nextIndex - 1);
    if (urgent || (newCommit && progress.state === "replicate")) this.sendAppend(peer, progress, [], 0);
  }

  private sendAppend(peer: MemberId, progress: Progress, entries: readonly Entry[], bytes: number): void {
    const { log } = this.member;
    const prevIndex = progress.nextIndex - 1;
    const prevTerm = log.termAt(prevIndex);
    invariant(
      prevTerm !== null,
      () => `append to ${peer} after ${prevIndex}, but the log is from ${log.firstIndex} to ${log.lastIndex}`,
    );
    const commit = log.commitIndex;
    this.member.send(peer, { type: "append", prevIndex, prevTerm, commit, entries });
    progress.sent(entries.length, bytes);
    const told = Math.min(commit, prevIndex + entries.length);
    progress.toldCommitIndex = Math.max(progress.toldCommitIndex, told);
  }

  /** A snapshot that this member was sent itself is on its disk: its vote for itself was written after it. */
  private sendSnapshot(peer: MemberId, progress: Progress): void {
    const { snapshot } = this.member.log;
    invariant(snapshot !== null, () => `no snapshot for ${peer}, but the log begins after one`);
    this.member.send(peer, { type: "snapshot", snapshot });
    progress.sentSnapshot(snapshot.index);
  }
}

const DEFAULT_PROMOTION_LAG = 1000;
