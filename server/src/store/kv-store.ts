import { mvccpb, type etcdserverpb as pb } from "@gauntlet/proto";
import { crc32 } from "../checksum.js";
import { decodeCommand } from "./command.js";
import { KeySpace } from "./key-space.js";
import { keyBytes } from "./keys.js";
import type { TxnOp } from "./request-op.js";
import type { Result } from "./result.js";
import { Transaction, type ResponseOf } from "./transaction.js";

/** The answer to a command of the log. */
export type WriteResponse = pb.IPutResponse | pb.IDeleteRangeResponse | pb.ITxnResponse;

export interface AppliedCommand {
  /** The member that took the request and answers it. */
  readonly origin: number;
  readonly requestId: number;
  readonly result: Result<WriteResponse>;
}

/** A store that nothing was written to; the first write makes 2. */
const FIRST_REVISION = 1;

/**
 * The key space of the cluster, in etcd's semantics: a state machine whose state is a function of the
 * commands applied and nothing else. Requests must have passed validate.ts. Answers are etcd's messages,
 * their headers with nothing but the revision; the bytes in them belong to the store. See README.md.
 */
export class KvStore {
  private readonly space = new KeySpace();
  private current = FIRST_REVISION;

  /** Advances by one with each write that changes something. */
  get revision(): number {
    return this.current;
  }

  /** `keys`: that exist now; `versions`: kept in all; `bytes`: approximate memory of those. */
  sizes(): { readonly keys: number; readonly versions: number; readonly bytes: number } {
    return this.space.sizes();
  }

  range(request: pb.IRangeRequest): Result<pb.IRangeResponse> {
    return this.run({ type: "range", request });
  }

  put(request: pb.IPutRequest): Result<pb.IPutResponse> {
    return this.run({ type: "put", request });
  }

  deleteRange(request: pb.IDeleteRangeRequest): Result<pb.IDeleteRangeResponse> {
    return this.run({ type: "deleteRange", request });
  }

  txn(request: pb.ITxnRequest): Result<pb.ITxnResponse> {
    return this.run({ type: "txn", request });
  }

  /** Applies the data of a log entry. Throws InvariantViolation for what no member can have proposed. */
  applyCommand(data: Uint8Array): AppliedCommand {
    const { origin, requestId, op } = decodeCommand(data);
    return { origin, requestId, result: this.run(op) };
  }

  /** Over the revision and every version of every key: equal for replicas that applied the same commands. */
  hash(): number {
    let hash = crc32(String(this.current));
    this.space.visitVersions((key, { revision, live }) => {
      const version = {
        key: keyBytes(key),
        mod_revision: revision,
        create_revision: live?.createRevision ?? 0,
        version: live?.version ?? 0,
        value: live?.value ?? null,
      };
      hash = crc32(mvccpb.KeyValue.encode(version).finish(), hash);
    });
    return hash;
  }

  private run<Type extends TxnOp["type"]>(op: Extract<TxnOp, { type: Type }>): Result<ResponseOf[Type]> {
    const transaction = new Transaction(this.space, this.current);
    const result = transaction.run<Type>(op);
    this.current = transaction.revision;
    return result;
  }
}
