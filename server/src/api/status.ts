import { status } from "@grpc/grpc-js";
import type { ErrorName } from "../errors.js";

/** The gRPC code of each error: etcd's, where it has one. */
export const STATUS = {
  EmptyKey: status.INVALID_ARGUMENT,
  KeyNotFound: status.INVALID_ARGUMENT,
  ValueProvided: status.INVALID_ARGUMENT,
  LeaseProvided: status.INVALID_ARGUMENT,
  TooManyOps: status.INVALID_ARGUMENT,
  DuplicateKey: status.INVALID_ARGUMENT,
  InvalidSortOption: status.INVALID_ARGUMENT,
  RequestTooLarge: status.INVALID_ARGUMENT,
  Compacted: status.OUT_OF_RANGE,
  FutureRev: status.OUT_OF_RANGE,
  RequestTooManyRequests: status.RESOURCE_EXHAUSTED,
  NoSpace: status.RESOURCE_EXHAUSTED,
  LeaseNotFound: status.NOT_FOUND,
  NoLeader: status.UNAVAILABLE,
  LeaderChanged: status.UNAVAILABLE,
  Stopped: status.UNAVAILABLE,
  Timeout: status.UNAVAILABLE,
  Unhealthy: status.UNAVAILABLE,
  LearnerNotReady: status.FAILED_PRECONDITION,
  MemberNotEnoughStarted: status.FAILED_PRECONDITION,
  MembershipChangeUnderWay: status.FAILED_PRECONDITION,
  NotLeader: status.FAILED_PRECONDITION,
  BadLeaderTransferee: status.FAILED_PRECONDITION,
  LeaderTransferUnderWay: status.FAILED_PRECONDITION,
  LeaderTransferTimeout: status.UNAVAILABLE,
  Unsupported: status.UNIMPLEMENTED,
} as const satisfies Record<ErrorName, status>;
