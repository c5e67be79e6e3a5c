import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { etcdserverpb } from "@gauntlet/proto";
import { EtcdError } from "../errors.js";
import { API_VERSION } from "../version.js";
import { header } from "./context.js";
import type { ApiContext } from "./context.js";
import { unary } from "./unary.js";

type AlarmResponse = etcdserverpb.AlarmResponse.$Properties;
type StatusResponse = etcdserverpb.StatusResponse.$Properties;

/** etcdserverpb.Maintenance: of the dialled member alone, and without a quorum. */
export function maintenanceHandlers(context: ApiContext): UntypedServiceImplementation {
  return {
    alarm: unary<etcdserverpb.AlarmRequest, AlarmResponse>(context, "Alarm", (request) => {
      // Nothing raises an alarm yet, so there is none to list, and none can be set or cleared.
      if (request.action !== etcdserverpb.AlarmRequest.AlarmAction.GET) throw new EtcdError("Unsupported");
      return { header: header(context, context.store.revision), alarms: [] };
    }),
    status: unary<etcdserverpb.StatusRequest, StatusResponse>(context, "Status", () => {
      const { leader, commitIndex, appliedIndex, term } = context.replica.status();
      const logBytes = context.logBytes();
      return {
        header: header(context, context.store.revision),
        version: API_VERSION,
        dbSize: logBytes,
        dbSizeInUse: logBytes,
        leader: leader ?? 0,
        raftIndex: commitIndex,
        raftAppliedIndex: appliedIndex,
        raftTerm: term,
        errors: leader === null ? [new EtcdError("NoLeader").message] : [],
      };
    }),
  };
}
