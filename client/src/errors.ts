import { status } from "@grpc/grpc-js";

/**
 * What a failed call proves. `fail`: it had no effect and never will. `info`: nobody can say.
 * A read has no effect whatever happened to it, so a failed read is `fail`.
 */
export type FailureOutcome = "fail" | "info";

/** What the call would have done to the store. */
export type CallKind = "read" | "write";

/** A failed call as the transport saw it. */
export interface Failure {
  readonly grpcCode: status;
  /** The status text without a prefix. */
  readonly details: string;
  /** Proved by the transport, never guessed from the text: no HTTP/2 stream was ever opened for it. */
  readonly neverSent: boolean;
}

interface Refusal {
  readonly grpcCode: status;
  readonly details: string;
  readonly code: string;
  readonly outcome: FailureOutcome;
}

function refused(grpcCode: status, code: string, details: string): Refusal {
  return { grpcCode, details, code, outcome: "fail" };
}

function unclear(grpcCode: status, code: string, details: string): Refusal {
  return { grpcCode, details, code, outcome: "info" };
}

/**
 * The answers of an etcd server that this client knows, matched by gRPC code and whole text, as etcd's
 * own client does. `refused` are those that a server gives to a KV write only when the write changed
 * nothing and never will: refused before it was proposed, or refused by every member alike when it was applied.
 * Anything that is not in the table is `info`.
 */
export const KNOWN_ERRORS: readonly Refusal[] = [
  // Validation of the request, before anything is proposed.
  refused(status.INVALID_ARGUMENT, "empty-key", "etcdserver: key is not provided"),
  refused(status.INVALID_ARGUMENT, "value-provided", "etcdserver: value is provided"),
  refused(status.INVALID_ARGUMENT, "lease-provided", "etcdserver: lease is provided"),
  refused(status.INVALID_ARGUMENT, "too-many-operations", "etcdserver: too many operations in txn request"),
  refused(status.INVALID_ARGUMENT, "duplicate-key", "etcdserver: duplicate key given in txn request"),
  refused(status.INVALID_ARGUMENT, "invalid-api-version", "etcdserver: invalid client api version"),
  refused(status.INVALID_ARGUMENT, "invalid-sort-option", "etcdserver: invalid sort option"),
  refused(status.INVALID_ARGUMENT, "request-too-large", "etcdserver: request is too large"),
  refused(status.INVALID_ARGUMENT, "empty-user-name", "etcdserver: user name is empty"),
  // Admission: the server has too much to do and says so before it proposes.
  refused(status.RESOURCE_EXHAUSTED, "too-many-requests", "etcdserver: too many requests"),
  // At admission, or by the applier of every member alike while the alarm is raised. etcd's applier, however, gives it
  // also to a write that it has carried out (apply.go of 3.4: first the write, then the error): of etcd it is to be doubted.
  refused(status.RESOURCE_EXHAUSTED, "no-space", "etcdserver: mvcc: database space exceeded"),
  // Preconditions, read from replicated state: all members come to the same answer, and nothing is changed.
  refused(status.INVALID_ARGUMENT, "key-not-found", "etcdserver: key not found"),
  refused(status.NOT_FOUND, "lease-not-found", "etcdserver: requested lease not found"),
  refused(status.OUT_OF_RANGE, "compacted", "etcdserver: mvcc: required revision has been compacted"),
  refused(status.OUT_OF_RANGE, "future-revision", "etcdserver: mvcc: required revision is a future revision"),
  refused(status.PERMISSION_DENIED, "permission-denied", "etcdserver: permission denied"),
  refused(status.UNAUTHENTICATED, "invalid-auth-token", "etcdserver: invalid auth token"),
  refused(
    status.INVALID_ARGUMENT,
    "auth-failed",
    "etcdserver: authentication failed, invalid user ID or password",
  ),
  refused(status.INVALID_ARGUMENT, "auth-revision-old", "etcdserver: revision of auth store is old"),
  // By the kind of the member, before the handler runs. etcd says UNAVAILABLE, from 3.6 on FAILED_PRECONDITION of a learner.
  refused(status.FAILED_PRECONDITION, "learner", "etcdserver: rpc not supported for learner"),
  refused(status.UNAVAILABLE, "learner", "etcdserver: rpc not supported for learner"),
  refused(status.FAILED_PRECONDITION, "not-capable", "etcdserver: not capable"),
  refused(status.UNAVAILABLE, "not-capable", "etcdserver: not capable"),
  // The gauntlet server promises it only before the write was handed to anyone. etcd answers it to a KV
  // write only from the interceptor in front of the handler, and only when metadata `hasleader` asks for it.
  refused(status.UNAVAILABLE, "no-leader", "etcdserver: no leader"),

  // From here on the write may be in a log.
  unclear(status.UNAVAILABLE, "leader-changed", "etcdserver: leader changed"),
  unclear(status.UNAVAILABLE, "server-stopped", "etcdserver: server stopped"),
  unclear(status.UNAVAILABLE, "request-timed-out", "etcdserver: request timed out"),
  unclear(
    status.UNAVAILABLE,
    "request-timed-out",
    "etcdserver: request timed out, possibly due to previous leader failure",
  ),
  unclear(
    status.UNAVAILABLE,
    "request-timed-out",
    "etcdserver: request timed out, possibly due to connection lost",
  ),
  unclear(
    status.UNAVAILABLE,
    "request-timed-out",
    "etcdserver: request timed out, waiting for the applied index took too long",
  ),
  unclear(status.UNAVAILABLE, "unhealthy-cluster", "etcdserver: unhealthy cluster"),
  unclear(status.DATA_LOSS, "corrupt-cluster", "etcdserver: corrupt cluster"),
  unclear(status.CANCELLED, "request-canceled", "etcdserver: request canceled"),
  unclear(status.DEADLINE_EXCEEDED, "deadline-exceeded", "etcdserver: context deadline exceeded"),
];

const BY_ANSWER = new Map(KNOWN_ERRORS.map((error) => [`${error.grpcCode} ${error.details}`, error]));

/** A code for everything without a place in the table: the name of the gRPC code in our spelling. */
function codeOf(grpcCode: status): string {
  const name = status[grpcCode] as string | undefined;
  return (name ?? `grpc-${grpcCode}`).toLowerCase().replaceAll("_", "-");
}

/**
 * The one place where the outcome of a failed call is decided. In doubt it is `info`.
 * @param doubted codes of refusals that this server is known to give also to writes that happened
 */
export function classify(
  failure: Failure,
  kind: CallKind,
  doubted: readonly string[] = [],
): { readonly code: string; readonly outcome: FailureOutcome } {
  if (failure.neverSent) {
    return { code: "never-sent", outcome: "fail" };
  }
  const known = BY_ANSWER.get(`${failure.grpcCode} ${failure.details}`);
  const code = known?.code ?? codeOf(failure.grpcCode);
  if (kind === "read") return { code, outcome: "fail" };
  return { code, outcome: known === undefined || doubted.includes(code) ? "info" : known.outcome };
}

/** What is known of a call before it fails. */
export interface FailedCall {
  readonly kind: CallKind;
  /** The one that was asked. */
  readonly endpoint: string;
  /** As classify has it. */
  readonly doubted: readonly string[];
}

/** Every call of this package rejects with this, and with nothing else. */
export class EtcdError extends Error {
  /** Stable and short: `never-sent`, `no-leader`, `deadline-exceeded` … */
  readonly code: string;

  readonly grpcCode: status;

  readonly outcome: FailureOutcome;

  /** The endpoint that was asked last. */
  readonly endpoint: string;

  constructor(failure: Failure, call: FailedCall, cause?: unknown) {
    const { kind, endpoint, doubted } = call;
    const { code, outcome } = classify(failure, kind, doubted);
    super(`${endpoint}: ${failure.details}`, { cause });
    this.name = "EtcdError";
    this.code = code;
    this.grpcCode = failure.grpcCode;
    this.outcome = outcome;
    this.endpoint = endpoint;
  }
}
