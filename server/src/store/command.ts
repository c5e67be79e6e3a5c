import { etcdserverpb as pb, gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { InvariantViolation } from "../raft/invariant.js";
import { fromProtoMember, type MemberAttributes } from "./members.js";
import type { TxnOp } from "./request-op.js";

/** A write as it stands in the log: a client's, or what is told of members. */
export interface Command {
  readonly origin: number;
  readonly requestId: number;
  readonly op: Exclude<TxnOp, { type: "range" }> | MembersOp;
}

export interface MembersOp {
  readonly type: "members";
  readonly members: readonly MemberAttributes[];
}

/**
 * Throws InvariantViolation for bytes that are no command. They were committed, so a member that skipped
 * them would have another state than those that did not: it must stop.
 */
export function decodeCommand(data: Uint8Array): Command {
  return decoded(data, (message) => {
    const [origin, requestId] = [toSafeNumber(message.origin), toSafeNumber(message.request_id)];
    return { origin, requestId, op: decodeOp(message) };
  });
}

/** Of the data of a configuration entry: who is added, and who goes. No data: nobody is named. Throws as `decodeCommand`. */
export function decodeMembers(data: Uint8Array): readonly MemberAttributes[] {
  return decoded(data, ({ members }) => members.map(fromProtoMember));
}

function decoded<Value>(data: Uint8Array, read: (message: gauntletpeer.Command) => Value): Value {
  try {
    return read(gauntletpeer.Command.decode(data));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvariantViolation(`a committed entry holds no command: ${reason}`, { cause: error });
  }
}

function decodeOp({ put, delete_range, txn, members }: gauntletpeer.Command): Command["op"] {
  if (put) return { type: "put", request: pb.PutRequest.decode(put) };
  if (delete_range) return { type: "deleteRange", request: pb.DeleteRangeRequest.decode(delete_range) };
  if (txn) return { type: "txn", request: pb.TxnRequest.decode(txn) };
  if (members.length > 0) return { type: "members", members: members.map(fromProtoMember) };
  throw new Error("it has no request in it, or one of a kind that this server does not know");
}
