import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32 } from "../checksum.js";
import { keyOf } from "./keys.js";
import { recordFault } from "./record.js";
import { NO_VERSION, VersionLog } from "./version-log.js";

const KEY = keyOf(Buffer.from("key"));

/** The versions of one key, told plainly. */
interface Told {
  readonly revision: number;
  readonly createRevision: number;
  readonly version: number;
  readonly value: string;
}

/** Puts and deletes one key; each step is by how much the revision grows, and a value or null. */
function build(steps: readonly (readonly [number, string | null])[], first = 2) {
  const log = new VersionLog();
  const told: Told[] = [];
  let [revision, newest] = [first, NO_VERSION];
  for (const [by, value] of steps) {
    revision += by;
    const before = told.at(-1);
    const fresh = before === undefined || before.version === 0;
    if (value === null) {
      newest = log.remove(KEY, revision, newest);
      told.push({ revision, createRevision: 0, version: 0, value: "" });
      continue;
    }
    newest = log.put(KEY, Buffer.from(value), revision, newest);
    const createRevision = fresh ? revision : before.createRevision;
    told.push({ revision, createRevision, version: fresh ? 1 : before.version + 1, value });
  }
  return { log, told, newest };
}

function tell(log: VersionLog, number: number): Told {
  return {
    revision: log.revision(number),
    createRevision: log.createRevision(number),
    version: log.version(number),
    value: log.value(number).toString(),
  };
}

const steps = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 3 }), fc.option(fc.string({ maxLength: 5 }), { freq: 4 })),
  { maxLength: 200 },
);

it("finds what there was at any revision, of keys deleted and put again too", () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(2, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 52), (list, first) => {
      const { log, told, newest } = build(list, first);
      for (let number = 1; number <= log.count; number++) {
        expect(tell(log, number)).toEqual(told[number - 1]);
        expect(log.isDeleted(number)).toBe(told[number - 1]?.version === 0);
        expect(log.key(number).toString()).toBe("key");
      }
      for (const { revision } of told) {
        for (const at of [revision - 1, revision, revision + 1]) {
          const expected = told.filter((one) => one.revision <= at).length;
          expect([log.findAt(newest, at), log.countAt(at)]).toEqual([expected, expected]);
        }
      }
    }),
    { numRuns: 300 },
  );
});

it("hashes any number of records as one after another, in whatever slabs they are", () => {
  const lengths = fc.array(fc.constantFrom(0, 1, 100, 5000, 100_000, 600_000), { maxLength: 30 });
  const many = fc.array(fc.constantFrom(0, 1, 30), { minLength: 100, maxLength: 500 });
  fc.assert(
    fc.property(fc.oneof(lengths, many), (list) => {
      const { log } = build(list.map((length) => [1, "v".repeat(length)] as const));
      let hash = 0;
      expect(log.hash(0)).toBe(0);
      for (let number = 1; number <= log.count; number++) {
        hash = crc32(log.record(number), hash);
        expect(log.hash(number)).toBe(hash);
      }
    }),
    { numRuns: 60 },
  );
});

it("comes to the same from its own records", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { log } = build(list);
      const again = new VersionLog();
      for (let number = 1; number <= log.count; number++) {
        expect(recordFault(log.record(number))).toBeNull();
        again.restore(log.record(number), number - 1);
        expect(tell(again, number)).toEqual(tell(log, number));
      }
      expect(again.hash(again.count)).toBe(log.hash(log.count));
    }),
    { numRuns: 100 },
  );
});

describe("memory", () => {
  it("is little for little, and little more than the bytes for much", () => {
    const { log: small } = build([[1, "value"]]);
    expect(small.bytes).toBeLessThan(10_000);
    const count = 50_000;
    const { log: large } = build(Array.from({ length: count }, () => [1, "v".repeat(1000)] as const));
    expect(large.bytes / count).toBeLessThan(1000 + 3 + 40 + 28 + 150);
  });

  it("of a value that was given out does not change", () => {
    const { log } = build([[1, "first"]]);
    const view = log.value(1);
    let newest = 1;
    for (let at = 0; at < 2000; at++) newest = log.put(KEY, Buffer.alloc(3000, "x"), 10 + at, newest);
    expect(view.toString()).toBe("first");
  });

  it("takes values that are larger than a slab", () => {
    const values = [5_000_000, 10, 9_000_000, 600_000, 10].map((length, at) => Buffer.alloc(length, at + 1));
    const log = new VersionLog();
    for (const [at, value] of values.entries()) log.put(KEY, value, at + 2, at);
    for (const [at, value] of values.entries()) expect(log.value(at + 1).equals(value)).toBe(true);
  });
});

it("finds an old version in few steps", () => {
  const count = 100_000;
  const log = new VersionLog();
  for (let at = 1; at <= count; at++) log.put(KEY, Buffer.alloc(0), at, at - 1);
  let steps = 0;
  const revision = log.revision.bind(log);
  log.revision = (number) => {
    steps += 1;
    return revision(number);
  };
  for (let at = 1; at <= count; at += 997) {
    steps = 0;
    expect(log.findAt(count, at)).toBe(at);
    // Two looks a step, and at most three times the logarithm of steps.
    expect(steps).toBeLessThan(2 * 3 * Math.log2(count));
  }
});
