import {
  CHECK_KINDS,
  type CheckResult,
  type FaultRecord,
  type HistoryEvent,
  type KindVerdicts,
  mergeVerdicts,
  type RunResults,
} from "@gauntlet/histories";
import { checkAvailability } from "./availability.js";
import type { Grounds } from "./recovery.js";
import { checkStats, functionStats, okPerSecond } from "./stats.js";
import { faultWindows } from "./windows.js";

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
  /** What a finding about service rests on; null where the faults are not surely known: then it is not judged. */
  readonly grounds: Grounds | null;
}

/** Everything that is known of a run, brought to one verdict. A pure function of its input. */
export function judge(input: JudgeInput): RunResults {
  const stats = functionStats(input.history);
  const okOperations = stats.at(-1)?.ok ?? 0;
  const { history, mainEndMs, grounds } = input;
  const windows = faultWindows(history, input.faults, mainEndMs);
  const checks = [
    ...input.workloadChecks,
    checkStats(history, input.functions, mainEndMs),
    ...(grounds === null || mainEndMs === null || okOperations === 0
      ? []
      : [checkAvailability(history, windows, mainEndMs, grounds)]),
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
    verdicts: verdictsByKind(checks),
    windows,
  };
}

function reasonOf(verdict: RunResults["verdict"], checks: readonly CheckResult[], ok: number): string {
  if (verdict === "valid") return `all ${checks.length} checks passed on ${ok} successful operations`;
  const decisive = checks.filter((check) => check.verdict === verdict);
  const title = ({ kind, name }: CheckResult): string => (kind === name ? kind : `${kind}: ${name}`);
  return decisive.map((check) => `${title(check)}: ${check.reason}`).join("; ");
}

/** What is wrong with one kind never hides what is right with another. */
export function verdictsByKind(checks: readonly CheckResult[]): KindVerdicts {
  const merged = CHECK_KINDS.map((kind) => {
    const verdicts = checks.filter((check) => check.kind === kind).map(({ verdict }) => verdict);
    return [kind, verdicts.length === 0 ? null : mergeVerdicts(verdicts)] as const;
  });
  return Object.fromEntries(merged) as KindVerdicts;
}
