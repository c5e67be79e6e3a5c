import type { Configuration, SnapshotMark } from "../configuration.js";
import type { Entry } from "../entry.js";

/** A log as an observer keeps it: a snapshot and what follows, without gaps. */
export class LogImage {
  snapshot: SnapshotMark | null;
  entries: readonly Entry[];

  constructor(snapshot: SnapshotMark | null, entries: readonly Entry[]) {
    this.snapshot = snapshot;
    this.entries = entries;
  }

  copy(): LogImage {
    return new LogImage(this.snapshot, this.entries);
  }

  /** Up to here there is nothing but the state machine. */
  get baseIndex(): number {
    return this.snapshot?.index ?? 0;
  }

  get lastIndex(): number {
    return this.baseIndex + this.entries.length;
  }

  get lastTerm(): number {
    return this.termAt(this.lastIndex) ?? 0;
  }

  at(index: number): Entry | undefined {
    return index <= this.baseIndex ? undefined : this.entries[index - this.baseIndex - 1];
  }

  termAt(index: number): number | undefined {
    return index === this.baseIndex ? (this.snapshot?.term ?? 0) : this.at(index)?.term;
  }

  /** The last one, committed or not; null: the initial one. */
  get configuration(): Configuration | null {
    const entry = this.entries.findLast(({ kind }) => kind === "configuration");
    return entry?.kind === "configuration" ? entry.configuration : (this.snapshot?.configuration ?? null);
  }

  replaceFrom(entries: readonly Entry[]): void {
    const first = entries[0]?.index;
    if (first !== undefined)
      this.entries = [...this.entries.slice(0, first - this.baseIndex - 1), ...entries];
  }

  /** `mark` takes the place of everything. */
  restore(mark: SnapshotMark): void {
    this.snapshot = mark;
    this.entries = [];
  }

  /** `mark` takes the place of what it is the outcome of. */
  compact(mark: SnapshotMark): void {
    this.entries = this.entries.slice(mark.index - this.baseIndex);
    this.snapshot = mark;
  }
}
