import { join } from "node:path";
import { readHistory, RUN_FILES, type Verdict } from "@gauntlet/histories";
import type { Progress } from "../cli/terminal.js";
import type { RunConfig } from "../run/config.js";
import { MAX_SEED } from "../run/random.js";
import { type RecordedRun, type RecordOptions, recordRun } from "../run/record.js";
import { alignColumns, secondsOf, shownPath } from "../text.js";
import { detections, violationAtMs } from "./evidence.js";

export interface CampaignOptions {
  readonly runs: number;
  /** Of the first run; the others count up from it. */
  readonly firstSeed: number;
  readonly configure: (seed: number) => RunConfig;
  readonly record: Omit<RecordOptions, "progress" | "stopAt">;
  readonly progress: Progress;
  /** The checks that count, and at whose finding a run ends; null: all count, and every run goes its whole way. */
  readonly detectors: readonly string[] | null;
}

/** One run of a campaign, and what it found. */
export interface CampaignRun {
  readonly seed: number;
  readonly directory: string;
  readonly verdict: Verdict;
  /** Names of the checks that found something; empty: not detected. */
  readonly foundBy: readonly string[];
  /** When the first wrong answer came. */
  readonly violationAtMs: number | null;
}

/** The same run with one seed after another. Ends early when the signal aborts. */
export async function runCampaign(
  options: CampaignOptions,
  signal: AbortSignal,
): Promise<readonly CampaignRun[]> {
  const { runs, firstSeed, progress, detectors } = options;
  const record = { ...options.record, progress, stopAt: detectors ?? [] };
  const done: CampaignRun[] = [];
  for (let index = 0; index < runs && !signal.aborted; index += 1) {
    const seed = (firstSeed + index) % MAX_SEED;
    progress.line(`run ${index + 1} of ${runs}, seed ${seed}`);
    const run = await recordRun(options.configure(seed), record, signal);
    progress.line(`${run.results.verdict.toUpperCase()}: ${run.results.reason}`);
    done.push(await summaryOf(seed, run, detectors));
  }
  return done;
}

export function campaignTable(runs: readonly CampaignRun[]): string {
  const cells = runs.map(({ seed, directory, verdict, foundBy, violationAtMs: atMs }, index) => [
    String(index + 1),
    String(seed),
    verdict,
    foundBy.length === 0 ? "-" : foundBy.join(", "),
    atMs === null ? "-" : secondsOf(atMs),
    shownPath(directory),
  ]);
  return alignColumns([["run", "seed", "verdict", "found by", "violation at", "recorded in"], ...cells]);
}

async function summaryOf(
  seed: number,
  { directory, results }: RecordedRun,
  detectors: readonly string[] | null,
): Promise<CampaignRun> {
  const found = detections(results, detectors);
  const base = { seed, directory, verdict: results.verdict, foundBy: found.map(({ name }) => name) };
  if (found.length === 0) return { ...base, violationAtMs: null };
  const { events } = await readHistory(join(directory, RUN_FILES.history));
  const times = found.flatMap((check) => violationAtMs(check, events) ?? []);
  return { ...base, violationAtMs: times.length === 0 ? null : Math.min(...times) };
}
