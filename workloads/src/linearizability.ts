import { type CheckResult, type HistoryEvent, toOperations } from "@gauntlet/histories";
import type { PartitionIllegal, PartitionResult } from "porcupine-ts";
import { casRegister, checkOperations } from "porcupine-ts";
import type { CheckLimits } from "./workload.js";

/** `details` of a failed linearizability check. Operations are named by the index of their invoke event. */
export interface LinearizabilityEvidence {
  readonly kind: "linearizability";
  readonly failures: readonly KeyFailure[];
  /** How many keys failed in all; `failures` shows the first few. */
  readonly failedKeys: number;
}

export interface KeyFailure {
  readonly key: string;
  /** The operation whose return left no legal order: the one to look at first. */
  readonly failedAt: number;
  readonly reason: string;
  /** States that the register could be in just before that return, described. */
  readonly possibleStates: readonly string[];
  /** A longest legal order of what had returned by then. */
  readonly partialOrder: readonly number[];
  /** Every operation of this key. */
  readonly operations: readonly number[];
}

const FAILURES_SHOWN = 5;

/** Each key by itself is a register with compare-and-set, absent at first. */
export function checkLinearizability(history: readonly HistoryEvent[], limits: CheckLimits): CheckResult {
  const operations = toOperations(history);
  const result = checkOperations(casRegister(), operations, { timeoutMs: limits.timeLimitMs });
  const eventOf = (position: number): number => operations[position]?.id ?? position;
  const base = { name: "linearizability", kind: "safety" } as const;
  if (result.verdict === "ok") {
    const reason = `all ${result.partitions.length} keys are linearizable (${operations.length} operations)`;
    return { ...base, verdict: "valid", reason };
  }
  if (result.verdict === "unknown") {
    return { ...base, verdict: "unknown", reason: undecided(result.partitions) };
  }
  const failed = result.partitions.flatMap((partition) =>
    partition.verdict === "illegal" ? [partition] : [],
  );
  const failures = failed.slice(0, FAILURES_SHOWN).map((partition) => keyFailure(partition, eventOf));
  const details: LinearizabilityEvidence = { kind: "linearizability", failures, failedKeys: failed.length };
  return { ...base, verdict: "invalid", reason: summary(failures, failed.length), details };
}

function undecided(partitions: readonly PartitionResult[]): string {
  const reasons = partitions.flatMap((partition) =>
    partition.verdict === "unknown" ? [`${partition.key}: ${partition.reason}`] : [],
  );
  return `${reasons.length} of ${partitions.length} keys undecided; ${reasons[0]}`;
}

function keyFailure(partition: PartitionIllegal, eventOf: (position: number) => number): KeyFailure {
  return {
    key: partition.key,
    failedAt: eventOf(partition.failedAt),
    reason: partition.reason,
    possibleStates: partition.possibleStates,
    partialOrder: partition.partialOrder.map(eventOf),
    operations: partition.operations.map(eventOf),
  };
}

function summary(failures: readonly KeyFailure[], failedKeys: number): string {
  const [first] = failures;
  const more = failedKeys > 1 ? ` (${failedKeys} keys failed in all)` : "";
  return `key ${first?.key} is not linearizable: ${first?.reason}${more}`;
}
