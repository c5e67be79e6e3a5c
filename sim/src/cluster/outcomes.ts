import type { CallError, Outcome } from "@gauntlet/workloads";
import { EtcdError } from "@gauntlet/server/inside";

type ErrorName = EtcdError["errorName"];

/** A read has no effect whatever happened to it, so a failed read is `fail`. */
export type CallKind = "read" | "write";

/**
 * What the real client makes of the server's errors (client/src/errors.ts): its code, and whether a write that ended so
 * certainly had no effect. What is not here promises nothing.
 */
const KNOWN: Readonly<Partial<Record<ErrorName, readonly [code: string, outcome: "fail" | "info"]>>> = {
  EmptyKey: ["empty-key", "fail"],
  KeyNotFound: ["key-not-found", "fail"],
  ValueProvided: ["value-provided", "fail"],
  LeaseProvided: ["lease-provided", "fail"],
  TooManyOps: ["too-many-operations", "fail"],
  DuplicateKey: ["duplicate-key", "fail"],
  InvalidSortOption: ["invalid-sort-option", "fail"],
  RequestTooLarge: ["request-too-large", "fail"],
  Compacted: ["compacted", "fail"],
  FutureRev: ["future-revision", "fail"],
  RequestTooManyRequests: ["too-many-requests", "fail"],
  NoSpace: ["no-space", "fail"],
  LeaseNotFound: ["lease-not-found", "fail"],
  NoLeader: ["no-leader", "fail"],
  LeaderChanged: ["leader-changed", "info"],
  Stopped: ["server-stopped", "info"],
  Timeout: ["request-timed-out", "info"],
};

const NEVER_SENT: CallError = { code: "never-sent", message: "no connection was established" };
const CONNECTION_LOST: CallError = { code: "unavailable", message: "the connection was lost" };
const DEADLINE_EXCEEDED: CallError = { code: "deadline-exceeded", message: "deadline exceeded" };
const INTERNAL: CallError = { code: "unknown", message: "gauntlet: internal error, see the server's log" };

/** Nobody listened: certain, since nothing left the client. */
export const neverSent: Outcome<never> = { type: "fail", error: NEVER_SENT };

export function connectionLost(kind: CallKind): Outcome<never> {
  return { type: kind === "read" ? "fail" : "info", error: CONNECTION_LOST };
}

export function deadlineExceeded(kind: CallKind): Outcome<never> {
  return { type: kind === "read" ? "fail" : "info", error: DEADLINE_EXCEEDED };
}

/** An answer of the server that is an error. */
export function refused(error: unknown, kind: CallKind): Outcome<never> {
  if (!(error instanceof EtcdError)) return { type: kind === "read" ? "fail" : "info", error: INTERNAL };
  const [code, outcome] = KNOWN[error.errorName] ?? ["unknown", "info"];
  return { type: kind === "read" ? "fail" : outcome, error: { code, message: error.message } };
}
