import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { etcdserverpb as pb } from "../generated/etcd.js";
import { gauntletpeer as peer } from "../generated/peer.js";

/** The two static functions of a generated message class that a gRPC method needs. */
interface Codec<Shape> {
  encode(message: Shape): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Shape;
}

function method<Request, Response>(
  path: string,
  request: Codec<Request>,
  response: Codec<Response>,
  requestStream = false,
): MethodDefinition<Request, Response> {
  return {
    path,
    requestStream,
    responseStream: false,
    requestSerialize: (message) => Buffer.from(request.encode(message).finish()),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => Buffer.from(response.encode(message).finish()),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

/** etcd's KV service: the part of it that the cluster serves. */
export const kvService = {
  range: method("/etcdserverpb.KV/Range", pb.RangeRequest, pb.RangeResponse),
  put: method("/etcdserverpb.KV/Put", pb.PutRequest, pb.PutResponse),
  deleteRange: method("/etcdserverpb.KV/DeleteRange", pb.DeleteRangeRequest, pb.DeleteRangeResponse),
  txn: method("/etcdserverpb.KV/Txn", pb.TxnRequest, pb.TxnResponse),
} as const satisfies ServiceDefinition;

/** etcd's Cluster service: the part of it that the cluster serves. */
export const clusterService = {
  memberAdd: method("/etcdserverpb.Cluster/MemberAdd", pb.MemberAddRequest, pb.MemberAddResponse),
  memberRemove: method("/etcdserverpb.Cluster/MemberRemove", pb.MemberRemoveRequest, pb.MemberRemoveResponse),
  memberUpdate: method("/etcdserverpb.Cluster/MemberUpdate", pb.MemberUpdateRequest, pb.MemberUpdateResponse),
  memberList: method("/etcdserverpb.Cluster/MemberList", pb.MemberListRequest, pb.MemberListResponse),
  memberPromote: method(
    "/etcdserverpb.Cluster/MemberPromote",
    pb.MemberPromoteRequest,
    pb.MemberPromoteResponse,
  ),
} as const satisfies ServiceDefinition;

/** etcd's Maintenance service: the part of it that the cluster serves. */
export const maintenanceService = {
  alarm: method("/etcdserverpb.Maintenance/Alarm", pb.AlarmRequest, pb.AlarmResponse),
  status: method("/etcdserverpb.Maintenance/Status", pb.StatusRequest, pb.StatusResponse),
  defragment: method("/etcdserverpb.Maintenance/Defragment", pb.DefragmentRequest, pb.DefragmentResponse),
  hash: method("/etcdserverpb.Maintenance/Hash", pb.HashRequest, pb.HashResponse),
  hashKV: method("/etcdserverpb.Maintenance/HashKV", pb.HashKVRequest, pb.HashKVResponse),
  moveLeader: method("/etcdserverpb.Maintenance/MoveLeader", pb.MoveLeaderRequest, pb.MoveLeaderResponse),
} as const satisfies ServiceDefinition;

/** What members say to one another: one client stream a direction. */
export const peerService = {
  send: method("/gauntletpeer.Peer/Send", peer.PeerBatch, peer.SendSummary, true),
  install: method("/gauntletpeer.Peer/Install", peer.SnapshotPart, peer.InstallSummary, true),
  members: method("/gauntletpeer.Peer/Members", peer.MembersRequest, peer.MembersResponse),
} as const satisfies ServiceDefinition;
