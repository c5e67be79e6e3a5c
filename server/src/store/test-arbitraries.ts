import { etcdserverpb as pb, gauntletpeer } from "@gauntlet/proto";
import * as fc from "fast-check";
import { bytes, compare } from "./test-requests.js";

const { CompareResult, CompareTarget } = pb.Compare;

/** Few keys, so that requests meet; with the bytes at both ends of the order. */
const keys = fc.constantFrom("a", "ab", "b", "b\0", "c", "\xff", "\xff\xff", "\0");
const ends = fc.constantFrom("", "", "", "\0", "b", "c", "a", "\xff");
const key = keys.map(bytes);
const rangeEnd = ends.map(bytes);

const puts = fc.record({
  key,
  value: fc.constantFrom("", "x", "y").map(bytes),
  prev_kv: fc.boolean(),
  ignore_lease: fc.constantFrom(false, false, false, false, true),
});
const keepingPuts = fc.record({ key, prev_kv: fc.boolean(), ignore_value: fc.constant(true) });
const deletes = fc.record({ key, range_end: rangeEnd, prev_kv: fc.boolean() });
const ranges = fc.record({
  key,
  range_end: rangeEnd,
  revision: fc.oneof(fc.constant(0), fc.integer({ min: -1, max: 30 })),
});
const compares = fc
  .record({
    key: keys,
    end: ends,
    target: fc.constantFrom<keyof typeof CompareTarget>("VERSION", "CREATE", "MOD", "VALUE", "LEASE"),
    result: fc.constantFrom<keyof typeof CompareResult>("EQUAL", "GREATER", "LESS", "NOT_EQUAL"),
    figure: fc.nat(12),
    text: fc.constantFrom("", "x", "y"),
  })
  .map(({ key, end, target, result, figure, text }) =>
    compare(key, target, result, target === "VALUE" ? text : figure, end),
  );

export const { request: requests } = fc.letrec<{ request: pb.IRequestOp; txn: pb.ITxnRequest }>((tie) => ({
  request: fc.oneof(
    { weight: 5, arbitrary: fc.record({ request_put: puts }) },
    { weight: 1, arbitrary: fc.record({ request_put: keepingPuts }) },
    { weight: 2, arbitrary: fc.record({ request_delete_range: deletes }) },
    { weight: 3, arbitrary: fc.record({ request_range: ranges }) },
    { weight: 4, arbitrary: fc.record({ request_txn: tie("txn") }) },
  ),
  txn: fc.record({
    compare: fc.array(compares, { maxLength: 2 }),
    success: fc.array(tie("request"), { maxLength: 3 }),
    failure: fc.array(tie("request"), { maxLength: 3 }),
  }),
}));

/** The bytes of a command of the log; null: ranges do not go there. */
export function command(op: pb.IRequestOp): Uint8Array | null {
  const { request_put: put, request_delete_range: del, request_txn: txn } = op;
  const body = put
    ? { put: pb.PutRequest.encode(put).finish() }
    : del
      ? { delete_range: pb.DeleteRangeRequest.encode(del).finish() }
      : txn
        ? { txn: pb.TxnRequest.encode(txn).finish() }
        : null;
  return body && gauntletpeer.Command.encode({ origin: 2, request_id: 5, ...body }).finish();
}
