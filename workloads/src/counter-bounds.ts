import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { counterBounds, type CounterBoundsDetails } from "porcupine-ts/checks";
import { resultOf, runCheck } from "./evidence.js";
import { type Counters, LiveBounds } from "./live-bounds.js";
import type { LiveCheck } from "./workload.js";

/** `details` of a failed check of bounds, beside `kind` and `operations`: those of the first counter that failed. */
export interface CounterBoundsEvidence extends CounterBoundsDetails {
  readonly counter: string;
}

const NAME = "counter-bounds";

/**
 * Every read of a counter is between the least and the greatest number that it can have had: what is acknowledged counts,
 * what failed does not, of the rest nobody knows. Histories by counter: `add` of a number, `read`.
 */
export function checkBoundsOf(
  name: string,
  counters: ReadonlyMap<string, readonly HistoryEvent[]>,
): CheckResult {
  let [reads, judged] = [0, 0];
  for (const [counter, events] of counters) {
    const report = runCheck(counterBounds(), events.map(withoutNonsense));
    const { details, verdict } = report;
    if (verdict === "illegal") {
      const told = { ...report, reason: `${counter}: ${report.reason}`, details: { ...details, counter } };
      return resultOf(name, told, ({ outOfBounds }) => outOfBounds.first.map(({ read }) => read.index));
    }
    reads += details.reads.answered;
    judged += 1;
  }
  const base = { name, kind: "safety" } as const;
  if (reads === 0)
    return { ...base, verdict: "unknown", reason: "no read was answered, so nothing was checked" };
  return {
    ...base,
    verdict: "valid",
    reason: `${reads} reads of ${judged} counters, each within its bounds`,
  };
}

/** A read of what is no number says nothing of bounds, and the checks beside this one find it. */
function withoutNonsense(event: HistoryEvent): HistoryEvent {
  const isSound = event.type !== "ok" || event.f !== "read" || Number.isSafeInteger(event.value);
  return isSound ? event : { ...event, type: "fail" };
}

/** Of a history in which each `key` is a counter. An operation `generate` adds one. */
export function checkCounterBounds(history: readonly HistoryEvent[]): CheckResult {
  const counters = new Map<string, HistoryEvent[]>();
  for (const event of history) {
    const { key, f, process } = event;
    if (key === undefined || process === "nemesis") continue;
    const events = counters.get(key) ?? [];
    counters.set(key, events);
    events.push(f === "generate" ? { ...event, f: "add", value: 1 } : event);
  }
  return checkBoundsOf(NAME, counters);
}

/** The same while the history grows. */
export function liveCounterBounds(): LiveCheck {
  return new LiveBounds(NAME, KEYS);
}

/** Each `key` is a counter. */
const KEYS: Counters = {
  added: ({ f, key = "", value }) => (f === "read" ? null : [[key, f === "generate" ? 1 : Number(value)]]),
  readBy: ({ key = "" }) => [key],
  read: ({ key = "", value }) => [[key, Number(value)]],
};
