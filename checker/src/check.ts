import { Decision } from "./decide.js";
import { ENGINE_NAMES, type EngineLimits, type EngineName, type EngineOutcome } from "./engine.js";
import { limit } from "./limit.js";
import type { Model } from "./model.js";
import { type Operation, validating } from "./operation.js";
import { type Partition, partitioning } from "./partition.js";
import {
  type CheckOptions,
  type CheckResult,
  type CheckVerdict,
  DEFAULT_MAX_BYTES,
  type PartitionResult,
} from "./result.js";
import type { Steps } from "./steps.js";
import { settle, undecided } from "./verdict.js";

/**
 * Whether the operations could have been answered so by one sequential object, each taking effect at one
 * instant between its call and its return (Herlihy and Wing 1990). Exponential in the operations that
 * are open at a time, in the worst case (the question is NP-complete: Gibbons and Korach 1997), log-linear
 * where a model opens such a path; memory is bounded by `maxBytes`.
 *
 * Throws InputError if the history makes no sense, ModelError if the model breaks a promise.
 */
export function checkOperations<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOptions = {},
): CheckResult {
  const check = new Check(model, operations, options);
  while (!check.isDone) check.advance(SLICE_MS);
  return check.result();
}

/** The same, but lets the event loop turn every `sliceMs`. An AbortSignal can then end it from outside. */
export async function checkOperationsAsync<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOptions & { readonly sliceMs?: number | undefined } = {},
): Promise<CheckResult> {
  const check = new Check(model, operations, options);
  while (!check.isDone) {
    check.advance(options.sliceMs ?? 20);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return check.result();
}

/** Of no verdicts: ok, for a history without operations is legal. */
export function mergeCheckVerdicts(verdicts: readonly CheckVerdict[]): CheckVerdict {
  if (verdicts.includes("illegal")) return "illegal";
  return verdicts.includes("unknown") ? "unknown" : "ok";
}

const SLICE_MS = 20;
const PROGRESS_MS = 100;

interface Pending<State, Input, Output> {
  readonly partition: Partition<Input, Output>;
  readonly decision: Decision<State, Input, Output>;
}

/** The partitions of one history take turns, so that a hard one does not hold up the verdict of the others. */
class Check<State, Input, Output> {
  readonly #startedAt = performance.now();
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #options: CheckOptions;
  readonly #deadline: number;
  readonly #forced: EngineName | undefined;
  readonly #limits: EngineLimits;
  /** What comes before all else: validation and partitioning. */
  #preparation: Steps<void> | undefined;
  #order: readonly string[] = [];
  readonly #results = new Map<string, PartitionResult>();
  /** The small ones first; those from `#next` on have not begun. */
  #waiting: readonly Partition<Input, Output>[] = [];
  #next = 0;
  /** Begun and undecided, in the order of their turns. There may be a million keys: no step may go through all. */
  readonly #pending = new Set<Pending<State, Input, Output>>();
  #progressAt = this.#startedAt + PROGRESS_MS;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    options: CheckOptions,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#options = options;
    const engine = options.engine ?? "auto";
    if (engine !== "auto" && !ENGINE_NAMES.includes(engine))
      throw new RangeError(`no engine "${engine as string}"; known: auto, ${ENGINE_NAMES.join(", ")}`);
    this.#forced = engine === "auto" ? undefined : engine;
    const maxBytes = limit("maxBytes", options.maxBytes, DEFAULT_MAX_BYTES);
    this.#deadline = this.#startedAt + limit("timeoutMs", options.timeoutMs, Number.POSITIVE_INFINITY);
    this.#limits = { isFull: () => this.#bytes() > maxBytes };
    this.#preparation = this.#preparing();
    this.#prepare(0);
  }

  get isDone(): boolean {
    return this.#preparation === undefined && this.#pending.size === 0 && this.#next >= this.#waiting.length;
  }

  /** Works for about `sliceMs`. */
  advance(sliceMs: number): void {
    const now = performance.now();
    const deadline = this.#deadline;
    if (this.#options.signal?.aborted === true) return this.#giveUp("aborted");
    if (now >= deadline) return this.#giveUp("time");
    if (this.#preparation !== undefined) return this.#prepare(Math.min(deadline, now + sliceMs));
    const pending = this.#takeTurn();
    if (pending === undefined) return;
    const outcome = pending.decision.advance(Math.min(deadline, now + sliceMs));
    if (outcome !== undefined) this.#settle(pending, outcome);
    this.#tell(pending);
  }

  result(): CheckResult {
    const partitions = this.#order.map((key) => this.#results.get(key) as PartitionResult);
    return {
      verdict: mergeCheckVerdicts(partitions.map(({ verdict }) => verdict)),
      partitions,
      configurations: partitions.reduce((sum, { configurations }) => sum + configurations, 0),
      elapsedMs: performance.now() - this.#startedAt,
    };
  }

  /** A piece at least, then until this time of performance.now(). */
  #prepare(until: number): void {
    do {
      if (this.#preparation?.next().done !== true) continue;
      this.#preparation = undefined;
      return;
    } while (performance.now() < until);
  }

  *#preparing(): Steps<void> {
    yield* validating(this.#operations, this.#model.problem?.bind(this.#model));
    const partitions = yield* partitioning(this.#model, this.#operations);
    this.#order = partitions.map(({ key }) => key);
    this.#waiting = partitions.toSorted((a, b) => a.positions.length - b.positions.length);
  }

  /** One that has not begun, else the one whose last turn is longest ago. It is now the last. */
  #takeTurn(): Pending<State, Input, Output> | undefined {
    const partition = this.#waiting[this.#next];
    if (partition !== undefined) this.#next++;
    const [first] = partition === undefined ? this.#pending : [this.#pend(partition)];
    if (first === undefined) return undefined;
    this.#pending.delete(first);
    this.#pending.add(first);
    return first;
  }

  #pend(partition: Partition<Input, Output>): Pending<State, Input, Output> {
    const decision = new Decision(this.#model, partition.operations, this.#limits, this.#forced);
    return { partition, decision };
  }

  /** Where even the preparation takes too long: there are no partitions yet, so that all is one. */
  #pendAll(): void {
    const operations = this.#operations;
    const positions: number[] = [];
    for (let position = 0; position < operations.length; position++) positions.push(position);
    this.#preparation = undefined;
    this.#order = [""];
    this.#waiting = [{ key: "", positions, operations }];
  }

  /** What an engine may use is what the others have left. */
  #bytes(): number {
    let bytes = 0;
    for (const { decision } of this.#pending) bytes += decision.bytes;
    return bytes;
  }

  #settle(pending: Pending<State, Input, Output>, outcome: EngineOutcome): void {
    this.#pending.delete(pending);
    const { partition, decision } = pending;
    const result = settle(this.#model, partition, decision, outcome, this.#options.verifyWitness === true);
    this.#put(result);
    if (result.verdict === "illegal" && this.#options.stopAtFirst === true) this.#giveUp("stopped");
  }

  #giveUp(why: "time" | "aborted" | "stopped"): void {
    if (this.#preparation !== undefined) this.#pendAll();
    const begun = [...this.#pending];
    const waiting = this.#waiting.slice(this.#next);
    this.#pending.clear();
    this.#waiting = [];
    for (const { partition, decision } of begun) this.#put(undecided(partition, decision, why));
    for (const partition of waiting) this.#put(undecided(partition, this.#pend(partition).decision, why));
  }

  #put(result: PartitionResult): void {
    this.#results.set(result.key, result);
    this.#options.onPartition?.(result);
  }

  #tell({ partition, decision }: Pending<State, Input, Output>): void {
    const now = performance.now();
    if (this.#options.onProgress === undefined || now < this.#progressAt) return;
    this.#progressAt = now + PROGRESS_MS;
    this.#options.onProgress({
      key: partition.key,
      decided: this.#results.size,
      partitions: this.#order.length,
      settledReturns: decision.engine?.settledReturns ?? 0,
      returns: decision.task.returns,
      configurations: decision.engine?.configurations ?? 0,
      bytes: decision.bytes,
    });
  }
}
