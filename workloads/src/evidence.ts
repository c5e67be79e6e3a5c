import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import type { Check, CheckReport, HistoryEvent as CheckerEvent } from "porcupine-ts/checks";

/** What the `details` of every failed check of a workload have, beside what the check itself documents. */
export interface Evidence {
  /** Which check's details these are. */
  readonly kind: string;
  /** The few operations concerned, by the index of their invoke events, the one at fault first, of a cycle in its order. */
  readonly operations: readonly number[];
}

/** Enough to look at. */
const OPERATIONS_SHOWN = 16;

/** The same events, for a check of porcupine-ts: an operation without a value has the value undefined. */
export function checkerEvents(history: readonly HistoryEvent[]): readonly CheckerEvent[] {
  return history as readonly (HistoryEvent & { readonly value: unknown })[];
}

/** What a check of porcupine-ts says, as one of ours. `concerned`: positions or indexes of events of the operations concerned. */
export function resultOf<Details extends object>(
  kind: string,
  { verdict, reason, details }: CheckReport<Details>,
  operations: (details: Details) => readonly number[],
): CheckResult {
  const base = { name: kind, kind: "safety", reason } as const;
  if (verdict === "ok") return { ...base, verdict: "valid" };
  if (verdict === "unknown") return { ...base, verdict: "unknown" };
  return { ...base, verdict: "invalid", details: { ...evidence(kind, operations(details)), ...details } };
}

export function evidence(kind: string, operations: readonly number[]): Evidence {
  return { kind, operations: [...new Set(operations)].slice(0, OPERATIONS_SHOWN) };
}

export function violation(
  name: string,
  reason: string,
  operations: readonly number[],
  more: object = {},
): CheckResult {
  return {
    name,
    kind: "safety",
    verdict: "invalid",
    reason,
    details: { ...evidence(name, operations), ...more },
  };
}

/** `run` of a check of porcupine-ts over events of ours. */
export function runCheck<Details>(
  check: Check<Details>,
  history: readonly HistoryEvent[],
): CheckReport<Details> {
  return check.run(checkerEvents(history));
}

/** How a violation's reason names an operation. */
export function nameOf(event: HistoryEvent): string {
  const of = event.key === undefined ? "" : ` of ${event.key}`;
  return `${event.f}${of} (event ${event.index}, ${whereOf(event)})`;
}

export function whereOf({ process, node }: HistoryEvent): string {
  return node === undefined ? `process ${process}` : `process ${process} on ${node}`;
}
