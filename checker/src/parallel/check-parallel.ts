import { availableParallelism } from "node:os";
import { checkOperations, mergeCheckVerdicts } from "../check.js";
import { Decision } from "../decide.js";
import { ENGINE_NAMES, type EngineName } from "../engine.js";
import { limit } from "../limit.js";
import type { Model } from "../model.js";
import { at, type Operation, validating } from "../operation.js";
import { type Partition, partitioning } from "../partition.js";
import {
  type CheckOptions,
  type CheckProgress,
  type CheckResult,
  DEFAULT_MAX_BYTES,
  type PartitionResult,
} from "../result.js";
import type { Steps } from "../steps.js";
import { undecided } from "../verdict.js";
import { loadModel, type ModelReference, type ModelSource, modelSource } from "./model-source.js";
import { Pool } from "./pool.js";
import { Shared, type StopReason } from "./shared.js";
import { type Settled, Turns } from "./turns.js";

export interface ParallelOptions extends CheckOptions {
  /** Threads besides this one; as many as there are processors if absent. */
  readonly threads?: number | undefined;
}

/**
 * As `checkOperations`, with the hard partitions checked side by side in worker threads. To send an operation to a
 * thread takes about twice the time of checking it, where it is easily checked. So each partition is tried in this
 * thread first, up to a few configurations an operation; those that take more are sent, unless there is one only.
 * This thread lets the event loop turn meanwhile.
 *
 * The model must be one that a thread can make again: a built-in one, or a ModelReference. Else it rejects with
 * ModelSourceError, whatever the history. `maxBytes` and `timeoutMs` are for the whole check. It rejects with
 * InputError and ModelError as `checkOperations` throws them, and with an Error if a thread dies; then there is no
 * verdict.
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
  const partitions = await prepare(made, operations, options, startedAt);
  if (partitions === undefined) {
    const result = checkOperations(made, operations, { ...options, timeoutMs: 0 });
    return { ...result, elapsedMs: performance.now() - startedAt };
  }
  const check = new ParallelCheck(source, made, partitions, options, startedAt);
  return await check.run();
}

/** Undefined: the time ran out, or it was aborted. */
async function prepare(
  model: Model<unknown, unknown, unknown>,
  operations: readonly Operation<unknown, unknown>[],
  { timeoutMs, signal }: ParallelOptions,
  startedAt: number,
): Promise<readonly Partition<unknown, unknown>[] | undefined> {
  const deadline = startedAt + limit("timeoutMs", timeoutMs, Number.POSITIVE_INFINITY);
  const steps = preparing(model, operations);
  let turnedAt = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    const now = performance.now();
    if (now >= deadline || signal?.aborted === true) return undefined;
    if (now - turnedAt < SLICE_MS) continue;
    await turnEventLoop();
    turnedAt = performance.now();
  }
}

function* preparing(
  model: Model<unknown, unknown, unknown>,
  operations: readonly Operation<unknown, unknown>[],
): Steps<readonly Partition<unknown, unknown>[]> {
  yield* validating(operations, model.problem?.bind(model));
  return yield* partitioning(model, operations);
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
  readonly #maxBytes: number;
  readonly #shared: Shared;
  /** What this thread has in hand. */
  readonly #turns: Turns<unknown, unknown, unknown>;
  #pool: Pool | undefined;
  #sent = 0;
  #decided = 0;
  #toldAt: number;
  #stopReason: StopReason | undefined;

  constructor(
    source: ModelSource,
    model: Model<unknown, unknown, unknown>,
    partitions: readonly Partition<unknown, unknown>[],
    options: ParallelOptions,
    startedAt: number,
  ) {
    const { engine = "auto", threads = availableParallelism(), timeoutMs } = options;
    if (engine !== "auto" && !ENGINE_NAMES.includes(engine))
      throw new RangeError(`no engine "${engine as string}"; known: auto, ${ENGINE_NAMES.join(", ")}`);
    if (!Number.isSafeInteger(threads) || threads < 1)
      throw new RangeError(`threads is ${threads}, not a positive integer`);
    this.#source = source;
    this.#model = model;
    this.#options = options;
    this.#threads = threads;
    this.#engine = engine === "auto" ? undefined : engine;
    this.#startedAt = startedAt;
    this.#deadline = startedAt + limit("timeoutMs", timeoutMs, Number.POSITIVE_INFINITY);
    this.#partitions = partitions;
    this.#results = this.#partitions.map(() => undefined);
    this.#maxBytes = limit("maxBytes", options.maxBytes, DEFAULT_MAX_BYTES);
    // This thread's place is the last.
    this.#shared = new Shared(threads + 1);
    this.#turns = new Turns(model, this.#turnsOptions(), {
      isFull: () => this.#shared.isFull(threads, this.#turns.bytes, this.#maxBytes),
    });
    this.#toldAt = startedAt;
  }

  async run(): Promise<CheckResult> {
    const stopOnAbort = (): void => this.#stop("aborted");
    const { signal } = this.#options;
    signal?.addEventListener("abort", stopOnAbort, { once: true });
    const timeLeft = this.#deadline - performance.now();
    const timer = timeLeft > LONGEST_TIMER_MS ? undefined : setTimeout(() => this.#stop("time"), timeLeft);
    try {
      await this.#tryAll();
      await this.#finishHere();
      await this.#pool?.end();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stopOnAbort);
      await this.#pool?.terminate();
    }
    const partitions = this.#partitions.map((_, number) => this.#results[number] ?? this.#undecided(number));
    return {
      verdict: mergeCheckVerdicts(partitions.map(({ verdict }) => verdict)),
      partitions,
      configurations: partitions.reduce((sum, { configurations }) => sum + configurations, 0),
      elapsedMs: performance.now() - this.#startedAt,
    };
  }

  /** Every partition for a moment in this thread, the small ones first; what is left then goes to the others. */
  async #tryAll(): Promise<void> {
    const size = (number: number): number => at(this.#partitions, number).operations.length;
    const numbers = this.#partitions.map((_, number) => number).toSorted((a, b) => size(a) - size(b));
    let turnedAt = performance.now();
    for (const number of numbers) {
      this.#turns.add(number, at(this.#partitions, number));
      const enough = TRY_CONFIGURATIONS + TRY_CONFIGURATIONS_PER_OPERATION * size(number);
      let settled: Settled | undefined;
      do {
        if (this.#mustStop()) return;
        if (performance.now() - turnedAt > SLICE_MS) {
          await turnEventLoop();
          turnedAt = performance.now();
        }
        settled = this.#turns.advanceLast(this.#sliceEnd(TRY_SLICE_MS));
        this.#tellSometimes();
      } while (settled === undefined && this.#turns.exploredLast < enough);
      if (settled !== undefined) this.#put(settled);
      else if (this.#threads > 1 && this.#turns.numbers.length + this.#sent > 1) this.#sendAll();
    }
  }

  #sendAll(): void {
    this.#pool ??= this.#makePool();
    for (const number of this.#turns.release()) {
      this.#sent++;
      this.#pool.add(number);
    }
  }

  /** What was not sent: one partition, or all that are left where there are no other threads. */
  async #finishHere(): Promise<void> {
    while (this.#turns.numbers.length > 0 && !this.#mustStop()) {
      const settled = this.#turns.advance(this.#sliceEnd(SLICE_MS));
      if (settled !== undefined) this.#put(settled);
      this.#tellSometimes();
      await turnEventLoop();
    }
    if (this.#stopReason !== undefined)
      for (const settled of this.#turns.giveUp(this.#stopReason)) this.#put(settled);
  }

  #makePool(): Pool {
    const start = {
      ...this.#turnsOptions(),
      model: this.#source,
      deadline: performance.timeOrigin + this.#deadline,
      maxBytes: this.#maxBytes,
      shared: this.#shared.buffer,
    };
    return new Pool(start, this.#threads, (number) => at(this.#partitions, number), {
      modelName: this.#model.name,
      onSettled: (number, result) => this.#put({ number, result }),
      onProgress: (progress) => this.#tell(progress),
    });
  }

  #stop(reason: StopReason): void {
    this.#stopReason ??= reason;
    this.#shared.stop(this.#stopReason);
    this.#pool?.drain(GRACE_MS);
  }

  #mustStop(): boolean {
    if (this.#options.signal?.aborted === true) this.#stop("aborted");
    if (performance.now() >= this.#deadline) this.#stop("time");
    return this.#stopReason !== undefined;
  }

  #sliceEnd(sliceMs: number): number {
    return Math.min(performance.now() + sliceMs, this.#deadline);
  }

  #turnsOptions(): { readonly engine: EngineName | undefined; readonly verifyWitness: boolean } {
    return { engine: this.#engine, verifyWitness: this.#options.verifyWitness === true };
  }

  #put({ number, result }: Settled): void {
    this.#results[number] = result;
    this.#decided++;
    this.#options.onPartition?.(result);
    if (result.verdict === "illegal" && this.#options.stopAtFirst === true) this.#stop("stopped");
  }

  #tellSometimes(): void {
    const now = performance.now();
    const progress = now - this.#toldAt < PROGRESS_MS ? undefined : this.#turns.progress();
    if (progress === undefined) return;
    this.#toldAt = now;
    this.#tell(progress);
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
    this.#put({ number, result });
    return result;
  }
}

async function turnEventLoop(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** How much of a partition is tried before it is sent: easy ones need less. */
const TRY_CONFIGURATIONS = 8_000;
const TRY_CONFIGURATIONS_PER_OPERATION = 2;
const TRY_SLICE_MS = 2;
const SLICE_MS = 20;
const PROGRESS_MS = 100;
/** In which threads that were told to stop can say how far they got. */
const GRACE_MS = 40;
/** What setTimeout takes at most, almost a month; to a later deadline the threads see by themselves. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
