import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import { WORKLOADS } from "./index.js";
import { type Breakage, BREAKAGES, brokenStore } from "./testing/broken-store.js";
import { drawFrom } from "./testing/random.js";
import { simulate } from "./testing/simulate.js";
import type { Workload } from "./workload.js";

const LIMITS = { timeLimitMs: 60_000 };
const SEEDS = Array.from({ length: 8 }, (_, seed) => seed);

/**
 * Of eight runs, at least so many are found by each check, and by the live ones together. What is not here is not claimed: a guard
 * on what was read makes a second application harmless, and what nobody read before it was overwritten shows nowhere.
 */
const FOUND: Readonly<Record<string, Readonly<Record<Breakage, Readonly<Record<string, number>>>>>> = {
  register: {
    "lost-write": { linearizability: 5, live: 5 },
    "stale-read": { linearizability: 8, live: 8 },
    "double-application": { linearizability: 4, live: 4 },
    "failure-that-happened": { linearizability: 8, live: 8 },
  },
  "multi-register": {
    "lost-write": { linearizability: 6, live: 6 },
    "stale-read": { linearizability: 8, live: 8 },
    "double-application": { linearizability: 7, live: 7 },
    "failure-that-happened": { linearizability: 8, live: 8 },
  },
  append: {
    "lost-write": { "strict-serializability": 8, live: 8 },
    "stale-read": { "strict-serializability": 8, live: 8 },
    "double-application": {},
    "failure-that-happened": { "strict-serializability": 8, live: 8 },
  },
  set: {
    "lost-write": { set: 8, live: 8 },
    "stale-read": { set: 8, live: 8 },
    "double-application": { "applied-once": 8, live: 8 },
    "failure-that-happened": { set: 8, live: 8 },
  },
  counter: {
    "lost-write": { "counter-bounds": 8, linearizability: 8, live: 8 },
    "stale-read": { "counter-bounds": 8, linearizability: 8, live: 8 },
    "double-application": { "counter-bounds": 5, linearizability: 6, live: 6 },
    "failure-that-happened": { "counter-bounds": 8, linearizability: 8, live: 8 },
  },
  bank: {
    "lost-write": { balances: 8, live: 8 },
    "stale-read": { balances: 8, live: 8 },
    "double-application": {},
    "failure-that-happened": { balances: 8, live: 8 },
  },
  "unique-ids": {
    "lost-write": { "unique-ids": 8, "id-order": 8, "counter-bounds": 8, live: 8 },
    "stale-read": { "id-order": 5, live: 5 },
    "double-application": {},
    "failure-that-happened": { "counter-bounds": 8, live: 8 },
  },
};

function invalidOf(checks: readonly CheckResult[]): readonly string[] {
  return checks.filter(({ verdict }) => verdict === "invalid").map(({ name }) => name);
}

function liveFinding(workload: Workload, history: readonly HistoryEvent[]): CheckResult | undefined {
  const live = workload.live?.();
  for (const event of history) {
    const found = live?.push(event);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe.each(Object.values(WORKLOADS))("$name", (workload) => {
  test.each(SEEDS)("a sound store is valid at the end and at every moment before (seed %i)", async (seed) => {
    const draw = drawFrom(seed);
    const keySkew = seed % 3;
    const history = await simulate({ workload, concurrency: 10, nodes: 5, operations: 1_000, draw, keySkew });
    const checks = await workload.check(history, LIMITS);
    expect(checks.filter(({ verdict }) => verdict !== "valid")).toEqual([]);
    expect(liveFinding(workload, history)).toBeUndefined();
  });

  test.each(BREAKAGES)(
    "a store with the fault %s is found by those checks that can see it",
    async (breakage) => {
      const found: Record<string, number> = {};
      for (const seed of SEEDS) {
        const draw = drawFrom(seed);
        const serve = brokenStore(breakage, draw);
        const history = await simulate({
          workload,
          concurrency: 10,
          nodes: 5,
          operations: 600,
          draw,
          serve,
          trouble: 5,
        });
        const checks = await workload.check(history, LIMITS);
        const invalid = invalidOf(checks);
        for (const name of invalid) found[name] = (found[name] ?? 0) + 1;
        const live = liveFinding(workload, history);
        if (live === undefined) continue;
        found["live"] = (found["live"] ?? 0) + 1;
        // What a prefix shows, the whole shows.
        expect(live).toMatchObject({ verdict: "invalid", kind: "safety" });
        expect(invalid.length).toBeGreaterThan(0);
      }
      const claimed = FOUND[workload.name]?.[breakage];
      expect(claimed).toBeDefined();
      const short = Object.entries(claimed ?? {}).filter(([name, least]) => (found[name] ?? 0) < least);
      expect([short, found]).toEqual([[], found]);
    },
    60_000,
  );
});
