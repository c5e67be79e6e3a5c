import { Interrupted } from "../errors.js";
import type { Failure, SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import { addTo, NOTHING, type Tally } from "./tally.js";
import type { JobOutcome, Source } from "./workers/job.js";
import { SimThread } from "./workers/sim-thread.js";

export interface CampaignOptions {
  readonly firstSeed: number;
  /** null: until the time is over. */
  readonly seeds: number | null;
  readonly timeLimitMs: number | null;
  readonly workers: number;
  /** What the threads run; null: the simulator of this build. */
  readonly thread: URL | null;
  readonly seedLimitMs: number;
  readonly source: (seed: number) => Source;
  /** Failures at which the campaign ends. */
  endsIt(failure: Failure): boolean;
  /** Told after each seed, in the order in which they end. */
  onSeed?(tally: Tally, failed: SeedFailure | null): void;
}

/** A seed that failed. `scenario` and `result` are null where the simulator broke before there were any. */
export interface SeedFailure {
  readonly seed: number;
  readonly failure: Failure;
  readonly scenario: Scenario | null;
  readonly result: SimResult | null;
}

export interface Campaign {
  readonly tally: Tally;
  /** In the order of their seeds. */
  readonly failures: readonly SeedFailure[];
  /** Seeds for which there was nothing to run. */
  readonly refused: number;
  readonly end: "all seeds" | "failure" | "time limit" | "interrupted";
}

/**
 * Runs one seed after another on so many threads. Where a failure ends it, it is that of the lowest seed: lower ones
 * that still run are waited for, higher ones are dropped.
 */
export async function runCampaign(options: CampaignOptions, signal: AbortSignal): Promise<Campaign> {
  const run = new Run(options);
  const stop = (): void => run.interrupt();
  signal.addEventListener("abort", stop, { once: true });
  const timer = options.timeLimitMs === null ? null : setTimeout(() => run.timeIsOver(), options.timeLimitMs);
  try {
    if (signal.aborted) run.interrupt();
    return await run.all();
  } finally {
    if (timer !== null) clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

class Run {
  readonly #options: CampaignOptions;
  readonly #threads = new Map<SimThread, number>();
  #next: number;
  /** Seeds from here on are not wanted. */
  #until: number;
  #tally = NOTHING;
  #failures: SeedFailure[] = [];
  #refused = 0;
  #end: Campaign["end"] = "all seeds";

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#next = options.firstSeed;
    this.#until = options.seeds === null ? Number.POSITIVE_INFINITY : options.firstSeed + options.seeds;
  }

  async all(): Promise<Campaign> {
    const { workers } = this.#options;
    try {
      await Promise.all(Array.from({ length: workers }, () => this.#work()));
    } finally {
      for (const thread of this.#threads.keys()) thread.close();
    }
    return {
      tally: this.#tally,
      failures: this.#failures.toSorted((a, b) => a.seed - b.seed),
      refused: this.#refused,
      end: this.#end,
    };
  }

  interrupt(): void {
    this.#endBefore(0, "interrupted");
  }

  timeIsOver(): void {
    this.#endBefore(0, "time limit");
  }

  async #work(): Promise<void> {
    const { thread: script, seedLimitMs, source } = this.#options;
    const thread = new SimThread(script ?? undefined, seedLimitMs);
    try {
      while (this.#next < this.#until) {
        const seed = this.#next++;
        this.#threads.set(thread, seed);
        this.#take(seed, await thread.run({ source: source(seed), isTraced: false }));
      }
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
    } finally {
      this.#threads.delete(thread);
      thread.close();
    }
  }

  #take(seed: number, outcome: JobOutcome): void {
    if (outcome.type === "refused") this.#refused += 1;
    if (outcome.type === "finished") this.#tally = addTo(this.#tally, outcome.result);
    const failed = failureOf(seed, outcome);
    if (failed !== null) this.#failures.push(failed);
    if (failed !== null && this.#options.endsIt(failed.failure)) this.#endBefore(seed, "failure");
    this.#options.onSeed?.(this.#tally, failed);
  }

  /** Lower seeds go on to their end. */
  #endBefore(seed: number, end: Campaign["end"]): void {
    if (seed >= this.#until) return;
    this.#until = seed;
    this.#end = end;
    for (const [thread, runs] of this.#threads) if (runs > seed || seed === 0) thread.close();
  }
}

function failureOf(seed: number, outcome: JobOutcome): SeedFailure | null {
  if (outcome.type === "finished") {
    const { scenario, result } = outcome;
    return result.failure === null ? null : { seed, failure: result.failure, scenario, result };
  }
  if (outcome.type === "refused") return null;
  const failure: Failure = { kind: "simulator", name: "broke", what: outcome.why, atMs: 0 };
  return { seed, failure, scenario: null, result: null };
}
