import type { Entry } from "./entry.js";
import { entryBytes } from "./entry.js";
import { invariant } from "./invariant.js";

/**
 * The log of one member: what is in memory, how much of it is on disk, how much of it is committed.
 *
 * Writes are asynchronous. An entry can be replaced while its write is under way, even by an entry of
 * the same index and term again later; the completion of the first write must then not count for
 * the last one (ABA). So each write remembers up to where it still speaks of the log as it is now,
 * and a replacement lowers that mark.
 */
export class RaftLog {
  /** Entry i is at i - 1. */
  private readonly entries: Entry[];
  private committedTo = 0;
  private durableTo: number;
  /** First index that no persist effect has carried in its present form. */
  private unstagedFrom: number;
  private writes: { readonly sequence: number; validTo: number }[] = [];

  constructor(entries: readonly Entry[]) {
    this.entries = [...entries];
    let previousTerm = 0;
    for (const [at, entry] of entries.entries()) {
      invariant(entry.index === at + 1, () => `restored entry ${at + 1} has index ${entry.index}`);
      invariant(
        entry.term >= previousTerm,
        () => `restored entry ${entry.index}: term goes back from ${previousTerm} to ${entry.term}`,
      );
      previousTerm = entry.term;
    }
    this.durableTo = entries.length;
    this.unstagedFrom = entries.length + 1;
  }

  get lastIndex(): number {
    return this.entries.length;
  }

  get lastTerm(): number {
    return this.entries.at(-1)?.term ?? 0;
  }

  get commitIndex(): number {
    return this.committedTo;
  }

  /** Everything up to here, as it is now in memory, survives a crash. */
  get durableIndex(): number {
    return this.durableTo;
  }

  /** Index 0 is the empty log's end and has term 0. */
  termAt(index: number): number | null {
    return index === 0 ? 0 : (this.entries[index - 1]?.term ?? null);
  }

  /** Both inclusive. */
  slice(first: number, last: number): readonly Entry[] {
    return this.entries.slice(first - 1, last);
  }

  /** Entries from `first` on that together stay within `maxBytes`; always one, if there is one. */
  batch(first: number, maxBytes: number): readonly Entry[] {
    let bytes = 0;
    let end = first - 1;
    for (; end < this.entries.length; end++) {
      const entry = this.entries[end];
      if (entry === undefined) break;
      bytes += entryBytes(entry);
      if (bytes > maxBytes && end >= first) break;
    }
    return this.entries.slice(first - 1, end);
  }

  /** The last index, at most `from`, whose term is at most `term`; 0 if none. Terms never fall along a log. */
  lastIndexWithin(from: number, term: number): number {
    let low = 0;
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
    this.entries.length = first - 1;
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
    this.durableTo = Math.min(this.durableTo, first - 1);
    for (const write of this.writes) write.validTo = Math.min(write.validTo, first - 1);
  }

  /** What the persist effect `sequence` has to carry: all that changed since the last one. */
  stage(sequence: number): readonly Entry[] {
    const entries = this.entries.slice(this.unstagedFrom - 1);
    if (entries.length > 0) this.writes.push({ sequence, validTo: this.lastIndex });
    this.unstagedFrom = this.lastIndex + 1;
    return entries;
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
}
