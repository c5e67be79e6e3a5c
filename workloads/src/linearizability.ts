import { type CheckResult, type HistoryEvent, pairEvents } from "@gauntlet/histories";
import {
  checkOperations,
  explain,
  type Explanation,
  type MinimalHistory,
  type Model,
  type Operation,
  type PartitionIllegal,
  type PartitionResult,
} from "porcupine-ts";
import { evidence, type Evidence } from "./evidence.js";
import type { SequentialObject } from "./sequential-objects.js";
import type { CheckLimits } from "./workload.js";

/** `details` of a failed linearizability check. Operations are named by the index of their invoke event. */
export interface LinearizabilityEvidence extends Evidence {
  readonly kind: "linearizability";
  readonly failures: readonly KeyFailure[];
  /** How many keys failed in all; `failures` shows the first few. */
  readonly failedKeys: number;
  /** What the check took, explanations left aside. */
  readonly elapsedMs: number;
}

/**
 * One key, as porcupine-ts found it and as it explains it: `failedAt` is the operation whose return left no legal order,
 * the one to look at first; `partialOrder` a longest legal order of what had returned by then; `required` and `optional`
 * a 1-minimal part that is illegal; `operations` every operation of the key.
 */
export interface KeyFailure extends Omit<PartitionIllegal, "verdict">, MinimalHistory {}

const FAILURES_SHOWN = 5;
/** For each key that is shown; what is not minimal by then is small all the same. */
const EXPLAIN_MS = 2_000;
/** Orders that end in other states than `partialOrder` does. They are long, and the first few tell the story. */
const OTHER_ORDERS_SHOWN = 3;

/** Each key by itself is such an object. */
export function checkLinearizability<Input, Output>(
  object: SequentialObject<Input, Output>,
  history: readonly HistoryEvent[],
  limits: CheckLimits,
): CheckResult {
  const operations = operationsOf(object, history);
  const result = checkOperations(object.model, operations, { timeoutMs: limits.timeLimitMs });
  const base = { name: "linearizability", kind: "safety" } as const;
  if (operations.length === 0)
    return { ...base, verdict: "unknown", reason: "no operation took place, so nothing was checked" };
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
  const failures = failed
    .slice(0, FAILURES_SHOWN)
    .map((partition) => keyFailure(object.model, partition, operations));
  const [first] = failures;
  const concerned = first === undefined ? [] : [first.failedAt, ...first.required, ...first.optional];
  const details: LinearizabilityEvidence = {
    ...evidence("linearizability", concerned),
    kind: "linearizability",
    failures,
    failedKeys: failed.length,
    elapsedMs: result.elapsedMs,
  };
  return { ...base, verdict: "invalid", reason: summary(failures, failed.length), details };
}

/**
 * The operations of a history. `fail` certainly did not happen and is left out; `info`, or no completion, never returned.
 * Times are the events' indexes, which one thread gave out; an `id` is the index of the invoke. Throws HistoryError.
 */
export function operationsOf<Input, Output>(
  object: SequentialObject<Input, Output>,
  history: readonly HistoryEvent[],
): readonly Operation<Input, Output>[] {
  return pairEvents(history).flatMap(({ invoke, completion }): Operation<Input, Output>[] => {
    if (completion?.type === "fail") return [];
    const operation = {
      process: invoke.process as number,
      id: invoke.index,
      call: invoke.index,
      input: object.input(invoke),
    };
    if (completion?.type !== "ok") return [operation];
    return [{ ...operation, return: completion.index, output: object.output(completion) }];
  });
}

function undecided(partitions: readonly PartitionResult[]): string {
  const reasons = partitions.flatMap((partition) =>
    partition.verdict === "unknown" ? [`key ${partition.key}: ${partition.reason}`] : [],
  );
  return `${reasons.length} of ${partitions.length} keys undecided; ${reasons[0]}`;
}

function keyFailure<Input, Output>(
  model: Model<unknown, Input, Output>,
  violation: PartitionIllegal,
  operations: readonly Operation<Input, Output>[],
): KeyFailure {
  const { verdict: _, ...partition } = violation;
  const eventOf = (position: number): number => operations[position]?.id ?? position;
  const { sentence, ...minimal } = explained(model, violation, operations);
  return {
    ...partition,
    ...minimal,
    reason: sentence,
    failedAt: eventOf(partition.failedAt),
    partialOrder: partition.partialOrder.map(eventOf),
    otherPartialOrders: partition.otherPartialOrders
      .slice(0, OTHER_ORDERS_SHOWN)
      .map((order) => order.map(eventOf)),
    operations: partition.operations.map(eventOf),
    required: minimal.required.map(eventOf),
    optional: minimal.optional.map(eventOf),
  };
}

/** A violation stays one where its explanation breaks: then all that had been called is the part to look at. */
function explained<Input, Output>(
  model: Model<unknown, Input, Output>,
  violation: PartitionIllegal,
  operations: readonly Operation<Input, Output>[],
): Explanation {
  try {
    return explain(model, operations, violation, { timeoutMs: EXPLAIN_MS });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const sentence = `${violation.reason} (no more is known, for the explanation broke: ${why})`;
    const { failedAt, operations: required } = violation;
    return { failedAt, sentence, required, optional: [], isMinimal: false, checks: 0 };
  }
}

function summary(failures: readonly KeyFailure[], failedKeys: number): string {
  const [first] = failures;
  const more = failedKeys > 1 ? ` (${failedKeys} keys failed in all)` : "";
  return `key ${first?.key} is not linearizable: ${first?.reason}${more}`;
}
