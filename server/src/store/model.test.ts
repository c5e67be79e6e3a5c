import { etcdserverpb as pb, gauntletpeer } from "@gauntlet/proto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { KvStore, validateTxn, type WriteResponse } from "./index.js";
import type { Result } from "./result.js";
import { Model } from "./test-model.js";
import { bytes, compare, plain, put } from "./test-requests.js";

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

const { request: ops } = fc.letrec<{ request: pb.IRequestOp; txn: pb.ITxnRequest }>((tie) => ({
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

function applyToStore(store: KvStore, op: pb.IRequestOp): pb.IResponseOp | string {
  const unwrap = <Response>(result: Result<Response>, wrap: (response: Response) => pb.IResponseOp) =>
    result.type === "ok" ? wrap(result.response) : result.error;
  if (op.request_range) return unwrap(store.range(op.request_range), (one) => ({ response_range: one }));
  if (op.request_put) return unwrap(store.put(op.request_put), (one) => ({ response_put: one }));
  if (op.request_delete_range) {
    return unwrap(store.deleteRange(op.request_delete_range), (one) => ({ response_delete_range: one }));
  }
  return unwrap(store.txn(op.request_txn ?? {}), (one) => ({ response_txn: one }));
}

/** The bytes of a command of the log; null: ranges do not go there. */
function command(op: pb.IRequestOp): Uint8Array | null {
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

it("answers as the model does, errors and old revisions included, and keeps every revision as it was", () => {
  fc.assert(
    fc.property(fc.array(ops, { maxLength: 30 }), (requests) => {
      const [store, model] = [new KvStore(), new Model()];
      for (const request of requests) {
        if (request.request_txn && validateTxn(request.request_txn) !== null) continue;
        const expected = model.apply(request);
        const got = applyToStore(store, request);
        expect(typeof got === "string" ? got : plain(got)).toEqual(
          typeof expected === "string" ? expected : plain(expected),
        );
        expect(store.revision).toBe(model.revision);
      }
      for (let revision = 1; revision <= model.revision; revision++) {
        const everything = { request_range: { key: bytes("\0"), range_end: bytes("\0"), revision } };
        expect(plain(applyToStore(store, everything) as object)).toEqual(
          plain(model.apply(everything) as object),
        );
      }
      expect(store.sizes().keys).toBe(model.states.at(-1)?.size);
    }),
    { numRuns: 1500 },
  );
});

it("leaves nothing of a request that it refused", () => {
  fc.assert(
    fc.property(fc.array(ops, { maxLength: 12 }), ops, (requests, last) => {
      const store = new KvStore();
      for (const request of [...requests, last]) {
        if (request.request_txn && validateTxn(request.request_txn) !== null) continue;
        const state = () => [store.hash(), store.revision, store.sizes()];
        const before = state();
        const refused = typeof applyToStore(store, request) === "string";
        expect(refused ? state() : before).toEqual(before);
      }
    }),
    { numRuns: 500 },
  );
});

it("comes to the same state and the same answers from the log as from direct calls", () => {
  fc.assert(
    fc.property(fc.array(ops, { maxLength: 20 }), (requests) => {
      const [direct, fromLog] = [new KvStore(), new KvStore()];
      for (const request of requests) {
        const data = command(request);
        if (data === null || (request.request_txn && validateTxn(request.request_txn) !== null)) continue;
        const expected = applyToStore(direct, request);
        const { origin, requestId, result } = fromLog.applyCommand(data);
        expect({ origin, requestId }).toEqual({ origin: 2, requestId: 5 });
        const got: WriteResponse | string = result.type === "ok" ? result.response : result.error;
        expect(plain({ got })).toEqual(
          plain({ got: typeof expected === "string" ? expected : Object.values(expected)[0] }),
        );
        expect(fromLog.hash()).toBe(direct.hash());
      }
    }),
    { numRuns: 500 },
  );
});

it("gives different hashes for different states", () => {
  const hashes = [
    ["a", "1"],
    ["a", "2"],
    ["b", "1"],
  ].map(([key = "", value = ""]) => {
    const store = new KvStore();
    store.put(put(key, value));
    return store.hash();
  });
  expect(new Set([...hashes, new KvStore().hash()]).size).toBe(4);
});
