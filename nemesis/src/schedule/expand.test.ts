import * as fc from "fast-check";
import { expect, test } from "vitest";
import { schedules } from "../testing/arbitraries.js";
import { expand } from "./expand.js";
import { endMs, type Schedule } from "./schedule.js";

const kill = { fault: "process.kill", target: "one", args: {} } as const;
const everyTen: Schedule = {
  seed: 1,
  faults: [{ ...kill, atMs: 2_000, forMs: 4_000 }],
  repeat: { everyMs: 10_000 },
};

test("repeats the list until the time limit and says what it leaves out", () => {
  const { schedule, dropped } = expand(everyTen, 25_000);
  expect(schedule).toEqual({
    seed: 1,
    faults: [
      { ...kill, atMs: 2_000, forMs: 4_000 },
      { ...kill, atMs: 12_000, forMs: 4_000 },
    ],
  });
  expect(dropped).toEqual([
    "repetition 2 of faults[0], process.kill at 22s for 4s, does not fit the time limit of 25s",
  ]);
});

test("refuses a written fault that does not fit", () => {
  expect(() => expand(everyTen, 5_000)).toThrow(
    "faults[0]: process.kill at 2s for 4s does not fit the time limit of 5s; it needs at least 6s",
  );
});

test("refuses to make faults without end", () => {
  const dense = { faults: [{ ...kill, atMs: 0, forMs: 200 }], repeat: { everyMs: 200 } };
  expect(() => expand(dense, 3_600_000)).toThrow("repeat.every: makes more than 10000 faults");
});

test("every fault that is left fits; written ones are all there; expanding again changes nothing", () => {
  fc.assert(
    fc.property(schedules, fc.nat(120_000), (schedule, extraMs) => {
      const limitMs = Math.max(0, ...schedule.faults.map(endMs)) + extraMs;
      const expanded = expand(schedule, limitMs).schedule;
      expect(expanded.faults.slice(0, schedule.faults.length)).toEqual(schedule.faults);
      for (const fault of expanded.faults) expect(endMs(fault)).toBeLessThanOrEqual(limitMs);
      expect(expand(expanded, limitMs)).toEqual({ schedule: expanded, dropped: [] });
    }),
  );
});
