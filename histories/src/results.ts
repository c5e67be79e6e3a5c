import type { Verdict } from "./verdict.js";

/**
 * What a check is about: a wrong answer, an answer that does not come, a run that shows nothing, or the rig itself.
 */
export const CHECK_KINDS = ["safety", "liveness", "vacuity", "rig"] as const;
export type CheckKind = (typeof CHECK_KINDS)[number];

/** The outcome of one check. */
export interface CheckResult {
  readonly name: string;
  readonly kind: CheckKind;
  readonly verdict: Verdict;
  /** One sentence for people. */
  readonly reason: string;
  /** Machine-readable evidence; its shape is documented beside the check. */
  readonly details?: unknown;
}

/** One fault as it was executed. Times are milliseconds since the run's time 0. */
export interface FaultRecord {
  /** Its place in the schedule, with repetitions written out. Absent in older files: then as in the list. */
  readonly index?: number;
  readonly fault: string;
  /** As the schedule said it. */
  readonly target: string | readonly string[];
  /** With defaults filled in. Absent in older files. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** Resolved when the action happened. */
  readonly nodes: readonly string[];
  /** Each node's own word on its role just before the action. */
  readonly roles: Readonly<Record<string, string>>;
  readonly outcome:
    | { readonly type: "proved"; readonly proof: string }
    /** Acted, but nothing showed that it took effect: the run is vacuous. */
    | { readonly type: "unproved"; readonly reason: string }
    /** Never acted: the capability is missing here, or no node matched the target. */
    | { readonly type: "skipped"; readonly reason: string };
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Whether the undo was seen to have worked. Null: nothing to undo. */
  readonly healed: boolean | null;
}

/** Counts and latencies of one function (read, write, cas) or of all (`f` = "all"). */
export interface FunctionStats {
  readonly f: string;
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Latency of ok operations, milliseconds; null without any. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/**
 * What clients saw while one fault acted, or, where `index` is null, while none did. An operation belongs to every
 * window that its interval touches. Times are milliseconds since the run's time 0.
 */
export interface FaultWindow {
  /** The fault's place in the schedule (FaultRecord.index); null: the quiet times, all together. */
  readonly index: number | null;
  /** The fault's name; "quiet" for the quiet times. */
  readonly fault: string;
  readonly nodes: readonly string[];
  /** Null for the quiet times. */
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Latency of ok operations, counted from when they were due; null without any. */
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** The longest time within it without an acknowledged write. Null: the workload writes nothing. */
  readonly longestGapMs: number | null;
  /** From its end to the next acknowledged write. Null: there was none, or these are the quiet times. */
  readonly recoveryMs: number | null;
}

/** The checks of each kind, merged apart; null: no check of that kind. */
export type KindVerdicts = Readonly<Record<CheckKind, Verdict | null>>;

/** results.json. */
export interface RunResults {
  readonly version: 1;
  readonly verdict: Verdict;
  /** One sentence: why this verdict. */
  readonly reason: string;
  readonly checks: readonly CheckResult[];
  readonly stats: readonly FunctionStats[];
  /** ok operations a second over the main phase. */
  readonly okPerSecond: number;
  readonly faults: readonly FaultRecord[];
  /** Absent in older files. */
  readonly verdicts?: KindVerdicts;
  /** The quiet times, then a window for each fault that acted, by their begin. Absent in older files. */
  readonly windows?: readonly FaultWindow[];
}
