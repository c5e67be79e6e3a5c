import type { CheckResult, HistoryEvent, RunResults } from "@gauntlet/histories";
import type { LinearizabilityEvidence, RevisionEvidence } from "@gauntlet/workloads";

/** The checks that found something; of those that a mutant names, or of all (null). */
export function detections(results: RunResults, detectors: readonly string[] | null): readonly CheckResult[] {
  return results.checks.filter(
    ({ name, verdict }) => verdict === "invalid" && (detectors === null || detectors.includes(name)),
  );
}

/** When the first answer came that cannot be right, milliseconds; null where the evidence names none. */
export function violationAtMs(check: CheckResult, history: readonly HistoryEvent[]): number | null {
  const evidence = check.details as LinearizabilityEvidence | RevisionEvidence | undefined;
  if (evidence?.kind === "revisions") return (history[evidence.event]?.time ?? Number.NaN) / 1e6;
  if (evidence?.kind !== "linearizability") return null;
  const ends = evidence.failures.flatMap(({ failedAt }) => {
    const process = history[failedAt]?.process;
    const end = history.slice(failedAt + 1).find((event) => event.process === process);
    return end === undefined ? [] : [end.time / 1e6];
  });
  return ends.length === 0 ? null : Math.min(...ends);
}
