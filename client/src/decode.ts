import type { Int64, etcdserverpb as pb, mvccpb } from "@gauntlet/proto";
import { toBigInt, toSafeNumber } from "@gauntlet/proto";
import type {
  DeleteRangeResponse,
  HashKvResponse,
  Header,
  KeyValue,
  Member,
  MemberAddResponse,
  MemberListResponse,
  PutResponse,
  RangeResponse,
  StatusResponse,
  TxnAnswer,
  TxnRequest,
  TxnResponse,
} from "./messages.js";

/** An answer that is not what the API promises. It says nothing about what the server did. */
export class MalformedAnswer extends Error {}

const NO_BYTES = new Uint8Array(0);

function number(value: Int64 | null | undefined): number {
  return toSafeNumber(value ?? 0);
}

function id(value: Int64 | null | undefined): bigint {
  return toBigInt(value ?? 0);
}

function decodeHeader(header: pb.ResponseHeader.$Properties | null | undefined): Header {
  if (header === null || header === undefined) {
    throw new MalformedAnswer("the answer has no header");
  }
  return {
    clusterId: id(header.cluster_id),
    memberId: id(header.member_id),
    revision: number(header.revision),
    raftTerm: number(header.raft_term),
  };
}

function decodeKeyValue(kv: mvccpb.KeyValue.$Properties): KeyValue {
  return {
    key: kv.key ?? NO_BYTES,
    value: kv.value ?? NO_BYTES,
    createRevision: number(kv.create_revision),
    modRevision: number(kv.mod_revision),
    version: number(kv.version),
    lease: id(kv.lease),
  };
}

function rangeBody(response: pb.RangeResponse.$Properties): Omit<RangeResponse, "header"> {
  return {
    kvs: (response.kvs ?? []).map(decodeKeyValue),
    more: response.more ?? false,
    count: number(response.count),
  };
}

function putBody(response: pb.PutResponse.$Properties): Omit<PutResponse, "header"> {
  const previous = response.prev_kv ?? null;
  return { prevKv: previous === null ? null : decodeKeyValue(previous) };
}

function deleteBody(response: pb.DeleteRangeResponse.$Properties): Omit<DeleteRangeResponse, "header"> {
  return { deleted: number(response.deleted), prevKvs: (response.prev_kvs ?? []).map(decodeKeyValue) };
}

export function decodeRange(response: pb.RangeResponse.$Properties): RangeResponse {
  return { header: decodeHeader(response.header), ...rangeBody(response) };
}

export function decodePut(response: pb.PutResponse.$Properties): PutResponse {
  return { header: decodeHeader(response.header), ...putBody(response) };
}

export function decodeDeleteRange(response: pb.DeleteRangeResponse.$Properties): DeleteRangeResponse {
  return { header: decodeHeader(response.header), ...deleteBody(response) };
}

function decodeAnswer(answer: pb.ResponseOp.$Properties): TxnAnswer {
  if (answer.response_range) {
    return { type: "range", ...rangeBody(answer.response_range) };
  }
  if (answer.response_put) {
    return { type: "put", ...putBody(answer.response_put) };
  }
  if (answer.response_delete_range) {
    return { type: "delete", ...deleteBody(answer.response_delete_range) };
  }
  throw new MalformedAnswer("an operation of the transaction was answered with an unknown kind of answer");
}

/** Each operation of the branch that was taken has its answer, in its order. */
export function decodeTxn(
  { success, failure }: Pick<TxnRequest, "success" | "failure">,
  response: pb.TxnResponse.$Properties,
): TxnResponse {
  const succeeded = response.succeeded ?? false;
  const operations = succeeded ? success : failure;
  const responses = (response.responses ?? []).map(decodeAnswer);
  const fits = operations.every(({ type }, index) => responses[index]?.type === type);
  if (!fits || responses.length !== operations.length) {
    const [answered, asked] = [responses, operations].map((list) => list.map(({ type }) => type).join(", "));
    throw new MalformedAnswer(
      `a transaction of ${asked || "nothing"} was answered with ${answered || "nothing"}`,
    );
  }
  return { header: decodeHeader(response.header), succeeded, responses };
}

export function decodeStatus(response: pb.StatusResponse.$Properties): StatusResponse {
  return {
    header: decodeHeader(response.header),
    version: response.version ?? "",
    leader: id(response.leader),
    raftIndex: number(response.raftIndex),
    raftTerm: number(response.raftTerm),
    raftAppliedIndex: number(response.raftAppliedIndex),
    dbSizeBytes: number(response.dbSize),
    isLearner: response.isLearner ?? false,
    errors: response.errors ?? [],
  };
}

export function decodeHashKv(response: pb.HashKVResponse.$Properties): HashKvResponse {
  return {
    header: decodeHeader(response.header),
    hash: number(response.hash),
    compactRevision: number(response.compact_revision),
  };
}

function decodeMember(member: pb.Member.$Properties): Member {
  return {
    id: id(member.ID),
    name: member.name ?? "",
    peerUrls: member.peerURLs ?? [],
    clientUrls: member.clientURLs ?? [],
    isLearner: member.isLearner ?? false,
  };
}

/** Also of the answers to changes, which have the same fields. */
export function decodeMemberList(response: pb.MemberListResponse.$Properties): MemberListResponse {
  return { header: decodeHeader(response.header), members: (response.members ?? []).map(decodeMember) };
}

export function decodeMemberAdd(response: pb.MemberAddResponse.$Properties): MemberAddResponse {
  const { member } = response;
  if (member === null || member === undefined) throw new MalformedAnswer("the answer names no new member");
  return { ...decodeMemberList(response), member: decodeMember(member) };
}
