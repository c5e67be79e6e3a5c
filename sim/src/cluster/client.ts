import { etcdserverpb as pb, toSafeNumber } from "@gauntlet/proto";
import type { Client, Outcome } from "@gauntlet/workloads";
import { EtcdError } from "@gauntlet/server/inside";
import type { Server, WriteResult } from "./boot.js";
import type { CallContext } from "./call.js";
import { startCall } from "./call.js";

const { EQUAL } = pb.Compare.CompareResult;
const { VALUE } = pb.Compare.CompareTarget;

/** A workload's client, pinned to one machine. Calls go the way of api/kv.ts, without gRPC. */
export class SimClient implements Client {
  private readonly context: CallContext;

  constructor(context: CallContext) {
    this.context = context;
  }

  read(key: string): Promise<Outcome<string | null>> {
    const bytes = Buffer.from(key);
    return new Promise((resolve) => {
      startCall(this.context, "read", (server) => range(server, bytes), resolve);
    });
  }

  write(key: string, value: string): Promise<Outcome<void>> {
    const put = pb.PutRequest.encode({ key: Buffer.from(key), value: Buffer.from(value) }).finish();
    return new Promise((resolve) => {
      startCall(this.context, "write", (server) => server.replica.propose({ put }).then(written), resolve);
    });
  }

  compareAndSet(key: string, from: string, to: string): Promise<Outcome<boolean>> {
    const bytes = Buffer.from(key);
    const txn = pb.TxnRequest.encode({
      compare: [{ target: VALUE, result: EQUAL, key: bytes, value: Buffer.from(from) }],
      success: [{ request_put: { key: bytes, value: Buffer.from(to) } }],
    }).finish();
    return new Promise((resolve) => {
      startCall(this.context, "write", (server) => server.replica.propose({ txn }).then(compared), resolve);
    });
  }
}

async function range(server: Server, key: Uint8Array): Promise<Outcome<string | null>> {
  await server.replica.readBarrier();
  const result = server.store.range({ key });
  if (result.type === "error") throw new EtcdError(result.error);
  const { header, kvs } = result.response;
  const kv = kvs?.[0];
  const value = kv === undefined ? null : text(kv.value);
  return { type: "ok", value, revision: toSafeNumber(header?.revision ?? 0) };
}

function written(result: WriteResult): Outcome<void> {
  return { type: "ok", value: undefined, revision: revisionOf(result) };
}

function compared(result: WriteResult): Outcome<boolean> {
  const revision = revisionOf(result);
  const succeeded =
    result.type === "ok" && "succeeded" in result.response && result.response.succeeded === true;
  return { type: "ok", value: succeeded, revision };
}

function revisionOf(result: WriteResult): number {
  if (result.type === "error") throw new EtcdError(result.error);
  return toSafeNumber(result.response.header?.revision ?? 0);
}

/** Bytes that are not UTF-8 become U+FFFD, as the real client has it. */
function text(bytes: Uint8Array | null | undefined): string {
  if (bytes === null || bytes === undefined) return "";
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
