import * as fc from "fast-check";
import { expect, test } from "vitest";
import { entryBytes } from "./entry.js";
import { RaftLog } from "./log.js";
import { entry, logOf } from "./testing/solo.js";

test("a batch fills its bytes, and is never empty while there is an entry", () => {
  const log = new RaftLog(null, [entry(1, 1, 10), entry(2, 1, 10), entry(3, 1, 500), entry(4, 1, 1)]);
  const one = entryBytes(entry(1, 1, 10));
  expect(log.batch(1, 2 * one).map(({ index }) => index)).toEqual([1, 2]);
  expect(log.batch(1, 2 * one - 1).map(({ index }) => index)).toEqual([1]);
  expect(log.batch(3, 1).map(({ index }) => index)).toEqual([3]);
  expect(log.batch(5, 100)).toEqual([]);
});

test("the last index within a term is found as by a scan", () => {
  const terms = fc
    .array(fc.integer({ min: 1, max: 6 }), { maxLength: 20 })
    .map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(terms, fc.nat(25), fc.nat(7), (terms, from, term) => {
      const log = new RaftLog(null, logOf(terms));
      let expected = Math.min(from, terms.length);
      while ((log.termAt(expected) ?? 0) > term) expected -= 1;
      expect(log.lastIndexWithin(from, term)).toBe(expected);
    }),
  );
});

test("an entry that was replaced while its write was under way is not durable, though index and term return", () => {
  const log = new RaftLog(null, []);
  log.replaceFrom([entry(1, 1), entry(2, 1)]);
  log.stage(1);
  log.replaceFrom([entry(2, 2)]);
  log.stage(2);
  log.persisted(1);
  expect(log.durableIndex).toBe(1);
  log.replaceFrom([entry(2, 2), entry(3, 2)]);
  log.stage(3);
  log.persisted(2);
  expect(log.durableIndex).toBe(1);
  log.persisted(3);
  expect(log.durableIndex).toBe(3);
});

test("whatever is replaced and whenever the disk is done, the durable prefix is on the disk", () => {
  const action = fc.oneof(
    fc.record({ from: fc.nat(8), count: fc.integer({ min: 1, max: 3 }) }),
    fc.constant("sync" as const),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const log = new RaftLog(null, []);
      const disk: string[] = [];
      const writes: (readonly string[])[] = [];
      let sequence = 0;
      let written = 0;
      let term = 1;
      for (const action of actions) {
        if (action === "sync") {
          const write = writes.shift();
          if (write === undefined) continue;
          const first = Number(write[0]?.split("/")[0]);
          disk.splice(first - 1);
          disk.push(...write);
          written += 1;
          log.persisted(written);
        } else {
          // Every second time a later leader; otherwise the same one goes on.
          const from = Math.min(action.from + 1, log.lastIndex + 1);
          if (from <= log.lastIndex) term += 1;
          log.replaceFrom(Array.from({ length: action.count }, (_, at) => entry(from + at, term)));
          sequence += 1;
          writes.push(log.stage(sequence).entries.map((one) => `${one.index}/${one.term}`));
        }
        const memory = log.slice(1, log.durableIndex).map((one) => `${one.index}/${one.term}`);
        expect(disk.slice(0, log.durableIndex)).toEqual(memory);
        expect(log.durableIndex === log.lastIndex || writes.length > 0).toBe(true);
      }
    }),
  );
});

test("what would break the log is refused loudly", () => {
  const log = new RaftLog(null, logOf([1, 1, 2]));
  log.commitTo(2);
  expect(() => log.commitTo(1)).toThrow("goes back");
  expect(() => log.commitTo(4)).toThrow("past the log's end");
  expect(() => log.replaceFrom([entry(2, 3)])).toThrow("replace a committed one");
  expect(() => log.replaceFrom([entry(5, 3)])).toThrow("gap");
  expect(() => log.replaceFrom([entry(4, 1)])).toThrow("after entry 3 of term 2");
  expect(() => new RaftLog(null, [entry(2, 1)])).toThrow("restored entry 1 has index 2");
});
