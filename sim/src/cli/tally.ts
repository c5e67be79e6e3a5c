import { counted, figure } from "../report/numbers.js";
import type { SimResult } from "../result.js";

/** What many runs amount to. */
export interface Tally {
  readonly seeds: number;
  readonly simulatedMs: number;
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  readonly elections: number;
  readonly messages: number;
  readonly plannedFaults: number;
  /** Seeds whose schedules had faults of which not one took effect. */
  readonly inVain: number;
  /** Faults that took effect, by name. */
  readonly faults: ReadonlyMap<string, number>;
  /** What happened to states and logs on disk, those that never did included. */
  readonly storage: ReadonlyMap<string, number>;
}

export const NOTHING: Tally = {
  seeds: 0,
  simulatedMs: 0,
  ok: 0,
  fail: 0,
  info: 0,
  elections: 0,
  messages: 0,
  plannedFaults: 0,
  inVain: 0,
  faults: new Map(),
  storage: new Map(),
};

export function addTo(tally: Tally, { simulatedMs, counts }: SimResult): Tally {
  return {
    seeds: tally.seeds + 1,
    simulatedMs: tally.simulatedMs + simulatedMs,
    ok: tally.ok + counts.ok,
    fail: tally.fail + counts.fail,
    info: tally.info + counts.info,
    elections: tally.elections + counts.elections,
    messages: tally.messages + counts.messages,
    plannedFaults: tally.plannedFaults + counts.plannedFaults,
    inVain: tally.inVain + (counts.plannedFaults > 0 && counts.faults === 0 ? 1 : 0),
    faults: added(tally.faults, counts.faultsByName),
    storage: added(tally.storage, counts.storage),
  };
}

function added(
  sums: ReadonlyMap<string, number>,
  counts: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  const added = new Map(sums);
  for (const [name, times] of Object.entries(counts)) added.set(name, (added.get(name) ?? 0) + times);
  return added;
}

/** `312 of 1,000 seeds, 410 a minute, 385 simulated s/s; faults: process 210, partition 95`. */
export function progressText(tally: Tally, asked: number | null, tookMs: number): string {
  const { seeds } = tally;
  const done = asked === null ? counted(seeds, "seed") : `${figure(seeds)} of ${counted(asked, "seed")}`;
  const { perMinute, simulated } = speedOf(tally, tookMs);
  return `${done}, ${perMinute} a minute, ${simulated} simulated s/s; faults: ${familiesText(tally.faults)}`;
}

/** Seeds a minute, and simulated seconds a second. */
function speedOf({ seeds, simulatedMs }: Tally, tookMs: number) {
  const realMs = Math.max(tookMs, 1);
  return {
    perMinute: Math.round((seeds * 60_000) / realMs),
    simulated: Math.round(simulatedMs / realMs),
  };
}

/** By family, which is what stands before the point of a fault's name; the most frequent first. */
function familiesText(faults: ReadonlyMap<string, number>): string {
  const families = new Map<string, number>();
  for (const [name, times] of faults) {
    const family = name.split(".")[0] ?? name;
    families.set(family, (families.get(family) ?? 0) + times);
  }
  return listed(families);
}

/** By name, the most frequent first. */
export function listed(counts: ReadonlyMap<string, number>): string {
  if (counts.size === 0) return "none";
  return [...counts]
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${figure(times)}`)
    .join(", ");
}

export function summaryText(tally: Tally, tookMs: number): string {
  const { seeds, simulatedMs, ok, fail, info, elections, messages, plannedFaults, inVain, faults, storage } =
    tally;
  const { perMinute, simulated } = speedOf(tally, tookMs);
  const effective = [...faults.values()].reduce((sum, times) => sum + times, 0);
  return [
    `${counted(seeds, "seed")} in ${(tookMs / 1_000).toFixed(1)} s: ${perMinute} a minute, ${figure(Math.round(simulatedMs / 1_000))} s simulated, ${simulated} simulated seconds a second`,
    `operations: ${figure(ok)} ok, ${figure(fail)} fail, ${figure(info)} info; ${counted(elections, "election")}, ${counted(messages, "message")}`,
    `faults: ${figure(effective)} of ${figure(plannedFaults)} took effect${inVain === 0 ? "" : `, in ${counted(inVain, "seed")} none`}: ${listed(faults)}`,
    `storage: ${[...storage].map(([name, times]) => `${name} ${figure(times)}`).join(", ") || "nothing"}`,
  ].join("\n");
}
