import type { SnapshotMark } from "./configuration.js";
import type { Entry } from "./entry.js";
import { invariant } from "./invariant.js";
import type { RaftLog } from "./log.js";

/**
 * Hands committed entries to the state machine, each once, in order; no more at a time than it can take.
 * Only what this member's own disk holds: the state machine is then never ahead of the log that a
 * restart begins from, whatever it writes out by itself.
 *
 * A snapshot from a leader replaces the state machine as a whole, in the write that makes it durable: when that
 * is done, the cursor stands behind it. Nothing is handed out meanwhile.
 */
export class ApplyCursor {
  private handedIndex: number;
  private reportedIndex: number;
  /** The state machine began here, or was replaced by this. */
  private restoredIndex: number;

  constructor(snapshot: SnapshotMark | null) {
    this.restoredIndex = snapshot?.index ?? 0;
    this.handedIndex = this.restoredIndex;
    this.reportedIndex = this.restoredIndex;
  }

  get appliedIndex(): number {
    return this.reportedIndex;
  }

  next(log: RaftLog): readonly Entry[] {
    // What is compacted was applied before: so entries that are missing were replaced by a snapshot.
    const beforeLog = log.firstIndex - 1;
    if (this.handedIndex < beforeLog) {
      if (log.durableIndex < beforeLog) return [];
      this.restoredIndex = beforeLog;
      this.handedIndex = beforeLog;
      this.reportedIndex = beforeLog;
    }
    const limit = Math.min(log.commitIndex, log.durableIndex, this.reportedIndex + MAX_UNAPPLIED_ENTRIES);
    if (limit <= this.handedIndex) return [];
    const entries = log.slice(this.handedIndex + 1, limit);
    this.handedIndex = limit;
    return entries;
  }

  applied(index: number): void {
    // Of the state machine before the last snapshot: the event was on its way when that took its place.
    if (index <= this.restoredIndex) return;
    invariant(
      index >= this.reportedIndex && index <= this.handedIndex,
      () => `applied(${index}), but ${this.reportedIndex} was applied and ${this.handedIndex} handed out`,
    );
    this.reportedIndex = index;
  }
}

/** Entries handed out and not yet reported as applied. Bounds one effect, too, when a restart replays a long log. */
export const MAX_UNAPPLIED_ENTRIES = 1024;
