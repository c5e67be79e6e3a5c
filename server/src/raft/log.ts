import type { SnapshotMark } from "./configuration.js";
import type { Entry } from "./entry.js";
import { entryBytes } from "./entry.js";
import { invariant } from "./invariant.js";

const NOTHING_STAGED = { snapshot: null, entries: [] } as const;

/**
 * The log of one member: what is in memory, how much of it is on disk, how much of it is committed.
 *
 * It begins after `base`: entry 0, or the last one that was compacted; what is there and before is
 * committed and lives in the state machine. `mark` names the newest state machine that is, or is
 * about to be, on disk as a whole; it is never before the base.
 *
 * Writes are asynchronous. An entry can be replaced while its write is under way, even by an entry of
 * the same index and term again later; the completion of the first write must then not count for
 * the last one (ABA). So each write remembers up to where it still speaks of the log as it is now,
 * and a replacement lowers that mark.
 */
export class RaftLog {
  private baseIndex = 0;
  private baseTerm = 0;
  /** Entry i is at i - baseIndex - 1. */
  private entries: Entry[];
  private mark: SnapshotMark | null;
  private committedTo: number;
  private durableTo: number;
  /** The mark replaced the log, and no persist effect has carried it yet. */
  private markUnstaged = false;
  /** First index that no persist effect has carried in its present form. */
  private unstagedFrom: number;
  private writes: { readonly sequence: number; validTo: number }[] = [];

  /** `entries` go on where the snapshot ends; without one, at 1. */
  constructor(snapshot: SnapshotMark | null, entries: readonly Entry[]) {
    this.mark = snapshot;
    this.baseIndex = snapshot?.index ?? 0;
    this.baseTerm = snapshot?.term ?? 0;
    this.entries = [...entries];
    let previousTerm = this.baseTerm;
    for (const [at, entry] of entries.entries()) {
      const index = this.baseIndex + at + 1;
      invariant(entry.index === index, () => `restored entry ${index} has index ${entry.index}`);
      invariant(
        entry.term >= previousTerm,
        () => `restored entry ${entry.index}: term goes back from ${previousTerm} to ${entry.term}`,
      );
      previousTerm = entry.term;
    }
    this.committedTo = this.baseIndex;
    this.durableTo = this.lastIndex;
    this.unstagedFrom = this.lastIndex + 1;
  }

  /** The first index that is not compacted, whether there is such an entry yet or not. */
  get firstIndex(): number {
    return this.baseIndex + 1;
  }

  get lastIndex(): number {
    return this.baseIndex + this.entries.length;
  }

  get lastTerm(): number {
    return this.entries.at(-1)?.term ?? this.baseTerm;
  }

  get commitIndex(): number {
    return this.committedTo;
  }

  /** Everything up to here, as it is now in memory, survives a crash. */
  get durableIndex(): number {
    return this.durableTo;
  }

  /** The newest state machine that is on this member's disk as a whole; null: none is. */
  get snapshot(): SnapshotMark | null {
    return this.mark !== null && this.durableTo >= this.mark.index ? this.mark : null;
  }

  /** Null: past the end, or compacted. Entry 0 stands for the beginning of all logs, in term 0. */
  termAt(index: number): number | null {
    return index === this.baseIndex ? this.baseTerm : (this.entries[index - this.firstIndex]?.term ?? null);
  }

  /**
   * A leader's log has (index, term): does this one agree up to there? What was compacted was committed, so
   * the leader has the same; not knowing its term any more is no conflict.
   */
  agreesAt(index: number, term: number): boolean {
    return index < this.baseIndex || this.termAt(index) === term;
  }

  /** Both inclusive; none of them compacted. */
  slice(first: number, last: number): readonly Entry[] {
    invariant(
      first >= this.firstIndex,
      () => `entry ${first} is compacted: the log begins at ${this.firstIndex}`,
    );
    return this.entries.slice(first - this.firstIndex, last - this.baseIndex);
  }

  /** Entries from `first` on that together stay within `maxBytes`; always one, if there is one. */
  batch(first: number, maxBytes: number): readonly Entry[] {
    let bytes = 0;
    let last = first - 1;
    for (; last < this.lastIndex; last++) {
      const entry = this.entries[last - this.baseIndex];
      if (entry === undefined) break;
      bytes += entryBytes(entry);
      if (bytes > maxBytes && last >= first) break;
    }
    return this.slice(first, last);
  }

  /**
   * The last index, at most `from`, whose term is at most `term`. Terms never fall along a log. Where it is
   * compacted, the answer is before the first entry, and no more than that is known.
   */
  lastIndexWithin(from: number, term: number): number {
    if (from < this.baseIndex) return from;
    if (term < this.baseTerm) return this.baseIndex - 1;
    let low = this.baseIndex;
    let high = Math.min(from, this.lastIndex);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.termAt(middle) ?? 0) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Raft section 3.6.1: a later last term wins, then the longer log. */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** Puts `entries` in place of everything from `entries[0].index` on. */
  replaceFrom(entries: readonly Entry[]): void {
    const first = entries[0]?.index;
    if (first === undefined) return;
    invariant(first <= this.lastIndex + 1, () => `gap: entry ${first} after ${this.lastIndex}`);
    invariant(
      first > this.committedTo,
      () => `entry ${first} would replace a committed one (${this.committedTo})`,
    );
    let previousTerm = this.termAt(first - 1) ?? 0;
    this.entries.length = first - this.firstIndex;
    for (const entry of entries) {
      invariant(
        entry.index === this.lastIndex + 1 && entry.term >= previousTerm,
        () =>
          `entry ${entry.index} of term ${entry.term} after entry ${this.lastIndex} of term ${previousTerm}`,
      );
      previousTerm = entry.term;
      this.entries.push(entry);
    }
    this.unstagedFrom = Math.min(this.unstagedFrom, first);
    this.forgetDurable(first - 1);
  }

  /**
   * Puts a leader's snapshot in place of the whole log. Until it is durable, the disk has the log of before. Of
   * that only what was committed is the same as what is in memory now: everything behind it may be of
   * other leaders, and a write of it that ends later says nothing about the snapshot.
   */
  restore(mark: SnapshotMark): void {
    invariant(
      mark.index > this.committedTo && !this.agreesAt(mark.index, mark.term),
      () =>
        `a snapshot of entry ${mark.index} would replace a log that has it (${this.committedTo} committed)`,
    );
    this.forgetDurable(this.committedTo);
    this.mark = mark;
    this.markUnstaged = true;
    this.baseIndex = mark.index;
    this.baseTerm = mark.term;
    this.entries = [];
    this.committedTo = mark.index;
    this.unstagedFrom = mark.index + 1;
  }

  /** The state machine of `mark` is on disk: entries before `firstKept` can go. False: a newer one is known. */
  checkpoint(mark: SnapshotMark, firstKept: number): boolean {
    invariant(
      firstKept <= mark.index + 1 && mark.index <= this.committedTo,
      () => `checkpoint of entry ${mark.index} (${this.committedTo} committed) that keeps from ${firstKept}`,
    );
    if (mark.index < (this.mark?.index ?? 0)) return false;
    this.mark = mark;
    if (firstKept <= this.firstIndex) return true;
    const baseTerm = this.termAt(firstKept - 1);
    invariant(baseTerm !== null, () => `no entry before the first one kept, ${firstKept}`);
    this.entries = this.entries.slice(firstKept - this.firstIndex);
    this.baseIndex = firstKept - 1;
    this.baseTerm = baseTerm;
    return true;
  }

  /** What the persist effect `sequence` has to carry: all that changed since the last one. */
  stage(sequence: number): { readonly snapshot: SnapshotMark | null; readonly entries: readonly Entry[] } {
    if (!this.markUnstaged && this.unstagedFrom > this.lastIndex) return NOTHING_STAGED;
    const snapshot = this.markUnstaged ? this.mark : null;
    const entries = this.slice(Math.max(this.unstagedFrom, this.firstIndex), this.lastIndex);
    if (snapshot !== null || entries.length > 0) this.writes.push({ sequence, validTo: this.lastIndex });
    this.markUnstaged = false;
    this.unstagedFrom = this.lastIndex + 1;
    return { snapshot, entries };
  }

  persisted(sequence: number): void {
    let done = 0;
    for (const write of this.writes) {
      if (write.sequence > sequence) break;
      this.durableTo = Math.max(this.durableTo, write.validTo);
      done += 1;
    }
    if (done > 0) this.writes = this.writes.slice(done);
    invariant(this.durableTo <= this.lastIndex, () => "more is durable than there is");
  }

  commitTo(index: number): void {
    invariant(index >= this.committedTo, () => `commit index goes back from ${this.committedTo} to ${index}`);
    invariant(index <= this.lastIndex, () => `commit index ${index} is past the log's end ${this.lastIndex}`);
    this.committedTo = index;
  }

  /** What the disk has, and gets by writes under way, speaks of this log up to `index` at most. */
  private forgetDurable(index: number): void {
    this.durableTo = Math.min(this.durableTo, index);
    for (const write of this.writes) write.validTo = Math.min(write.validTo, index);
  }
}
