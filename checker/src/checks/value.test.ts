import * as fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { chainOf } from "./chain.js";
import { describeValue, Interner, sameValue } from "./value.js";

test("values are the same exactly if their content is", () => {
  const key = fc.constantFrom<unknown>(
    1,
    "1",
    [1],
    ["1"],
    { a: 1 },
    { a: "1" },
    [[1]],
    "[1]",
    'a":1',
    true,
    "true",
    1n,
  );
  const dictionary = fc.dictionary(fc.constantFrom("a", "b"), key, { noNullPrototype: true });
  const value = fc.oneof(key, fc.array(key), dictionary, fc.array(dictionary, { maxLength: 2 }));
  fc.assert(
    fc.property(value, value, (left, right) => {
      expect(sameValue(left, right)).toBe(isDeepStrictEqual(left, right));
    }),
    { numRuns: 3000, seed: 1 },
  );
  expect(sameValue({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
  expect(sameValue(new Set([1, 2]), new Set([2, 1]))).toBe(true);
  expect(sameValue(new Map([["a", 1]]), { a: 1 })).toBe(false);
});

test("an interner gives one number to one value", () => {
  const interner = new Interner();
  const id = (value: unknown) => interner.idOf(value, (problem) => new Error(problem));
  expect([1, "1", [1], 1, [1], "[1]", 0, -0, { a: 1 }, { a: 1 }].map(id)).toEqual([
    0, 1, 2, 0, 2, 3, 4, 4, 5, 5,
  ]);
  expect(interner.size).toBe(6);
  expect(() => id(() => 1)).toThrowError("a function");
  expect(() => id(undefined)).toThrowError("a value is missing");
});

test("long values are cut in sentences", () => {
  expect(describeValue("x".repeat(10_000_000))).toBe(`"${"x".repeat(120)}… (10000000 characters)"`);
  expect(describeValue([1, { b: 2, a: "x" }])).toBe('[1,{"a":"x","b":2}]');
});

test("a chain exactly if all sets are comparable, each with the one before", () => {
  const sets = fc.array(fc.uniqueArray(fc.nat({ max: 4 })), { maxLength: 6 });
  fc.assert(
    fc.property(sets, (given) => {
      const within = (a: readonly number[], b: readonly number[]) => a.every((item) => b.includes(item));
      const all = given.every((a) => given.every((b) => within(a, b) || within(b, a)));
      const { order, incomparable } = chainOf(given, 5);
      expect(order.toSorted((a, b) => a - b)).toEqual([...given.keys()]);
      expect(incomparable.length === 0).toBe(all);
      for (const { left, right, onlyLeft, onlyRight } of incomparable) {
        expect([given[left]?.includes(onlyLeft), given[right]?.includes(onlyLeft)]).toEqual([true, false]);
        expect([given[left]?.includes(onlyRight), given[right]?.includes(onlyRight)]).toEqual([false, true]);
      }
    }),
    { numRuns: 2000, seed: 1 },
  );
});
