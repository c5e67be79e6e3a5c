import type { CheckResult, HistoryEvent, RunResults } from "@gauntlet/histories";
import type { LinearizabilityEvidence } from "@gauntlet/workloads";

/** The check that a mutant names, when it found something. */
export function detection(results: RunResults, detector: string): CheckResult | null {
  return results.checks.find(({ name, verdict }) => name === detector && verdict === "invalid") ?? null;
}

/** When the first operation ended that no order explains, milliseconds; null where the evidence names none. */
export function violationAtMs(check: CheckResult, history: readonly HistoryEvent[]): number | null {
  const evidence = check.details as LinearizabilityEvidence | undefined;
  if (evidence?.kind !== "linearizability") return null;
  const ends = evidence.failures.flatMap(({ failedAt }) => {
    const process = history[failedAt]?.process;
    const end = history.slice(failedAt + 1).find((event) => event.process === process);
    return end === undefined ? [] : [end.time / 1e6];
  });
  return ends.length === 0 ? null : Math.min(...ends);
}
