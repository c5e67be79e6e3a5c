import type { Entry } from "./entry.js";
import { invariant } from "./invariant.js";
import type { RaftLog } from "./log.js";

/**
 * Hands committed entries to the state machine, each once, in order; no more at a time than it can take.
 * Only what this member's own disk holds: the state machine is then never ahead of the log that a
 * restart begins from, whatever it writes out by itself.
 */
export class ApplyCursor {
  private handedIndex = 0;
  private reportedIndex = 0;

  get appliedIndex(): number {
    return this.reportedIndex;
  }

  next(log: RaftLog): readonly Entry[] {
    const limit = Math.min(log.commitIndex, log.durableIndex, this.reportedIndex + MAX_UNAPPLIED_ENTRIES);
    if (limit <= this.handedIndex) return [];
    const entries = log.slice(this.handedIndex + 1, limit);
    this.handedIndex = limit;
    return entries;
  }

  applied(index: number): void {
    invariant(
      index >= this.reportedIndex && index <= this.handedIndex,
      () => `applied(${index}), but ${this.reportedIndex} was applied and ${this.handedIndex} handed out`,
    );
    this.reportedIndex = index;
  }
}

/** Entries handed out and not yet reported as applied. Bounds one effect, too, when a restart replays a long log. */
export const MAX_UNAPPLIED_ENTRIES = 1024;
