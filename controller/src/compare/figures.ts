import type { CheckResult, HistoryEvent, RunResults, Verdict } from "@gauntlet/histories";
import { acknowledgedWrites, longestGap, servedOperations } from "../checks/operations.js";
import type { Recovery } from "../checks/recovery.js";

/** What one run says of a system, in numbers; null where the run never came so far. */
export interface Figures {
  readonly system: string;
  readonly version: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly directory: string;
  /** Of the main phase. */
  readonly okPerSecond: number;
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** Longest time of the main phase without an acknowledged write. */
  readonly longestGapMs: number | null;
  /** Worst of all faults: from a fault's end to the next acknowledged write. */
  readonly slowestReturnMs: number | null;
  /** From the last heal to a write accepted at every node. */
  readonly recoveryMs: number | null;
  readonly faultsProved: number;
  readonly faultsSkipped: number;
}

export interface Measured {
  readonly system: string;
  readonly version: string;
  readonly directory: string;
  readonly results: RunResults;
  readonly history: readonly HistoryEvent[];
  readonly timeLimitMs: number;
}

export function figuresOf(run: Measured): Figures {
  const { system, version, directory, results, history, timeLimitMs } = run;
  const all = results.stats.find(({ f }) => f === "all");
  const count = (type: "proved" | "skipped"): number =>
    results.faults.filter(({ outcome }) => outcome.type === type).length;
  return {
    system,
    version,
    verdict: results.verdict,
    reason: results.reason,
    directory,
    okPerSecond: results.okPerSecond,
    ok: all?.ok ?? 0,
    fail: all?.fail ?? 0,
    info: all?.info ?? 0,
    p50Ms: all?.p50Ms ?? null,
    p99Ms: all?.p99Ms ?? null,
    maxMs: all?.maxMs ?? null,
    longestGapMs: gapOf(history, timeLimitMs),
    slowestReturnMs: worst((results.windows ?? []).flatMap(({ recoveryMs }) => recoveryMs ?? [])),
    recoveryMs: recoveryOf(results.checks),
    faultsProved: count("proved"),
    faultsSkipped: count("skipped"),
  };
}

/** Null: nothing was written at all. */
function gapOf(history: readonly HistoryEvent[], timeLimitMs: number): number | null {
  const writes = acknowledgedWrites(servedOperations(history)).filter((atMs) => atMs <= timeLimitMs);
  if (writes.length === 0) return null;
  const { fromMs, toMs } = longestGap({ fromMs: 0, toMs: timeLimitMs }, writes);
  return toMs - fromMs;
}

function worst(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.max(...times);
}

/** Null: no heal, or a node that took no write. */
function recoveryOf(checks: readonly CheckResult[]): number | null {
  const recovery = checks.find(({ name }) => name === "recovery")?.details as Recovery | undefined;
  const times = recovery?.writes.map(({ afterMs }) => afterMs) ?? [];
  return times.includes(null) ? null : worst(times.map((time) => time ?? 0));
}
