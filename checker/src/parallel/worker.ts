import { parentPort, workerData } from "node:worker_threads";
import { ModelError } from "../operation.js";
import type { AnyModel } from "../models/index.js";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.js";
import { loadModel } from "./model-source.js";
import { Shared } from "./shared.js";
import { receive } from "./transfer.js";
import { Turns } from "./turns.js";

/** A thread: checks the partitions that it is sent, asks for more, and says at once what it has settled. */
class CheckingThread {
  readonly #start: WorkerStart;
  readonly #shared: Shared;
  readonly #turns: Turns<unknown, unknown, unknown>;
  #busySince = 0;
  /** All has been settled, or has taken so long since the last came that there may be more besides. */
  #hasAsked = false;
  #progressAt = 0;
  #isScheduled = false;

  constructor(start: WorkerStart, model: AnyModel) {
    this.#start = start;
    this.#shared = new Shared(start.shared);
    this.#turns = new Turns(model, start, {
      isFull: () => this.#shared.isFull(start.thread, this.#turns.bytes, start.maxBytes),
    });
  }

  take({ number, sent }: ToWorker): void {
    this.#turns.add(number, receive(sent));
    this.#busySince = performance.now();
    this.#hasAsked = false;
    this.#schedule();
  }

  /** Between two turns messages come in. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      guard(() => this.#work());
    });
  }

  #work(): void {
    const now = performance.now();
    if (performance.timeOrigin + now >= this.#start.deadline) this.#shared.stop("time");
    const reason = this.#shared.stopReason;
    if (reason !== undefined) {
      post({ type: "settled", results: this.#turns.giveUp(reason) });
      return;
    }
    const settled = this.#turns.advance(
      Math.min(now + SLICE_MS, this.#start.deadline - performance.timeOrigin),
    );
    if (settled !== undefined) post({ type: "settled", results: [settled] });
    const isIdle = this.#turns.numbers.length === 0;
    if (!this.#hasAsked && (isIdle || now - this.#busySince > PATIENCE_MS)) {
      this.#hasAsked = true;
      post({ type: "hungry" });
    }
    if (isIdle) this.#shared.isFull(this.#start.thread, 0, this.#start.maxBytes);
    else {
      this.#tell(now);
      this.#schedule();
    }
  }

  #tell(now: number): void {
    if (now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    const progress = this.#turns.progress();
    if (progress !== undefined) post({ type: "progress", progress });
  }
}

const SLICE_MS = 10;
const PROGRESS_MS = 100;
/** A partition that takes longer is hard: others get their turns beside it. */
const PATIENCE_MS = 50;

function post(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage(message);
}

/** What the model throws is told as it is; an error of any other kind too, and it ends the check. */
function guard(work: () => void): void {
  try {
    work();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  // A class does not survive the way between threads; its name does.
  post({ type: "failed", error, isModelError: error instanceof ModelError });
}

const start = workerData as WorkerStart;
try {
  const thread = new CheckingThread(start, await loadModel(start.model));
  // Messages have waited until here.
  parentPort?.on("message", (message: ToWorker) => guard(() => thread.take(message)));
} catch (error) {
  fail(error);
}
