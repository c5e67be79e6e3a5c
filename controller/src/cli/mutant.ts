import type { Verdict } from "@gauntlet/histories";
import { checkInThread } from "../checks/workload-check.js";
import {
  campaignTable,
  type CampaignOptions,
  type CampaignRun,
  campaignVerdict,
  runCampaign,
} from "../mutants/campaign.js";
import { type Mutant, readMutant } from "../mutants/mutant.js";
import { DEFAULTS, plantSystem, requestFor } from "./planting.js";
import { BOUNDS } from "../run/config.js";
import type { StartCluster } from "../run/cluster.js";
import { dockerClusters } from "../run/docker-cluster.js";
import { configure, type RunRequest } from "./configure.js";
import { interruptible } from "./interrupt.js";
import { MUTANTS_ROOT } from "./paths.js";
import { DEFAULT_NEMESIS, randomSeed } from "./run.js";
import { type Progress, progressOn } from "./terminal.js";

export interface MutantFlags {
  readonly runs: number;
  readonly seed?: number;
  readonly runsRoot: string;
}

const DEFAULT_TIME_LIMIT_MS = 60_000;

/**
 * `gauntlet mutant NAME`: exit code 0 (`valid`) when the bug was found in at least nine runs of ten,
 * 1 (`invalid`) when not, 2 or 3 when that was not to be known. `gauntlet mutant none` counts false alarms: the worst verdict of all runs.
 */
export async function mutantCommand(name: string, flags: MutantFlags): Promise<Verdict> {
  const progress = progressOn(process.stderr, process.env);
  const mutant = name === "none" ? null : await readMutant(MUTANTS_ROOT, name);
  try {
    return await interruptible(
      (signal) =>
        mutant === null ? unpatched(flags, progress, signal) : planted(mutant, flags, progress, signal),
      (line) => progress.line(line),
    );
  } finally {
    progress.close();
  }
}

async function planted(
  mutant: Mutant,
  flags: MutantFlags,
  progress: Progress,
  signal: AbortSignal,
): Promise<Verdict> {
  const { name, detectors } = mutant;
  const request = requestFor(mutant);
  progress.line(`${name}: ${mutant.plants}`);
  progress.line(`patching and type-checking a copy of ${mutant.target}/`);
  const { startCluster, remove } = await plantSystem(mutant);
  try {
    const runs = await runCampaign(campaign(request, startCluster, flags, progress, detectors), signal);
    const detected = runs.filter(({ foundBy }) => foundBy.length > 0).length;
    const words = `${name}: found by ${detectors.join(" or ")} in ${detected} of ${runs.length} runs${runs.length < flags.runs ? ` (${flags.runs} were asked for)` : ""}`;
    process.stdout.write(`${campaignTable(runs)}\n${words}\n`);
    return campaignVerdict(runs, flags.runs);
  } finally {
    await remove();
  }
}

async function unpatched(flags: MutantFlags, progress: Progress, signal: AbortSignal): Promise<Verdict> {
  const faults = { from: "families", names: DEFAULT_NEMESIS } as const;
  const test = { test: "mutant-none", workload: "register", timeLimitMs: DEFAULT_TIME_LIMIT_MS };
  const runs = await runCampaign(
    campaign({ ...DEFAULTS, ...test, faults }, dockerClusters({}), flags, progress, null),
    signal,
  );
  const words = `no mutant: ${count(runs, "valid")} of ${runs.length} runs valid, ${count(runs, "invalid")} false alarms`;
  process.stdout.write(`${campaignTable(runs)}\n${words}\n`);
  const worst = (["invalid", "failed", "unknown"] as const).find((verdict) => count(runs, verdict) > 0);
  return worst ?? (runs.length === flags.runs ? "valid" : "unknown");
}

function campaign(
  request: Omit<RunRequest, "seed">,
  startCluster: StartCluster,
  flags: MutantFlags,
  progress: Progress,
  detectors: readonly string[] | null,
): CampaignOptions {
  return {
    runs: flags.runs,
    firstSeed: flags.seed ?? randomSeed(),
    configure: (seed) => configure({ ...request, seed }),
    record: { runsRoot: flags.runsRoot, startCluster, checkWorkload: checkInThread, bounds: BOUNDS },
    progress,
    detectors,
  };
}

function count(runs: readonly CampaignRun[], verdict: Verdict): number {
  return runs.filter((run) => run.verdict === verdict).length;
}
