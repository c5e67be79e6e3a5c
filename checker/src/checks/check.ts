import type { CheckVerdict } from "../result.js";

/**
 * One event of a recorded history in Jepsen's operation model: an `invoke`, then at most one `ok`
 * (it happened), `fail` (it certainly did not) or `info` (nobody knows). Events are in order of time.
 */
export interface HistoryEvent {
  /** Position in the recording, for messages. */
  readonly index: number;
  /** A logical process has at most one operation open; other names ("nemesis") are passed over. */
  readonly process: number | string;
  readonly type: "invoke" | "ok" | "fail" | "info";
  readonly f: string;
  readonly value: unknown;
  /** Nanoseconds since the recording began, if known. */
  readonly time?: number | undefined;
}

/** What a check says of a history. */
export interface CheckReport<Details = unknown> {
  readonly name: string;
  readonly verdict: CheckVerdict;
  /** Why, in one sentence that names operations by their index. */
  readonly reason: string;
  /** The evidence, plain JSON. */
  readonly details: Details;
}

/**
 * The one interface of all checks: of a set, a counter, a bank, of transactions, of linearizability.
 * `run` throws InputError for a history that the check cannot make sense of; that is never a verdict.
 */
export interface Check<Details = unknown> {
  readonly name: string;
  run(history: readonly HistoryEvent[]): CheckReport<Details>;
}

/**
 * The verdict of several checks: illegal beats unknown, unknown beats ok. Of none: unknown, for nothing was
 * checked.
 */
export function merge(reports: readonly CheckReport[]): CheckVerdict {
  const verdicts = reports.map(({ verdict }) => verdict);
  if (verdicts.includes("illegal")) return "illegal";
  return verdicts.length === 0 || verdicts.includes("unknown") ? "unknown" : "ok";
}
