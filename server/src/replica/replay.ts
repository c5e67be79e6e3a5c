import type { HardState } from "../raft/entry.js";
import type { ReplicaStatus } from "./parts.js";

/**
 * How far the state machine has to come after a restart to hold all that it may have held before, so that a local read
 * does not go back. It held committed entries alone, and none that was not in the log: so nothing behind the log's end, nor
 * what a leader has replaced since.
 *
 * A member that lost entries may have applied any up to `lostTo`. When the core says that it is whole again
 * (raft/recovering.ts), those that were committed are in its log: so it has to come to that index, or to the log's end.
 */
export class Replay {
  #goal: number;

  #lostTo: number | null;

  constructor(hardState: Pick<HardState, "lostTo">, lastIndex: number) {
    this.#lostTo = hardState.lostTo ?? null;
    this.#goal = lastIndex;
  }

  get isRecovering(): boolean {
    return this.#lostTo !== null;
  }

  isDone(appliedIndex: number): boolean {
    return this.#lostTo === null && appliedIndex >= this.#goal;
  }

  /** Everything from `index` on is replaced. */
  replacedFrom(index: number): void {
    this.#goal = Math.min(this.#goal, index - 1);
  }

  /** A hard state to be made durable. True: with it this member is recovered. */
  recovers(hardState: HardState, { lastIndex }: Pick<ReplicaStatus, "lastIndex">): boolean {
    if (this.#lostTo === null || hardState.lostTo !== undefined) return false;
    this.#goal = Math.min(this.#lostTo, lastIndex);
    this.#lostTo = null;
    return true;
  }
}
