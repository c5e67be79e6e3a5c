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
  expect(progress.rejected(9, 6, false)).toBe(true);
  expect([progress.state, progress.nextIndex]).toEqual(["probe", 7]);
  progress.accepted(6, 1, 0);
  progress.sent(4, 4);
  expect(progress.rejected(10, 2, false)).toBe(true);
  expect([progress.state, progress.nextIndex, progress.inflightAppends]).toEqual(["probe", 7, 0]);
});

test("rejections that are overtaken by others change nothing", () => {
  const progress = progressFrom(10, 4);
  expect(progress.rejected(7, 3, false)).toBe(false);
  progress.accepted(9, 1, 0);
  expect(progress.rejected(9, 3, false)).toBe(false);
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
  progress.sentSnapshot(20);
  expect([progress.state, progress.nextIndex, progress.maySend]).toEqual(["snapshot", 21, false]);
  expect(progress.rejected(3, 0, false)).toBe(false);
  progress.accepted(9, 15, 8);
  expect(progress.state).toBe("snapshot");
  progress.accepted(14, 15, 9);
  expect([progress.state, progress.nextIndex]).toEqual(["replicate", 15]);
});

test("a peer that lost what it acknowledged is asked anew from where it may still agree", () => {
  const progress = progressFrom(1, 4);
  progress.accepted(8, 1, 0);
  progress.sent(3, 3);
  expect(progress.rejected(8, 5, true)).toBe(true);
  expect(progress).toMatchObject({ state: "probe", matchIndex: 5, nextIndex: 6, inflightAppends: 0 });
  // The acknowledgement of before the loss comes late; then the peer says it once more.
  progress.accepted(11, 1, 0);
  expect(progress).toMatchObject({ state: "replicate", matchIndex: 11, nextIndex: 12 });
  expect(progress.rejected(11, 6, true)).toBe(true);
  expect(progress).toMatchObject({ state: "probe", matchIndex: 6, nextIndex: 7 });
});

test("a recovering peer's ordinary rejections take nothing back, and old ones are told by the same signs", () => {
  const progress = progressFrom(1, 4);
  progress.accepted(8, 1, 0);
  expect(progress.rejected(7, 8, true)).toBe(false);
  progress.sent(3, 3);
  expect(progress.rejected(10, 9, true)).toBe(true);
  expect(progress).toMatchObject({ state: "probe", matchIndex: 8, nextIndex: 10 });
});

test("one snapshot at a time; one that failed leaves the peer to be asked where it is, with the next heartbeat", () => {
  const progress = progressFrom(4, 4);
  progress.accepted(2, 1, 0);
  progress.sentSnapshot(20);
  expect(progress.maySendSnapshot).toBe(false);
  expect(progress.firstIndexAfterSnapshot(1000, 5)).toBe(21);
  progress.snapshotEnded(false, 1000);
  expect(progress).toMatchObject({ state: "probe", nextIndex: 3, maySend: false, maySendSnapshot: true });
  expect(progress.firstIndexAfterSnapshot(1000, 5)).toBe(Number.POSITIVE_INFINITY);
  progress.allowProbe();
  expect(progress.maySend).toBe(true);
});

test("what follows a snapshot that arrived is kept for some time, and is what the peer is asked for", () => {
  const progress = progressFrom(4, 4);
  progress.sentSnapshot(20);
  progress.snapshotEnded(true, 100);
  expect(progress).toMatchObject({ state: "probe", nextIndex: 21, maySend: false });
  progress.accepted(20, 21, 101);
  expect(progress).toMatchObject({ state: "replicate", nextIndex: 21 });
  expect(progress.firstIndexAfterSnapshot(104, 5)).toBe(21);
  expect(progress.firstIndexAfterSnapshot(105, 5)).toBe(Number.POSITIVE_INFINITY);
  progress.snapshotEnded(true, 110);
  expect(progress.firstIndexAfterSnapshot(110, 5)).toBe(Number.POSITIVE_INFINITY);
});

test("a peer that says it has the snapshot before its way has ended gets no second one meanwhile", () => {
  const progress = progressFrom(4, 4);
  progress.sentSnapshot(20);
  progress.accepted(20, 21, 7);
  progress.rejected(20, 0, true);
  expect(progress).toMatchObject({ state: "probe", nextIndex: 1, maySendSnapshot: false });
  progress.snapshotEnded(true, 9);
  expect(progress).toMatchObject({ state: "probe", nextIndex: 1, maySendSnapshot: true });
});
