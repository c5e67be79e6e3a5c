/** One slot of the replicated log. */
export interface Entry {
  /** First entry: 1. No gaps. */
  readonly index: number;
  readonly term: number;
  /** `noop`: a leader's first entry of its term, `data` empty. `normal`: `data` is the proposal. */
  readonly kind: EntryKind;
  /** Format version of `data`: a reader refuses what it does not know. */
  readonly version: number;
  /** Wall clock of the leader that appended it, milliseconds since the Unix epoch. For people only. */
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

export type EntryKind = "noop" | "normal";

export const ENTRY_VERSION = 1;

/** What a member must never forget: written before anything that depends on it leaves. */
export interface HardState {
  readonly term: number;
  /** Whom it voted for in `term`; null: nobody yet. */
  readonly vote: number | null;
}

/** What an entry weighs against the limits in bytes: its data and a flat share for its other fields. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

export const ENTRY_OVERHEAD_BYTES = 32;
