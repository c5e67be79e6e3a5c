import type { etcdserverpb as pb } from "@gauntlet/proto";

/** One operation of a txn, with its kind as the tag. */
export type TxnOp =
  | { readonly type: "range"; readonly request: pb.IRangeRequest }
  | { readonly type: "put"; readonly request: pb.IPutRequest }
  | { readonly type: "deleteRange"; readonly request: pb.IDeleteRangeRequest }
  | { readonly type: "txn"; readonly request: pb.ITxnRequest };

/** null: the message has no operation in it. */
export function txnOp(message: pb.IRequestOp): TxnOp | null {
  if (message.request_range) return { type: "range", request: message.request_range };
  if (message.request_put) return { type: "put", request: message.request_put };
  if (message.request_delete_range) return { type: "deleteRange", request: message.request_delete_range };
  if (message.request_txn) return { type: "txn", request: message.request_txn };
  return null;
}

/** Whether it changes nothing whichever branch is taken, and so need not go through the log. */
export function isReadOnlyTxn(request: pb.ITxnRequest): boolean {
  return topLevelOps(request).every((message) => message.request_range);
}

/**
 * Whether a read-only txn may be answered from this member's own state: it reads, and says of every read
 * that it may be stale. One of compares alone says nothing of the kind.
 */
export function isSerializableTxn(request: pb.ITxnRequest): boolean {
  const ops = topLevelOps(request);
  return ops.length > 0 && ops.every((message) => message.request_range?.serializable === true);
}

function topLevelOps(request: pb.ITxnRequest): readonly pb.IRequestOp[] {
  return [...(request.success ?? []), ...(request.failure ?? [])];
}
