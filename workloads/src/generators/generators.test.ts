import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Driven, drive, listener } from "../testing/drive.js";
import { drawFrom } from "../testing/random.js";
import type { Source } from "../workload.js";
import {
  always,
  eachProcess,
  flipFlop,
  limit,
  mix,
  perKey,
  phases,
  rate,
  reserve,
  stagger,
  timeLimit,
  untilOk,
  zipf,
} from "./index.js";

const seeds = fc.integer();
const WORKERS = 7;

function run(source: Source, seed: number, untilMs = 300, longestMs = 20): readonly Driven[] {
  return drive(source, { workers: WORKERS, untilMs, longestMs, draw: drawFrom(seed) });
}

const functionsOf = (driven: readonly Driven[]): readonly string[] =>
  driven.map(({ operation }) => operation.f);

const quiet: Source = { next: () => ({ type: "pending", untilMs: 40 }) };
const done: Source = { next: () => ({ type: "done" }) };

describe("mix", () => {
  test("takes from each source by its weight", () => {
    const shares = [1, 3, 6].map((weight) => ({ weight, source: always(() => ({ f: `${weight}` })) }));
    const driven = run(mix(shares, drawFrom(1)), 2, 5_000, 2);
    expect(driven.length).toBeGreaterThan(5_000);
    for (const weight of [1, 3, 6]) {
      const share = functionsOf(driven).filter((f) => f === `${weight}`).length / driven.length;
      expect(Math.abs(share - weight / 10)).toBeLessThan(0.02);
    }
  });

  test("goes past sources that have nothing now, and is done when all of them are", () => {
    fc.assert(
      fc.property(seeds, fc.nat(30), fc.nat(30), (seed, first, second) => {
        const shares = [quiet, listener("a", { operations: first }), listener("b", { operations: second })];
        const mixed = mix(
          shares.map((source) => ({ weight: 1, source })),
          drawFrom(seed),
        );
        expect(functionsOf(run(mixed, seed)).toSorted().join("")).toBe(
          "a".repeat(first) + "b".repeat(second),
        );
        expect(mixed.next(0, 300)).toEqual({ type: "pending", untilMs: 40 });
      }),
    );
    expect(mix([{ weight: 1, source: done }], drawFrom(1)).next(0, 0)).toEqual({ type: "done" });
    expect(mix([], drawFrom(1)).next(0, 0)).toEqual({ type: "done" });
  });
});

describe("stagger and rate", () => {
  test("stagger leaves gaps below twice the mean, which is the mean", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 4, max: 40 }), (seed, meanMs) => {
        const driven = run(stagger(meanMs, listener("a"), drawFrom(seed)), seed, 200 * meanMs, 3);
        const gaps = driven.slice(1).map(({ beganMs }, at) => beganMs - (driven[at]?.beganMs ?? 0));
        // Asked each millisecond, and each lateness shortens the next gap.
        expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * meanMs + 1);
        const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
        expect(Math.abs(mean / meanMs - 1)).toBeLessThan(0.25);
      }),
      { numRuns: 30 },
    );
  });

  test("rate hands out one in each period, and makes up for nothing", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 900 }), (seed, perSecond) => {
        const source = rate(perSecond, listener("a"));
        const driven = run(source, seed, 1_000, 3);
        expect(driven.length).toBeLessThanOrEqual(perSecond);
        expect(driven.length).toBeGreaterThanOrEqual(Math.floor(perSecond * 0.9));
        // Nobody asks for a while.
        expect(source.next(0, 60_000).type).toBe("operation");
        expect(source.next(0, 60_000)).toEqual({ type: "pending", untilMs: 60_000 + 1000 / perSecond });
      }),
      { numRuns: 30 },
    );
  });

  test("what is asked late is due from when it was due", () => {
    const source = rate(
      100,
      always(() => ({ f: "a" })),
    );
    for (const at of [0, 13, 21, 39]) expect(source.next(0, at).type).toBe("operation");
    expect(source.next(0, 39)).toEqual({ type: "pending", untilMs: 40 });
  });
});

test("limit hands out so many", () => {
  fc.assert(
    fc.property(seeds, fc.nat(60), (seed, most) => {
      expect(
        run(
          limit(
            most,
            always(() => ({ f: "a" })),
          ),
          seed,
        ),
      ).toHaveLength(most);
    }),
  );
});

test("timeLimit hands out nothing later, counted from when it is first asked, and says when to ask again", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 200 }), fc.nat(1_000), (seed, limitMs, firstMs) => {
      const driven = run(
        timeLimit(
          limitMs,
          always(() => ({ f: "a" })),
        ),
        seed,
      );
      expect(driven.every(({ beganMs }) => beganMs < limitMs)).toBe(true);
      const later = timeLimit(limitMs, { next: () => ({ type: "pending", untilMs: null }) });
      expect(later.next(0, firstMs)).toEqual({ type: "pending", untilMs: firstMs + limitMs });
      expect(later.next(0, firstMs + limitMs)).toEqual({ type: "done" });
    }),
  );
});

describe("phases", () => {
  test("begin when all of the one before has ended", () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.nat(25), { minLength: 1, maxLength: 5 }), (seed, counts) => {
        const sources = counts.map((operations, at) => listener(`${at}`, { operations }));
        const driven = run(phases(WORKERS, ...sources), seed, 5_000);
        expect(driven).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
        for (const [at, { operation, beganMs }] of driven.entries()) {
          const earlier = driven
            .slice(0, at)
            .filter((each) => Number(each.operation.f) < Number(operation.f));
          expect(Math.max(0, ...earlier.map(({ endedMs }) => endedMs))).toBeLessThanOrEqual(beganMs);
        }
        expect(functionsOf(driven)).toEqual(functionsOf(driven).toSorted());
        for (const [at, source] of sources.entries()) expect(source.heard).toHaveLength(counts[at] ?? 0);
      }),
    );
  });
});

test("phases wait also for what else their last worker has open, where arrivals are open", () => {
  const source = phases(1, listener("a", { operations: 2 }), listener("b"));
  const [first, second] = [source.next(0, 0), source.next(0, 0)];
  if (first.type !== "operation" || second.type !== "operation") throw new Error("there are two");
  source.completed?.(0, first.operation, "ok");
  expect(source.next(0, 1)).toEqual({ type: "pending", untilMs: null });
  source.completed?.(0, second.operation, "info");
  expect(source.next(0, 2)).toMatchObject({ operation: { f: "b" } });
});

test("reserve gives each source its workers, numbered from 0", () => {
  fc.assert(
    fc.property(seeds, fc.nat(3), fc.nat(3), (seed, first, second) => {
      const [a, b, rest] = [listener("a"), listener("b"), listener("rest")];
      const source = reserve(
        [
          { workers: first, source: a },
          { workers: second, source: b },
        ],
        rest,
      );
      for (const { worker, operation } of run(source, seed)) {
        expect(operation.f).toBe(worker < first ? "a" : worker < first + second ? "b" : "rest");
      }
      for (const [of, workers] of [
        [a, first],
        [b, second],
        [rest, WORKERS - first - second],
      ] as const) {
        expect(new Set(of.handedOut.values())).toEqual(
          new Set(Array.from({ length: workers }, (_, own) => own)),
        );
      }
    }),
    { numRuns: 50 },
  );
});

describe("perKey", () => {
  test("gives each group a key of its own, each key its operations, and each member its number", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
        (seed, groupSize, operationsPerKey, keys) => {
          const groups = Math.max(1, Math.floor(WORKERS / groupSize));
          const members = new Map<string, Map<number, number>>();
          const source = perKey({
            workers: WORKERS,
            groupSize,
            operationsPerKey,
            nameOf: (index) => `k${index}`,
            source: (key) => always((own) => ({ f: "a", key, value: own })),
            ...(keys === undefined ? {} : { keys }),
          });
          const driven = run(source, seed);
          const counts = new Map<string, number>();
          for (const { worker, operation } of driven) {
            const key = operation.key ?? "";
            counts.set(key, (counts.get(key) ?? 0) + 1);
            const of = members.get(key) ?? new Map<number, number>();
            members.set(key, of.set(worker, Number(operation.value)));
          }
          expect(Math.max(...counts.values())).toBeLessThanOrEqual(operationsPerKey);
          const unfinished = [...counts.values()].filter((count) => count < operationsPerKey);
          expect(unfinished.length).toBeLessThanOrEqual(groups);
          expect(source.keys).toEqual(Array.from({ length: counts.size }, (_, index) => `k${index}`));
          expect(counts.size).toBeLessThanOrEqual(keys ?? driven.length);
          for (const of of members.values()) {
            expect(new Set(of.values()).size).toBe(of.size);
            expect(Math.max(...of.values())).toBeLessThan(Math.ceil(WORKERS / groups) + groupSize);
          }
        },
      ),
    );
  });

  test("a key that nothing is done with is an error, for none would be the last", () => {
    const options = { workers: 1, groupSize: 1, operationsPerKey: 1, nameOf: String, source: () => done };
    expect(() => perKey(options).next(0, 0)).toThrow("key 0");
  });
});

test("untilOk has one open at a time, and ends with the first that is ok", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const driven = run(untilOk(listener("a")), seed, 5_000);
      expect(driven.map(({ type }) => type === "ok")).toEqual(
        driven.map((_, at) => at === driven.length - 1),
      );
      for (const [at, { beganMs }] of driven.entries()) {
        expect(driven[at - 1]?.endedMs ?? 0).toBeLessThanOrEqual(beganMs);
      }
    }),
  );
});

test("flipFlop alternates, and ends where one has no more", () => {
  fc.assert(
    fc.property(seeds, fc.nat(20), fc.nat(20), (seed, first, second) => {
      const source = flipFlop(listener("a", { operations: first }), listener("b", { operations: second }));
      const length = Math.min(2 * first, 2 * second + 1);
      expect(functionsOf(run(source, seed)).join("")).toBe("ab".repeat(20).slice(0, length));
    }),
  );
});

test("eachProcess begins anew with each process", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const driven = run(
        eachProcess(() => listener("a")),
        seed,
      );
      for (let worker = 0; worker < WORKERS; worker++) {
        let expected = 0;
        for (const { operation, type } of driven.filter((each) => each.worker === worker)) {
          expect(operation.value).toBe(expected);
          expected = type === "info" ? 0 : expected + 1;
        }
      }
    }),
    { numRuns: 50 },
  );
});

describe("whatever they are made of", () => {
  interface Listener {
    readonly source: ReturnType<typeof listener>;
  }

  /** A tree of combinators over listeners, which throw when they hear of what is not theirs. */
  function tree(depth: number, seed: number, leaves: Listener[]): Source {
    const draw = drawFrom(seed);
    const leaf = (): Source => {
      const source = listener(`leaf ${leaves.length}`);
      leaves.push({ source });
      return source;
    };
    if (depth === 0) return leaf();
    const child = (): Source => tree(depth - 1, draw.below(2 ** 31), leaves);
    const kinds: (() => Source)[] = [
      () =>
        mix(
          [
            { weight: 1, source: child() },
            { weight: 2, source: child() },
          ],
          draw,
        ),
      () => stagger(5, child(), draw),
      () => rate(300, child()),
      () => phases(WORKERS, limit(10, leaf()), child()),
      () => timeLimit(200, child()),
      () => reserve([{ workers: 2, source: child() }], child()),
      () => untilOk(child()),
      () => flipFlop(child(), child()),
      () => eachProcess(child),
      () =>
        perKey({ workers: WORKERS, groupSize: 2, operationsPerKey: 9, nameOf: String, source: () => leaf() }),
    ];
    return kinds[draw.below(kinds.length)]?.() ?? leaf();
  }

  test("each source hears how its own operations ended, each once, and of nothing else", () => {
    fc.assert(
      fc.property(seeds, fc.nat(3), (seed, depth) => {
        const leaves: Listener[] = [];
        const driven = run(tree(depth, seed, leaves), seed, 200);
        const ended = driven.filter(({ endedMs }) => endedMs < 200).length;
        const heard = leaves.reduce((sum, { source }) => sum + source.heard.length, 0);
        expect(heard).toBe(ended);
        expect(leaves.reduce((sum, { source }) => sum + source.handedOut.size, 0)).toBe(driven.length);
      }),
      { numRuns: 200 },
    );
  });

  test("the same seed and the same calls give the same operations", () => {
    fc.assert(
      fc.property(seeds, fc.nat(3), (seed, depth) => {
        const once = (): readonly Driven[] => run(tree(depth, seed, []), seed, 100);
        expect(once()).toEqual(once());
      }),
      { numRuns: 50 },
    );
  });
});

describe("zipf", () => {
  const shares = (count: number, exponent: number): readonly number[] => {
    const counts = Array.from({ length: count }, () => 0);
    const [pick, draw] = [zipf(count, exponent), drawFrom(count)];
    for (let turn = 0; turn < 100_000; turn++) {
      const picked = pick(draw);
      counts[picked] = (counts[picked] ?? 0) + 1;
    }
    return counts.map((times) => times / 100_000);
  };

  test.each([0, 0.5, 0.99, 1, 2])("exponent %s: each has its share", (exponent) => {
    const weights = Array.from({ length: 20 }, (_, index) => (index + 1) ** -exponent);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [index, share] of shares(20, exponent).entries()) {
      expect(Math.abs(share - (weights[index] ?? 0) / sum)).toBeLessThan(0.01);
    }
  });

  test("stays within its bounds, and 0 draws what an even draw does", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (count, exponent) => {
          const extremes = [0, 2 ** 30 - 1].map((value) => ({
            below: (bound: number) => Math.min(value, bound - 1),
          }));
          const [least, most] = extremes.map((draw) => zipf(count, exponent)(draw));
          expect(least).toBe(0);
          expect(most).toBe(count - 1);
        },
      ),
    );
    const [even, plain] = [drawFrom(5), drawFrom(5)];
    const pick = zipf(10, 0);
    for (let turn = 0; turn < 100; turn++) expect(pick(even)).toBe(plain.below(10));
  });
});
