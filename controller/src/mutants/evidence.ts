import type { CheckResult, HistoryEvent, RunResults } from "@gauntlet/histories";
import type { Evidence, LinearizabilityEvidence, RevisionEvidence } from "@gauntlet/workloads";
import { z } from "zod";
import { VIOLATION_SEEN } from "../run/facts.js";

/** The checks that found something; of those that a mutant names, or of all (null). */
export function detections(results: RunResults, detectors: readonly string[] | null): readonly CheckResult[] {
  return results.checks.filter(
    ({ name, verdict }) => verdict === "invalid" && (detectors === null || detectors.includes(name)),
  );
}

/**
 * When the first of these findings showed, milliseconds: where none of them says so, the end of a run that ended
 * because of one. Null: nobody knows.
 */
export function firstViolationMs(
  found: readonly CheckResult[],
  { checks }: Pick<RunResults, "checks">,
  history: readonly HistoryEvent[],
): number | null {
  const times = found.flatMap((check) => violationAtMs(check, history) ?? []);
  if (times.length > 0) return Math.min(...times);
  const wasEnded = checks.some(
    ({ name, reason }) => name === "completion" && reason.endsWith(VIOLATION_SEEN),
  );
  return found.length > 0 && wasEnded ? lastMs(history) : null;
}

/** When the first answer came that cannot be right, or what was due did not, milliseconds; null where the evidence names none. */
export function violationAtMs(check: CheckResult, history: readonly HistoryEvent[]): number | null {
  const { name, details } = check;
  // They are asked once all is over.
  if (AFTERWARDS.has(name)) return lastMs(history);
  const service = SERVICE.safeParse(details);
  if (service.success) return overdueMs(service.data);
  const evidence = details as Evidence | undefined;
  if (isRevisions(evidence)) return msOf(history[evidence.event]);
  if (isLinearizability(evidence)) {
    return earliest(evidence.failures.flatMap(({ failedAt }) => endOf(failedAt, history)));
  }
  const operations = evidence?.operations ?? [];
  const ends = operations.flatMap((invoke) => endOf(invoke, history));
  if (isEachWrong(details)) return earliest(ends);
  // A cycle closes with the last of its transactions; any other contradiction shows when the answer at fault comes.
  const [culprit] =
    evidence?.kind === CYCLES ? [] : operations.slice(0, 1).flatMap((invoke) => endOf(invoke, history));
  return culprit ?? (ends.length === 0 ? null : Math.max(...ends));
}

const AFTERWARDS: ReadonlySet<string> = new Set(["agreement", "recovery", "final-reads"]);
const CYCLES = "strict-serializability";

const STOPS = z.array(z.object({ fromMs: z.number(), toMs: z.number() }));

/** What `progress` and `availability` say of times without service. */
const SERVICE = z.union([
  z.object({ stopMs: z.number(), stops: STOPS, unrest: STOPS }),
  z.object({ quietBoundMs: z.number(), stops: STOPS }),
]);

function overdueMs(service: z.infer<typeof SERVICE>): number | null {
  const { stops } = service;
  const [boundMs, unrest] =
    "quietBoundMs" in service ? [service.quietBoundMs, []] : [service.stopMs, service.unrest];
  return earliest([...stops.map(({ fromMs }) => fromMs + boundMs), ...unrest.map(({ toMs }) => toMs)]);
}

/** Checks of bounds and of totals name reads that are wrong each by itself. */
function isEachWrong(details: unknown): boolean {
  return typeof details === "object" && details !== null && ("outOfBounds" in details || "errors" in details);
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}

function lastMs(history: readonly HistoryEvent[]): number | null {
  return msOf(history.at(-1));
}

function msOf(event: HistoryEvent | undefined): number | null {
  return event === undefined ? null : event.time / 1e6;
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
