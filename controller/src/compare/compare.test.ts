import type { HistoryEvent, RunResults } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import { figuresOf } from "./figures.js";
import { longestGapMs } from "./gap.js";
import { comparisonTable } from "./table.js";

let index = 0;
function ok(atMs: number, f: string, more: Readonly<Record<string, unknown>> = {}): HistoryEvent {
  index += 1;
  return { index, time: atMs * 1e6, process: 0, type: "ok", f, key: "r0", value: 1, ...more } as HistoryEvent;
}

describe("the longest time without an acknowledged write", () => {
  test("runs from one to the next; what read, changed nothing, or ended otherwise does not count", () => {
    const history = [
      ok(100, "write"),
      ok(2_000, "read"),
      ok(3_000, "cas", { succeeded: false }),
      { ...ok(3_500, "write"), type: "info" } as HistoryEvent,
      { ...ok(3_600, "process.kill"), process: "nemesis" } as HistoryEvent,
      ok(4_100, "cas", { succeeded: true }),
      ok(4_900, "write"),
    ];
    expect(longestGapMs(history, 5_000)).toBe(4_000);
  });

  test("counts the begin and the end of the main phase, and nothing after it", () => {
    expect(longestGapMs([ok(3_000, "write"), ok(3_500, "write")], 10_000)).toBe(6_500);
    expect(longestGapMs([ok(3_000, "write"), ok(12_000, "write")], 10_000)).toBe(7_000);
    expect(longestGapMs([ok(12_000, "write")], 10_000)).toBeNull();
  });
});

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
};

test("two runs stand side by side, and what a run never came to is a dash", () => {
  const base = { version: "x 1", directory: "/runs/a", history: [ok(500, "write")], timeLimitMs: 2_000 };
  const whole = figuresOf({ ...base, system: "gauntlet", results: RESULTS });
  expect(whole).toMatchObject({ longestGapMs: 1_500, recoveryMs: 1_240, okPerSecond: 45, p99Ms: 80 });
  const broken: RunResults = { ...RESULTS, verdict: "failed", checks: [], stats: [], okPerSecond: 0 };
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
  expect(cells("longest time without a write")).toEqual(["1.5 s", "-"]);
  expect(cells("writes everywhere after the heal")).toEqual(["1.2 s", "-"]);
});

test("a node that took no write after the heal leaves no figure of recovery", () => {
  const [recovery] = RESULTS.checks;
  const details = { boundMs: 1, leaderAfterMs: 1, writes: [{ node: "n1", afterMs: null, lastError: "x" }] };
  const results = { ...RESULTS, checks: recovery === undefined ? [] : [{ ...recovery, details }] };
  const base = { system: "etcd", version: "", directory: "/", history: [], timeLimitMs: 1 };
  expect(figuresOf({ ...base, results }).recoveryMs).toBeNull();
});
