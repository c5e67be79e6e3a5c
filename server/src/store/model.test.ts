import type { etcdserverpb as pb } from "@gauntlet/proto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { KvStore, validateTxn, type WriteResponse } from "./index.js";
import type { Result } from "./result.js";
import { command, requests as ops } from "./test-arbitraries.js";
import { Model } from "./test-model.js";
import { bytes, plain, put } from "./test-requests.js";

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
