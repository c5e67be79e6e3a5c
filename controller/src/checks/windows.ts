import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { FaultRecord, FaultWindow, HistoryEvent } from "@gauntlet/histories";
import {
  acknowledgedWrites,
  firstFrom,
  type Interval,
  longestGap,
  type ServedOperation,
  servedOperations,
  without,
} from "./operations.js";

interface Tally {
  ok: number;
  fail: number;
  info: number;
  /** Made when it is needed: it is large. */
  latencyNs: RecordableHistogram | null;
}

interface Window extends Interval {
  readonly fault: FaultRecord;
  readonly index: number;
  readonly tally: Tally;
}

/**
 * What clients saw in the quiet times, and while each fault acted: by their begin. Skipped faults have no window, and one whose end
 * is not known lasts as long as the load. Percentiles come from an HDR histogram with three significant figures.
 */
export function faultWindows(
  history: readonly HistoryEvent[],
  faults: readonly FaultRecord[],
  mainEndMs: number | null,
): readonly FaultWindow[] {
  const operations = servedOperations(history);
  const lastMs = operations.reduce((latest, { startMs, endMs }) => Math.max(latest, endMs ?? startMs), 0);
  const loadEndMs = Math.min(mainEndMs ?? lastMs, lastMs);
  const windows = faults
    .flatMap((fault, position): Window[] => {
      if (fault.startedAtMs === null || fault.outcome.type === "skipped") return [];
      const toMs = Math.max(fault.startedAtMs, fault.endedAtMs ?? loadEndMs);
      return [{ fault, index: fault.index ?? position, fromMs: fault.startedAtMs, toMs, tally: newTally() }];
    })
    .toSorted((a, b) => a.fromMs - b.fromMs);
  const quiet = newTally();
  tallyAll(operations, windows, quiet);

  const writes = acknowledgedWrites(operations);
  const isWritten = operations.some(({ isWrite }) => isWrite);
  const gapOf = (intervals: readonly Interval[]): number | null => {
    if (!isWritten) return null;
    const gaps = intervals.map((interval) => longestGap(interval, writes));
    return Math.max(0, ...gaps.map(({ fromMs, toMs }) => Math.round(toMs - fromMs)));
  };
  const quietTimes = without({ fromMs: 0, toMs: loadEndMs }, windows);
  return [
    {
      index: null,
      fault: "quiet",
      nodes: [],
      startMs: null,
      endMs: null,
      ...figuresOf(quiet),
      longestGapMs: gapOf(quietTimes),
      recoveryMs: null,
    },
    ...windows.map(({ fault, index, fromMs, toMs, tally }): FaultWindow => {
      const next = writes[firstFrom(writes, toMs)];
      return {
        index,
        fault: fault.fault,
        nodes: fault.nodes,
        startMs: fromMs,
        endMs: toMs,
        ...figuresOf(tally),
        longestGapMs: gapOf([{ fromMs, toMs }]),
        recoveryMs: next === undefined ? null : Math.round(next - toMs),
      };
    }),
  ];
}

/** Each operation goes to every window that its interval touches, and to the quiet times if there is none. */
function tallyAll(operations: readonly ServedOperation[], windows: readonly Window[], quiet: Tally): void {
  let first = 0;
  for (const operation of operations.toSorted((a, b) => a.startMs - b.startMs)) {
    const { startMs, invokedMs } = operation;
    const endMs = operation.endMs ?? invokedMs;
    while ((windows[first]?.toMs ?? Number.POSITIVE_INFINITY) < startMs) first += 1;
    let isQuiet = true;
    for (let i = first; i < windows.length; i += 1) {
      const window = windows[i];
      if (window === undefined || window.fromMs > endMs) break;
      if (window.toMs < startMs) continue;
      count(window.tally, operation);
      isQuiet = false;
    }
    if (isQuiet) count(quiet, operation);
  }
}

function count(tally: Tally, { outcome, startMs, endMs }: ServedOperation): void {
  tally[outcome] += 1;
  if (outcome !== "ok" || endMs === null) return;
  tally.latencyNs ??= createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 });
  tally.latencyNs.record(Math.max(1, Math.round((endMs - startMs) * 1e6)));
}

function newTally(): Tally {
  return { ok: 0, fail: 0, info: 0, latencyNs: null };
}

type Figures = Pick<FaultWindow, "ok" | "fail" | "info" | "p50Ms" | "p90Ms" | "p99Ms" | "maxMs">;

function figuresOf({ ok, fail, info, latencyNs }: Tally): Figures {
  const ms = (ns: number | undefined): number | null =>
    ns === undefined ? null : Math.round(ns / 1e4) / 100;
  return {
    ok,
    fail,
    info,
    p50Ms: ms(latencyNs?.percentile(50)),
    p90Ms: ms(latencyNs?.percentile(90)),
    p99Ms: ms(latencyNs?.percentile(99)),
    maxMs: ms(latencyNs?.max),
  };
}
