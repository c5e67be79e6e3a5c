import type { SnapshotMark } from "../raft/configuration.js";
import type { Effect, Event } from "../raft/event.js";
import type { ReplicaParts } from "./parts.js";
import type { Replay } from "./replay.js";
import type { StagedState } from "./state.js";

type Parts = Pick<ReplicaParts<unknown>, "core" | "log" | "observer">;

interface Hooks {
  /** The state that came with the snapshot of this mark. */
  readonly take: (mark: SnapshotMark) => StagedState;
  readonly installBegun: () => void;
  /** Log and state are replaced on disk. */
  readonly installed: (staged: StagedState) => void;
  readonly step: (event: Event) => void;
  readonly isRunning: () => boolean;
  readonly fail: (what: string, error: unknown) => void;
}

const NOW = Promise.resolve();

/**
 * Makes durable what the core asks for. A snapshot is whole on disk, beside the state in use, before the log names it: a
 * crash finds the old log with the old state or the new one with the new. In memory it takes the place of
 * the state before the core hears that it is durable, and so before anything that follows it is applied.
 */
export class Persisting {
  readonly #parts: Parts;

  readonly #replay: Replay;

  readonly #hooks: Hooks;

  #durableSequence = 0;

  #stepQueued = false;

  constructor(parts: Parts, replay: Replay, hooks: Hooks) {
    this.#parts = parts;
    this.#replay = replay;
    this.#hooks = hooks;
  }

  begin({ sequence, hardState, snapshot, entries }: Extract<Effect, { type: "persist" }>): void {
    const staged = snapshot === null ? null : this.#hooks.take(snapshot);
    if (staged !== null) {
      this.#hooks.installBegun();
      this.#replay.replacedFrom(staged.mark.index + 1);
    }
    if (entries[0] !== undefined) this.#replay.replacedFrom(entries[0].index);
    const recovers = hardState !== null && this.#replay.recovers(hardState, this.#parts.core.status());
    const durable = (): void => {
      if (!this.#hooks.isRunning()) return;
      if (staged !== null) this.#hooks.installed(staged);
      if (recovers) this.#parts.observer.recovered();
      this.#durable(sequence);
    };
    const named = staged === null ? null : { mark: staged.mark, generation: staged.generation };
    this.#parts.log
      .append({ hardState, snapshot: named, entries })
      .then(durable, (error: unknown) => this.#hooks.fail("the write-ahead log cannot be written", error));
  }

  /** Records that one fsync made durable resolve together: they are one event, and one acknowledgement. */
  #durable(sequence: number): void {
    this.#durableSequence = sequence;
    if (this.#stepQueued) return;
    this.#stepQueued = true;
    // One turn of the microtask queue, in which the others resolve.
    void NOW.then(this.#step);
  }

  readonly #step = (): void => {
    this.#stepQueued = false;
    this.#hooks.step({ type: "persisted", sequence: this.#durableSequence });
  };
}
