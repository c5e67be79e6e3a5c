export { BOUNDS, type Bounds, type RunConfig } from "./run/config.js";
export type { Cluster, ClusterRequest, Connection, StartCluster } from "./run/cluster.js";
export { dockerClusters, type DockerClusterOptions } from "./run/docker-cluster.js";
export { type RecordedRun, recordRun, type RecordOptions } from "./run/record.js";
export { configure, type RunRequest } from "./cli/configure.js";
export { type CheckWorkload, checkInThread, runChecks } from "./checks/workload-check.js";
export { DataError, RigError, UsageError } from "./errors.js";
export { renderReport } from "./report/index.js";
