import { assert, integer, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { type Arrival, Pacer } from "./pacer.js";
import { drawFrom } from "./random.js";

function times(seed: number, ratePerSecond: number, untilMs: number): readonly number[] {
  const pacer = new Pacer({ ratePerSecond, arrival: "paced", draw: drawFrom(seed, 1) });
  const taken: number[] = [];
  while (pacer.dueMs < untilMs) {
    const { dueMs } = pacer;
    taken.push(dueMs);
    expect(pacer.take(dueMs)).toBe(dueMs);
  }
  return taken;
}

test("one slot falls into each period, in order, and not before it is due", () => {
  assert(
    property(nat(1_000), integer({ min: 1, max: 2_000 }), (seed, rate) => {
      const taken = times(seed, rate, 1_000);
      expect(taken).toHaveLength(rate);
      expect(taken.map((ms) => Math.floor((ms * rate) / 1_000 + 1e-9))).toEqual(taken.map((_, i) => i));
    }),
    { numRuns: 30 },
  );
});

test("the same seed gives the same times, another seed others", () => {
  expect(times(7, 200, 1_000)).toEqual(times(7, 200, 1_000));
  expect(times(7, 200, 1_000)).not.toEqual(times(8, 200, 1_000));
});

test("after a stall, a paced load makes up for a second at most, open arrivals for everything", () => {
  const made = (arrival: Arrival): number => {
    const pacer = new Pacer({ ratePerSecond: 100, arrival, draw: drawFrom(1, 1) });
    let taken = 0;
    while (pacer.take(10_000) !== null) taken += 1;
    expect(pacer.dueMs).toBeGreaterThan(10_000);
    return taken;
  };
  expect(made("paced")).toBeGreaterThanOrEqual(100);
  expect(made("paced")).toBeLessThanOrEqual(102);
  expect(made("open")).toBeGreaterThanOrEqual(1_000);
  expect(made("open")).toBeLessThanOrEqual(1_001);
});

test("what nobody has taken waits", () => {
  const pacer = new Pacer({ ratePerSecond: 100, arrival: "open", draw: drawFrom(1, 1) });
  for (let turn = 0; turn < 30; turn++) pacer.take(10_000);
  expect(pacer.waiting(1_000)).toBe(70);
  expect(pacer.waiting(100)).toBe(0);
});

test("streams of one seed are different sequences", () => {
  const [a, b] = [drawFrom(7, 1), drawFrom(7, 2)];
  const ten = (draw: typeof a) => Array.from({ length: 10 }, () => draw.below(1_000_000));
  expect(ten(a)).not.toEqual(ten(b));
});
