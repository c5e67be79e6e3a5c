import { etcdserverpb as pb, toSafeNumber } from "@gauntlet/proto";
import type {
  Client,
  Found,
  Guard,
  Outcome,
  Step,
  Transaction,
  TransactionAnswer,
} from "@gauntlet/workloads";
import { EtcdError, isReadOnlyTxn, validateTxn } from "@gauntlet/server/inside";
import type { Server, WriteResult } from "./boot.js";
import type { CallContext } from "./call.js";
import { startCall } from "./call.js";

const { EQUAL } = pb.Compare.CompareResult;
const { MOD, VALUE } = pb.Compare.CompareTarget;

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

  transact({ guards, then, else: otherwise = [] }: Transaction): Promise<Outcome<TransactionAnswer>> {
    const request: pb.ITxnRequest = {
      compare: guards.map(compare),
      success: then.map(requestOp),
      failure: otherwise.map(requestOp),
    };
    return new Promise((resolve) => {
      if (isReadOnlyTxn(request)) {
        startCall(this.context, "read", (server) => readTxn(server, request), resolve);
      } else startCall(this.context, "write", (server) => writeTxn(server, request), resolve);
    });
  }
}

function compare(guard: Guard): pb.ICompare {
  const key = Buffer.from(guard.key);
  if ("value" in guard) return { target: VALUE, result: EQUAL, key, value: Buffer.from(guard.value) };
  return { target: MOD, result: EQUAL, key, mod_revision: guard.modRevision };
}

function requestOp(step: Step): pb.IRequestOp {
  const key = Buffer.from(step.key);
  return step.type === "get"
    ? { request_range: { key } }
    : { request_put: { key, value: Buffer.from(step.value) } };
}

async function readTxn(server: Server, request: pb.ITxnRequest): Promise<Outcome<TransactionAnswer>> {
  refuse(validateTxn(request));
  await server.replica.readBarrier();
  return transacted(server.store.txn(request));
}

async function writeTxn(server: Server, request: pb.ITxnRequest): Promise<Outcome<TransactionAnswer>> {
  refuse(validateTxn(request));
  return transacted(await server.replica.propose({ txn: pb.TxnRequest.encode(request).finish() }));
}

function refuse(error: EtcdError["errorName"] | null): void {
  if (error !== null) throw new EtcdError(error);
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

function transacted(result: WriteResult): Outcome<TransactionAnswer> {
  const revision = revisionOf(result);
  const response: pb.ITxnResponse = result.type === "ok" ? result.response : {};
  const reads = (response.responses ?? []).flatMap(found);
  return { type: "ok", value: { succeeded: response.succeeded ?? false, reads }, revision };
}

/** What a get found; of a put there is nothing to tell. */
function found({ response_range }: pb.IResponseOp): readonly (Found | null)[] {
  if (!response_range) return [];
  const kv = response_range.kvs?.[0];
  return [
    kv === undefined ? null : { value: text(kv.value), modRevision: toSafeNumber(kv.mod_revision ?? 0) },
  ];
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
