import { basename, join } from "node:path";
import { shownSeconds } from "../report/numbers.js";
import type { Failure } from "../result.js";
import type { SeedFailure } from "./campaign.js";
import { saveFailure } from "./failure-files.js";
import { shownPath } from "./paths.js";
import { type ShrinkBudget, runWhole, shrinkInThread, sizeText } from "./shrink-in-thread.js";
import { print, type Progress } from "./terminal.js";

export interface ReportOptions {
  /** The folder that the files go to. */
  readonly directory: string;
  /** null: as it was drawn. */
  readonly shrink: ShrinkBudget | null;
  /** What its threads run; absent: the simulator of this build. */
  readonly thread?: URL;
}

/** Shrinks a failure, saves it and tells on stdout what it is and how to see it again. */
export async function reportFailure(
  failed: SeedFailure,
  options: ReportOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { seed, failure, scenario, result } = failed;
  print(`\n${failureText(seed, failure)}`);
  if (scenario === null || result === null) return;
  const drawn = { scenario, result };
  let smallest: typeof drawn = drawn;
  if (options.shrink !== null) {
    const shrunk = await shrinkInThread(
      scenario,
      { ...result, failure },
      options.shrink,
      progress,
      signal,
      options.thread,
    );
    smallest = shrunk;
    print(
      `shrunk in ${shrunk.tries} tries${shrunk.isMinimal ? "" : " (not to the end)"} from ${sizeText(scenario)}
                 to ${sizeText(shrunk.scenario)}${shrunk.result.failure?.what === failure.what ? "" : `\n${failureText(seed, shrunk.result.failure ?? failure)}`}`,
    );
  }
  const traced = await runWhole(
    { source: { from: "scenario", scenario: smallest.scenario }, isTraced: true },
    // What was found is saved also when somebody has had enough.
    new AbortController().signal,
    options.thread,
  );
  if (traced.result.traceHash !== smallest.result.traceHash)
    print("NOT DETERMINISTIC: the same scenario gave another trace; see gauntlet-sim determinism");
  const isShrunk = smallest !== drawn;
  const files = await saveFailure(options.directory, drawn, isShrunk ? smallest : null, traced);
  const names = [files.scenario, files.shrunk, files.trace, files.lanes].flatMap((path) =>
    path === null ? [] : [basename(path)],
  );
  print(`saved in ${shownPath(options.directory)}: ${names.join(", ")}`);
  print(`again:  npx gauntlet-sim replay ${shownPath(files.scenario)}`);
  if (files.shrunk !== null) print(`        npx gauntlet-sim replay ${shownPath(files.shrunk)} --trace`);
}

export function failureText(seed: number, { kind, name, what, atMs }: Failure): string {
  return `FAILED  seed ${seed}, ${kind}: ${name}, at ${shownSeconds(atMs)}\n${what}`;
}

export function directoryOf(root: string, seed: number): string {
  return join(root, String(seed));
}
