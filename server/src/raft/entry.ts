import type { Configuration } from "./configuration.js";

/** One slot of the replicated log. */
export type Entry = PlainEntry | ConfigurationEntry;

interface Slot {
  /** First entry: 1. No gaps. */
  readonly index: number;
  readonly term: number;
  /** Format version of `data`: a reader refuses what it does not know. */
  readonly version: number;
  /** Wall clock of the leader that appended it, milliseconds since the Unix epoch. For people only. */
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

/** `noop`: a leader's first entry of its term, `data` empty. `normal`: `data` is the proposal. */
export interface PlainEntry extends Slot {
  readonly kind: "noop" | "normal";
}

/** In force at a member as soon as it is in its log. `data` belongs to whoever asked for the change. */
export interface ConfigurationEntry extends Slot {
  readonly kind: "configuration";
  readonly configuration: Configuration;
}

/** The wire keeps room for `shard` and `index` records: peer.proto. A reader refuses a kind that it does not know. */
export type EntryKind = Entry["kind"];

export const ENTRY_VERSION = 1;

/** What a member must never forget: written before anything that depends on it leaves. */
export interface HardState {
  readonly term: number;
  /** Whom it voted for in `term`; null: nobody yet. */
  readonly vote: number | null;
  /**
   * Entries up to here may have been acknowledged by this member and are lost. Absent: none are. While it is set the
   * member is *recovering*: it gives no vote, not even to itself. See recovering.ts.
   */
  readonly lostTo?: number;
}

/** What an entry weighs against the limits in bytes: its data and a flat share for its other fields. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

export function totalBytes(entries: readonly Entry[]): number {
  return entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0);
}

export const ENTRY_OVERHEAD_BYTES = 32;
