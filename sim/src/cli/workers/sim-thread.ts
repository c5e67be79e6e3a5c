import { Worker } from "node:worker_threads";
import { Interrupted } from "../../errors.js";
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
  #cancel: (() => void) | null = null;

  constructor(script: URL = SIM_THREAD, limitMs: number = DEFAULT_SEED_LIMIT_MS) {
    this.#script = script;
    this.#limitMs = limitMs;
  }

  /** @throws Interrupted when it was closed meanwhile. */
  run(job: Job): Promise<JobOutcome> {
    const worker = (this.#worker ??= new Worker(this.#script));
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void, isAlive: boolean): void => {
        clearTimeout(timer);
        worker.removeAllListeners();
        this.#cancel = null;
        if (!isAlive) this.#end();
        settle();
      };
      const broken = (why: string): void => finish(() => resolve({ type: "broken", why }), false);
      const timer = setTimeout(
        () => broken(`it had not ended after ${this.#limitMs / 1_000} s of real time`),
        this.#limitMs,
      );
      this.#cancel = () => finish(() => reject(new Interrupted("closed")), false);
      worker.on("message", (outcome: JobOutcome) => finish(() => resolve(outcome), true));
      worker.on("error", (error) =>
        broken(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      );
      worker.on("exit", (code) => broken(`its thread ended with code ${code}`));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(job);
    });
  }

  /** Ends what runs. The object can be used again. */
  close(): void {
    if (this.#cancel === null) this.#end();
    else this.#cancel();
  }

  #end(): void {
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
