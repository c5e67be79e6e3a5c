import type { etcdserverpb as pb } from "@gauntlet/proto";
import * as fc from "fast-check";
import Long from "long";
import { describe, expect, it } from "vitest";
import {
  MAX_TXN_OPS,
  MAX_TXN_TOTAL_OPS,
  isReadOnlyTxn,
  isSerializableTxn,
  validateDeleteRange,
  validatePut,
  validateRange,
  validateTxn,
} from "./index.js";
import { UNBOUNDED, bytes, compare, del, op, put, range } from "./test-requests.js";

function times(count: number, make: (at: number) => pb.IRequestOp): pb.IRequestOp[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

describe("a request on its own", () => {
  it.each([
    ["a range", validateRange(range("a", UNBOUNDED)), null],
    ["a range without a key", validateRange(range("")), "EmptyKey"],
    ["a range with nothing in it", validateRange({}), "EmptyKey"],
    ["an unknown order", validateRange(range("a", "", { sort_order: 3 as never })), "InvalidSortOption"],
    ["an unknown target", validateRange(range("a", "", { sort_target: -1 as never })), "InvalidSortOption"],
    ["a put", validatePut(put("a", "")), null],
    ["a put without a key", validatePut(put("", "1")), "EmptyKey"],
    ["a value to ignore", validatePut(put("a", "1", { ignore_value: true })), "ValueProvided"],
    ["no value, and that ignored", validatePut(put("a", "", { ignore_value: true })), null],
    ["a lease to ignore", validatePut(put("a", "1", { ignore_lease: true, lease: 7 })), "LeaseProvided"],
    ["a lease", validatePut(put("a", "1", { lease: Long.MAX_VALUE })), "LeaseNotFound"],
    ["a delete", validateDeleteRange(del("a")), null],
    ["a delete without a key", validateDeleteRange(del("", "b")), "EmptyKey"],
  ])("%s", (_what, got, expected) => expect(got).toBe(expected));
});

describe("a txn", () => {
  const nothing: readonly pb.IRequestOp[] = [];
  const success = (...ops: readonly pb.IRequestOp[]) => ({ success: [...ops] });

  it.each<[string, pb.ITxnRequest, string | null]>([
    ["with nothing in it", {}, null],
    ["with a compare without a key", { compare: [compare("", "MOD", "EQUAL", 1)] }, "EmptyKey"],
    ["with a bad operation in the other branch", { failure: [op.put("", "1")] }, "EmptyKey"],
    ["with a bad range", success(op.range("a", "", { sort_order: 9 as never })), "InvalidSortOption"],
    ["with an operation without content", success({}), "KeyNotFound"],
    ["with a bad operation in a nested txn", success(op.txn(success(op.del("")))), "EmptyKey"],
    ["that puts a key twice", success(op.put("a", "1"), op.put("a", "2")), "DuplicateKey"],
    ["that puts a key in each branch", { success: [op.put("a", "1")], failure: [op.put("a", "2")] }, null],
    [
      "that puts a key twice in the other branch",
      { failure: [op.put("a", "1"), op.put("a", "1")] },
      "DuplicateKey",
    ],
    ["that puts and deletes a key", success(op.put("b", "1"), op.del("a", "c")), "DuplicateKey"],
    ["that deletes and puts a key", success(op.del("b"), op.put("b", "1")), "DuplicateKey"],
    ["that deletes all and puts a key", success(op.del("a", UNBOUNDED), op.put("b", "1")), "DuplicateKey"],
    ["that puts the end of what it deletes", success(op.del("a", "b"), op.put("b", "1")), null],
    ["that deletes twice", success(op.del("a", "c"), op.del("b")), null],
    ["that reads what it writes", success(op.put("a", "1"), op.range("a"), op.range("a", "z")), null],
    [
      "whose nested txn puts its key",
      success(op.put("a", "1"), op.txn(success(op.put("a", "2")))),
      "DuplicateKey",
    ],
    [
      "whose nested txn deletes its key",
      success(op.txn({ failure: [op.del("a")] }), op.put("a", "2")),
      "DuplicateKey",
    ],
    [
      "whose nested txns put one key",
      success(op.txn(success(op.put("a", "1"))), op.txn({ failure: [op.put("a", "2")] })),
      "DuplicateKey",
    ],
    [
      "whose nested txn puts a key in each branch",
      success(op.txn({ success: [op.put("a", "1")], failure: [op.put("a", "2")] })),
      null,
    ],
    [
      "whose nested txn puts in one branch what it deletes in the other",
      success(op.txn({ success: [op.put("a", "1")], failure: [op.del("a")] })),
      null,
    ],
    [
      "with as many compares as there may be",
      { compare: Array.from({ length: MAX_TXN_OPS }, () => compare("a", "MOD", "EQUAL", 1)) },
      null,
    ],
    [
      "with one compare too many",
      { compare: Array.from({ length: MAX_TXN_OPS + 1 }, () => compare("a", "MOD", "EQUAL", 1)) },
      "TooManyOps",
    ],
    [
      "with as many operations as there may be",
      { failure: times(MAX_TXN_OPS, (at) => op.put(`${at}`, "1")) },
      null,
    ],
    [
      "with one operation too many",
      { failure: times(MAX_TXN_OPS + 1, (at) => op.put(`${at}`, "1")) },
      "TooManyOps",
    ],
    [
      "whose nested txn has the rest of the operations",
      success(...nothing, op.txn(success(...times(MAX_TXN_OPS - 1, () => op.range("a"))))),
      null,
    ],
    [
      "whose nested txn has one more than the rest",
      success(...nothing, op.txn(success(...times(MAX_TXN_OPS, () => op.range("a"))))),
      "TooManyOps",
    ],
    [
      "with a wide txn in each place of a wide one",
      success(...times(64, () => op.txn(success(...times(64, () => op.range("a")))))),
      "TooManyOps",
    ],
  ])("%s", (_what, request, expected) => expect(validateTxn(request)).toBe(expected));

  it("has a limit of all its operations together", () => {
    const wide = (count: number) =>
      success(...times(count, () => op.txn(success(...times(62, () => op.range("a"))))));
    expect(validateTxn(wide(Math.floor(MAX_TXN_TOTAL_OPS / 63)))).toBeNull();
    expect(validateTxn(wide(Math.floor(MAX_TXN_TOTAL_OPS / 63) + 1))).toBe("TooManyOps");
  });

  const leaves = fc.oneof(
    fc.constantFrom("a", "b", "c").map((key) => op.put(key, "")),
    fc
      .tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("", "b", "c", UNBOUNDED))
      .map(([key, end]) => op.del(key, end)),
  );
  const { op: someOp } = fc.letrec<{ op: pb.IRequestOp; ops: pb.IRequestOp[] }>((tie) => ({
    op: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaves,
      fc.record({ success: tie("ops"), failure: tie("ops") }).map(op.txn),
    ),
    ops: fc.array(tie("op"), { maxLength: 2 }),
  }));

  it("clashes with itself exactly if some way through its branches writes a key twice", () => {
    fc.assert(
      fc.property(fc.array(someOp, { maxLength: 3 }), (ops) => {
        const clashes = paths(ops).some((path) =>
          path.some((one, at) => path.slice(at + 1).some((two) => clash(one, two))),
        );
        expect(validateTxn({ success: ops })).toBe(clashes ? "DuplicateKey" : null);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Every list of writes that could run. */
function paths(ops: readonly pb.IRequestOp[]): pb.IRequestOp[][] {
  return ops.reduce<pb.IRequestOp[][]>(
    (before, one) => {
      const txn = one.request_txn;
      const ways = txn ? [...paths(txn.success ?? []), ...paths(txn.failure ?? [])] : [[one]];
      return before.flatMap((path) => ways.map((way) => [...path, ...way]));
    },
    [[]],
  );
}

function clash(one: pb.IRequestOp, two: pb.IRequestOp): boolean {
  const writes = ({ request_put, request_delete_range: del }: pb.IRequestOp) => {
    const [key, end] = [request_put?.key ?? del?.key, del?.range_end ?? []].map((part) =>
      Buffer.from(part ?? []).toString(),
    );
    const inRange = (name: string) =>
      end === "" ? name === key : name >= (key ?? "") && (end === "\0" || name < (end ?? ""));
    return ["a", "b", "c"].filter(inRange);
  };
  if (!one.request_put && !two.request_put) return false;
  return writes(one).some((key) => writes(two).includes(key));
}

describe("a read-only txn", () => {
  const local = { serializable: true };

  it.each<[string, pb.ITxnRequest, boolean, boolean]>([
    ["empty", {}, true, false],
    ["of compares alone", { compare: [compare("a", "MOD", "EQUAL", 1)] }, true, false],
    ["of ranges", { success: [op.range("a")], failure: [op.range("b", "", local)] }, true, false],
    [
      "of serializable ranges",
      { success: [op.range("a", "", local)], failure: [op.range("b", "", local)] },
      true,
      true,
    ],
    ["with a put in one branch", { failure: [op.put("a", "1")] }, false, false],
    ["with a delete", { success: [op.range("a", "", local), op.del("a")] }, false, false],
    [
      "with a nested txn, even of ranges",
      { success: [op.txn({ success: [op.range("a", "", local)] })] },
      false,
      false,
    ],
  ])("%s", (_what, request, readOnly, serializable) => {
    expect([isReadOnlyTxn(request), isSerializableTxn(request)]).toEqual([readOnly, serializable]);
  });
});

it("takes text apart from bytes: nothing is empty but nothing", () => {
  expect(validateRange({ key: bytes("\0") })).toBeNull();
});
