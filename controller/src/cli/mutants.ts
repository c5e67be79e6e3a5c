import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { mergeVerdicts, type Verdict } from "@gauntlet/histories";
import { checkInThread } from "../checks/workload-check.js";
import { type CampaignRun, campaignVerdict, runCampaign } from "../mutants/campaign.js";
import { keyOf, Ledger } from "../mutants/ledger.js";
import { type Mutant, readMutant, rigMutantNames } from "../mutants/mutant.js";
import { type Detection, detectionRow, detectionTable } from "../mutants/table.js";
import { BOUNDS } from "../run/config.js";
import { rigVersions } from "../run/versions.js";
import { shownPath } from "../text.js";
import { configure } from "./configure.js";
import { interruptible } from "./interrupt.js";
import { MUTANTS_ROOT } from "./paths.js";
import { plantSystem, requestFor } from "./planting.js";
import { type Progress, progressOn } from "./terminal.js";

export interface MutantsFlags {
  readonly runs: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly runsRoot: string;
}

/** Every finished run of every campaign, a line each. */
const LEDGER = "mutants.jsonl";

/**
 * `gauntlet mutants [NAMES]`: how often, and how soon, the rig finds each planted bug. Runs that were done before
 * with the same rig, patch and schedule are not done again. The worst verdict of all: see campaignVerdict.
 */
export async function mutantsCommand(names: readonly string[], flags: MutantsFlags): Promise<Verdict> {
  const wanted = names.length > 0 ? names : await rigMutantNames(MUTANTS_ROOT);
  const mutants = await Promise.all(wanted.map((name) => readMutant(MUTANTS_ROOT, name)));
  // Whatever is wrong with one shows before anything is built.
  for (const mutant of mutants) requestFor(mutant);
  const progress = progressOn(process.stderr, process.env);
  const ledgerPath = join(flags.runsRoot, LEDGER);
  const done: Detection[] = [];
  try {
    await interruptible(
      async (signal) => {
        for (const mutant of mutants) {
          if (signal.aborted) return;
          done.push({ mutant, runs: await campaignOf(mutant, { flags, ledgerPath, progress }, signal) });
        }
      },
      (line) => progress.line(line),
    );
  } finally {
    progress.close();
  }
  const rows = done.map(detectionRow);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else process.stdout.write(`\n${detectionTable(rows)}\n\nruns: ${shownPath(ledgerPath)}\n`);
  const verdicts = done.map(({ runs }) => campaignVerdict(runs, flags.runs));
  return mergeVerdicts(done.length < mutants.length ? [...verdicts, "unknown"] : verdicts);
}

interface Campaign {
  readonly flags: MutantsFlags;
  readonly ledgerPath: string;
  readonly progress: Progress;
}

async function campaignOf(
  mutant: Mutant,
  { flags, ledgerPath, progress }: Campaign,
  signal: AbortSignal,
): Promise<readonly CampaignRun[]> {
  const { runs, seed: firstSeed, runsRoot } = flags;
  const ledger = await Ledger.open(ledgerPath, mutant.name, await keyFor(mutant));
  const seeds = Array.from({ length: runs }, (_, index) => firstSeed + index);
  const before = seeds.flatMap((seed) => ledger.get(seed) ?? []);
  const still = runs - before.length;
  progress.line(
    `${mutant.name}: ${mutant.plants.trim()}${before.length === 0 ? "" : ` (${before.length} runs done before)`}`,
  );
  if (still === 0) return before;
  const { startCluster, remove } = await plantSystem(mutant);
  try {
    const request = requestFor(mutant);
    return await runCampaign(
      {
        runs,
        firstSeed,
        configure: (seed) => configure({ ...request, seed }),
        record: { runsRoot, startCluster, checkWorkload: checkInThread, bounds: BOUNDS },
        progress,
        detectors: mutant.detectors,
        ledger,
      },
      signal,
    );
  } finally {
    await remove();
  }
}

async function keyFor({ directory }: Mutant): Promise<string> {
  const files = (await readdir(directory)).toSorted();
  const { rig = "", commit = "" } = await rigVersions();
  const contents = await Promise.all(files.map((file) => readFile(join(directory, file), "utf8")));
  return keyOf([rig, commit, ...contents]);
}
