import * as fc from "fast-check";
import { expect, it } from "vitest";
import { KeyIndex } from "./key-index.js";
import type { Key } from "./keys.js";

/** Deep with few keys. */
const FANOUT = 4;

function indexOf(keys: readonly Key[], fanout?: number): KeyIndex {
  const index = new KeyIndex((key, row) => {
    const other = keys[row] ?? "";
    return key < other ? -1 : Number(key > other);
  }, fanout);
  for (const [row, key] of keys.entries()) {
    // As a key space does; some without.
    if (row % 7 !== 0) index.get(key);
    index.add(key, row);
  }
  return index;
}

function visited(index: KeyIndex, from: Key, to: Key | null, limit = Infinity): number[] {
  const rows: number[] = [];
  index.visit(from, to, (row) => rows.push(row) < limit);
  return rows;
}

const key = fc
  .string({ unit: fc.constantFrom("\0", "a", "b", "\xff"), maxLength: 5 })
  .map((text) => text as Key);
const keys = fc.uniqueArray(key, { maxLength: 300, size: "max" });

it("finds each key, and none that was not added", () => {
  fc.assert(
    fc.property(keys, keys, (added, others) => {
      const index = indexOf(added, FANOUT);
      const rows = new Map(added.map((each, row) => [each, row]));
      const all = [...added, ...others];
      expect(all.map((each) => index.get(each))).toEqual(all.map((each) => rows.get(each)));
    }),
  );
});

it("visits any interval in order, and no more than is wanted", () => {
  fc.assert(
    fc.property(keys, key, fc.option(key), fc.integer({ min: 1, max: 20 }), (added, from, to, limit) => {
      const rows = added
        .map((_, row) => row)
        .filter((row) => (added[row] ?? "") >= from && (to === null || (added[row] ?? "") < to))
        .toSorted((a, b) => ((added[a] ?? "") < (added[b] ?? "") ? -1 : 1));
      const index = indexOf(added, FANOUT);
      expect(visited(index, from, to)).toEqual(rows);
      expect(visited(index, from, to, limit)).toEqual(rows.slice(0, limit));
    }),
  );
});

it.each(["ascending", "descending", "mixed"])("holds many keys that come %s", (order) => {
  const numbers = Array.from({ length: 20_000 }, (_, at) => {
    return { ascending: at, descending: 99_999 - at, mixed: (at * 7919) % 99_991 }[order] ?? 0;
  });
  const all = numbers.map((number) => `key-${String(number).padStart(5, "0")}` as Key);
  const index = indexOf(all);
  const sorted = numbers.map((_, row) => row).toSorted((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
  expect(visited(index, "" as Key, null)).toEqual(sorted);
  expect(all.findIndex((each, row) => index.get(each) !== row)).toBe(-1);
  expect(index.bytes / all.length).toBeLessThan(20);
});
