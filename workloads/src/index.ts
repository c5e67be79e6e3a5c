import { appendWorkload } from "./append.js";
import { bankWorkload } from "./bank.js";
import { counterWorkload } from "./counter.js";
import { multiRegisterWorkload } from "./multi-register.js";
import { registerWorkload } from "./register.js";
import { setWorkload } from "./set.js";
import { uniqueIdsWorkload } from "./unique-ids.js";
import type { Workload } from "./workload.js";

export type * from "./client.js";
export type * from "./workload.js";
export type { KeyFailure, LinearizabilityEvidence } from "./linearizability.js";
export {
  failedKeysHtml,
  minimalPartSvg,
  minimalPartText,
  type FailedKeysOptions,
  type MinimalPart,
} from "./linearizability-view.js";
export type { RevisionEvidence } from "./revisions.js";
export * from "./generators/index.js";
export { Roster, type Assignment } from "./roster.js";
export { wasRefused } from "./contention.js";
export type { Evidence } from "./evidence.js";
export type { CounterBoundsEvidence } from "./counter-bounds.js";
export type { SetEvidence } from "./set-check.js";
export { appendWorkload } from "./append.js";
export { bankWorkload } from "./bank.js";
export { counterWorkload } from "./counter.js";
export { multiRegisterWorkload } from "./multi-register.js";
export { registerWorkload } from "./register.js";
export { setWorkload } from "./set.js";
export { uniqueIdsWorkload } from "./unique-ids.js";

/** Every workload by the name that a user gives. */
export const WORKLOADS: Readonly<Record<string, Workload>> = Object.fromEntries(
  [
    registerWorkload(),
    multiRegisterWorkload(),
    appendWorkload(),
    setWorkload(),
    counterWorkload(),
    bankWorkload(),
    uniqueIdsWorkload(),
  ].map((workload) => [workload.name, workload]),
);
