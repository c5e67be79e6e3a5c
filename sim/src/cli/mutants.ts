import { UsageError } from "../errors.js";
import { exitCodeOfHunts, type Hunt, hunt } from "../mutants/hunt.js";
import { readSimMutants } from "../mutants/mutant.js";
import { huntsTable } from "../mutants/table.js";
import { counted } from "../report/numbers.js";
import { interruptible } from "./interrupt.js";
import { MUTANTS_ROOT, REPOSITORY } from "./paths.js";
import { type Progress, progressOn } from "./terminal.js";

export interface MutantsFlags {
  readonly firstSeed: number;
  readonly timeLimit: number;
  readonly workers: number;
  readonly json?: boolean;
}

/** `gauntlet-sim mutants [names…]`. Returns the exit code. */
export async function mutantsCommand(names: readonly string[], flags: MutantsFlags): Promise<number> {
  const mutants = await readSimMutants(MUTANTS_ROOT, names);
  if (mutants.length === 0) throw new UsageError(`no mutant in ${MUTANTS_ROOT} has a simulation section`);
  const progress = progressOn(process.stderr, process.env);
  const hunts: Hunt[] = [];
  const work = async (signal: AbortSignal): Promise<void> => {
    for (const mutant of mutants) {
      if (signal.aborted) return;
      progress.line(`${mutant.name}: ${mutant.plants}`);
      const options = {
        repository: REPOSITORY,
        firstSeed: flags.firstSeed,
        timeLimitMs: flags.timeLimit,
        workers: flags.workers,
        onSeed: (seeds: number, tookMs: number) =>
          progress.status(`${mutant.name}: ${counted(seeds, "seed")} in ${(tookMs / 1_000).toFixed(0)} s`),
      };
      hunts.push(await hunt(mutant, options, signal));
      tell(hunts.at(-1), progress);
    }
  };
  try {
    await interruptible(work, (line) => progress.line(line));
  } finally {
    progress.close();
  }
  process.stdout.write(
    flags.json === true ? `${JSON.stringify({ mutants: hunts }, null, 2)}\n` : `${huntsTable(hunts)}\n`,
  );
  return exitCodeOfHunts(hunts, mutants.length);
}

function tell(done: Hunt | undefined, progress: Progress): void {
  if (done === undefined) return;
  const { mutant, outcome, found, seeds, seconds, problem } = done;
  const how = found === null ? (problem ?? "") : `${found.name} with seed ${found.seed}: ${found.what}`;
  progress.line(
    `${mutant}: ${outcome} after ${counted(seeds, "seed")}, ${seconds.toFixed(1)} s${how === "" ? "" : `: ${how}`}`,
  );
}
