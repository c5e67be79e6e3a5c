import { registerWorkload } from "./register.js";
import type { Workload } from "./workload.js";

export type * from "./client.js";
export type * from "./workload.js";
export type { KeyFailure, LinearizabilityEvidence } from "./linearizability.js";
export {
  failedKeysHtml,
  minimalPartSvg,
  type FailedKeysOptions,
  type MinimalPart,
} from "./linearizability-view.js";
export type { RevisionEvidence } from "./revisions.js";
export * from "./generators/index.js";
export { Roster, type Assignment } from "./roster.js";
export { registerWorkload } from "./register.js";

/** Every workload by the name that a user gives. */
export const WORKLOADS: Readonly<Record<string, Workload>> = { register: registerWorkload() };
