import type { etcdserverpb as pb } from "@gauntlet/proto";
import { crc32 } from "../checksum.js";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import type { StateHash } from "../replica/report.js";
import { decodeCommand, decodeMembers } from "./command.js";
import { KeySpace } from "./key-space.js";
import {
  NO_MEMBERS,
  registryHash,
  withAttributes,
  withConfiguration,
  type MemberRegistry,
} from "./members.js";
import { RECORD_HEADER_BYTES, recordFault, recordHeader } from "./record.js";
import type { TxnOp } from "./request-op.js";
import type { Result } from "./result.js";
import type { StateMeta } from "./state-meta.js";
import { Transaction, type ResponseOf } from "./transaction.js";

/** The answer to a command of the log. What is told of members is answered by a header alone. */
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
 * The key space of the cluster, in etcd's semantics, and what the log tells of its members: a state machine whose
 * state is a function of the entries applied and nothing else. Requests must have passed validate.ts. Answers are
 * etcd's messages, their headers with nothing but the revision; the bytes in them belong to the store. See README.md.
 */
export class KvStore {
  private space = new KeySpace();
  private current = FIRST_REVISION;
  private registry = NO_MEMBERS;
  private registryHash = registryHash(NO_MEMBERS);

  /** Advances by one with each write that changes something. */
  get revision(): number {
    return this.current;
  }

  /** Another object after each change, so that one that was kept stays as it is. */
  get members(): MemberRegistry {
    return this.registry;
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

  /** Applies the data of a normal entry. Throws InvariantViolation for what no member can have proposed. */
  applyCommand(data: Uint8Array): AppliedCommand {
    const { origin, requestId, op } = decodeCommand(data);
    if (op.type !== "members") return { origin, requestId, result: this.run(op) };
    this.setMembers(withAttributes(this.registry, op.members));
    return { origin, requestId, result: { type: "ok", response: { header: { revision: this.current } } } };
  }

  /** Applies a configuration entry, `data` included. Throws as `applyCommand` does. */
  applyConfiguration(configuration: Configuration, data: Uint8Array): void {
    this.setMembers(withConfiguration(this.registry, configuration, decodeMembers(data)));
  }

  /** Over every version of every key: equal for replicas that applied the same commands. etcd's HashKV. */
  hash(): number {
    return this.hashAt(this.current);
  }

  /** As `hash` was at `revision`, which must not be a future one. */
  hashAt(revision: number): number {
    const { log } = this.space;
    return log.hash(log.countAt(revision));
  }

  /** Of the whole state, that of the members too. `index`: of the entry applied last. */
  stateHash(index: number): StateHash {
    const hash = crc32(`${this.current} ${this.registryHash}`, this.hash());
    return { index, revision: this.current, hash };
  }

  /** How many records the state is made of: one for each version of each key. */
  get records(): number {
    return this.space.log.count;
  }

  /** A view of record `at`, counted from 0. */
  record(at: number): Uint8Array {
    return this.space.log.record(at + 1);
  }

  /** Rolling, over the first `count` records. */
  hashOfRecords(count: number): number {
    return this.space.log.hash(count);
  }

  /** The state as it is now, but for its records. `mark`: the entry applied last. */
  meta({ index, term, configuration }: SnapshotMark): StateMeta {
    const { records, revision } = this;
    const { members, removed } = this.registry;
    return { index, term, configuration, revision, records, hash: this.hash(), members, removed };
  }

  /** Adds a record of another store, the next in order. What is wrong with it; null: nothing. For loading alone. */
  restoreRecord(record: Uint8Array): string | null {
    const fault = recordFault(record);
    if (fault !== null) return fault;
    const { revision, keyLength } = recordHeader(record);
    if (revision < this.current) return `it has revision ${revision}, and one before it ${this.current}`;
    this.space.restore(record, record.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + keyLength));
    this.current = revision;
    return null;
  }

  /** For loading alone. */
  restoreMembers({ members, removed }: MemberRegistry): void {
    this.setMembers({ members, removed });
  }

  /** Becomes `other`, which nobody may use any more: a snapshot takes the place of the state. */
  replaceBy(other: KvStore): void {
    this.space = other.space;
    this.current = other.current;
    this.setMembers(other.registry);
  }

  private setMembers(registry: MemberRegistry): void {
    if (registry === this.registry) return;
    this.registry = registry;
    this.registryHash = registryHash(registry);
  }

  private run<Type extends TxnOp["type"]>(op: Extract<TxnOp, { type: Type }>): Result<ResponseOf[Type]> {
    const transaction = new Transaction(this.space, this.current);
    const result = transaction.run<Type>(op);
    this.current = transaction.revision;
    return result;
  }
}
