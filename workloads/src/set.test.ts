import { expect, test } from "vitest";
import { describeWorkload, judge } from "./testing/planted.js";
import { called, crashed, failed, history, ok, whole } from "./testing/told.js";

const add = (process: number, value: unknown, key = "s0") => ({ process, f: "add", key, value }) as const;
const readOf = (process: number, key: string) => ({ process, f: "read", key }) as const;
const shows = (process: number, ...value: readonly number[]) => whole(readOf(process, "s0"), { value });

describeWorkload(
  "set",
  [
    {
      what: "a lost element",
      events: history(whole(add(0, 1)), whole(add(0, 2)), shows(1, 1, 2), shows(2, 2)),
      check: "set",
      words: "1 element is lost",
      operations: [6, 0, 4],
      live: true,
    },
    {
      what: "an element that is missing for a while",
      events: history(whole(add(0, 1)), whole(add(0, 2)), shows(1, 2), shows(2, 1, 2)),
      check: "set",
      words: "stale",
      operations: [4, 0, 6],
      live: true,
    },
    {
      what: "one that was read once, though its add crashed",
      events: history(called(add(0, 1)), crashed(add(0, 1)), whole(add(3, 2)), shows(1, 1, 2), shows(2, 2)),
      check: "set",
      words: "lost",
      operations: [6, 4, 0],
      live: true,
    },
    {
      what: "an element that nobody added",
      events: history(whole(add(0, 1)), shows(1, 1, 9)),
      check: "set",
      words: "never added",
      operations: [2],
      live: true,
    },
    {
      what: "an element whose add failed",
      events: history(called(add(0, 1)), failed(add(0, 1)), shows(1, 1)),
      check: "set",
      words: "its add failed",
      operations: [2, 0],
      live: true,
    },
    {
      what: "an element whose add failed after it was read",
      events: history(called(add(0, 1)), shows(1, 1), failed(add(0, 1)), shows(1, 1)),
      check: "set",
      words: "its add failed",
      operations: [1, 0],
      live: true,
    },
    {
      what: "two reads of which each lacks what the other shows",
      events: history(
        called(add(0, 1)),
        called(add(1, 2)),
        called(readOf(2, "s0")),
        called(readOf(3, "s0")),
        ok(readOf(2, "s0"), { value: [1] }),
        ok(readOf(3, "s0"), { value: [2] }),
        ok(add(0, 1)),
        ok(add(1, 2)),
        shows(4, 1, 2),
      ),
      check: "set",
      words: "contradict",
      operations: [3, 2],
      live: false,
    },
    {
      what: "a later element without an earlier one",
      events: history(
        called(readOf(2, "s0")),
        whole(add(0, 1)),
        whole(add(1, 2)),
        ok(readOf(2, "s0"), { value: [2] }),
        shows(4, 1, 2),
      ),
      check: "set",
      words: "without 1",
      operations: [0, 1, 3],
      live: false,
    },
    {
      what: "a write that took effect twice",
      events: history(
        whole(add(0, 1), { revision: 2 }),
        whole(readOf(1, "s0"), { value: [1], modRevisions: [3], revision: 3 }),
      ),
      check: "applied-once",
      words: "took effect twice",
      operations: [2, 0],
      live: true,
    },
    {
      what: "one that did so between two reads, unacknowledged",
      events: history(
        called(add(0, 1)),
        whole(readOf(1, "s0"), { value: [1], modRevisions: [2], revision: 2 }),
        whole(readOf(1, "s0"), { value: [1], modRevisions: [3], revision: 3 }),
      ),
      check: "applied-once",
      words: "took effect twice",
      operations: [3, 1],
      live: true,
    },
  ],
  [
    [
      "a crashed add that shows late, and one that never does",
      history(
        called(add(0, 1)),
        crashed(add(0, 1)),
        called(add(5, 3)),
        whole(add(1, 2)),
        shows(2, 2),
        shows(2, 1, 2),
      ),
    ],
    [
      "sets that have nothing to do with one another",
      history(whole(add(0, 1)), whole(add(0, 1, "s1")), shows(1, 1), whole(readOf(1, "s1"), { value: [1] })),
    ],
  ],
);

test("a set whose acknowledged element was never looked for is undecided", async () => {
  const { checks } = await judge("set", history(whole(add(0, 1)), shows(1, 1), whole(add(0, 2))));
  expect(checks["set"]).toMatchObject({
    verdict: "unknown",
    reason: expect.stringContaining("never looked for"),
  });
});
