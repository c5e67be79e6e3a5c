export { etcdserverpb, mvccpb } from "../generated/etcd.js";
export { gauntletpeer } from "../generated/peer.js";
export { endingWithChannel } from "./channel-end.js";
export { fromBigInt, toBigInt, toSafeNumber } from "./int64.js";
export type { Int64 } from "./int64.js";
export { clusterService, kvService, maintenanceService, peerService } from "./services.js";
