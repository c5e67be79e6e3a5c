import { etcdserverpb as pb } from "@gauntlet/proto";
import type { ErrorName } from "../errors.js";
import { rounded } from "./int64.js";
import { contains, keyOf, keyRange, type Key, type KeyRange } from "./keys.js";
import { txnOp } from "./request-op.js";

/**
 * The checks of a request that need no state. The API makes them before it reads or proposes; the store
 * relies on them. Each returns the first fault, or null.
 */

/** The longest of compares, success and failure of a txn; a nested one has what its parent left over. */
export const MAX_TXN_OPS = 128;

/** All operations of a txn with those nested in it. etcd has no such limit; 128 levels would need one. */
export const MAX_TXN_TOTAL_OPS = 4096;

export function validateRange(request: pb.IRangeRequest): ErrorName | null {
  if (isEmpty(request.key)) return "EmptyKey";
  const known =
    (request.sort_order ?? 0) in pb.RangeRequest.SortOrder &&
    (request.sort_target ?? 0) in pb.RangeRequest.SortTarget;
  return known ? null : "InvalidSortOption";
}

export function validatePut(request: pb.IPutRequest): ErrorName | null {
  if (isEmpty(request.key)) return "EmptyKey";
  if (request.ignore_value === true && !isEmpty(request.value)) return "ValueProvided";
  const hasLease = rounded(request.lease) !== 0;
  if (request.ignore_lease === true && hasLease) return "LeaseProvided";
  // No lease can be granted yet, so none exists.
  return hasLease ? "LeaseNotFound" : null;
}

export function validateDeleteRange(request: pb.IDeleteRangeRequest): ErrorName | null {
  return isEmpty(request.key) ? "EmptyKey" : null;
}

export function validateTxn(request: pb.ITxnRequest): ErrorName | null {
  const budget = { left: MAX_TXN_TOTAL_OPS };
  return validateLevel(request, MAX_TXN_OPS, budget) ?? validateWrites(request);
}

function validateLevel(request: pb.ITxnRequest, limit: number, budget: { left: number }): ErrorName | null {
  const compares = request.compare ?? [];
  const branches = [request.success ?? [], request.failure ?? []] as const;
  const longest = Math.max(compares.length, ...branches.map((ops) => ops.length));
  if (longest > limit) return "TooManyOps";
  if (compares.some(({ key }) => isEmpty(key))) return "EmptyKey";
  for (const message of branches.flat()) {
    budget.left -= 1;
    if (budget.left < 0) return "TooManyOps";
    const error = validateOp(message, limit - longest, budget);
    if (error !== null) return error;
  }
  return null;
}

function validateOp(message: pb.IRequestOp, limit: number, budget: { left: number }): ErrorName | null {
  const op = txnOp(message);
  switch (op?.type) {
    case "range":
      return validateRange(op.request);
    case "put":
      return validatePut(op.request);
    case "deleteRange":
      return validateDeleteRange(op.request);
    case "txn":
      return validateLevel(op.request, limit, budget);
    case undefined:
      break;
  }
  return "KeyNotFound";
}

/** What may be written by one operation, or by a list of them. */
interface Writes {
  readonly puts: Set<Key>;
  readonly deletes: KeyRange[];
}

/** No key may be put twice, nor put and deleted, by operations that can both run. */
function validateWrites(request: pb.ITxnRequest): ErrorName | null {
  return writesOfTxn(request) === null ? "DuplicateKey" : null;
}

/** The branches exclude each other, so they may write the same key. null: a branch writes one twice. */
function writesOfTxn(request: pb.ITxnRequest): Writes | null {
  const success = writesOfBranch(request.success ?? []);
  const failure = writesOfBranch(request.failure ?? []);
  if (success === null || failure === null) return null;
  for (const key of failure.puts) success.puts.add(key);
  success.deletes.push(...failure.deletes);
  return success;
}

function writesOfBranch(messages: readonly pb.IRequestOp[]): Writes | null {
  const all: Writes = { puts: new Set(), deletes: [] };
  for (const message of messages) {
    const own = writesOfOp(message);
    if (own === null || clash(all, own)) return null;
    for (const key of own.puts) all.puts.add(key);
    all.deletes.push(...own.deletes);
  }
  return all;
}

function writesOfOp(message: pb.IRequestOp): Writes | null {
  const op = txnOp(message);
  switch (op?.type) {
    case "put":
      return { puts: new Set([keyOf(op.request.key ?? new Uint8Array(0))]), deletes: [] };
    case "deleteRange":
      return { puts: new Set(), deletes: [keyRange(op.request.key, op.request.range_end)] };
    case "txn":
      return writesOfTxn(op.request);
    case "range":
    case undefined:
      break;
  }
  return { puts: new Set(), deletes: [] };
}

function clash(a: Writes, b: Writes): boolean {
  for (const key of b.puts) if (a.puts.has(key)) return true;
  return putsInto(a, b.deletes) || putsInto(b, a.deletes);
}

function putsInto({ puts }: Writes, deletes: readonly KeyRange[]): boolean {
  for (const key of puts) if (deletes.some((range) => contains(range, key))) return true;
  return false;
}

function isEmpty(bytes: Uint8Array | null | undefined): boolean {
  return bytes === null || bytes === undefined || bytes.length === 0;
}
