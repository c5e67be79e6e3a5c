import { availableParallelism } from "node:os";
import { mergeCheckVerdicts } from "../check.js";
import { Decision } from "../decide.js";
import { ENGINE_NAMES, type EngineName } from "../engine.js";
import type { Model } from "../model.js";
import { at, type Operation, validateOperations } from "../operation.js";
import { type Partition, partitionByKey } from "../partition.js";
import {
  type CheckOptions,
  type CheckProgress,
  type CheckResult,
  DEFAULT_MAX_BYTES,
  type PartitionResult,
} from "../result.js";
import { undecided } from "../verdict.js";
import { loadModel, type ModelReference, type ModelSource, modelSource } from "./model-source.js";
import { Pool } from "./pool.js";
import { Shared, type StopReason } from "./shared.js";
import { Turns } from "./turns.js";

export interface ParallelOptions extends CheckOptions {
  /** Threads besides this one; as many as there are processors if absent. */
  readonly threads?: number | undefined;
}

/**
 * As `checkOperations`, with the partitions checked in worker threads, the largest first. A history that is checked in a
 * moment, or of which one partition only is left then, stays in this thread, which lets the event loop turn.
 *
 * The model must be one that a thread can make again: a built-in one, or a ModelReference. Else it rejects with
 * ModelSourceError, whatever the history. `maxBytes` and `timeoutMs` are for the whole check. It rejects with
 * InputError and ModelError as `checkOperations` throws them, and with an Error if a thread dies; then there is no verdict.
 */
export async function checkOperationsParallel<State, Input, Output>(
  model: Model<State, Input, Output> | ModelReference,
  operations: readonly Operation<Input, Output>[],
  options: ParallelOptions = {},
): Promise<CheckResult> {
  const startedAt = performance.now();
  const source = modelSource(model);
  // Types are of no use beyond this point: what a module exports has none.
  const made = ("step" in model ? model : await loadModel(source)) as Model<unknown, unknown, unknown>;
  const check = new ParallelCheck(source, made, operations, options, startedAt);
  return await check.run();
}

class ParallelCheck {
  readonly #startedAt: number;
  readonly #deadline: number;
  readonly #source: ModelSource;
  readonly #model: Model<unknown, unknown, unknown>;
  readonly #options: ParallelOptions;
  readonly #threads: number;
  readonly #engine: EngineName | undefined;
  readonly #partitions: readonly Partition<unknown, unknown>[];
  readonly #results: (PartitionResult | undefined)[];
  #decided = 0;
  #stopReason: StopReason | undefined;

  constructor(
    source: ModelSource,
    model: Model<unknown, unknown, unknown>,
    operations: readonly Operation<unknown, unknown>[],
    options: ParallelOptions,
    startedAt: number,
  ) {
    const { engine = "auto", threads = availableParallelism(), timeoutMs } = options;
    if (engine !== "auto" && !ENGINE_NAMES.includes(engine))
      throw new RangeError(`no engine "${engine as string}"; known: auto, ${ENGINE_NAMES.join(", ")}`);
    if (!Number.isSafeInteger(threads) || threads < 1)
      throw new RangeError(`threads is ${threads}, not a positive integer`);
    validateOperations(operations, model.problem?.bind(model));
    this.#source = source;
    this.#model = model;
    this.#options = options;
    this.#threads = threads;
    this.#engine = engine === "auto" ? undefined : engine;
    this.#startedAt = startedAt;
    this.#deadline = startedAt + (timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#partitions = partitionByKey(model, operations);
    this.#results = this.#partitions.map(() => undefined);
  }

  async run(): Promise<CheckResult> {
    const left = await this.#checkHere();
    if (left.length > 0) await this.#checkInThreads(left);
    const partitions = this.#results.map((_, number) => this.#results[number] ?? this.#undecided(number));
    return {
      verdict: mergeCheckVerdicts(partitions.map(({ verdict }) => verdict)),
      partitions,
      configurations: partitions.reduce((sum, { configurations }) => sum + configurations, 0),
      elapsedMs: performance.now() - this.#startedAt,
    };
  }

  /** In this thread, at first for a moment only. Returns the numbers of the partitions for other threads. */
  async #checkHere(): Promise<readonly number[]> {
    const maxBytes = this.#options.maxBytes ?? DEFAULT_MAX_BYTES;
    const turns: Turns<unknown, unknown, unknown> = new Turns(this.#model, this.#turnsOptions(), {
      isFull: () => turns.bytes > maxBytes,
    });
    this.#bySize(1).forEach((number) => turns.add(number, at(this.#partitions, number)));
    const momentEnd = performance.now() + MOMENT_MS;
    let toldAt = this.#startedAt;
    while (turns.numbers.length > 0) {
      const now = performance.now();
      const reason = this.#reasonToStop();
      if (reason !== undefined) {
        for (const { number, result } of turns.giveUp(reason)) this.#put(number, result);
        return [];
      }
      if (now > momentEnd && turns.numbers.length > 1 && this.#threads > 1) return turns.numbers;
      const isMoment = now < momentEnd;
      const settled = turns.advance(Math.min(now + (isMoment ? TURN_MS : SLICE_MS), this.#deadline));
      if (settled !== undefined) this.#put(settled.number, settled.result);
      if (isMoment) continue;
      const progress = turns.progress();
      if (progress !== undefined && now - toldAt > PROGRESS_MS) {
        toldAt = now;
        this.#tell(progress);
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return [];
  }

  async #checkInThreads(left: readonly number[]): Promise<void> {
    const order = this.#bySize(-1).filter((number) => left.includes(number));
    const threads = Math.min(this.#threads, order.length);
    const shared = new Shared(threads);
    const start = {
      ...this.#turnsOptions(),
      model: this.#source,
      deadline: performance.timeOrigin + this.#deadline,
      maxBytes: this.#options.maxBytes ?? DEFAULT_MAX_BYTES,
      threads,
      shared: shared.buffer,
    };
    const pool = new Pool(start, order, (number) => at(this.#partitions, number), {
      modelName: this.#model.name,
      onSettled: (number, result) => {
        this.#put(number, result);
        if (this.#stopReason !== undefined) stop(this.#stopReason);
      },
      onProgress: (progress) => this.#tell(progress),
    });
    const stop = (reason: StopReason): void => {
      this.#stopReason ??= reason;
      shared.stop(reason);
      pool.drain(GRACE_MS);
    };
    const abort = (): void => stop("aborted");
    const { signal } = this.#options;
    signal?.addEventListener("abort", abort, { once: true });
    const timeLeft = this.#deadline - performance.now();
    const timer = timeLeft > LONGEST_TIMER_MS ? undefined : setTimeout(() => stop("time"), timeLeft);
    try {
      await pool.run();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #turnsOptions(): { readonly engine: EngineName | undefined; readonly verifyWitness: boolean } {
    return { engine: this.#engine, verifyWitness: this.#options.verifyWitness === true };
  }

  /** Numbers of all partitions, by their lengths times `sign`. */
  #bySize(sign: 1 | -1): number[] {
    const length = (number: number): number => at(this.#partitions, number).positions.length;
    return this.#partitions.map((_, number) => number).toSorted((a, b) => sign * (length(a) - length(b)));
  }

  #reasonToStop(): StopReason | undefined {
    if (this.#options.signal?.aborted === true) this.#stopReason ??= "aborted";
    if (performance.now() >= this.#deadline) this.#stopReason ??= "time";
    return this.#stopReason;
  }

  #put(number: number, result: PartitionResult): void {
    this.#results[number] = result;
    this.#decided++;
    if (result.verdict === "illegal" && this.#options.stopAtFirst === true) this.#stopReason ??= "stopped";
    this.#options.onPartition?.(result);
  }

  #tell(progress: Omit<CheckProgress, "decided" | "partitions">): void {
    this.#options.onProgress?.({
      ...progress,
      decided: this.#decided,
      partitions: this.#partitions.length,
    });
  }

  /** Of a partition that no thread came to, or that a thread said nothing of before it was ended. */
  #undecided(number: number): PartitionResult {
    if (this.#stopReason === undefined) throw new Error(`partition ${number} was never settled`);
    const partition = at(this.#partitions, number);
    const decision = new Decision(this.#model, partition.operations, { isFull: () => false }, this.#engine);
    const result = undecided(partition, decision, this.#stopReason);
    this.#put(number, result);
    return result;
  }
}

/** Until then a history is not worth a thread, which takes about as long to start. */
const MOMENT_MS = 30;
const TURN_MS = 2;
const SLICE_MS = 20;
const PROGRESS_MS = 100;
/** In which threads that were told to stop can say how far they got. */
const GRACE_MS = 40;
/** What setTimeout takes at most, almost a month; to a later deadline the threads see by themselves. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
