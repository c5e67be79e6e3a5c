import { FrontierSearch, type SearchOutcome } from "./engines/frontier.js";
import type { Model } from "./model.js";
import { at, type Operation, validateOperations } from "./operation.js";
import { prepare, type Problem } from "./problem.js";
import {
  type CheckOptions,
  type CheckResult,
  type CheckVerdict,
  type PartitionResult,
  STATES_SHOWN,
} from "./result.js";
import { replay, verifyWitness } from "./witness.js";

export interface CheckOperationsOptions extends CheckOptions {
  /** Has an independent routine go through every witness (linear time); throws if it disagrees. */
  readonly verifyWitness?: boolean | undefined;
}

/**
 * Whether the operations could have been answered so by one sequential object, each taking effect at one
 * instant between its call and its return (Herlihy and Wing 1990). Exponential in the operations that
 * are open at a time, in the worst case; memory is bounded by `maxConfigurations`.
 *
 * Throws InputError if the history makes no sense, ModelError if the model breaks a promise.
 */
export function checkOperations<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOperationsOptions = {},
): CheckResult {
  const steps = check(model, operations, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, but lets the event loop turn every `sliceMs`. An AbortSignal can then end it from outside. */
export async function checkOperationsAsync<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOperationsOptions & { readonly sliceMs?: number | undefined } = {},
): Promise<CheckResult> {
  const steps = check(model, operations, options);
  const sliceMs = options.sliceMs ?? 20;
  let sliceEnd = performance.now() + sliceMs;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < sliceEnd) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    sliceEnd = performance.now() + sliceMs;
  }
}

/** Yields whenever the caller may want to do something else. */
function* check<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOperationsOptions,
): Generator<undefined, CheckResult> {
  const startedAt = performance.now();
  validateOperations(operations, model.problem?.bind(model));
  const partitions = partition(model, operations);
  const results = new Map<string, PartitionResult>();
  // Small ones first: time that they leave is the hard ones'.
  const bySize = [...partitions].toSorted(([, a], [, b]) => a.length - b.length);
  for (const [done, [key, positions]] of bySize.entries()) {
    const now = performance.now();
    const left = (options.timeoutMs ?? Number.POSITIVE_INFINITY) - (now - startedAt);
    const limits: PartitionLimits = {
      options,
      deadline: now + left / (bySize.length - done),
      partition: done,
      partitions: bySize.length,
    };
    results.set(key, yield* checkPartition(model, operations, key, positions, limits));
    yield;
  }
  const ordered = [...partitions.keys()].map((key) => results.get(key) as PartitionResult);
  return {
    verdict: mergeCheckVerdicts(ordered.map((result) => result.verdict)),
    partitions: ordered,
    configurations: ordered.reduce((sum, result) => sum + result.configurations, 0),
    elapsedMs: performance.now() - startedAt,
  };
}

/** Of no verdicts: ok, for a history without operations is legal. */
export function mergeCheckVerdicts(verdicts: readonly CheckVerdict[]): CheckVerdict {
  if (verdicts.includes("illegal")) return "illegal";
  return verdicts.includes("unknown") ? "unknown" : "ok";
}

function partition<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Map<string, number[]> {
  const partitions = new Map<string, number[]>();
  operations.forEach((operation, position) => {
    const key = model.key?.(operation.input) ?? "";
    const positions = partitions.get(key);
    if (positions === undefined) partitions.set(key, [position]);
    else positions.push(position);
  });
  return partitions;
}

interface PartitionLimits {
  readonly options: CheckOperationsOptions;
  readonly deadline: number;
  readonly partition: number;
  readonly partitions: number;
}

function* checkPartition<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  key: string,
  positions: readonly number[],
  limits: PartitionLimits,
): Generator<undefined, PartitionResult> {
  const problem = prepare(model, operations, positions);
  const search = new FrontierSearch(problem, limits.options.maxConfigurations);
  const outcome = yield* runWithin(search, key, problem, limits);
  const base = { key, operations: positions, configurations: search.configurations };
  if (outcome.type === "ok") {
    const witness = outcome.order.map((operation) => at(problem.positions, operation));
    if (limits.options.verifyWitness === true) assertWitness(model, operations, positions, witness);
    return { ...base, verdict: "ok", witness };
  }
  if (outcome.type === "illegal") {
    return { ...base, verdict: "illegal", ...explain(model, operations, problem, outcome) };
  }
  const { settledReturns } = search;
  const reason =
    `${RAN_OUT[outcome.type]} after ${search.configurations} configurations; the history is legal up to ` +
    `return ${settledReturns} of ${problem.returns}`;
  const ranOut = outcome.type === "full" ? "configurations" : outcome.type;
  return { ...base, verdict: "unknown", ranOut, settledReturns, returns: problem.returns, reason };
}

const RAN_OUT = {
  full: "the memory allowed for configurations ran out",
  time: "the time limit was reached",
  aborted: "the check was aborted",
} as const;

const PROGRESS_MS = 100;

function* runWithin(
  search: FrontierSearch,
  key: string,
  problem: Problem,
  { options, deadline, partition: number, partitions }: PartitionLimits,
): Generator<undefined, SearchOutcome | { readonly type: "time" | "aborted" }> {
  const steps = search.run();
  let nextProgress = performance.now() + PROGRESS_MS;
  for (;;) {
    if (options.signal?.aborted === true) return { type: "aborted" };
    // A step comes before the first look at the clock: an easy partition is decided however late it is.
    const step = steps.next();
    if (step.done === true) return step.value;
    const now = performance.now();
    if (now > deadline) return { type: "time" };
    if (now >= nextProgress) {
      nextProgress = now + PROGRESS_MS;
      const { settledReturns, configurations } = search;
      const { returns } = problem;
      options.onProgress?.({ key, partition: number, partitions, settledReturns, returns, configurations });
    }
    yield;
  }
}

function explain<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  problem: Problem,
  outcome: Extract<SearchOutcome, { readonly type: "illegal" }>,
): Pick<
  Extract<PartitionResult, { readonly verdict: "illegal" }>,
  "failedAt" | "partialOrder" | "possibleStates" | "possibleStateCount" | "reason"
> {
  const failedAt = at(problem.positions, outcome.operation);
  const orders = outcome.orders.map((order) => order.map((operation) => at(problem.positions, operation)));
  // Replayed, so that they are states of the history as given, not of the simplified one.
  const states = orders.flatMap((order) =>
    replay(model, operations, order).map((s) => model.describeState(s)),
  );
  const possibleStates = [...new Set(states)].slice(0, STATES_SHOWN);
  const { input, output, process, id } = at(operations, failedAt);
  const more = outcome.stateCount > possibleStates.length ? `, one of ${outcome.stateCount} such states` : "";
  return {
    failedAt,
    partialOrder: at(orders, 0),
    possibleStates,
    possibleStateCount: Math.max(outcome.stateCount, possibleStates.length),
    reason:
      `no order is left for operation ${id ?? failedAt}, the ${model.describeOperation(input, output)} ` +
      `(process ${process}): whichever way the operations up to its return are ordered, ` +
      `the state it meets is ${possibleStates.join(" or ")}${more}`,
  };
}

function assertWitness<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  positions: readonly number[],
  witness: readonly number[],
): void {
  const local = new Map(positions.map((position, i) => [position, i]));
  const verdict = verifyWitness(
    model,
    positions.map((position) => at(operations, position)),
    witness.map((position) => local.get(position) ?? -1),
  );
  if (!verdict.valid) throw new Error(`the search's own witness fails at ${verdict.at}: ${verdict.problem}`);
}
