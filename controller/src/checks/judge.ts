import {
  type CheckResult,
  type FaultRecord,
  type HistoryEvent,
  mergeVerdicts,
  type RunResults,
} from "@gauntlet/histories";
import { checkStats, functionStats, okPerSecond } from "./stats.js";

export interface JudgeInput {
  readonly history: readonly HistoryEvent[];
  /** What the workload's own checks found in the history. */
  readonly workloadChecks: readonly CheckResult[];
  /** The functions of which some must have succeeded. */
  readonly functions: readonly string[];
  readonly faults: readonly FaultRecord[];
  /** The checks of what was observed outside the history. */
  readonly observed: readonly CheckResult[];
  /** Length of the main phase, or null where it is not known. */
  readonly mainEndMs: number | null;
}

/** Everything that is known of a run, brought to one verdict. A pure function of its input. */
export function judge(input: JudgeInput): RunResults {
  const stats = functionStats(input.history);
  const okOperations = stats.at(-1)?.ok ?? 0;
  const checks = [
    ...input.workloadChecks,
    checkStats(input.history, input.functions, input.mainEndMs),
    ...input.observed,
  ];
  const verdict = mergeVerdicts(checks.map((check) => check.verdict));
  return {
    version: 1,
    verdict,
    reason: reasonOf(verdict, checks, okOperations),
    checks,
    stats,
    okPerSecond: okPerSecond(input.history, input.mainEndMs),
    faults: input.faults,
  };
}

function reasonOf(verdict: RunResults["verdict"], checks: readonly CheckResult[], ok: number): string {
  if (verdict === "valid") return `all ${checks.length} checks passed on ${ok} successful operations`;
  const decisive = checks.filter((check) => check.verdict === verdict);
  return decisive.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
}
