import type { Clock, StateEngine } from "../ports.js";
import { StateDamaged } from "../ports.js";
import type { SnapshotMark } from "../raft/configuration.js";
import type { KvStore } from "./kv-store.js";
import { encodeMeta, type StateMeta } from "./state-meta.js";

/** What ends a commit: it holds so many records, or bytes. One turn of the event loop hands over one. */
export interface CommitBounds {
  readonly records: number;
  readonly bytes: number;
}

export const DEFAULT_COMMIT_BOUNDS: CommitBounds = { records: 4096, bytes: 1024 * 1024 };

/** Records that the engine holds behind those of its state: of a checkpoint that a crash cut short. */
export interface Surplus {
  /** All that the engine holds. */
  readonly records: number;
  /** Rolling, over all of them. */
  readonly hash: number;
}

/**
 * Writes states of one store into one engine, each by adding what the engine does not have yet. The records go first,
 * in commits of bounded size that leave the state as it was; the last commit makes them, and the entry that they are
 * as of, the state. So the records and the applied index of a state change in one, however large a checkpoint is, and
 * none of what was written before a crash or a full disk is written again: the log gives the same records once more.
 */
export class StateWriter {
  private readonly engine: StateEngine;
  private readonly clock: Pick<Clock, "soon">;
  private surplus: Surplus | null;
  private readonly bounds: CommitBounds;
  private writing = false;

  /** As `loadState` returns it: the engine's records must be those of the store that is written. */
  constructor(
    engine: StateEngine,
    clock: Pick<Clock, "soon">,
    surplus: Surplus | null,
    bounds = DEFAULT_COMMIT_BOUNDS,
  ) {
    this.engine = engine;
    this.clock = clock;
    this.surplus = surplus;
    this.bounds = bounds;
  }

  /**
   * Makes durable what `store` is now, at the time of the call; it may go on changing. `mark`: the entry applied last.
   * Resolves to the state that was written. One at a time. Rejects as StateEngine.commit does: after ENOSPC it may be
   * called again, and goes on where it ended. StateDamaged: what a checkpoint before a crash wrote differs.
   */
  async write(store: KvStore, mark: SnapshotMark): Promise<StateMeta> {
    if (this.writing) throw new Error("a checkpoint is being written already");
    this.writing = true;
    try {
      const meta = store.meta(mark);
      this.checkSurplus(store);
      await this.commit(store, meta);
      return meta;
    } finally {
      this.writing = false;
    }
  }

  private async commit(store: KvStore, meta: StateMeta): Promise<void> {
    const { engine } = this;
    // A state of nothing: where there is none yet, the records behind it belong to none.
    const before = engine.meta ?? encodeMeta(emptyMeta(meta));
    for (;;) {
      const records = batch(store, engine.count, meta.records, this.bounds);
      const whole = engine.count + records.length >= meta.records;
      await engine.commit(records, whole ? encodeMeta(meta) : before);
      if (whole) return;
      await new Promise<void>((resolve) => this.clock.soon(resolve));
    }
  }

  private checkSurplus(store: KvStore): void {
    if (this.surplus === null || store.records < this.surplus.records) return;
    const { records, hash } = this.surplus;
    if (store.hashOfRecords(records) !== hash) {
      throw new StateDamaged(
        `the ${records} records that a checkpoint wrote before a restart are not those that the log gives`,
      );
    }
    this.surplus = null;
  }
}

/** A state before the first entry, in the configuration of another. */
export function emptyMeta({ configuration }: Pick<StateMeta, "configuration">): StateMeta {
  return { index: 0, term: 0, configuration, revision: 1, records: 0, hash: 0, members: [], removed: [] };
}

/** Records from number `from` up to `end`, as many as a commit may hold. */
function batch(store: KvStore, from: number, end: number, bounds: CommitBounds): Uint8Array[] {
  const records: Uint8Array[] = [];
  let bytes = 0;
  for (let at = from; at < end && records.length < bounds.records && bytes < bounds.bytes; at++) {
    const record = store.record(at);
    records.push(record);
    bytes += record.length;
  }
  return records;
}
