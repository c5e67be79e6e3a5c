import { join } from "node:path";
import { readHistory, RUN_FILES, type Verdict } from "@gauntlet/histories";
import type { Progress } from "../cli/terminal.js";
import type { RunConfig } from "../run/config.js";
import { MAX_SEED } from "../run/random.js";
import { type RecordedRun, type RecordOptions, recordRun } from "../run/record.js";
import { alignColumns, secondsOf, shownPath } from "../text.js";
import { detections, firstViolationMs } from "./evidence.js";
import type { Ledger } from "./ledger.js";

export interface CampaignOptions {
  readonly runs: number;
  /** Of the first run; the others count up from it. */
  readonly firstSeed: number;
  readonly configure: (seed: number) => RunConfig;
  readonly record: Omit<RecordOptions, "progress" | "stopAt">;
  readonly progress: Progress;
  /** The checks that count, and at whose finding a run ends; null: all count, and every run goes its whole way. */
  readonly detectors: readonly string[] | null;
  /** Runs that were done before, and the place for those of now. */
  readonly ledger?: Pick<Ledger, "get" | "add">;
}

/** One run of a campaign, and what it found. */
export interface CampaignRun {
  readonly seed: number;
  readonly directory: string;
  readonly verdict: Verdict;
  /** Names of the checks that found something; empty: not detected. */
  readonly foundBy: readonly string[];
  /** It went its whole way, so that finding nothing means something. */
  readonly isComplete: boolean;
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
    const before = options.ledger?.get(seed);
    if (before !== undefined) {
      done.push(before);
      continue;
    }
    progress.line(`run ${index + 1} of ${runs}, seed ${seed}`);
    const run = await recordRun(options.configure(seed), record, signal);
    progress.line(`${run.results.verdict.toUpperCase()}: ${run.results.reason}`);
    const summary = await summaryOf(seed, run, detectors);
    await options.ledger?.add(summary);
    done.push(summary);
  }
  return done;
}

/** In so many of all runs a bug must be found. */
const DETECTION_SHARE = 0.9;

/**
 * `valid` when the bug was found often enough, `invalid` when it was missed too often for that. Runs
 * that broke, were stopped or never came decide nothing: while they could, it is `failed` where one broke,
 * else `unknown`.
 */
export function campaignVerdict(runs: readonly CampaignRun[], asked: number): Verdict {
  const needed = Math.ceil(DETECTION_SHARE * asked);
  const found = runs.filter(({ foundBy }) => foundBy.length > 0).length;
  const missed = runs.filter(({ foundBy, isComplete }) => foundBy.length === 0 && isComplete).length;
  if (found >= needed) return "valid";
  if (missed > asked - needed) return "invalid";
  return runs.some(({ verdict }) => verdict === "failed") ? "failed" : "unknown";
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
  const isComplete =
    results.verdict !== "failed" &&
    results.checks.some(({ name, verdict }) => name === "completion" && verdict === "valid");
  const foundBy = found.map(({ name }) => name);
  const base = { seed, directory, verdict: results.verdict, foundBy, isComplete };
  if (found.length === 0) return { ...base, violationAtMs: null };
  const { events } = await readHistory(join(directory, RUN_FILES.history));
  return { ...base, violationAtMs: firstViolationMs(found, results, events) };
}
