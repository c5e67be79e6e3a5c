import type { Verdict } from "./verdict.js";

/** The outcome of one check. */
export interface CheckResult {
  readonly name: string;
  readonly kind: "safety" | "liveness" | "vacuity" | "rig";
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
}
