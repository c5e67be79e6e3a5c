import type { Entry, HardState } from "../raft/entry.js";
import { encodeEntry, encodeHardState } from "./entry-codec.js";
import type { WalError } from "./errors.js";
import type { LogPoint } from "./log-point.js";
import { RECORD_TYPES } from "./record.js";
import { encodeSnapshot, type LogSnapshot } from "./snapshot-record.js";

export interface WalBatch {
  readonly hardState: HardState | null;
  /** The log begins anew after it, and its state is durable; null: it goes on. */
  readonly snapshot: LogSnapshot | null;
  /** Consecutive; the first index is at most one behind the log's last. Replaces what is there from it on. */
  readonly entries: readonly Entry[];
}

export interface PendingRecord {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Batches that are written together: one durable write, and one promise for all of them. */
export class Group {
  readonly records: PendingRecord[] = [];
  bytes = 0;
  batches = 0;
  /** Where the log stands after them. */
  point: LogPoint;
  /** The highest of their entries; 0: there is none. */
  highestIndex = 0;
  readonly durable: Promise<void>;
  resolve!: () => void;
  reject!: (error: WalError) => void;

  constructor(point: LogPoint) {
    this.point = point;
    this.durable = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  add(records: readonly PendingRecord[], bytes: number, point: LogPoint, highestIndex: number): void {
    for (const record of records) this.records.push(record);
    this.bytes += bytes;
    this.batches += 1;
    this.point = point;
    this.highestIndex = Math.max(this.highestIndex, highestIndex);
  }
}

/** The hard state first: an entry must not outlive a tear that takes the term it came with. */
export function encodeBatch({ hardState, snapshot, entries }: WalBatch): PendingRecord[] {
  const records: PendingRecord[] = [];
  if (hardState !== null) {
    records.push({ type: RECORD_TYPES.hardState, payload: encodeHardState(hardState) });
  }
  if (snapshot !== null) records.push({ type: RECORD_TYPES.snapshot, payload: encodeSnapshot(snapshot) });
  for (const entry of entries) records.push({ type: RECORD_TYPES.entry, payload: encodeEntry(entry) });
  return records;
}

export function pointAfter(before: LogPoint, { hardState, snapshot, entries }: WalBatch): LogPoint {
  const last = entries.at(-1) ?? snapshot?.mark;
  return {
    hardState: hardState ?? before.hardState,
    lastIndex: last?.index ?? before.lastIndex,
    lastTerm: last?.term ?? before.lastTerm,
    generation: snapshot?.generation ?? before.generation,
  };
}
