import { expect, test } from "vitest";
import { Progress } from "./progress.js";

test("a probe goes out alone; its success opens the window, up to its limit", () => {
  const progress = new Progress(5, 2, 0);
  expect(progress.maySend).toBe(true);
  progress.sent(1);
  expect(progress.maySend).toBe(false);
  expect(progress.accepted(5)).toBe(true);
  expect([progress.state, progress.nextIndex]).toEqual(["replicate", 6]);
  progress.sent(3);
  progress.sent(1);
  expect([progress.maySend, progress.nextIndex]).toEqual([false, 10]);
  progress.accepted(7);
  expect(progress.inflightAppends).toBe(2);
  progress.accepted(8);
  expect([progress.inflightAppends, progress.maySend]).toEqual([1, true]);
});

test("appends without entries do not count against the window", () => {
  const progress = new Progress(1, 1, 0);
  progress.accepted(3);
  progress.sent(0);
  expect([progress.inflightAppends, progress.nextIndex]).toEqual([0, 4]);
});

test("a rejection falls back to where the logs may agree, but never below the match", () => {
  const progress = new Progress(10, 4, 0);
  expect(progress.rejected(9, 6)).toBe(true);
  expect([progress.state, progress.nextIndex]).toEqual(["probe", 7]);
  progress.accepted(6);
  progress.sent(4);
  expect(progress.rejected(10, 2)).toBe(true);
  expect([progress.state, progress.nextIndex, progress.inflightAppends]).toEqual(["probe", 7, 0]);
});

test("rejections that are overtaken by others change nothing", () => {
  const progress = new Progress(10, 4, 0);
  expect(progress.rejected(7, 3)).toBe(false);
  progress.accepted(9);
  expect(progress.rejected(9, 3)).toBe(false);
  expect([progress.state, progress.matchIndex, progress.nextIndex]).toEqual(["replicate", 9, 10]);
});

test("an old acknowledgement takes nothing back", () => {
  const progress = new Progress(1, 4, 0);
  progress.accepted(8);
  expect(progress.accepted(5)).toBe(false);
  expect([progress.matchIndex, progress.nextIndex]).toEqual([8, 9]);
});
