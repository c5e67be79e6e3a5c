import type { CheckResult, FaultWindow, HistoryEvent } from "@gauntlet/histories";
import { secondsOf } from "../text.js";
import {
  acknowledgedWrites,
  type Interval,
  invokedIn,
  lengthOf,
  longestGap,
  servedOperations,
  stopText,
  without,
} from "./operations.js";
import { type Grounds, stalled } from "./recovery.js";

/** Without any fault, writes must not stop for so long. As generous as the bound on recovery after the last heal. */
const QUIET_BOUND_MS = 30_000;
/** Told in the reason, at most. */
const MAX_TOLD = 3;

/**
 * Liveness: how long writes stopped under each fault and came back after it. What a fault costs is told and not judged here (what it
 * may cost while a quorum is whole, `progress` says): judged are the times in which no fault acts, where clients went
 * on to try at every node. Details: `quietBoundMs` and the gap that broke it.
 */
export function checkAvailability(
  history: readonly HistoryEvent[],
  windows: readonly FaultWindow[],
  mainEndMs: number,
  grounds: Grounds,
): CheckResult {
  const base = { name: "availability", kind: "liveness" } as const;
  const operations = servedOperations(history);
  const tries = operations.filter(({ isWrite }) => isWrite);
  if (tries.length === 0) return { ...base, verdict: "valid", reason: "the workload writes nothing" };
  const lastMs = tries.at(-1)?.invokedMs ?? 0;
  const acting = windows.flatMap(({ startMs, endMs }): Interval[] =>
    startMs === null || endMs === null ? [] : [{ fromMs: startMs, toMs: endMs }],
  );
  const writes = acknowledgedWrites(operations);
  const nodes = new Set(tries.flatMap(({ node }) => node ?? []));
  const isTriedEverywhere = (interval: Interval): boolean =>
    nodes.size > 0 && new Set(invokedIn(interval, tries).map(({ node }) => node)).size === nodes.size;
  const stops = without({ fromMs: 0, toMs: Math.min(mainEndMs, lastMs) }, acting)
    .map((interval) => longestGap(interval, writes))
    .filter((gap) => lengthOf(gap) > QUIET_BOUND_MS && isTriedEverywhere(gap));
  const told = describe(windows);
  const [stop] = stops;
  if (stop === undefined) return { ...base, verdict: "valid", reason: told };
  const what = `${stopText(stop)}, while no fault acted; allowed are ${secondsOf(QUIET_BOUND_MS)}`;
  return { ...base, ...stalled(what, grounds), details: { quietBoundMs: QUIET_BOUND_MS, stops } };
}

/** The longest gaps and recoveries of all. */
function describe(windows: readonly FaultWindow[]): string {
  const worst = (figure: "longestGapMs" | "recoveryMs"): string =>
    windows
      .flatMap((window) => {
        const ms = window[figure];
        return ms === null ? [] : [{ window, ms }];
      })
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, MAX_TOLD)
      .map(({ window, ms }) => `${secondsOf(ms)} (${nameOf(window)})`)
      .join(", ");
  const [gaps, recoveries] = [worst("longestGapMs"), worst("recoveryMs")];
  const never = windows.filter(({ startMs, recoveryMs }) => startMs !== null && recoveryMs === null);
  return [
    `the longest times without an acknowledged write: ${gaps}`,
    ...(recoveries === "" ? [] : [`to the first one after a fault's end: ${recoveries}`]),
    ...(never.length === 0 ? [] : [`none came after the end of ${never.map(nameOf).join(", ")}`]),
  ].join("; ");
}

function nameOf({ fault, startMs }: FaultWindow): string {
  return startMs === null ? fault : `${fault} at ${secondsOf(startMs)}`;
}
