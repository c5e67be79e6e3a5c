import type { FaultWindow, HistoryEvent, RunResults } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { figuresOf } from "./figures.js";
import { comparisonTable } from "./table.js";

/** A write that was acknowledged at this time, as two events. */
function written(atMs: number, process: number): HistoryEvent[] {
  const base = { process, f: "write", key: "r0", value: 1, node: "n1" };
  return [
    { ...base, index: 2 * process, time: (atMs - 10) * 1e6, type: "invoke" },
    { ...base, index: 2 * process + 1, time: atMs * 1e6, type: "ok" },
  ];
}

const RESULTS: RunResults = {
  version: 1,
  verdict: "valid",
  reason: "all checks passed",
  checks: [
    {
      name: "recovery",
      kind: "liveness",
      verdict: "valid",
      reason: "",
      details: {
        boundMs: 30_000,
        leaderAfterMs: 20,
        writes: [
          { node: "n1", afterMs: 80, lastError: null },
          { node: "n2", afterMs: 1_240, lastError: null },
        ],
      },
    },
  ],
  stats: [{ f: "all", ok: 90, fail: 5, info: 2, p50Ms: 4.5, p99Ms: 80, maxMs: 900 }],
  okPerSecond: 45,
  faults: [],
  windows: [window(420), window(null), window(70)],
};

function window(recoveryMs: number | null): FaultWindow {
  const none = { p50Ms: null, p90Ms: null, p99Ms: null, maxMs: null, longestGapMs: null };
  const base = { index: 0, fault: "process.kill", nodes: [], startMs: 1, endMs: 2, ok: 0, fail: 0, info: 0 };
  return { ...base, ...none, recoveryMs };
}

test("two runs stand side by side, and what a run never came to is a dash", () => {
  const base = {
    version: "x 1",
    directory: "/runs/a",
    history: [500, 1_200, 2_600].flatMap(written),
    timeLimitMs: 2_000,
  };
  const whole = figuresOf({ ...base, system: "gauntlet", results: RESULTS });
  expect(whole).toMatchObject({
    longestGapMs: 800,
    slowestReturnMs: 420,
    recoveryMs: 1_240,
    okPerSecond: 45,
    p99Ms: 80,
  });
  const broken: RunResults = {
    ...RESULTS,
    verdict: "failed",
    checks: [],
    stats: [],
    windows: [],
    okPerSecond: 0,
  };
  const none = figuresOf({ ...base, system: "etcd", results: broken, history: [] });
  const lines = comparisonTable([whole, none]).split("\n");
  const cells = (title: string): string[] =>
    lines
      .find((line) => line.startsWith(title))
      ?.split(/ {2,}/)
      .slice(1) ?? [];
  expect(lines[0]?.trim().split(/ +/)).toEqual(["gauntlet", "etcd"]);
  expect(cells("verdict")).toEqual(["valid", "failed"]);
  expect(cells("latency p99")).toEqual(["80 ms", "-"]);
  expect(cells("longest time without a write")).toEqual(["0.8 s", "-"]);
  expect(cells("writes everywhere after the heal")).toEqual(["1.2 s", "-"]);
});

test("a node that took no write after the heal leaves no figure of recovery", () => {
  const [recovery] = RESULTS.checks;
  const details = { boundMs: 1, leaderAfterMs: 1, writes: [{ node: "n1", afterMs: null, lastError: "x" }] };
  const results = { ...RESULTS, checks: recovery === undefined ? [] : [{ ...recovery, details }] };
  const base = { system: "etcd", version: "", directory: "/", history: [], timeLimitMs: 1 };
  expect(figuresOf({ ...base, results }).recoveryMs).toBeNull();
});
