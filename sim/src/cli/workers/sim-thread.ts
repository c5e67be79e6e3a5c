import { Worker } from "node:worker_threads";
import { Interrupted, stackOf } from "../../errors.js";
import type { Job, JobOutcome } from "./job.js";

/** Seen from src/ and from dist/ alike: a thread runs compiled code. */
export const SIM_THREAD = new URL("../../../dist/cli/workers/worker.js", import.meta.url);

/** A run that takes longer than this by the real clock goes in circles. */
export const DEFAULT_SEED_LIMIT_MS = 300_000;

/**
 * A thread that runs one job at a time. What it dies of is the outcome of the job it had, and the next job gets a new
 * thread: in a night's run one broken seed must not take the others with it.
 */
export class SimThread {
  readonly #script: URL;
  readonly #limitMs: number;
  #worker: Worker | null = null;
  /** Of the job that runs; null between jobs. */
  #end: ((outcome: JobOutcome | Interrupted) => void) | null = null;

  constructor(script: URL = SIM_THREAD, limitMs: number = DEFAULT_SEED_LIMIT_MS) {
    this.#script = script;
    this.#limitMs = limitMs;
  }

  /** One at a time. @throws Interrupted when it was closed meanwhile */
  run(job: Job): Promise<JobOutcome> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#broke(`it had not ended after ${this.#limitMs / 1_000} s of real time`),
        this.#limitMs,
      );
      this.#end = (outcome) => {
        clearTimeout(timer);
        this.#end = null;
        if (outcome instanceof Interrupted) reject(outcome);
        else resolve(outcome);
      };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(job);
    });
  }

  /** Ends what runs. The object can be used again. */
  close(): void {
    this.#terminate();
    this.#end?.(new Interrupted("closed"));
  }

  #start(): Worker {
    const worker = new Worker(this.#script);
    // What an older thread still has to say is of no interest.
    const ifCurrent = (tell: () => void): void => {
      if (this.#worker === worker) tell();
    };
    worker.on("message", (outcome: JobOutcome) => ifCurrent(() => this.#end?.(outcome)));
    worker.on("error", (error) => ifCurrent(() => this.#broke(stackOf(error))));
    worker.on("exit", (code) => ifCurrent(() => this.#broke(`its thread ended with code ${code}`)));
    return worker;
  }

  #broke(why: string): void {
    this.#terminate();
    this.#end?.({ type: "broken", why });
  }

  #terminate(): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
  }
}

/** One job in a thread of its own. */
export async function runInThread(
  job: Job,
  signal: AbortSignal,
  script: URL = SIM_THREAD,
  limitMs: number = DEFAULT_SEED_LIMIT_MS,
): Promise<JobOutcome> {
  const thread = new SimThread(script, limitMs);
  const close = (): void => thread.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    if (signal.aborted) throw new Interrupted("before it began");
    return await thread.run(job);
  } finally {
    signal.removeEventListener("abort", close);
    thread.close();
  }
}
