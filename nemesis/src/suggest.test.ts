import { expect, test } from "vitest";
import { nearest } from "./suggest.js";

const KNOWN = ["partition.isolate", "process.kill", "process.pause", "clock.rate"];

test.each([
  ["partition.isolat", "partition.isolate"],
  ["proces.kill", "process.kill"],
  ["process.klil", "process.kill"],
  ["Clock.Rate", "clock.rate"],
])("%s is near to %s", (written, meant) => {
  expect(nearest(written, KNOWN)).toBe(meant);
});

test("another word is near to nothing", () => {
  expect(nearest("banana", KNOWN)).toBeNull();
  expect(nearest("x", [])).toBeNull();
});
