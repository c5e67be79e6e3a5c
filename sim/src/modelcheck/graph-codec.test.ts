import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GraphCodec } from "./graph-codec.js";

const BASE = 1000;
const PLAIN = [0, 1, 2];

class Node {
  readonly name: string;
  peers = new Map<number, Node>();
  next: Node | null = null;
  constructor(name: string) {
    this.name = name;
  }
}

function codec(shared: readonly object[] = []): GraphCodec {
  return new GraphCodec(BASE, 3, shared);
}

describe("a round trip", () => {
  test("gives back plain data as it was", () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, undefined, true, false),
        fc.integer({ min: -1000, max: 999 }),
        fc.double({ noNaN: true }),
        fc.string({ maxLength: 5 }),
        fc.uint8Array({ maxLength: 4 }),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value")).map((object) => ({ ...object })),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), tie("value"))).map((pairs) => new Map(pairs)),
      ),
    })).value;
    fc.assert(
      fc.property(value, (original) => {
        const one = codec();
        expect(one.decode(one.encode(original, PLAIN))).toEqual(original);
      }),
    );
  });

  test("keeps prototypes, and that two names are of one instance", () => {
    const one = codec();
    const root = new Node("root");
    root.next = root;
    root.peers.set(7, root);
    const copy = one.decode(one.encode({ root, again: root }, PLAIN)) as { root: Node; again: Node };
    expect(copy.root).toBeInstanceOf(Node);
    expect(copy.root).not.toBe(root);
    expect(copy.again).toBe(copy.root);
    expect(copy.root.next).toBe(copy.root);
    expect(copy.root.peers.get(7)).toBe(copy.root);
  });

  test("names what is shared instead of copying it", () => {
    const shared = [{ id: 1001 }, { id: 1002 }, { id: 1003 }];
    const one = codec(shared);
    expect(one.decode(one.encode([shared[1]], PLAIN))).toEqual([shared[1]]);
    expect((one.decode(one.encode([shared[1]], [0, 2, 1])) as unknown[])[0]).toBe(shared[2]);
  });
});

describe("the same bytes", () => {
  test("whatever the order of Maps, Sets, lists of members and fields", () => {
    const one = codec();
    const bytes = (value: unknown) => one.encode(value, PLAIN);
    expect(
      bytes(
        new Map([
          [1002, "b"],
          [1001, "a"],
        ]),
      ),
    ).toBe(
      bytes(
        new Map([
          [1001, "a"],
          [1002, "b"],
        ]),
      ),
    );
    expect(bytes(new Set([3, 1, 2]))).toBe(bytes(new Set([1, 2, 3])));
    expect(bytes([1003, 1001])).toBe(bytes([1001, 1003]));
    expect(bytes({ a: 1, b: 2 })).toBe(bytes({ b: 2, a: 1 }));
  });

  test("not for lists of other things in another order, nor for other values", () => {
    const one = codec();
    const bytes = (value: unknown) => one.encode(value, PLAIN);
    expect(bytes([2, 1])).not.toBe(bytes([1, 2]));
    expect(bytes({ a: 1 })).not.toBe(bytes({ a: 2 }));
    expect(bytes({ a: 1 })).not.toBe(bytes({ b: 1 }));
    expect(bytes([1001])).not.toBe(bytes([1002]));
  });
});

test("renames members wherever they are, and nothing else", () => {
  const one = codec();
  const rename = [1, 2, 0];
  const value = { self: 1001, votes: new Map([[1002, true]]), voters: [1001, 1003], index: 1 };
  expect(one.decode(one.encode(value, rename))).toEqual({
    self: 1002,
    votes: new Map([[1003, true]]),
    voters: [1001, 1002],
    index: 1,
  });
});

test("refuses what it could not copy or does not know", () => {
  expect(() => codec().encode({ after: () => 1 }, PLAIN)).toThrow("after: a function");
  expect(() => codec().encode({ backoffTicks: 3 }, PLAIN)).toThrow("backoffTicks: a timer");
});

test("time stands still, but whether the leader is heard", () => {
  const one = codec();
  const round = (value: unknown) => one.decode(one.encode(value, PLAIN));
  expect(round({ currentTick: 17, elapsedTicks: 1 })).toEqual({ currentTick: 0, elapsedTicks: 0 });
  expect(round({ elapsedTicks: 9, electionTicks: 2 })).toEqual({ elapsedTicks: 2, electionTicks: 2 });
});
