import type { FaultRecord } from "@gauntlet/histories";
import { expect, test } from "vitest";
import { historyOf, steadyWrites } from "../testing/histories.js";
import { checkAvailability } from "./availability.js";
import { faultWindows } from "./windows.js";

function fault(startedAtMs: number | null, endedAtMs: number | null, index = 0): FaultRecord {
  return {
    index,
    fault: "process.kill",
    target: "one",
    nodes: ["n2"],
    roles: {},
    outcome:
      startedAtMs === null ? { type: "skipped", reason: "no right" } : { type: "proved", proof: "it ended" },
    startedAtMs,
    endedAtMs,
    healed: true,
  };
}

const NODES = ["n1", "n2", "n3"];

test("an operation belongs to every window that it touches, and to the quiet times if to none", () => {
  const history = historyOf([
    { atMs: 100, tookMs: 10, node: "n1" },
    { atMs: 950, tookMs: 100, node: "n1" },
    { atMs: 1_500, tookMs: 20, node: "n2", type: "fail" },
    { atMs: 1_900, tookMs: 700, node: "n3", f: "read" },
    { atMs: 3_900, tookMs: 10, node: "n1" },
  ]);
  const [quiet, kill, cut] = faultWindows(history, [fault(1_000, 2_000), fault(2_500, 3_000, 1)], 4_000);
  expect(quiet).toMatchObject({ index: null, fault: "quiet", ok: 2, fail: 0, maxMs: 10 });
  expect(kill).toMatchObject({ index: 0, startMs: 1_000, endMs: 2_000, ok: 2, fail: 1, info: 0 });
  expect(kill?.maxMs).toBeCloseTo(700, -1);
  expect(cut).toMatchObject({ index: 1, ok: 1, p50Ms: kill?.maxMs });
});

test("gaps lie between acknowledged writes and a window's ends, recovery after it", () => {
  const history = steadyWrites(NODES, 10_000, (atMs) =>
    atMs >= 2_500 && atMs < 6_000 ? { type: "info", tookMs: 1_000 } : {},
  );
  const [quiet, kill] = faultWindows(history, [fault(2_000, 5_000)], 10_000);
  expect(kill).toMatchObject({ longestGapMs: 5_000 - 2_405, recoveryMs: 1_005 });
  expect(quiet).toMatchObject({ longestGapMs: 1_005, recoveryMs: null });
});

test("latency counts from when an operation was due", () => {
  const [quiet] = faultWindows(historyOf([{ atMs: 500, dueMs: 100, tookMs: 10, node: "n1" }]), [], 1_000);
  expect(quiet?.maxMs).toBeCloseTo(410, 0);
});

test("a skipped fault has no window, one without an end lasts as long as the load, reads acknowledge nothing", () => {
  const reads = steadyWrites(NODES, 10_000, () => ({ f: "read" }));
  const windows = faultWindows(reads, [fault(null, null), fault(4_000, null, 1)], 8_000);
  expect(windows.map(({ index, endMs }) => [index, endMs])).toEqual([
    [null, null],
    [1, 8_000],
  ]);
  expect(windows[0]).toMatchObject({ longestGapMs: null });
});

const GROUNDS = { healed: true, rigSound: true };
const availabilityOf = (
  stopFromMs: number,
  stopToMs: number,
  faults: readonly FaultRecord[],
  grounds = GROUNDS,
) => {
  const history = steadyWrites(NODES, 80_000, (atMs) =>
    atMs >= stopFromMs && atMs < stopToMs ? { type: "info", tookMs: 1_000 } : {},
  );
  return checkAvailability(history, faultWindows(history, faults, 80_000), 80_000, grounds);
};

test("availability tells the longest gap of each fault and judges the quiet times alone", () => {
  const under = availabilityOf(11_000, 49_000, [fault(10_000, 50_000)]);
  expect(under).toMatchObject({
    verdict: "valid",
    reason: expect.stringContaining("38.1 s (process.kill at 10 s)"),
  });
  expect(availabilityOf(60_500, 80_000, [fault(60_000, 70_000)]).reason).toContain(
    "none came after the end of process.kill at 60 s",
  );
  expect(availabilityOf(11_000, 40_000, [])).toMatchObject({ verdict: "valid" });
  expect(availabilityOf(11_000, 45_000, [])).toMatchObject({
    kind: "liveness",
    verdict: "invalid",
    reason: expect.stringContaining("while no fault acted; allowed are 30 s"),
  });
  expect(availabilityOf(11_000, 45_000, [], { healed: false, rigSound: true }).verdict).toBe("failed");
});

test("availability says nothing of times in which nobody tried", () => {
  const history = [...steadyWrites(NODES, 10_000)];
  const late = { atMs: 70_000, tookMs: 5, node: "n1" };
  const sparse = historyOf([{ atMs: 0, tookMs: 5, node: "n1" }, { atMs: 1, tookMs: 5, node: "n2" }, late]);
  for (const events of [history, sparse]) {
    const check = checkAvailability(events, faultWindows(events, [], 80_000), 80_000, GROUNDS);
    expect(check.verdict).toBe("valid");
  }
});
