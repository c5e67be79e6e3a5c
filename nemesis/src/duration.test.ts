import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, MAX_DURATION_MS, parseDuration, parseSignedDuration } from "./duration.js";

test.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["1m", 60_000],
  ["1.5s", 1_500],
  ["0.1s", 100],
  ["4.35s", 4_350],
  ["2h", 7_200_000],
  ["0s", 0],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "5", "s", "5 s", "-5s", "1m30s", "0.5ms", "1e3s", "5S", "5sec", "Infinitys", "999999h"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test("offsets have a sign", () => {
  expect(parseSignedDuration("-5s")).toBe(-5_000);
  expect(parseSignedDuration("+2m")).toBe(120_000);
  expect(Object.is(parseSignedDuration("-0s"), 0)).toBe(true);
});

test("every duration is written in a form that reads back to it", () => {
  fc.assert(
    fc.property(fc.nat(MAX_DURATION_MS), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
