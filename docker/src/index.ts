export { DockerError } from "./docker-error.js";
export { removeOwnedNow } from "./emergency.js";
export {
  DockerHosts,
  MAX_NODES,
  type DockerHostsOptions,
  type HostFailure,
} from "./hosts.js";
export { ensureImages, imageExists, type ImageOptions } from "./image.js";
export { type ReadinessOptions, untilAnswering } from "./readiness.js";
export { removeLeftovers } from "./resources.js";
export { findSystem, SYSTEMS, systemVersion } from "./systems/index.js";
export type { Complaint, LogRules } from "./systems/log-rules.js";
export { type Endpoint, type Observation, PORTS, type System } from "./systems/system.js";
export { removeLeftoverDirectories, type TemporaryDirectory, temporaryDirectory } from "./temporary.js";
