import type { ErrorName } from "../errors.js";
import type { RefusalReason, TransferRefusal } from "../raft/event.js";

/** What the core refuses, in etcd's words. */
export const ERROR_OF_REFUSAL = {
  "no-leader": "NoLeader",
  "too-many-uncommitted": "RequestTooManyRequests",
  "no-space": "NoSpace",
  "leader-changed": "LeaderChanged",
  "change-under-way": "MembershipChangeUnderWay",
  "term-not-committed": "Unhealthy",
  "learner-not-ready": "LearnerNotReady",
  "no-voters-left": "MemberNotEnoughStarted",
} as const satisfies Record<RefusalReason, ErrorName>;

export const ERROR_OF_TRANSFER = {
  "not-leader": "NotLeader",
  "not-a-voter": "BadLeaderTransferee",
  "transfer-under-way": "LeaderTransferUnderWay",
} as const satisfies Record<TransferRefusal, ErrorName>;
