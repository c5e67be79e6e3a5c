import * as fc from "fast-check";
import type { Disk, Random } from "../ports.js";
import { ENTRY_VERSION, type Entry, type HardState } from "../raft/entry.js";
import { ManualClock } from "../testing/manual-clock.js";
import type { WalBatch, WalOptions } from "./index.js";
import { segmentName, segmentNumbers } from "./segment.js";

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
  readonly entries: readonly Entry[];
}

export const EMPTY_LOG: LogState = { hardState: { term: 0, vote: null }, entries: [] };

/** For comparing: entries whose data is a Buffer here and a Uint8Array there are the same. */
export function print({ hardState, entries }: LogState): string {
  const rows = entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data).toString("hex") }));
  return JSON.stringify([hardState, rows]);
}

/** The states that writing the batch goes through, record by record; the last one has all of it. */
export function statesOf(batch: WalBatch, before: LogState): LogState[] {
  const states: LogState[] = [];
  let state = before;
  if (batch.hardState !== null) states.push((state = { ...state, hardState: batch.hardState }));
  for (const entry of batch.entries) {
    state = { ...state, entries: [...state.entries.slice(0, entry.index - 1), entry] };
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
  readonly dataBytes: readonly number[];
}

export const batchPlans = fc.record<BatchPlan>({
  newTerm: fc.boolean(),
  vote: fc.boolean(),
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(5) }),
  dataBytes: fc.array(fc.nat(700), { maxLength: 4 }),
});

export function batchFrom(plan: BatchPlan, { hardState, entries }: LogState): WalBatch {
  const term = hardState.term + (plan.newTerm ? 1 : 0);
  const vote = plan.vote ? 3 : null;
  const changes = plan.newTerm || (plan.vote && hardState.vote === null);
  const first = Math.max(1, entries.length + 1 - plan.back);
  return {
    hardState: changes ? { term, vote } : null,
    snapshot: null,
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
