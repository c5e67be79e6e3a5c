import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../generator.js";
import type { HistoryEvent } from "./check.js";
import { longFork } from "./long-fork.js";
import { events } from "./testing/histories.js";

const read = (process: number, ...micros: readonly (readonly ["r", number, unknown])[]) =>
  [
    [process, "invoke", "read", micros.map(([f, key]) => [f, key, null])],
    [process, "ok", "read", micros],
  ] as const;
const write = (process: number, key: number, value: unknown) =>
  [
    [process, "invoke", "write", [["w", key, value]]],
    [process, "ok", "write", [["w", key, value]]],
  ] as const;

test("two reads that saw two writes in contradictory orders", () => {
  const history = events(
    ...write(0, 2, 1),
    ...write(0, 3, 1),
    ...read(1, ["r", 2, 1], ["r", 3, null]),
    ...read(2, ["r", 3, 1], ["r", 2, null]),
    ...read(2, ["r", 2, 1], ["r", 3, 1]),
    ...read(2, ["r", 0, null], ["r", 1, null]),
  );
  const { verdict, reason, details } = longFork({ groupSize: 2 }).run(history);
  expect(verdict).toBe("illegal");
  expect(reason).toBe(
    "long fork: read (operation 4, process 1) saw key 2 written and key 3 not, read (operation 6, process 2) the other way round",
  );
  expect(details).toEqual({
    groupSize: 2,
    reads: { attempted: 4, answered: 4, early: 1, late: 1 },
    groups: 2,
    forks: {
      count: 1,
      first: [
        {
          reads: [
            { index: 4, completion: 5, process: 1, f: "read" },
            { index: 6, completion: 7, process: 2, f: "read" },
          ],
          onlySeenBy: [2, 3],
        },
      ],
    },
    unexpected: { count: 0, first: [] },
  });
});

test("forks across groups are none; txn is a name too; reads alone will do", () => {
  const history = events(
    [
      0,
      "ok",
      "txn",
      [
        ["r", 0, 1],
        ["r", 1, null],
      ],
    ],
    [
      0,
      "ok",
      "txn",
      [
        ["r", 2, null],
        ["r", 3, 1],
      ],
    ],
  );
  expect(longFork({ groupSize: 2 }).run(history)).toMatchObject({
    verdict: "ok",
    reason: "2 reads of 2 groups saw the writes of each group in one order (2 saw a group half written)",
  });
});

test("a value that nobody wrote, or whose write failed", () => {
  const history = events(
    ...write(0, 0, 1),
    [0, "invoke", "write", [["w", 1, 5]]],
    [0, "fail", "write", [["w", 1, 5]]],
    ...read(1, ["r", 0, 2], ["r", 1, 5]),
  );
  const { verdict, reason, details } = longFork({ groupSize: 2 }).run(history);
  expect(verdict).toBe("illegal");
  expect(reason).toBe("read (operation 4, process 1) returned 2 for key 0, but nobody wrote that");
  expect(details.unexpected.first.map(({ key, cause }) => [key, cause])).toEqual([
    [0, "never written"],
    [1, "its write failed"],
  ]);
});

test("nothing read is nothing known", () => {
  expect(longFork({ groupSize: 2 }).run([]).verdict).toBe("unknown");
  expect(longFork({ groupSize: 2 }).run(events(...write(0, 0, 1))).verdict).toBe("unknown");
});

test.each<[string, number, HistoryEvent[]]>([
  [
    "key 0 is written again, after write (operation 0, process 0)",
    3,
    events(...write(0, 0, 1), ...write(0, 0, 2)),
  ],
  ["a long fork cannot be told", 3, events(...write(0, 0, 1), ...write(0, 0, 1))],
  ["a read must be of one whole group (here keys 0 to 1, each once)", 1, events(...read(0, ["r", 0, 1]))],
  ["a read must be of one whole group", 1, events(...read(0, ["r", 1, 1], ["r", 2, 1]))],
  ["a read must be of one whole group", 1, events(...read(0, ["r", 1, 1], ["r", 1, 1]))],
  ["a read must be of one whole group", 1, events(...read(0, ["r", 0, 1], ["r", 1, 1], ["r", 1, 1]))],
  [
    "key 0 is 2 here and 1 in read (operation 0, process 0)",
    3,
    events(...read(0, ["r", 0, 1], ["r", 1, 1]), ...read(0, ["r", 0, 2], ["r", 1, 1])),
  ],
  ["expected a list of micro-operations, not null", 1, events([0, "invoke", "read"], [0, "ok", "read"])],
  ['["r","x",1] is no micro-operation', 0, events([0, "ok", "read", [["r", "x", 1]]])],
  [
    "must be one write of one value",
    0,
    events([
      0,
      "ok",
      "txn",
      [
        ["w", 0, 1],
        ["w", 1, 1],
      ],
    ]),
  ],
])("no verdict: %s", (problem, index, history) => {
  const check = longFork({ groupSize: 2 });
  expect(() => check.run(history)).toThrowError(expect.objectContaining({ name: "InputError", index }));
  expect(() => check.run(history)).toThrowError(problem);
  expect(() => longFork({ groupSize: 1 })).toThrowError("at least 2");
});

test("illegal exactly if two reads of a group are incomparable", () => {
  const tally = { ok: 0, illegal: 0 };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const random = new Random(seed);
      const groupSize = 2 + random.below(3);
      const order = Array.from({ length: groupSize }, (_, key) => key).toSorted(() => random.below(3) - 1);
      const chance = random.pick([0, 0.3]);
      const reads = Array.from({ length: 2 + random.below(6) }, () => {
        const seen = new Set(order.slice(0, random.below(groupSize + 1)));
        if (random.fraction() < chance) seen.delete(random.below(groupSize));
        return seen;
      });
      const within = (a: ReadonlySet<number>, b: ReadonlySet<number>) => [...a].every((key) => b.has(key));
      const forked = reads.some((a) => reads.some((b) => !within(a, b) && !within(b, a)));
      const history = reads.flatMap((seen, process) =>
        read(process, ...order.map((key) => ["r", key, seen.has(key) ? 1 : null] as const)),
      );
      const { verdict } = longFork({ groupSize }).run(events(...history));
      tally[forked ? "illegal" : "ok"]++;
      expect(verdict).toBe(forked ? "illegal" : "ok");
    }),
    { numRuns: 1000, seed: 1 },
  );
  expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(100);
});
