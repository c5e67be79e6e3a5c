import { expect, test } from "vitest";
import { Progress } from "./progress.js";

const progressFrom = (nextIndex: number, maxInflightAppends: number, maxInflightBytes = 1000) => {
  return new Progress(nextIndex, { maxInflightAppends, maxInflightBytes }, 0);
};

test("a probe goes out alone; its success opens the window, up to its limit", () => {
  const progress = progressFrom(5, 2);
  expect(progress.maySend).toBe(true);
  progress.sent(1, 1);
  expect(progress.maySend).toBe(false);
  progress.accepted(5, 1, 0);
  expect([progress.state, progress.nextIndex]).toEqual(["replicate", 6]);
  progress.sent(3, 3);
  progress.sent(1, 1);
  expect([progress.maySend, progress.nextIndex]).toEqual([false, 10]);
  progress.accepted(7, 1, 0);
  expect(progress.inflightAppends).toBe(2);
  progress.accepted(8, 1, 0);
  expect([progress.inflightAppends, progress.maySend]).toEqual([1, true]);
});

test("appends without entries do not count against the window", () => {
  const progress = progressFrom(1, 1);
  progress.accepted(3, 1, 0);
  progress.sent(0, 0);
  expect([progress.inflightAppends, progress.nextIndex]).toEqual([0, 4]);
});

test("a rejection falls back to where the logs may agree, but never below the match", () => {
  const progress = progressFrom(10, 4);
  expect(progress.rejected(9, 6)).toBe(true);
  expect([progress.state, progress.nextIndex]).toEqual(["probe", 7]);
  progress.accepted(6, 1, 0);
  progress.sent(4, 4);
  expect(progress.rejected(10, 2)).toBe(true);
  expect([progress.state, progress.nextIndex, progress.inflightAppends]).toEqual(["probe", 7, 0]);
});

test("rejections that are overtaken by others change nothing", () => {
  const progress = progressFrom(10, 4);
  expect(progress.rejected(7, 3)).toBe(false);
  progress.accepted(9, 1, 0);
  expect(progress.rejected(9, 3)).toBe(false);
  expect([progress.state, progress.matchIndex, progress.nextIndex]).toEqual(["replicate", 9, 10]);
});

test("an old acknowledgement takes nothing back", () => {
  const progress = progressFrom(1, 4);
  progress.accepted(8, 1, 0);
  progress.accepted(5, 1, 0);
  expect([progress.matchIndex, progress.nextIndex]).toEqual([8, 9]);
});

test("the window is full by bytes, too; an empty one takes an append of any size", () => {
  const progress = progressFrom(1, 10, 100);
  progress.accepted(0, 1, 0);
  expect(progress.fits(500)).toBe(true);
  progress.sent(1, 500);
  expect([progress.maySend, progress.fits(1)]).toEqual([false, false]);
  progress.accepted(1, 1, 0);
  progress.sent(1, 60);
  expect([progress.maySend, progress.fits(40), progress.fits(41)]).toEqual([true, true, false]);
});

test("a peer that got a snapshot is sent no appends until it has it, or all before the log from elsewhere", () => {
  const progress = progressFrom(4, 4);
  progress.sentSnapshot(20, 7);
  expect([progress.state, progress.nextIndex, progress.maySend]).toEqual(["snapshot", 21, false]);
  expect(progress.rejected(3, 0)).toBe(false);
  progress.accepted(9, 15, 8);
  expect(progress.state).toBe("snapshot");
  progress.accepted(14, 15, 9);
  expect([progress.state, progress.nextIndex]).toEqual(["replicate", 15]);
});
