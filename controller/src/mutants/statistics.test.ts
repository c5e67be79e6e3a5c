import { describe, expect, test } from "vitest";
import { median, medianInterval, shareInterval } from "./statistics.js";

describe("shareInterval", () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3: score without continuity correction.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("%i of %i", (found, runs, low, high) => {
    const interval = shareInterval(found, runs);
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  test("all of ten, and none at all", () => {
    expect(shareInterval(10, 10)).toEqual({ low: expect.closeTo(0.7225, 4), high: expect.closeTo(1, 9) });
    expect(shareInterval(0, 0)).toBeNull();
  });
});

test("median", () => {
  expect([median([]), median([3]), median([5, 1]), median([9, 1, 2])]).toEqual([null, 3, 3, 2]);
});

describe("medianInterval", () => {
  // Conover, Practical Nonparametric Statistics: ranks for the sign test's 95 % interval.
  test.each([
    [5, null],
    [6, { low: 1, high: 6 }],
    [8, { low: 1, high: 8 }],
    [9, { low: 2, high: 8 }],
    [10, { low: 2, high: 9 }],
    [20, { low: 6, high: 15 }],
  ])("of %i values", (count, interval) => {
    expect(medianInterval(Array.from({ length: count }, (_, at) => count - at))).toEqual(interval);
  });
});
