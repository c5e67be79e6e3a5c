import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_LIVES, REACH, ReceivedProposals, WINDOW } from "./received-proposals.js";

test("no id of one sender is taken twice, in whatever order they come", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(1, 2), fc.nat(9))), (arrivals) => {
      const received = new ReceivedProposals();
      const taken = arrivals.filter(([from, id]) => received.isNew(from, id)).map(String);
      expect(taken).toEqual([...new Set(arrivals.map(String))]);
    }),
  );
});

test("what is older than the window is not taken, whether it was there or not", () => {
  const received = new ReceivedProposals();
  for (let id = 10; id < 10 + 2 * WINDOW; id += 2) expect(received.isNew(1, id)).toBe(true);
  expect(received.isNew(1, 9)).toBe(true);
  expect(received.isNew(1, 12)).toBe(false);
  expect(received.isNew(1, 10 + 2 * WINDOW)).toBe(true);
  for (const id of [9, 10, 8, 5]) expect([id, received.isNew(1, id)]).toEqual([id, false]);
  expect(received.isNew(1, 11)).toBe(true);
  expect(received.isNew(2, 5)).toBe(true);
});

test("a sender that starts again is heard, wherever its ids begin, and its earlier lives stay known", () => {
  const received = new ReceivedProposals();
  const starts = [2 ** 46, 7, 2 ** 45, 2 ** 46 + 2 * REACH];
  for (const start of starts) {
    for (let at = 0; at < WINDOW + 2; at += 1) expect(received.isNew(1, start + at)).toBe(true);
  }
  for (const start of starts) {
    for (const at of [0, 1, 2, WINDOW + 1]) expect(received.isNew(1, start + at)).toBe(false);
    expect(received.isNew(1, start + WINDOW + 2)).toBe(true);
  }
});

test("no more lives are kept than a sender can have messages of on their way", () => {
  const received = new ReceivedProposals();
  for (let life = 1; life <= MAX_LIVES; life += 1) received.isNew(1, life * 2 * REACH);
  expect(received.isNew(1, 2 * REACH)).toBe(false);
  expect(received.isNew(1, 0)).toBe(true);
  expect(received.isNew(1, 2 * REACH)).toBe(true);
});
