import { etcdserverpb as pb, gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { InvariantViolation } from "../raft/invariant.js";
import type { TxnOp } from "./request-op.js";

/** A client's write as it stands in the log. */
export interface Command {
  readonly origin: number;
  readonly requestId: number;
  readonly op: Exclude<TxnOp, { type: "range" }>;
}

/**
 * Throws InvariantViolation for bytes that are no command. They were committed, so a member that skipped
 * them would have another state than those that did not: it must stop.
 */
export function decodeCommand(data: Uint8Array): Command {
  try {
    const message = gauntletpeer.Command.decode(data);
    const [origin, requestId] = [toSafeNumber(message.origin), toSafeNumber(message.request_id)];
    return { origin, requestId, op: decodeOp(message) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvariantViolation(`a committed entry holds no command: ${reason}`, { cause: error });
  }
}

function decodeOp({ put, delete_range, txn }: gauntletpeer.Command): Command["op"] {
  if (put) return { type: "put", request: pb.PutRequest.decode(put) };
  if (delete_range) return { type: "deleteRange", request: pb.DeleteRangeRequest.decode(delete_range) };
  if (txn) return { type: "txn", request: pb.TxnRequest.decode(txn) };
  throw new Error("it has no request in it, or one of a kind that this server does not know");
}
