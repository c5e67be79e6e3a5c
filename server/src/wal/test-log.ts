import * as fc from "fast-check";
import type { Disk, Random } from "../ports.js";
import { configurationOf } from "../raft/configuration.js";
import { ENTRY_VERSION, type Entry, type HardState } from "../raft/entry.js";
import { ManualClock } from "../testing/manual-clock.js";
import type { WalBatch, WalOptions } from "./index.js";
import { readRecord, type WalRecord } from "./record.js";
import { segmentName, segmentNumbers } from "./segment.js";
import type { TestDisk } from "./test-disk.js";

export const IDENTITY = { clusterId: 77, memberId: 3 };

export function walOptions(segmentBytes: number): WalOptions {
  return { segmentBytes, identity: IDENTITY, clock: new ManualClock() };
}

export function entry(index: number, term = 1, text = `value ${index}`): Entry {
  const data = Buffer.from(text);
  return {
    index,
    term,
    kind: "normal",
    version: ENTRY_VERSION,
    timestampMs: 1_700_000_000_000 + index,
    data,
  };
}

/** What a log amounts to. */
export interface LogState {
  readonly hardState: HardState;
  readonly firstIndex: number;
  readonly entries: readonly Entry[];
  readonly generation: number;
}

export const EMPTY_LOG: LogState = {
  hardState: { term: 0, vote: null },
  firstIndex: 1,
  entries: [],
  generation: 0,
};

export function lastIndexOf({ firstIndex, entries }: LogState): number {
  return firstIndex - 1 + entries.length;
}

/** For comparing: entries whose data is a Buffer here and a Uint8Array there are the same. */
export function print({ hardState, firstIndex, entries, generation }: LogState): string {
  const rows = entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data).toString("hex") }));
  return JSON.stringify([hardState, firstIndex, generation, rows]);
}

/** The states that writing the batch goes through, record by record; the last one has all of it. */
export function statesOf({ hardState, snapshot, entries }: WalBatch, before: LogState): LogState[] {
  const states: LogState[] = [];
  let state = before;
  if (hardState !== null) states.push((state = { ...state, hardState }));
  if (snapshot !== null) {
    const { mark, generation } = snapshot;
    states.push((state = { ...state, firstIndex: mark.index + 1, entries: [], generation }));
  }
  for (const entry of entries) {
    const kept = state.entries.slice(0, entry.index - state.firstIndex);
    state = { ...state, entries: [...kept, entry] };
    states.push(state);
  }
  return states;
}

/** A batch, before it is known onto which state it goes. */
export interface BatchPlan {
  readonly newTerm: boolean;
  readonly vote: boolean;
  /** How many of the log's last entries it replaces. */
  readonly back: number;
  /** A snapshot comes first: of an entry so far behind the last. */
  readonly snapshot: number | null;
  readonly dataBytes: readonly number[];
}

export const batchPlans = fc.record<BatchPlan>({
  newTerm: fc.boolean(),
  vote: fc.boolean(),
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(5) }),
  snapshot: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(9) }),
  dataBytes: fc.array(fc.nat(700), { maxLength: 4 }),
});

/** Nothing before entry `least` is replaced. */
export function batchFrom(plan: BatchPlan, state: LogState, least = 1): WalBatch {
  const { hardState, firstIndex, generation } = state;
  const term = hardState.term + (plan.newTerm ? 1 : 0);
  const vote = plan.vote ? 3 : null;
  const changes = plan.newTerm || (plan.vote && hardState.vote === null);
  const replaced = Math.max(firstIndex, least, lastIndexOf(state) + 1 - plan.back);
  const mark =
    plan.snapshot === null
      ? null
      : { index: replaced - 1 + plan.snapshot, term, configuration: configurationOf([1, 2, 3]) };
  const first = mark === null ? replaced : mark.index + 1;
  return {
    hardState: changes ? { term, vote } : null,
    snapshot: mark === null ? null : { mark, generation: generation + 1 },
    entries: plan.dataBytes.map((bytes, at) => entry(first + at, term, "x".repeat(bytes))),
  };
}

/** Choices that fast-check makes. */
export const randoms: fc.Arbitrary<Random> = fc
  .infiniteStream(fc.nat())
  .map((stream) => ({ below: (bound) => Number(stream.next().value) % bound }));

/** Names of the segments that count, ascending. */
export async function segmentsOf(disk: Disk): Promise<readonly string[]> {
  return segmentNumbers(await disk.list()).live.map(segmentName);
}

/** From the segment's start on, until one does not verify. */
export function recordsOf(disk: TestDisk, name: string): WalRecord[] {
  const bytes = disk.contents(name);
  const records: WalRecord[] = [];
  for (let record = readRecord(bytes, 0); record !== null; record = readRecord(bytes, record.end)) {
    records.push(record);
  }
  return records;
}
