import { Worker } from "node:worker_threads";
import { ModelError } from "../operation.js";
import type { Partition } from "../partition.js";
import type { CheckProgress, PartitionResult } from "../result.js";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.js";
import { buffersOf, send, type SentPartition } from "./transfer.js";

export interface PoolEvents {
  readonly modelName: string;
  onSettled(number: number, result: PartitionResult): void;
  onProgress(progress: Omit<CheckProgress, "decided" | "partitions">): void;
}

/** Threads that check partitions, from one queue. `run` ends when all is settled, with the threads gone. */
export class Pool {
  readonly #start: Omit<WorkerStart, "thread">;
  readonly #events: PoolEvents;
  readonly #partition: (number: number) => Partition<unknown, unknown>;
  /** Numbers of partitions, the next one first. */
  #queue: number[];
  readonly #parcelOperations: number;
  /** Sent and not settled yet. */
  readonly #open = new Set<number>();
  readonly #workers: Worker[] = [];
  /** Made ready while the threads work. */
  #ahead: Parcel | undefined;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #grace: NodeJS.Timeout | undefined;

  constructor(
    start: Omit<WorkerStart, "thread">,
    queue: readonly number[],
    partition: (number: number) => Partition<unknown, unknown>,
    events: PoolEvents,
  ) {
    this.#start = start;
    this.#queue = [...queue];
    this.#partition = partition;
    this.#events = events;
    const operations = queue.reduce((sum, number) => sum + partition(number).operations.length, 0);
    this.#parcelOperations = Math.min(PARCEL_OPERATIONS, operations / (start.threads * PARCELS_PER_THREAD));
  }

  /** Rejects if a thread or the model fails. */
  async run(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#end = resolve;
        this.#fail = reject;
        for (let thread = 0; thread < this.#start.threads; thread++) this.#startThread(thread);
      });
    } finally {
      clearTimeout(this.#grace);
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
  }

  /** Sends nothing more, and ends when the threads have answered, or after `graceMs`. */
  drain(graceMs: number): void {
    this.#queue = [];
    this.#ahead = undefined;
    this.#grace ??= setTimeout(this.#end, graceMs);
    this.#endIfDone();
  }

  #startThread(thread: number): void {
    const workerData: WorkerStart = { ...this.#start, thread };
    const worker = new Worker(THREAD, { workerData });
    this.#workers.push(worker);
    worker.on("message", (message: FromWorker) => {
      try {
        this.#receive(worker, message);
      } catch (error) {
        this.#fail(error);
      }
    });
    worker.once("error", (error) => this.#fail(died(error)));
    worker.once("messageerror", (error) => this.#fail(died(error)));
    worker.once("exit", (code) => this.#fail(died(new Error(`it ended with code ${code}`))));
    this.#feed(worker);
  }

  #receive(worker: Worker, message: FromWorker): void {
    switch (message.type) {
      case "settled":
        for (const { number, result } of message.results) {
          if (!this.#open.delete(number))
            throw new Error(`a thread settled partition ${number}, which it had not`);
          this.#events.onSettled(number, result);
        }
        return this.#endIfDone();
      case "hungry":
        return this.#feed(worker);
      case "progress":
        return this.#events.onProgress(message.progress);
      case "failed":
        return this.#fail(
          message.isModelError ? modelError(this.#events.modelName, message.error) : message.error,
        );
    }
  }

  #feed(worker: Worker): void {
    const parcel = this.#ahead ?? this.#pack();
    this.#ahead = undefined;
    if (parcel === undefined) return;
    for (const { number } of parcel.partitions) this.#open.add(number);
    worker.postMessage({ partitions: parcel.partitions } satisfies ToWorker, parcel.buffers);
    setImmediate(() => {
      this.#ahead ??= this.#pack();
    });
  }

  /** Small partitions together, so that a message is worth its while. */
  #pack(): Parcel | undefined {
    if (this.#queue.length === 0) return undefined;
    const partitions: { number: number; sent: SentPartition }[] = [];
    const buffers: ArrayBuffer[] = [];
    let operations = 0;
    while (operations < this.#parcelOperations) {
      const number = this.#queue.shift();
      if (number === undefined) break;
      const partition = this.#partition(number);
      operations += partition.operations.length;
      const sent = send(partition);
      partitions.push({ number, sent });
      buffers.push(...buffersOf(sent));
    }
    return { partitions, buffers };
  }

  #endIfDone(): void {
    if (this.#open.size === 0 && this.#queue.length === 0 && this.#ahead === undefined) this.#end();
  }
}

interface Parcel {
  readonly partitions: ToWorker["partitions"];
  readonly buffers: ArrayBuffer[];
}

const PARCEL_OPERATIONS = 2_000;
/** At least: what is in one parcel stays with one thread. */
const PARCELS_PER_THREAD = 8;
/** Seen from src/ and from dist/ alike: a thread runs compiled code. */
const THREAD = new URL("../../dist/parallel/worker.js", import.meta.url);

function died(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(`a thread that checked the history died, so there is no verdict: ${message}`, {
    cause: error,
  });
}

/** A class does not survive the way between threads. */
function modelError(model: string, error: unknown): ModelError {
  const message = error instanceof Error ? error.message : String(error);
  const prefix = `model ${model}: `;
  return new ModelError(model, message.startsWith(prefix) ? message.slice(prefix.length) : message);
}
