/**
 * The one table of errors that a client can see: etcd's names and exact texts, which etcd's own client
 * maps by text (api/status.ts has the gRPC codes). NoLeader is answered to a write only before it was handed
 * to anyone; once it may be in a log, the answer is Timeout, LeaderChanged or Stopped, which promise nothing.
 */
export const ERRORS = {
  EmptyKey: "etcdserver: key is not provided",
  KeyNotFound: "etcdserver: key not found",
  ValueProvided: "etcdserver: value is provided",
  LeaseProvided: "etcdserver: lease is provided",
  TooManyOps: "etcdserver: too many operations in txn request",
  DuplicateKey: "etcdserver: duplicate key given in txn request",
  InvalidSortOption: "etcdserver: invalid sort option",
  RequestTooLarge: "etcdserver: request is too large",
  Compacted: "etcdserver: mvcc: required revision has been compacted",
  FutureRev: "etcdserver: mvcc: required revision is a future revision",
  RequestTooManyRequests: "etcdserver: too many requests",
  NoSpace: "etcdserver: mvcc: database space exceeded",
  LeaseNotFound: "etcdserver: requested lease not found",
  NoLeader: "etcdserver: no leader",
  LeaderChanged: "etcdserver: leader changed",
  Stopped: "etcdserver: server stopped",
  Timeout: "etcdserver: request timed out",
  Unhealthy: "etcdserver: unhealthy cluster",
  MemberBadURLs: "etcdserver: given member URLs are invalid",
  MemberNotFound: "etcdserver: member not found",
  PeerURLExist: "etcdserver: Peer URLs already exists",
  MemberNotLearner: "etcdserver: can only promote a learner member",
  TooManyLearners: "etcdserver: too many learner members in cluster",
  NotSupportedForLearner: "etcdserver: rpc not supported for learner",
  Corrupt: "etcdserver: corrupt cluster",
  LearnerNotReady: "etcdserver: can only promote a learner member which is in sync with leader",
  MemberNotEnoughStarted: "etcdserver: re-configuration failed due to not enough started members",
  /** Not etcd's, which drops the later of two changes without a word. */
  MembershipChangeUnderWay: "gauntlet: another change of the membership is under way",
  NotLeader: "etcdserver: not leader",
  BadLeaderTransferee: "etcdserver: bad leader transferee",
  /** Not etcd's, which gives up the earlier of two transfers. */
  LeaderTransferUnderWay: "gauntlet: another transfer of the leadership is under way",
  LeaderTransferTimeout: "etcdserver: request timed out, leader transfer took too long",
  /** Not etcd's: a call of its API that is not served. */
  Unsupported: "gauntlet: not supported",
} as const satisfies Record<string, string>;

export type ErrorName = keyof typeof ERRORS;

/** An error with a place in the table; anything else that reaches a client is a bug of the server. */
export class EtcdError extends Error {
  readonly errorName: ErrorName;

  constructor(errorName: ErrorName) {
    super(ERRORS[errorName]);
    this.errorName = errorName;
  }
}
