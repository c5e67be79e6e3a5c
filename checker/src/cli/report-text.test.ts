import { expect, test } from "vitest";
import { durationText } from "./report-text.js";

test.each([
  [0, "0 ms"],
  [0.25, "0.25 ms"],
  [9.96, "9.96 ms"],
  [10, "10 ms"],
  [120, "120 ms"],
  [500.4, "500 ms"],
  [1500, "1.50 s"],
])("%d milliseconds are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
