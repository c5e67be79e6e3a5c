import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../generator.js";
import type { HistoryEvent } from "./check.js";
import { type PairedOperation, pairOperations } from "./pair.js";
import { type SetFullDetails, setFull } from "./set-full.js";
import { events, simulate } from "./testing/histories.js";

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const add = (process: number, value: unknown) =>
  [
    [process, "invoke", "add", value],
    [process, "ok", "add", value],
  ] as const;
const read = (process: number, value: unknown) =>
  [
    [process, "invoke", "read"],
    [process, "ok", "read", value],
  ] as const;

test("a lost element: who added it, where it was last seen, where first missing", () => {
  const history = events(...add(0, 7), ...add(0, 8), ...read(1, [7, 8]), ...read(2, [8]), ...read(2, [8]));
  const { verdict, reason, details } = setFull().run(history);
  expect(verdict).toBe("illegal");
  expect(reason).toBe(
    "1 element is lost: 7 was acknowledged by add (operation 0, process 0), but read (operation 6, process 2) and every read that began later lack it (last seen in read (operation 4, process 1))",
  );
  const addRef = { index: 0, completion: 1, process: 0, f: "add" };
  expect(details).toEqual({
    linearizable: false,
    attempted: 2,
    acknowledged: 2,
    read: 2,
    reads: { attempted: 3, answered: 3 },
    lost: {
      count: 1,
      first: [
        {
          element: 7,
          add: addRef,
          known: addRef,
          lastSeenIn: { index: 4, completion: 5, process: 1, f: "read" },
          firstMissingFrom: { index: 6, completion: 7, process: 2, f: "read" },
        },
      ],
    },
    stale: { count: 0, first: [] },
    neverRead: { count: 0, first: [] },
    duplicated: { count: 0, first: [] },
    unexpected: { count: 0, first: [] },
    incomparable: null,
    reordered: null,
    stableLatency: { minMs: 0, medianMs: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 },
    // Acknowledged at 1 ms, last seen by a read that began at 4 ms.
    lostLatency: { minMs: 3, medianMs: 3, p95Ms: 3, p99Ms: 3, maxMs: 3 },
  } satisfies SetFullDetails);
});

test("an acknowledged element that no read ever showed is lost, from the first read that owed it", () => {
  const history = events([1, "invoke", "read"], ...add(0, 7), [1, "ok", "read", []], ...read(1, []));
  const { verdict, details } = setFull().run(history);
  expect(verdict).toBe("illegal");
  expect(details.lost.first[0]).toMatchObject({ lastSeenIn: null, firstMissingFrom: { index: 4 } });
});

test("an element that a crashed add put there is owed once a read has shown it", () => {
  const crashed = events([0, "invoke", "add", 7], [0, "info", "add"], ...read(1, [7]), ...read(2, []));
  const { verdict, details } = setFull().run(crashed);
  expect(verdict).toBe("illegal");
  expect(details.lost.first[0]?.known).toMatchObject({ f: "read", index: 2 });
  const neverShown = events([0, "invoke", "add", 7], [0, "info", "add"], ...add(1, 8), ...read(1, [8]));
  const report = setFull({ linearizable: true }).run(neverShown);
  expect(report.verdict).toBe("ok");
  expect(report.details.neverRead.first).toEqual([
    { element: 7, add: { index: 0, completion: 1, process: 0, f: "add" } },
  ]);
});

test("a stale element is a violation only of a linearizable set", () => {
  const history = events(...add(0, 7), ...read(1, []), ...read(1, [7]));
  expect(setFull().run(history)).toMatchObject({
    verdict: "ok",
    reason: "2 reads showed 1 of 1 element (1 acknowledged); none is lost, 1 stale for a while",
    details: { stale: { count: 1 }, stableLatency: { maxMs: 1 }, lostLatency: null },
  });
  const strict = setFull({ linearizable: true }).run(history);
  expect(strict.verdict).toBe("illegal");
  expect(strict.reason).toBe(
    "1 element was stale: 7 was acknowledged by add (operation 0, process 0), but read (operation 2, process 1) began later and lacks it",
  );
  expect(strict.details.stale.first).toEqual([
    {
      element: 7,
      known: { index: 0, completion: 1, process: 0, f: "add" },
      lastMissingFrom: { index: 2, completion: 3, process: 1, f: "read" },
      seenAgainIn: { index: 4, completion: 5, process: 1, f: "read" },
    },
  ]);
});

test("duplicates, and elements that cannot be there", () => {
  const doubled = setFull().run(events(...add(0, 7), ...read(1, [7, 7, 7])));
  expect(doubled.verdict).toBe("illegal");
  expect(doubled.details.duplicated).toEqual({
    count: 1,
    first: [{ element: 7, times: 3, read: { index: 2, completion: 3, process: 1, f: "read" } }],
  });
  const history = events(
    ...read(1, ["early", "failed", "never"]),
    [0, "invoke", "add", "failed"],
    [0, "fail", "add", "failed"],
    ...add(0, "early"),
  );
  const { verdict, reason, details } = setFull().run(history);
  expect(verdict).toBe("illegal");
  expect(details.unexpected.first.map(({ element, cause, add }) => [element, cause, add?.index])).toEqual([
    ["failed", "its add failed", 2],
    ["early", "read before its add began", 4],
    ["never", "never added", undefined],
  ]);
  expect(reason).toContain('read (operation 0, process 1) showed "failed" (its add failed: operation 2');
});

test("reads of a linearizable set are comparable and follow the order of the adds", () => {
  const fork = events(
    [0, "invoke", "add", 7],
    [1, "invoke", "add", 8],
    [2, "invoke", "read"],
    [3, "invoke", "read"],
    [2, "ok", "read", [7]],
    [3, "ok", "read", [8]],
  );
  expect(setFull().run(fork).verdict).toBe("ok");
  const forked = setFull({ linearizable: true }).run(fork);
  expect(forked.verdict).toBe("illegal");
  expect(forked.details.incomparable?.first[0]).toMatchObject({
    reads: [{ index: 2 }, { index: 3 }],
    onlyIn: [7, 8],
  });
  const swap = events(
    [2, "invoke", "read"],
    ...add(0, 7),
    ...add(0, 8),
    [2, "ok", "read", [8]],
    ...read(2, [7, 8]),
  );
  expect(setFull().run(swap).verdict).toBe("ok");
  const swapped = setFull({ linearizable: true }).run(swap);
  expect(swapped.verdict).toBe("illegal");
  expect(swapped.reason).toBe(
    "read (operation 0, process 2) showed 8 without 7, though add of 7 (operation 1, process 0) was acknowledged before add of 8 (operation 3, process 0) began",
  );
});

test("nothing read is nothing known", () => {
  expect(setFull().run([]).verdict).toBe("unknown");
  expect(setFull().run(events(...add(0, 1))).verdict).toBe("unknown");
  expect(setFull().run(events(...read(0, []), ...add(0, 1))).verdict).toBe("unknown");
  expect(setFull().run(events(...add(0, 1), [0, "invoke", "read"], [0, "fail", "read"])).verdict).toBe(
    "unknown",
  );
});

test("structures are elements by content, and evidence is bounded", () => {
  const same = events(...add(0, { a: 1, b: [2] }), ...read(1, [{ b: [2], a: 1 }]));
  expect(setFull({ linearizable: true }).run(same).verdict).toBe("ok");
  const apart = events(...add(0, "[1]"), ...read(1, ["[1]", [1]]));
  expect(setFull().run(apart).details.unexpected.first[0]?.element).toBe("[1]");
  const adds = Array.from({ length: 50 }, (_, i) => add(0, `${"x".repeat(1000)}${i}`)).flat();
  const { details } = setFull().run(events(...adds, ...read(1, [])));
  expect(details.lost.count).toBe(50);
  expect(details.lost.first).toHaveLength(16);
  expect(JSON.stringify(details).length).toBeLessThan(10_000);
});

test.each<[string, number, HistoryEvent[]]>([
  ["returns an array", 1, events([0, "invoke", "read"], [0, "ok", "read", null])],
  ["a value is missing", 0, events([0, "invoke", "add", null])],
  ["too large to be told", 0, events([0, "invoke", "add", 2 ** 53])],
  ["NaN is not a value", 1, events([0, "invoke", "read"], [0, "ok", "read", [Number.NaN]])],
  ["invoked with 1 and acknowledged with 2", 1, events([0, "invoke", "add", 1], [0, "ok", "add", 2])],
  ['its f is "cas"; this check knows add and read alone', 0, events([0, "invoke", "cas", 1])],
  ["process 0 has none open", 0, events([0, "ok", "read", [1]])],
])("no verdict: %s", (problem, index, history) => {
  expect(() => setFull().run(history)).toThrowError(expect.objectContaining({ name: "InputError", index }));
  expect(() => setFull().run(history)).toThrowError(problem);
});

/** Linearizability by its definition: tries every order. */
function isLinearizableSet(operations: readonly PairedOperation[]): boolean {
  const mustHappen = operations.filter(
    ({ f, outcome }) => outcome === "ok" || (f === "add" && outcome === "info"),
  );
  const search = (left: readonly PairedOperation[], state: ReadonlySet<unknown>): boolean => {
    if (left.every(({ outcome }) => outcome === "info")) return true;
    const horizon = Math.min(...left.map(({ end }) => end));
    return left.some((operation) => {
      if (operation.begin > horizon) return false;
      const rest = left.filter((other) => other !== operation);
      if (operation.f === "add") return search(rest, new Set([...state, operation.invoke?.value]));
      const shown = operation.completion?.value as readonly unknown[];
      return shown.length === state.size && shown.every((item) => state.has(item)) && search(rest, state);
    });
  };
  return search(mustHappen, new Set());
}

/** A correct set; with a chance of `spoil` a read is answered with something else. */
function setHistory(random: Random, steps: number, elements: number, spoil: number): HistoryEvent[] {
  const state = new Set<number>();
  let added = 0;
  return simulate(random, {
    steps,
    clients: 1 + random.below(5),
    crashRate: random.pick([0, 0.1]),
    failRate: random.pick([0, 0.1]),
    next: () =>
      random.below(2) === 0 && added < elements
        ? { f: "add", value: random.below(8) === 0 && added > 0 ? random.below(added) : added++ }
        : { f: "read", value: null },
    apply: ({ f, value }) => {
      if (f === "add") return state.add(value as number) && value;
      if (random.fraction() >= spoil) return [...state];
      // Something of what is there, or of all that ever will be.
      const shown = random.below(2) === 0 ? [...state] : Array.from({ length: elements }, (_, i) => i);
      return shown.filter(() => random.below(3) > 0);
    },
  });
}

test("with linearizable: exactly the histories that no order explains", () => {
  const tally = { linearizable: 0, not: 0 };
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = new Random(seed);
      const history = setHistory(random, 10 + random.below(16), 4, random.pick([0, 0.5, 1]));
      const linearizable = isLinearizableSet(
        pairOperations(history, { functions: ["add", "read"], intervals: true }),
      );
      tally[linearizable ? "linearizable" : "not"]++;
      expect(setFull({ linearizable: true }).run(history).verdict === "illegal").toBe(!linearizable);
      // What every set must keep, a linearizable one keeps too.
      expect(linearizable && setFull().run(history).verdict === "illegal").toBe(false);
    }),
    { numRuns: 4000, seed: 1 },
  );
  expect(tally.not).toBeGreaterThan(500);
  expect(tally.linearizable).toBeGreaterThan(1000);
});

test("a correct set is never blamed; a loss and a stale read that can be seen always are", () => {
  let planted = 0;
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = new Random(seed);
      const history = setHistory(random, 300, 60, 0);
      expect(setFull({ linearizable: true }).run(history).reason).not.toMatch(
        /lost|stale:|cannot|contradict/,
      );
      const operations = pairOperations(history, { functions: ["add", "read"], intervals: true });
      const reads = operations.filter(({ f, outcome }) => f === "read" && outcome === "ok");
      const owed = operations.flatMap((add) => {
        if (add.f !== "add" || add.outcome !== "ok") return [];
        const later = reads.filter(({ begin }) => begin > add.end);
        return later.length > 1 ? [{ value: add.invoke?.value, later }] : [];
      });
      if (owed.length === 0) return;
      planted++;
      const { value, later } = random.pick(owed);
      const without = (hidden: (position: number) => boolean) =>
        history.map((event, position) =>
          event.f === "read" && event.type === "ok" && hidden(position)
            ? { ...event, value: (event.value as unknown[]).filter((item) => item !== value) }
            : event,
        );
      const lost = setFull().run(without(() => true));
      expect(lost.verdict).toBe("illegal");
      expect(lost.details.lost).toMatchObject({ count: 1, first: [{ element: value }] });
      const blind = random.pick(later.slice(0, -1));
      const stale = without((position) => position === blind.end);
      expect(setFull().run(stale)).toMatchObject({
        verdict: "ok",
        details: {
          stale: { count: 1, first: [{ element: value, lastMissingFrom: { index: blind.invoke?.index } }] },
        },
      });
      expect(setFull({ linearizable: true }).run(stale).verdict).toBe("illegal");
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(planted).toBeGreaterThan(100);
});
