import { checkOperations } from "../check.js";
import { explain, type Explanation } from "../explain/explain.js";
import type { Model } from "../model.js";
import type { Operation } from "../operation.js";
import type { CheckOptions, CheckResult } from "../result.js";
import type { Check, HistoryEvent } from "./check.js";

export interface LinearizableDetails {
  readonly result: CheckResult;
  /** By key, of those that are illegal: why, in the positions of `result`. */
  readonly explanations: Readonly<Record<string, Explanation>>;
}

/**
 * Linearizability as one check among others. `toOperations` makes operations of events: `porcupine-ts/formats` has
 * one for each built-in model.
 */
export function linearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  toOperations: (history: readonly HistoryEvent[]) => readonly Operation<Input, Output>[],
  options: CheckOptions = {},
): Check<LinearizableDetails> {
  return {
    name: `linearizable ${model.name}`,
    run: (history) => {
      const operations = toOperations(history);
      const result = checkOperations(model, operations, options);
      const explanations: Record<string, Explanation> = {};
      for (const partition of result.partitions) {
        if (partition.verdict === "illegal")
          explanations[partition.key] = explain(model, operations, partition);
      }
      const name = `linearizable ${model.name}`;
      return {
        name,
        verdict: result.verdict,
        reason: reasonOf(result, explanations),
        details: { result, explanations },
      };
    },
  };
}

function reasonOf(
  { verdict, partitions }: CheckResult,
  explanations: Readonly<Record<string, Explanation>>,
): string {
  if (verdict === "ok") return `each of ${partitions.length} keys has a legal order`;
  const key = (name: string): string => (name === "" ? "" : `key ${name}: `);
  for (const partition of partitions) {
    const { verdict: own } = partition;
    if (own !== verdict) continue;
    if (own === "unknown") return `${key(partition.key)}${partition.reason}`;
    return `${key(partition.key)}${explanations[partition.key]?.sentence ?? ""}`;
  }
  throw new Error("a verdict that no partition has");
}
