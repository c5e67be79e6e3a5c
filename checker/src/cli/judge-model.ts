import { checkOperationsAsync } from "../check.js";
import { explain, type Explanation } from "../explain/explain.js";
import type { Recording } from "../formats/event.js";
import { FormatError } from "../formats/format-error.js";
import { type RecordedOperations, toOperations } from "../formats/operations.js";
import type { AnyModel } from "../models/index.js";
import { checkOperationsParallel } from "../parallel/index.js";
import { InputError } from "../operation.js";
import type { CheckResult } from "../result.js";
import { FailureError, messageOf } from "./errors.js";
import type { Judge, JudgeOptions, ModelJudgement } from "./judgement.js";

/** For the explanations of all keys of one file together. */
const EXPLAIN_MS = 5_000;

/** Throws FailureError: a history that the model cannot be asked about, a model that fails. */
export async function judgeByModel(
  { name, model, adapter, reference }: Extract<Judge, { readonly type: "model" }>,
  recording: Recording,
  options: JudgeOptions,
): Promise<ModelJudgement> {
  const {
    meaning,
    independent,
    threads,
    timeoutMs,
    maxBytes,
    engine,
    stopAtFirst,
    verifyWitness,
    signal,
    onProgress,
  } = options;
  let recorded: RecordedOperations;
  try {
    recorded = toOperations(recording, { name, adapter }, { meaning, independent });
  } catch (error) {
    if (!(error instanceof FormatError)) throw modelFailure(name, error);
    throw new FailureError({ kind: "data", reason: error.reason, remedy: error.remedy, line: error.line });
  }
  const limits = { timeoutMs, maxBytes, engine, stopAtFirst, verifyWitness, signal, onProgress };
  let result: CheckResult;
  try {
    result =
      threads === 1
        ? await checkOperationsAsync(model, recorded.operations, limits)
        : await checkOperationsParallel(reference ?? model, recorded.operations, { ...limits, threads });
  } catch (error) {
    throw error instanceof InputError ? dataFailure(error, name, recorded) : modelFailure(name, error);
  }
  const notes = [...recorded.notes];
  const explanations = signal.aborted ? new Map() : explainAll(model, recorded, result, notes);
  return { type: "model", name, model, recorded, result, explanations, notes };
}

function explainAll(
  model: AnyModel,
  { operations }: RecordedOperations,
  { partitions }: CheckResult,
  notes: string[],
): Map<string, Explanation> {
  const explanations = new Map<string, Explanation>();
  const deadline = performance.now() + EXPLAIN_MS;
  const violations = partitions.filter((partition) => partition.verdict === "illegal");
  // The easy ones first, so that a hard one does not take their time.
  for (const partition of violations.toSorted((a, b) => a.partialOrder.length - b.partialOrder.length)) {
    const timeoutMs = deadline - performance.now();
    if (timeoutMs <= 0) break;
    try {
      explanations.set(partition.key, explain(model, operations, partition, { timeoutMs }));
    } catch (error) {
      // The verdict stands without it.
      notes.push(`no minimal part was found for key ${JSON.stringify(partition.key)}: ${messageOf(error)}`);
    }
  }
  return explanations;
}

/** The line is that of the answer where there is one: what is wrong is mostly there. */
function dataFailure(error: InputError, model: string, { events }: RecordedOperations): FailureError {
  const event = events[error.index];
  return new FailureError({
    kind: "data",
    reason: error.message,
    remedy: `record what the model ${model} asks for, or choose another with --model`,
    line: (event?.completion ?? event?.invoke)?.line ?? null,
  });
}

function modelFailure(model: string, error: unknown): FailureError {
  return new FailureError({
    kind: "failed",
    // A broken promise names the model itself.
    reason: `the model ${model} failed: ${messageOf(error).replace(`model ${model}: `, "").split("\n")[0]}`,
    remedy:
      "a model must take every operation of the history in every state, and its step return a list of the states " +
      "after it, [] if there can be none; repair it",
    line: null,
  });
}
