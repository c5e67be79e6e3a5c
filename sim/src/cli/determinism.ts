import { setImmediate as turn } from "node:timers/promises";
import { EXIT_CODES } from "@gauntlet/histories";
import { Interrupted, SimulatorError } from "../errors.js";
import { counted } from "../report/numbers.js";
import { SIMULATOR } from "./engine.js";
import { interruptible } from "./interrupt.js";
import { runWhole } from "./shrink-in-thread.js";
import { type Progress, progressOn } from "./terminal.js";
import { seedOfNow } from "./values.js";
import type { Source } from "./workers/job.js";
import { runJob } from "./workers/run-job.js";

export interface DeterminismFlags {
  readonly seeds: number;
  readonly firstSeed?: number;
}

/**
 * `gauntlet-sim determinism`: each seed in this process, after all seeds before it, and in a fresh thread. Equal
 * hashes, or exit code 1: then a run depends on something besides its scenario.
 */
export async function determinismCommand({
  seeds,
  firstSeed = seedOfNow(),
}: DeterminismFlags): Promise<number> {
  const progress = progressOn(process.stderr, process.env);
  try {
    const differing = await interruptible(
      (signal) => compare(firstSeed, seeds, progress, signal),
      (line) => progress.line(line),
    );
    progress.close();
    if (differing.length === 0) {
      process.stdout.write(`DETERMINISTIC  ${counted(seeds, "seed")}, each with the same hash twice\n`);
      return EXIT_CODES.valid;
    }
    process.stdout.write(
      `NOT DETERMINISTIC  ${counted(differing.length, "seed")} of ${seeds}: ${differing.join(", ")}\n`,
    );
    return EXIT_CODES.invalid;
  } finally {
    progress.close();
  }
}

async function compare(
  firstSeed: number,
  seeds: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly number[]> {
  progress.line(`${counted(seeds, "seed")} from ${firstSeed} on, each twice`);
  const differing: number[] = [];
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    // A turn for signals: a run takes none.
    await turn();
    if (signal.aborted) throw new Interrupted(`after ${seed - firstSeed} of ${seeds} seeds`);
    const source: Source = { from: "seed", seed, options: {}, overrides: null };
    const here = await hashHere(source);
    const fresh = (await runWhole({ source, isTraced: false }, signal)).result.traceHash;
    if (here !== fresh) {
      differing.push(seed);
      progress.line(`seed ${seed}: ${here} in this process, ${fresh} in a fresh thread`);
    }
    progress.status(`${seed - firstSeed + 1} of ${counted(seeds, "seed")}`);
  }
  return differing;
}

async function hashHere(source: Source): Promise<string> {
  const outcome = await runJob(SIMULATOR, { source, isTraced: false });
  if (outcome.type === "finished") return outcome.result.traceHash;
  throw new SimulatorError(`the simulator broke: ${outcome.why}`);
}
