import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { type CheckResult, type FunctionStats, type HistoryEvent, latencyNs } from "@gauntlet/histories";
import { servedOperations } from "./operations.js";

/** A run with fewer operations that certainly happened shows nothing. */
const MIN_OK_OPERATIONS = 100;
/** Of the main phase's seconds so many must have seen something succeed: faults leave that much. */
const MIN_SERVED_SHARE = 0.25;

const NS_PER_MS = 1e6;

interface Tally {
  ok: number;
  fail: number;
  info: number;
  readonly latencyNs: RecordableHistogram;
}

/**
 * Counts and latencies of each function, then of `all`. An operation without a completion counts as
 * `info`. Latencies count from when operations were due. Percentiles come from an HDR histogram with three significant figures.
 */
export function functionStats(history: readonly HistoryEvent[]): readonly FunctionStats[] {
  const all = newTally();
  const byFunction = new Map<string, Tally>();
  const open = new Map<number, HistoryEvent>();
  for (const event of history) {
    if (event.process === "nemesis") continue;
    if (event.type === "invoke") {
      open.set(event.process, event);
      if (!byFunction.has(event.f)) byFunction.set(event.f, newTally());
      continue;
    }
    const invoked = open.get(event.process);
    open.delete(event.process);
    for (const tally of [byFunction.get(event.f), all]) {
      if (tally === undefined) continue;
      tally[event.type] += 1;
      if (event.type === "ok" && invoked !== undefined)
        tally.latencyNs.record(Math.max(1, latencyNs(invoked, event)));
    }
  }
  for (const { f } of open.values()) {
    const tally = byFunction.get(f);
    if (tally !== undefined) tally.info += 1;
    all.info += 1;
  }
  const rows = [...byFunction].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [...rows, ["all", all] as const].map(([f, tally]) => statsOf(f, tally));
}

/**
 * Vacuity: a run in which too little succeeded proves nothing, whatever its checks say. Final reads
 * do not count: they only show that the cluster served when all was over.
 */
export function checkStats(
  history: readonly HistoryEvent[],
  functions: readonly string[],
  mainEndMs: number | null,
): CheckResult {
  const load = withoutFinalReads(history);
  const stats = functionStats(load);
  const okOf = (f: string): number => stats.find((row) => row.f === f)?.ok ?? 0;
  const total = okOf("all");
  const never = functions.filter((f) => okOf(f) === 0);
  // Of a function that both reads and writes, the reads alone say nothing.
  const writes = servedOperations(load).filter(({ isWrite }) => isWrite);
  const { served, seconds } = secondsServed(load, mainEndMs);
  const reasons = [
    ...(total < MIN_OK_OPERATIONS
      ? [`only ${total} operations succeeded, fewer than ${MIN_OK_OPERATIONS}`]
      : []),
    ...(never.length > 0 ? [`no ${never.join(", no ")} succeeded`] : []),
    ...(writes.length > 0 && writes.every(({ outcome }) => outcome !== "ok")
      ? [`none of ${writes.length} writes succeeded`]
      : []),
    ...(served < seconds * MIN_SERVED_SHARE
      ? [`in only ${served} of ${seconds} seconds any operation succeeded, fewer than a quarter`]
      : []),
  ];
  return {
    name: "stats",
    kind: "vacuity",
    verdict: reasons.length === 0 ? "valid" : "unknown",
    reason:
      reasons.length === 0
        ? `${total} operations succeeded, of every function some, in ${served} of ${seconds} seconds`
        : `vacuous: ${reasons.join("; ")}`,
  };
}

function withoutFinalReads(history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const isFinal = new Map<number | "nemesis", boolean>();
  return history.filter((event) => {
    // Only the invocation carries the mark.
    if (event.type === "invoke") isFinal.set(event.process, event.final === true);
    return isFinal.get(event.process) !== true;
  });
}

/**
 * How many seconds of the main phase saw an ok. The workers keep calling, and calls end, until it is over or
 * the run is stopped, so an earlier last event tells of a stopped run; an unknown length is that of the history.
 */
function secondsServed(
  history: readonly HistoryEvent[],
  mainEndMs: number | null,
): { readonly served: number; readonly seconds: number } {
  const operations = history.filter(({ process }) => process !== "nemesis");
  const lastMs = (operations.at(-1)?.time ?? 0) / NS_PER_MS;
  const seconds = Math.ceil(Math.min(mainEndMs ?? lastMs, lastMs) / 1_000);
  const ended = operations.filter(({ type }) => type === "ok").map(({ time }) => Math.floor(time / 1e9));
  return { served: new Set(ended.filter((second) => second < seconds)).size, seconds };
}

/** ok operations a second among those completed before `mainEndMs` (the whole history when null). */
export function okPerSecond(history: readonly HistoryEvent[], mainEndMs: number | null): number {
  let ok = 0;
  let lastNs = 0;
  const endNs = mainEndMs === null ? Number.POSITIVE_INFINITY : mainEndMs * NS_PER_MS;
  for (const event of history) {
    if (event.process === "nemesis" || event.time > endNs) continue;
    lastNs = Math.max(lastNs, event.time);
    if (event.type === "ok") ok += 1;
  }
  return lastNs === 0 ? 0 : Math.round((ok / (lastNs / 1e9)) * 10) / 10;
}

function newTally(): Tally {
  return {
    ok: 0,
    fail: 0,
    info: 0,
    latencyNs: createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 }),
  };
}

function statsOf(f: string, { ok, fail, info, latencyNs }: Tally): FunctionStats {
  const ms = (ns: number): number | null => (ok === 0 ? null : Math.round(ns / 1e4) / 100);
  return {
    f,
    ok,
    fail,
    info,
    p50Ms: ms(latencyNs.percentile(50)),
    p99Ms: ms(latencyNs.percentile(99)),
    maxMs: ms(latencyNs.max),
  };
}
