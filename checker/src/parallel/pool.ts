import { Worker } from "node:worker_threads";
import { ModelError } from "../operation.js";
import type { Partition } from "../partition.js";
import type { CheckProgress, PartitionResult } from "../result.js";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.js";
import { buffersOf, send } from "./transfer.js";

export interface PoolEvents {
  readonly modelName: string;
  onSettled(number: number, result: PartitionResult): void;
  onProgress(progress: Omit<CheckProgress, "decided" | "partitions">): void;
}

/** Threads that check partitions, from one queue; they start as they are needed. */
export class Pool {
  readonly #start: Omit<WorkerStart, "thread">;
  readonly #threads: number;
  readonly #events: PoolEvents;
  readonly #partition: (number: number) => Partition<unknown, unknown>;
  /** Numbers of partitions, the next one first. */
  #queue: number[] = [];
  /** Sent and not settled yet. */
  readonly #open = new Set<number>();
  readonly #workers: Worker[] = [];
  /** Those that could take more, while the queue is empty. */
  #hungry: Worker[] = [];
  #isClosed = false;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #grace: NodeJS.Timeout | undefined;
  readonly #ended: Promise<void>;

  constructor(
    start: Omit<WorkerStart, "thread">,
    threads: number,
    partition: (number: number) => Partition<unknown, unknown>,
    events: PoolEvents,
  ) {
    this.#start = start;
    this.#threads = threads;
    this.#partition = partition;
    this.#events = events;
    this.#ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    // Whoever waits for `end` hears of it; until then nobody may be waiting.
    this.#ended.catch(() => undefined);
  }

  add(number: number): void {
    const worker = this.#hungry.pop();
    if (worker !== undefined) return this.#send(worker, number);
    if (this.#workers.length < this.#threads) this.#send(this.#startThread(), number);
    else this.#queue.push(number);
  }

  /**
   * Nothing more will be added. Waits until all is settled, and the threads are gone. Rejects if a thread or the
   * model failed.
   */
  async end(): Promise<void> {
    this.#isClosed = true;
    this.#endIfDone();
    try {
      await this.#ended;
    } finally {
      await this.terminate();
    }
  }

  async terminate(): Promise<void> {
    clearTimeout(this.#grace);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Sends nothing more, and ends when the threads have answered, or after `graceMs`. */
  drain(graceMs: number): void {
    this.#queue = [];
    this.#grace ??= setTimeout(this.#end, graceMs);
    this.#endIfDone();
  }

  #startThread(): Worker {
    const workerData: WorkerStart = { ...this.#start, thread: this.#workers.length };
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
    return worker;
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
      case "hungry": {
        const number = this.#queue.shift();
        if (number === undefined) this.#hungry.push(worker);
        else this.#send(worker, number);
        return;
      }
      case "progress":
        return this.#events.onProgress(message.progress);
      case "failed":
        return this.#fail(
          message.isModelError ? modelError(this.#events.modelName, message.error) : message.error,
        );
    }
  }

  #send(worker: Worker, number: number): void {
    this.#open.add(number);
    const sent = send(this.#partition(number));
    worker.postMessage({ number, sent } satisfies ToWorker, buffersOf(sent));
  }

  #endIfDone(): void {
    if (this.#isClosed && this.#open.size === 0 && this.#queue.length === 0) this.#end();
  }
}

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
