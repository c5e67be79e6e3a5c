import { status } from "@grpc/grpc-js";

/**
 * The one table of errors that a client can see: etcd's names, gRPC codes and exact texts, which
 * etcd's own client maps by text. NoLeader is answered to a write only before it was handed to
 * anyone; once it may be in a log, the answer is Timeout, LeaderChanged or Stopped, which promise nothing.
 */
export const ERRORS = {
  EmptyKey: [status.INVALID_ARGUMENT, "etcdserver: key is not provided"],
  KeyNotFound: [status.INVALID_ARGUMENT, "etcdserver: key not found"],
  ValueProvided: [status.INVALID_ARGUMENT, "etcdserver: value is provided"],
  LeaseProvided: [status.INVALID_ARGUMENT, "etcdserver: lease is provided"],
  TooManyOps: [status.INVALID_ARGUMENT, "etcdserver: too many operations in txn request"],
  DuplicateKey: [status.INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"],
  InvalidSortOption: [status.INVALID_ARGUMENT, "etcdserver: invalid sort option"],
  RequestTooLarge: [status.INVALID_ARGUMENT, "etcdserver: request is too large"],
  Compacted: [status.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"],
  FutureRev: [status.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"],
  RequestTooManyRequests: [status.RESOURCE_EXHAUSTED, "etcdserver: too many requests"],
  LeaseNotFound: [status.NOT_FOUND, "etcdserver: requested lease not found"],
  NoLeader: [status.UNAVAILABLE, "etcdserver: no leader"],
  LeaderChanged: [status.UNAVAILABLE, "etcdserver: leader changed"],
  Stopped: [status.UNAVAILABLE, "etcdserver: server stopped"],
  Timeout: [status.UNAVAILABLE, "etcdserver: request timed out"],
  /** Not etcd's: a call of its API that is not served. */
  Unsupported: [status.UNIMPLEMENTED, "gauntlet: not supported"],
} as const satisfies Record<string, readonly [status, string]>;

export type ErrorName = keyof typeof ERRORS;

/** An error with a place in the table; anything else that reaches a client is a bug of the server. */
export class EtcdError extends Error {
  readonly code: status;

  readonly errorName: ErrorName;

  constructor(errorName: ErrorName) {
    const [code, text] = ERRORS[errorName];
    super(text);
    this.code = code;
    this.errorName = errorName;
  }
}
