import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ReceivedProposals, WINDOW } from "./received-proposals.js";

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
