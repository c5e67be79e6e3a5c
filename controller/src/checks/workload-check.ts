import { Worker } from "node:worker_threads";
import { type CheckResult, type HistoryEvent, HistoryError } from "@gauntlet/histories";
import type { Workload } from "@gauntlet/workloads";
import { messageOf } from "../errors.js";

export interface CheckJob {
  /** history.jsonl, complete or still growing. */
  readonly historyPath: string;
  /** A name in WORKLOADS. */
  readonly workload: string;
  readonly timeLimitMs: number;
}

/** Runs a workload's checks on a recorded history. Never rejects. */
export type CheckWorkload = (job: CheckJob, signal: AbortSignal) => Promise<readonly CheckResult[]>;

/** Details of a check that broke because the workload cannot read the history's values. */
export const UNREADABLE = { unreadable: true } as const;

/** In this thread. A check that throws is the rig's failure, not the system's. */
export async function runChecks(
  workload: Workload,
  history: readonly HistoryEvent[],
  timeLimitMs: number,
): Promise<readonly CheckResult[]> {
  try {
    return await workload.check(history, { timeLimitMs });
  } catch (error) {
    const broken = brokenCheck(workload.name, messageOf(error));
    return [error instanceof HistoryError ? { ...broken, details: UNREADABLE } : broken];
  }
}

/** What the history of an interrupted run is searched for, at most: a violation in it is one all the same. */
const INTERRUPTED_LIMIT_MS = 10_000;
/** Seen from src/ and from dist/ alike: a thread runs compiled code. */
const THREAD = new URL("../../dist/checks/check-thread.js", import.meta.url);

/**
 * In a thread of its own, so that a long search blocks neither Ctrl-C nor the recording. A signal
 * that has aborted already shortens the search, one that aborts meanwhile ends it.
 */
export const checkInThread: CheckWorkload = (job, signal) => {
  if (!signal.aborted) return startThread(job, signal);
  const timeLimitMs = Math.min(job.timeLimitMs, INTERRUPTED_LIMIT_MS);
  return startThread({ ...job, timeLimitMs }, new AbortController().signal);
};

function startThread(job: CheckJob, signal: AbortSignal): Promise<readonly CheckResult[]> {
  return new Promise((resolve) => {
    const thread = new Worker(THREAD, { workerData: job });
    const interrupt = (): void => {
      void thread.terminate();
      resolve([interruptedCheck(job.workload)]);
    };
    signal.addEventListener("abort", interrupt, { once: true });
    thread.once("message", (checks: readonly CheckResult[]) => resolve(checks));
    thread.once("error", (error) => resolve([brokenCheck(job.workload, messageOf(error))]));
    thread.once("exit", (code) => {
      signal.removeEventListener("abort", interrupt);
      resolve([brokenCheck(job.workload, `its thread ended with code ${code}`)]);
    });
  });
}

function brokenCheck(workload: string, why: string): CheckResult {
  return {
    name: workload,
    kind: "rig",
    verdict: "failed",
    reason: `the checks of ${workload} broke: ${why}`,
  };
}

function interruptedCheck(workload: string): CheckResult {
  return {
    name: workload,
    kind: "safety",
    verdict: "unknown",
    reason: "interrupted while it was being checked",
  };
}
