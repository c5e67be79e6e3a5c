/**
 * Requests and answers as callers see them. Ids are bigint (they use all 64 bits); revisions, counts,
 * terms and sizes are numbers. Fields left out have etcd's zero default.
 */

/** A string stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;

export interface Header {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** The store's revision: of the write, or of the snapshot that was read. */
  readonly revision: number;
  readonly raftTerm: number;
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

export interface RangeRequest {
  readonly key: Bytes;
  readonly rangeEnd?: Bytes;
  readonly limit?: number;
  readonly revision?: number;
  /** True: answered by the node alone, possibly stale. Default: linearizable. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}

export interface PutRequest {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly prevKv?: boolean;
}

export interface DeleteRangeRequest {
  readonly key: Bytes;
  readonly rangeEnd?: Bytes;
  readonly prevKv?: boolean;
}

export type Comparison = "equal" | "not-equal" | "greater" | "less";

interface CompareOf<Target extends string, Value> {
  readonly target: Target;
  readonly result: Comparison;
  readonly key: Bytes;
  readonly value: Value;
}

export type Compare = CompareOf<"value", Bytes> | CompareOf<"version" | "create" | "mod", number>;

export type TxnOperation =
  | ({ readonly type: "range" } & RangeRequest)
  | ({ readonly type: "put" } & PutRequest)
  | ({ readonly type: "delete" } & DeleteRangeRequest);

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly TxnOperation[];
  readonly failure: readonly TxnOperation[];
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface PutResponse {
  readonly header: Header;
  readonly prevKv: KeyValue | null;
}

export interface DeleteRangeResponse {
  readonly header: Header;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

/** Answers of a transaction's operations carry no header of their own. */
export type TxnAnswer =
  | ({ readonly type: "range" } & Omit<RangeResponse, "header">)
  | ({ readonly type: "put" } & Omit<PutResponse, "header">)
  | ({ readonly type: "delete" } & Omit<DeleteRangeResponse, "header">);

export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  /** One for each operation of the branch that was taken, in its order. */
  readonly responses: readonly TxnAnswer[];
}

export interface StatusResponse {
  readonly header: Header;
  readonly version: string;
  /** Member id; 0n: this member knows of none. */
  readonly leader: bigint;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly raftAppliedIndex: number;
  readonly dbSizeBytes: number;
  readonly isLearner: boolean;
  readonly errors: readonly string[];
}

export interface HashKvRequest {
  /** 0: the newest that the member has. */
  readonly revision: number;
}

export interface HashKvResponse {
  /** Its revision is the member's newest. */
  readonly header: Header;
  readonly hash: number;
  /** 0 or -1: nothing was compacted. */
  readonly compactRevision: number;
}

export interface Member {
  readonly id: bigint;
  /** Empty until the member has started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberListResponse {
  readonly header: Header;
  readonly members: readonly Member[];
}

export interface MemberAddResponse extends MemberListResponse {
  readonly member: Member;
}
