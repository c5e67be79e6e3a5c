import { etcdserverpb as pb } from "@gauntlet/proto";
import { afterEach, describe, expect, test } from "vitest";
import type { KvClient, KvTransaction } from "./kv-client.js";
import { connect, kvClient } from "./kv-client.js";
import { freePort } from "./testing/harness.js";
import type { KvServerOptions } from "./testing/kv-server.js";
import { startKvServer } from "./testing/kv-server.js";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) {
    close();
  }
});

function on(port: number): KvClient {
  const etcd = connect({ endpoint: `127.0.0.1:${port}`, deadlineMs: 5000 });
  closers.push(() => etcd.close());
  return kvClient(etcd);
}

async function serving(options: Partial<KvServerOptions>): Promise<KvClient> {
  const { server, port } = await startKvServer({
    port: 0,
    range: (answer) => answer(null, {}),
    put: (answer) => answer(null, {}),
    arrived: () => undefined,
    ...options,
  });
  closers.push(() => server.forceShutdown());
  return on(port);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const textOf = (value: Uint8Array | null | undefined): string => Buffer.from(value ?? []).toString();

describe("kvClient", () => {
  test("a read gives the value and the store's revision", async () => {
    const kvs = [{ key: text("r0"), value: text("4"), mod_revision: 3 }];
    const node = await serving({ range: (answer) => answer(null, { header: { revision: 9 }, kvs }) });
    expect(await node.read("r0")).toEqual({ type: "ok", value: "4", revision: 9 });
  });

  test("an absent key reads as null", async () => {
    const node = await serving({ range: (answer) => answer(null, { header: { revision: 1 }, kvs: [] }) });
    expect(await node.read("r0")).toEqual({ type: "ok", value: null, revision: 1 });
  });

  test("a failed read is never null", async () => {
    expect(await on(await freePort()).read("r0")).toMatchObject({
      type: "fail",
      error: { code: "never-sent" },
    });
  });

  test("bytes that nobody wrote are shown to the checks", async () => {
    const kvs = [{ key: text("r0"), value: Uint8Array.of(0xff) }];
    const node = await serving({ range: (answer) => answer(null, { header: { revision: 1 }, kvs }) });
    expect(await node.read("r0")).toMatchObject({ type: "ok", value: "\ufffd" });
  });

  test("a write without a proper answer may have happened", async () => {
    const node = await serving({ put: (answer) => answer(null, {}) });
    expect(await node.write("r0", "1")).toMatchObject({ type: "info", error: { code: "internal" } });
  });

  test.each([true, false])("compare-and-set that says %s", async (succeeded) => {
    const requests: pb.TxnRequest.$Properties[] = [];
    const node = await serving({
      txn: (request) => {
        requests.push(request);
        return { header: { revision: 5 }, succeeded, responses: succeeded ? [{ response_put: {} }] : [] };
      },
    });
    expect(await node.compareAndSet("r0", "1", "2")).toEqual({ type: "ok", value: succeeded, revision: 5 });
    const [request] = requests;
    expect(request?.compare).toHaveLength(1);
    const [compare] = request?.compare ?? [];
    expect(compare).toMatchObject({ target: pb.Compare.CompareTarget.VALUE });
    expect(compare?.result ?? 0).toBe(pb.Compare.CompareResult.EQUAL);
    expect(Buffer.from(compare?.value ?? []).toString()).toBe("1");
    expect(request?.success).toHaveLength(1);
    expect(Buffer.from(request?.success?.[0]?.request_put?.value ?? []).toString()).toBe("2");
    expect(request?.failure).toEqual([]);
  });

  describe("transact", () => {
    const { VALUE, MOD } = pb.Compare.CompareTarget;
    const kv = (value: string, mod_revision: number): pb.RangeResponse.$Properties => ({
      kvs: [{ key: text("any"), value: text(value), mod_revision }],
    });
    const transaction: KvTransaction = {
      guards: [
        { key: "a", value: "1" },
        { key: "b", modRevision: 0 },
      ],
      then: [
        { type: "get", key: "a" },
        { type: "put", key: "b", value: "2" },
        { type: "get", key: "c" },
      ],
      else: [{ type: "get", key: "b" }],
    };

    test("asks for its guards and both branches", async () => {
      const requests: pb.TxnRequest.$Properties[] = [];
      const node = await serving({
        txn: (request) => {
          requests.push(request);
          return { header: { revision: 5 }, responses: [{ response_range: {} }] };
        },
      });
      await node.transact(transaction);
      const [{ compare, success, failure } = {}] = requests;
      const guards = (compare ?? []).map(({ key, target, result, value, mod_revision }) => {
        expect(result ?? 0).toBe(pb.Compare.CompareResult.EQUAL);
        return [textOf(key), target, value?.length ? textOf(value) : Number(mod_revision)];
      });
      expect(guards).toEqual([
        ["a", VALUE, "1"],
        ["b", MOD, 0],
      ]);
      const steps = [...(success ?? []), ...(failure ?? [])].map(({ request_range, request_put }) =>
        request_put
          ? `put ${textOf(request_put.key)} ${textOf(request_put.value)}`
          : `get ${textOf(request_range?.key)}`,
      );
      expect(steps).toEqual(["get a", "put b 2", "get c", "get b"]);
      expect(success).toHaveLength(3);
      expect(
        [...(success ?? []), ...(failure ?? [])].some(({ request_range }) => request_range?.serializable),
      ).toBe(false);
    });

    test("tells what the gets of the branch that ran found", async () => {
      const responses = [{ response_range: kv("1", 4) }, { response_put: {} }, { response_range: {} }];
      const node = await serving({ txn: () => ({ header: { revision: 9 }, succeeded: true, responses }) });
      expect(await node.transact(transaction)).toEqual({
        type: "ok",
        value: { succeeded: true, reads: [{ value: "1", modRevision: 4 }, null] },
        revision: 9,
      });
      const other = await serving({
        txn: () => ({ header: { revision: 9 }, responses: [{ response_range: kv("x", 7) }] }),
      });
      expect(await other.transact(transaction)).toEqual({
        type: "ok",
        value: { succeeded: false, reads: [{ value: "x", modRevision: 7 }] },
        revision: 9,
      });
    });

    const read: KvTransaction = { guards: [], then: [{ type: "get", key: "a" }] };
    const guarded: KvTransaction = { ...read, else: [{ type: "put", key: "a", value: "1" }] };

    test.each([
      ["a read", read, "fail"],
      ["a write, though only its other branch puts", guarded, "info"],
    ] as const)("without a proper answer %s is %s", async (_, each, type) => {
      const node = await serving({
        txn: () => ({ header: { revision: 9 }, succeeded: true, responses: [] }),
      });
      expect(await node.transact(each)).toMatchObject({ type, error: { code: "internal" } });
    });

    test("what never left is fail, read or write", async () => {
      const node = on(await freePort());
      for (const each of [read, guarded])
        expect(await node.transact(each)).toMatchObject({ type: "fail", error: { code: "never-sent" } });
    });
  });
});
