import { etcdserverpb as pb } from "@gauntlet/proto";
import type {
  Bytes,
  Compare,
  Comparison,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnOperation,
  TxnRequest,
} from "./messages.js";

const encoder = new TextEncoder();

function bytes(value: Bytes): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

export function encodeRange(request: RangeRequest): pb.RangeRequest.$Properties {
  return {
    key: bytes(request.key),
    range_end: bytes(request.rangeEnd ?? ""),
    limit: request.limit ?? 0,
    revision: request.revision ?? 0,
    serializable: request.serializable ?? false,
    keys_only: request.keysOnly ?? false,
    count_only: request.countOnly ?? false,
  };
}

export function encodePut(request: PutRequest): pb.PutRequest.$Properties {
  return {
    key: bytes(request.key),
    value: bytes(request.value),
    prev_kv: request.prevKv ?? false,
  };
}

export function encodeDeleteRange(request: DeleteRangeRequest): pb.DeleteRangeRequest.$Properties {
  return {
    key: bytes(request.key),
    range_end: bytes(request.rangeEnd ?? ""),
    prev_kv: request.prevKv ?? false,
  };
}

const RESULTS: Readonly<Record<Comparison, pb.Compare.CompareResult>> = {
  equal: pb.Compare.CompareResult.EQUAL,
  "not-equal": pb.Compare.CompareResult.NOT_EQUAL,
  greater: pb.Compare.CompareResult.GREATER,
  less: pb.Compare.CompareResult.LESS,
};

function encodeCompare(compare: Compare): pb.Compare.$Properties {
  const common = { key: bytes(compare.key), result: RESULTS[compare.result] };
  if (compare.target === "value") {
    return { ...common, target: pb.Compare.CompareTarget.VALUE, value: bytes(compare.value) };
  }
  if (compare.target === "version") {
    return { ...common, target: pb.Compare.CompareTarget.VERSION, version: compare.value };
  }
  if (compare.target === "create") {
    return { ...common, target: pb.Compare.CompareTarget.CREATE, create_revision: compare.value };
  }
  return { ...common, target: pb.Compare.CompareTarget.MOD, mod_revision: compare.value };
}

function encodeOperation(operation: TxnOperation): pb.RequestOp.$Properties {
  if (operation.type === "range") {
    return { request_range: encodeRange(operation) };
  }
  if (operation.type === "put") {
    return { request_put: encodePut(operation) };
  }
  return { request_delete_range: encodeDeleteRange(operation) };
}

export function encodeTxn(request: TxnRequest): pb.TxnRequest.$Properties {
  return {
    compare: request.compare.map(encodeCompare),
    success: request.success.map(encodeOperation),
    failure: request.failure.map(encodeOperation),
  };
}
