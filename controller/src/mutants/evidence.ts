import type { CheckResult, HistoryEvent, RunResults } from "@gauntlet/histories";
import type { Evidence, LinearizabilityEvidence, RevisionEvidence } from "@gauntlet/workloads";

/** The checks that found something; of those that a mutant names, or of all (null). */
export function detections(results: RunResults, detectors: readonly string[] | null): readonly CheckResult[] {
  return results.checks.filter(
    ({ name, verdict }) => verdict === "invalid" && (detectors === null || detectors.includes(name)),
  );
}

/** When the first answer came that cannot be right, milliseconds; null where the evidence names none. */
export function violationAtMs(check: CheckResult, history: readonly HistoryEvent[]): number | null {
  const evidence = check.details as Evidence | undefined;
  if (isRevisions(evidence)) return (history[evidence.event]?.time ?? Number.NaN) / 1e6;
  if (isLinearizability(evidence)) {
    const ends = evidence.failures.flatMap(({ failedAt }) => endOf(failedAt, history));
    return ends.length === 0 ? null : Math.min(...ends);
  }
  // Answers that contradict each other do so from the last of them on.
  const ends = (evidence?.operations ?? []).flatMap((invoke) => endOf(invoke, history));
  return ends.length === 0 ? null : Math.max(...ends);
}

/** When the operation of this invoke ended, milliseconds; empty where it did not. */
function endOf(invoke: number, history: readonly HistoryEvent[]): readonly number[] {
  const process = history[invoke]?.process;
  const end = history.slice(invoke + 1).find((event) => event.process === process);
  return end === undefined ? [] : [end.time / 1e6];
}

function isRevisions(evidence: Evidence | undefined): evidence is RevisionEvidence {
  return evidence?.kind === "revisions";
}

function isLinearizability(evidence: Evidence | undefined): evidence is LinearizabilityEvidence {
  return evidence?.kind === "linearizability";
}
