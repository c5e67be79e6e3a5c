import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { etcdserverpb as pb, toSafeNumber } from "@gauntlet/proto";
import { EtcdError } from "../errors.js";
import { API_VERSION } from "../version.js";
import { header, isLearner } from "./context.js";
import type { ApiContext } from "./context.js";
import { ALWAYS, unary } from "./unary.js";

const { AlarmAction } = pb.AlarmRequest;

/** etcd's word for a history that was never compacted. */
const NEVER_COMPACTED = -1;

/** etcdserverpb.Maintenance: of the dialled member alone, and without a quorum, but for MoveLeader. */
export function maintenanceHandlers(context: ApiContext): UntypedServiceImplementation {
  const { store, replica } = context;
  return {
    alarm: unary<pb.AlarmRequest, pb.AlarmResponse.$Properties>(context, "Alarm", (request) => {
      const alarms = request.action === AlarmAction.GET ? alarmsOf(context, request) : [];
      // They follow what is the case: none can be set, and they end by themselves.
      if (request.action === AlarmAction.ACTIVATE) throw new EtcdError("Unsupported");
      return { header: header(context, store.revision), alarms };
    }),
    status: unary<pb.StatusRequest, pb.StatusResponse.$Properties>(
      context,
      "Status",
      () => statusOf(context),
      ALWAYS,
    ),
    // What is deleted takes no room in pages that could be given back: there is nothing to do.
    defragment: unary<pb.DefragmentRequest, pb.DefragmentResponse.$Properties>(context, "Defragment", () => {
      return {};
    }),
    hash: unary<pb.HashRequest, pb.HashResponse.$Properties>(context, "Hash", () => {
      return { header: header(context, store.revision), hash: store.hash() };
    }),
    hashKV: unary<pb.HashKVRequest, pb.HashKVResponse.$Properties>(context, "HashKV", (request) => {
      const asked = toSafeNumber(request.revision);
      if (asked < 0) throw new EtcdError("Compacted");
      if (asked > store.revision) throw new EtcdError("FutureRev");
      const revision = asked === 0 ? store.revision : asked;
      return {
        header: header(context, store.revision),
        hash: store.hashAt(revision),
        compact_revision: NEVER_COMPACTED,
        hash_revision: revision,
      };
    }),
    moveLeader: unary<pb.MoveLeaderRequest, pb.MoveLeaderResponse.$Properties>(
      context,
      "MoveLeader",
      async (request) => {
        await replica.transferLeadership(toSafeNumber(request.targetID));
        return {};
      },
    ),
  };
}

function statusOf(context: ApiContext): pb.StatusResponse.$Properties {
  const { leader, commitIndex, appliedIndex, term } = context.replica.status();
  const bytes = context.diskBytes();
  const noLeader = leader === null ? [new EtcdError("NoLeader").message] : [];
  const alarms = context.replica.alarms.map(({ member, alarm }) => `memberID:${member} alarm:${alarm} `);
  return {
    header: header(context, context.store.revision),
    version: API_VERSION,
    dbSize: bytes,
    dbSizeInUse: bytes,
    leader: leader ?? 0,
    raftIndex: commitIndex,
    raftAppliedIndex: appliedIndex,
    raftTerm: term,
    isLearner: isLearner(context),
    errors: [...noLeader, ...alarms],
  };
}

/** A member id of 0 and an alarm NONE stand for all. */
function alarmsOf({ replica }: ApiContext, request: pb.AlarmRequest): pb.AlarmMember.$Properties[] {
  const id = toSafeNumber(request.memberID);
  return replica.alarms
    .map(({ member, alarm }) => ({ memberID: member, alarm: pb.AlarmType[alarm] }))
    .filter(({ memberID }) => id === 0 || memberID === id)
    .filter(({ alarm }) => request.alarm === pb.AlarmType.NONE || alarm === request.alarm);
}
