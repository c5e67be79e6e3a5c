import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Random, splitmix64, xoshiro128StarStar } from "./random.js";

// Vectors of the reference implementations (prng.di.unimi.it), as published with the rand_xoshiro crate.
test("xoshiro128** gives the reference values", () => {
  const next = xoshiro128StarStar([1, 2, 3, 4]);
  expect(Array.from({ length: 10 }, next)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
});

test("splitmix64 gives the reference values", () => {
  const next = splitmix64(1477776061723855037n);
  expect(Array.from({ length: 5 }, next)).toEqual([
    1985237415132408290n,
    2979275885539914483n,
    13511426838097143398n,
    8488337342461049707n,
    15141737807933549159n,
  ]);
});

test("the choices of a seed never change: a saved seed must replay on every later version", () => {
  const random = new Random(7);
  expect(Array.from({ length: 8 }, () => random.below(1000))).toMatchInlineSnapshot(`
    [
      361,
      953,
      772,
      602,
      131,
      938,
      794,
      382,
    ]
  `);
  const other = new Random(7, 3);
  expect(other.shuffle([1, 2, 3, 4, 5, 6])).toMatchInlineSnapshot(`
    [
      4,
      2,
      6,
      5,
      1,
      3,
    ]
  `);
});

test("the same seed and stream choose alike, other ones do not", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(10_000), (seed, stream) => {
      const words = (random: Random): number[] => Array.from({ length: 4 }, () => random.below(2 ** 32));
      expect(words(new Random(seed, stream))).toEqual(words(new Random(seed, stream)));
      expect(words(new Random(seed, stream))).not.toEqual(words(new Random(seed, stream + 1)));
    }),
  );
});

test("choices stay within their bounds and reach both ends", () => {
  const random = new Random(1);
  const seen = new Set(Array.from({ length: 500 }, () => random.between(3, 6)));
  expect(seen).toEqual(new Set([3, 4, 5, 6]));
});

test("a shuffle is a permutation, a sample is part of it in the list's order", () => {
  fc.assert(
    fc.property(fc.nat(), fc.uniqueArray(fc.integer()), fc.nat(20), (seed, list, count) => {
      const random = new Random(seed);
      const shuffled = random.shuffle(list);
      expect(shuffled).toHaveLength(list.length);
      expect(new Set(shuffled)).toEqual(new Set(list));
      const sample = random.sample(list, count);
      expect(sample).toHaveLength(Math.min(count, list.length));
      expect(list.filter((item) => sample.includes(item))).toEqual(sample);
    }),
  );
});

test("a sample favours nobody", () => {
  const random = new Random(11);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 5_000; i++)
    for (const index of random.sample([0, 1, 2, 3, 4], 2)) counts[index] = (counts[index] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
});
