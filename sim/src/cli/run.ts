import { EXIT_CODES } from "@gauntlet/histories";
import { SWARM_FAMILY_NAMES } from "@gauntlet/nemesis";
import { WORKLOADS } from "@gauntlet/workloads";
import { UsageError } from "../errors.js";
import { counted } from "../report/numbers.js";
import type { DrawOptions } from "../run/draw.js";
import { type Campaign, runCampaign, type SeedFailure } from "./campaign.js";
import { directoryOf, failureText, reportFailure } from "./failure-report.js";
import { interruptible } from "./interrupt.js";
import type { ShrinkBudget } from "./shrink-in-thread.js";
import { progressText, summaryText } from "./tally.js";
import { print, type Progress, progressOn } from "./terminal.js";
import { seedOfNow } from "./values.js";

export interface RunFlags {
  readonly seeds?: number;
  readonly firstSeed?: number;
  readonly workers: number;
  readonly timeLimit?: number;
  readonly seedLimit: number;
  readonly focus?: readonly string[];
  readonly workload?: string;
  readonly keepGoing?: boolean;
  readonly shrink: boolean;
  readonly shrinkTries: number;
  readonly shrinkTime: number;
  readonly out: string;
}

/** Where neither --seeds nor --time-limit says how long. */
const DEFAULT_SEEDS = 1_000;

/** `gauntlet-sim run`. Returns the exit code. */
export async function runCommand(flags: RunFlags): Promise<number> {
  const firstSeed = flags.firstSeed ?? seedOfNow();
  const seeds = flags.seeds ?? (flags.timeLimit === undefined ? DEFAULT_SEEDS : null);
  const options = drawOptions(flags);
  const progress = progressOn(process.stderr, process.env);
  try {
    return await interruptible(
      async (signal) => {
        const what = seeds === null ? "seeds" : counted(seeds, "seed");
        progress.line(`${what} from ${firstSeed} on, ${counted(flags.workers, "worker")}`);
        const started = performance.now();
        const campaign = await runCampaign(
          {
            firstSeed,
            seeds,
            timeLimitMs: flags.timeLimit ?? null,
            workers: flags.workers,
            thread: null,
            seedLimitMs: flags.seedLimit,
            source: (seed) => ({ from: "seed", seed, options, overrides: null }),
            endsIt: () => flags.keepGoing !== true,
            onSeed: (tally, failed) => {
              if (failed !== null && flags.keepGoing === true)
                progress.line(failureText(failed.seed, failed.failure));
              progress.status(progressText(tally, seeds, performance.now() - started));
            },
          },
          signal,
        );
        return await conclude(campaign, performance.now() - started, seeds, flags, progress, signal);
      },
      (line) => progress.line(line),
    );
  } finally {
    progress.close();
  }
}

/** A family or a workload that nobody knows is bad usage, told before anything is started. */
export function drawOptions({ focus, workload }: Pick<RunFlags, "focus" | "workload">): DrawOptions {
  if (workload !== undefined && !Object.hasOwn(WORKLOADS, workload))
    throw new UsageError(
      `--workload: "${workload}" is no workload; there are ${Object.keys(WORKLOADS).join(", ")}`,
    );
  const asked = workload === undefined ? {} : { workload };
  if (focus === undefined) return asked;
  const unknown = focus.find((name) => !(SWARM_FAMILY_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined || focus.length === 0)
    throw new UsageError(
      `--focus: "${unknown ?? ""}" is no family; there are ${SWARM_FAMILY_NAMES.join(", ")}`,
    );
  return { ...asked, focus };
}

async function conclude(
  campaign: Campaign,
  tookMs: number,
  asked: number | null,
  flags: RunFlags,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  progress.close();
  const { tally, failures, refused } = campaign;
  print(summaryText(tally, tookMs));
  const shrink: ShrinkBudget | null = flags.shrink
    ? { tries: flags.shrinkTries, timeLimitMs: flags.shrinkTime }
    : null;
  for (const failed of firstOfEachKind(failures)) {
    await reportFailure(failed, { directory: directoryOf(flags.out, failed.seed), shrink }, progress, signal);
  }
  if (failures.length > 1)
    print(`\n${counted(failures.length, "seed")} failed: ${failures.map(({ seed }) => seed).join(", ")}`);
  if (failures.length > 0) return isOfTheWorld(failures) ? EXIT_CODES.failed : EXIT_CODES.invalid;
  if (refused > 0) print(`${counted(refused, "seed")} drew nodes on which these faults make no sense`);
  const { exitCode, why } = verdictWithoutFailure(campaign, asked);
  print(exitCode === EXIT_CODES.valid ? "VALID" : `UNKNOWN  ${why}`);
  return exitCode;
}

/** Without a failure: valid only if all that was asked for was run, and meant something. */
export function verdictWithoutFailure(
  { tally, refused, end }: Pick<Campaign, "tally" | "refused" | "end">,
  asked: number | null,
): { readonly exitCode: number; readonly why: string | null } {
  const { seeds, plannedFaults, faults } = tally;
  const unknown = (why: string) => ({ exitCode: EXIT_CODES.unknown, why });
  if (end === "interrupted") return unknown("interrupted; the seeds that were run are valid");
  if (asked !== null && seeds + refused < asked)
    return unknown(`the time was over after ${seeds} of ${asked} seeds`);
  if (seeds === 0) return unknown("not one seed was run");
  if (plannedFaults > 0 && faults.size === 0)
    return unknown(`not one of ${counted(plannedFaults, "fault")} took effect: nothing was tried`);
  return { exitCode: EXIT_CODES.valid, why: null };
}

/** Of many failures of one name, the lowest seed says the most. */
function firstOfEachKind(failures: readonly SeedFailure[]): readonly SeedFailure[] {
  const first = new Map<string, SeedFailure>();
  for (const failed of failures) {
    const key = `${failed.failure.kind} ${failed.failure.name}`;
    if (!first.has(key)) first.set(key, failed);
  }
  return [...first.values()];
}

/** Nothing failed but the simulator itself. */
function isOfTheWorld(failures: readonly SeedFailure[]): boolean {
  return failures.every(({ failure }) => failure.kind === "simulator");
}
