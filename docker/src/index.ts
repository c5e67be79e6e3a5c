export { DockerError } from "./docker-error.js";
export { removeOwnedNow } from "./emergency.js";
export {
  DockerHosts,
  MAX_NODES,
  type DockerHostsOptions,
  type Endpoint,
  type HostFailure,
} from "./hosts.js";
export { ensureImages, type ImageOptions } from "./image.js";
export { removeLeftovers } from "./resources.js";
export { PORTS } from "./server-arguments.js";
