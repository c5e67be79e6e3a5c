import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../generator.js";
import type { HistoryEvent } from "./check.js";
import { counterBounds } from "./counter-bounds.js";
import { type PairedOperation, pairOperations } from "./pair.js";
import { events, simulate } from "./testing/histories.js";

const add = (process: number, value: number) =>
  [
    [process, "invoke", "add", value],
    [process, "ok", "add", value],
  ] as const;
const read = (process: number, value: number) =>
  [
    [process, "invoke", "read"],
    [process, "ok", "read", value],
  ] as const;

test("a read out of bounds is named with its bounds", () => {
  const history = events(
    ...add(0, 5),
    [1, "invoke", "add", 2],
    ...read(2, 8),
    [1, "ok", "add", 2],
    ...read(2, 4),
  );
  const { verdict, reason, details } = counterBounds().run(history);
  expect(verdict).toBe("illegal");
  expect(reason).toBe(
    "2 of 2 reads out of bounds: read (operation 3, process 2) returned 8, but the counter was between 5 and 7 while it ran",
  );
  const worst = {
    read: { index: 6, completion: 7, process: 2, f: "read" },
    value: 4,
    lower: 7,
    upper: 7,
  };
  expect(details).toEqual({
    adds: { attempted: 2, acknowledged: 2, failed: 0, crashed: 0 },
    reads: { attempted: 2, answered: 2 },
    outOfBounds: {
      count: 2,
      first: [
        { read: { index: 3, completion: 4, process: 2, f: "read" }, value: 8, lower: 5, upper: 7 },
        worst,
      ],
    },
    worst,
    final: { lower: 7, upper: 7 },
  });
});

test("a crashed add may count for ever, a failed one never", () => {
  const crashed = (value: number) =>
    counterBounds().run(events([0, "invoke", "add", 3], [0, "info", "add"], ...add(1, 1), ...read(1, value)));
  expect([0, 1, 2, 3, 4, 5].map((value) => crashed(value).verdict)).toEqual([
    "illegal",
    "ok",
    "ok",
    "ok",
    "ok",
    "illegal",
  ]);
  expect(crashed(1).details).toMatchObject({ adds: { crashed: 1 }, final: { lower: 1, upper: 4 } });
  const failed = events([0, "invoke", "add", 3], ...read(1, 3), [0, "fail", "add", 3]);
  expect(counterBounds().run(failed).details.outOfBounds.first[0]).toMatchObject({ lower: 0, upper: 0 });
});

test("adds of both signs that follow each other never count the second alone", () => {
  // 0, then 1, then 0 again: at no instant of the read was it -1.
  const history = (value: number) =>
    events([2, "invoke", "read"], ...add(0, 1), ...add(0, -1), [2, "ok", "read", value]);
  expect([-1, 0, 1, 2].map((value) => counterBounds().run(history(value)).verdict)).toEqual([
    "illegal",
    "ok",
    "ok",
    "illegal",
  ]);
  const open = events([0, "invoke", "add", 1], [1, "invoke", "add", -1], ...read(2, -1));
  expect(counterBounds().run(open).verdict).toBe("ok");
});

test("nothing answered, nothing tried", () => {
  expect(counterBounds().run([]).verdict).toBe("unknown");
  expect(counterBounds().run(events(...add(0, 1), [0, "invoke", "read"], [0, "info", "read"])).verdict).toBe(
    "unknown",
  );
  expect(counterBounds().run(events(...add(0, 1), ...add(0, 2)))).toMatchObject({
    verdict: "ok",
    reason: "2 adds and no read that could contradict them; a read at the end could return 3 to 3",
  });
});

test.each<[string, number, HistoryEvent[]]>([
  ["an add is of an integer of at most 2^53 - 1, not 1.5", 0, events([0, "invoke", "add", 1.5])],
  [
    'a read of a counter returns an integer of at most 2^53 - 1, not "1"',
    1,
    events([0, "invoke", "read"], [0, "ok", "read", "1"]),
  ],
  ["would not be exact", 3, events(...add(0, 2 ** 53 - 1), ...add(0, 1))],
  [
    "crashed; give the client a new process number",
    2,
    events([0, "invoke", "add", 1], [0, "info", "add"], [0, "invoke", "read"]),
  ],
  [
    "process 0 invokes while its add of operation 0 is open still",
    1,
    events([0, "invoke", "add", 1], [0, "invoke", "add", 2]),
  ],
])("no verdict: %s", (problem, index, history) => {
  expect(() => counterBounds().run(history)).toThrowError(
    expect.objectContaining({ name: "InputError", index }),
  );
  expect(() => counterBounds().run(history)).toThrowError(problem);
});

/** The bounds by their definition: at each instant of the read, what is certain and what is possible. */
function boundsOf(read: PairedOperation, adds: readonly PairedOperation[]): [lower: number, upper: number] {
  let [lower, upper] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let instant = read.begin; instant < read.end; instant++) {
    let [least, most] = [0, 0];
    for (const { begin, end, invoke, outcome } of adds) {
      const amount = invoke?.value as number;
      if (outcome === "fail" || begin > instant) continue;
      const certain = end <= instant;
      least += certain || amount < 0 ? amount : 0;
      most += certain || amount > 0 ? amount : 0;
    }
    lower = Math.min(lower, least);
    upper = Math.max(upper, most);
  }
  return [lower, upper];
}

test("a correct counter is never blamed; one answer changed has exactly the bounds of the definition", () => {
  let planted = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const random = new Random(seed);
      let value = 0;
      const history = simulate(random, {
        steps: 120,
        clients: 1 + random.below(6),
        crashRate: random.pick([0, 0.05]),
        failRate: random.pick([0, 0.1]),
        next: () =>
          random.below(2) === 0 ? { f: "read", value: null } : { f: "add", value: random.below(11) - 5 },
        apply: ({ f, value: amount }) => {
          if (f === "read") return value;
          value += amount as number;
          return amount;
        },
      });
      const { verdict, details } = counterBounds().run(history);
      expect(verdict).not.toBe("illegal");
      const operations = pairOperations(history, { functions: ["add", "read"], intervals: true });
      const adds = operations.filter(({ f }) => f === "add");
      const reads = operations.filter(({ f, outcome }) => f === "read" && outcome === "ok");
      expect(details.reads.answered).toBe(reads.length);
      if (reads.length === 0) return;
      planted++;
      const read = random.pick(reads);
      const [lower, upper] = boundsOf(read, adds);
      const answer = (given: number) =>
        counterBounds().run(history.map((event, i) => (i === read.end ? { ...event, value: given } : event)));
      for (const inside of [lower, upper]) expect(answer(inside).verdict).toBe("ok");
      for (const outside of [lower - 1, upper + 1]) {
        const report = answer(outside);
        expect(report.verdict).toBe("illegal");
        expect(report.details.outOfBounds).toMatchObject({
          count: 1,
          first: [{ value: outside, lower, upper }],
        });
      }
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(planted).toBeGreaterThan(150);
});
