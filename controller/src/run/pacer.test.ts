import { assert, integer, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { Pacer } from "./pacer.js";
import { drawFrom } from "./random.js";

function times(seed: number, ratePerSecond: number, untilMs: number): readonly number[] {
  const pacer = new Pacer({ ratePerSecond, maxLagMs: 1_000, draw: drawFrom(seed, 1) });
  const taken: number[] = [];
  while (pacer.dueMs < untilMs) {
    taken.push(pacer.dueMs);
    expect(pacer.take(pacer.dueMs)).toBe(true);
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

test("after a stall at most the slots of the allowed lag are made up for", () => {
  const pacer = new Pacer({ ratePerSecond: 100, maxLagMs: 500, draw: drawFrom(1, 1) });
  let made = 0;
  while (pacer.take(10_000)) made += 1;
  expect(made).toBeGreaterThanOrEqual(50);
  expect(made).toBeLessThanOrEqual(52);
});

test("streams of one seed are different sequences", () => {
  const [a, b] = [drawFrom(7, 1), drawFrom(7, 2)];
  const ten = (draw: typeof a) => Array.from({ length: 10 }, () => draw.below(1_000_000));
  expect(ten(a)).not.toEqual(ten(b));
});
