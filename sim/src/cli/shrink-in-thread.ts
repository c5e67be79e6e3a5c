import { Interrupted, SimulatorError } from "../errors.js";
import { counted } from "../report/numbers.js";
import type { Failure, SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import { type ShrinkProgress, shrinkScenario, type Shrunk } from "../shrink/shrink.js";
import type { Progress } from "./terminal.js";
import type { Finished, Job } from "./workers/job.js";
import { runInThread, SIM_THREAD, SimThread } from "./workers/sim-thread.js";

export interface ShrinkBudget {
  readonly tries: number;
  readonly timeLimitMs: number;
}

export const DEFAULT_BUDGET: ShrinkBudget = { tries: 500, timeLimitMs: 120_000 };

/** Shrinks a failing scenario on a thread. When the signal aborts, what was found so far is the answer. */
export async function shrinkInThread(
  scenario: Scenario,
  result: SimResult & { readonly failure: Failure },
  budget: ShrinkBudget,
  progress: Progress,
  signal: AbortSignal,
  script: URL = SIM_THREAD,
): Promise<Shrunk> {
  const thread = new SimThread(script);
  const close = (): void => thread.close();
  signal.addEventListener("abort", close, { once: true });
  const until = performance.now() + budget.timeLimitMs;
  try {
    return await shrinkScenario(scenario, result, {
      tries: budget.tries,
      isOver: () => signal.aborted || performance.now() > until,
      run: (candidate) => tryOn(thread, candidate),
      onTry: (tried) => progress.status(`shrinking: ${tryText(tried)}`),
    });
  } finally {
    signal.removeEventListener("abort", close);
    thread.close();
  }
}

async function tryOn(thread: SimThread, scenario: Scenario): Promise<SimResult | null> {
  try {
    const outcome = await thread.run({ source: { from: "scenario", scenario }, isTraced: false });
    return outcome.type === "finished" ? outcome.result : null;
  } catch (error) {
    if (error instanceof Interrupted) return null;
    throw error;
  }
}

function tryText({ tries, best }: ShrinkProgress): string {
  return `${counted(tries, "try", "tries")}, ${sizeText(best)}`;
}

/** `3 faults, 12 operations at most, 3 nodes`. */
export function sizeText({ schedule, load, nodes, spareNodes }: Scenario): string {
  const spares = spareNodes === 0 ? "" : ` and ${spareNodes} to spare`;
  const { maxOperations, durationMs, rate } = load;
  // Most scenarios have no other limit than their length.
  const operations =
    maxOperations > (rate * durationMs) / 1_000
      ? `${rate} operations a second for`
      : `at most ${counted(maxOperations, "operation")} in`;
  return `${counted(schedule.faults.length, "fault")}, ${operations} ${durationMs / 1_000} s, ${counted(nodes, "node")}${spares}`;
}

/** Runs a scenario whole. @throws SimulatorError when the simulator broke, or refused it */
export async function runWhole(job: Job, signal: AbortSignal, script: URL = SIM_THREAD): Promise<Finished> {
  const outcome = await runInThread(job, signal, script);
  if (outcome.type === "finished") return outcome;
  throw new SimulatorError(
    outcome.type === "refused"
      ? `the scenario cannot be run: ${outcome.why}`
      : `the simulator broke: ${outcome.why}`,
  );
}
