import { randomInt } from "node:crypto";
import { join } from "node:path";
import { RUN_FILES, type Verdict } from "@gauntlet/histories";
import { findSystem, imageExists } from "@gauntlet/docker";
import { checkInThread } from "../checks/workload-check.js";
import { BOUNDS, type RunConfig } from "../run/config.js";
import { dockerClusters } from "../run/docker-cluster.js";
import type { Arrival } from "../run/pacer.js";
import { MAX_SEED } from "../run/random.js";
import { recordRun } from "../run/record.js";
import { UsageError } from "../errors.js";
import { configure, readScheduleFile, type RunRequest } from "./configure.js";
import { interruptible } from "./interrupt.js";
import { shownPath } from "../text.js";
import { pagesOf, summarize } from "./summary.js";
import { progressOn, SILENT } from "./terminal.js";
import { uiAddress } from "./ui.js";
import { UiThread } from "./ui-thread-handle.js";

export const DEFAULT_NEMESIS = ["leader-isolation", "kill", "pause", "clock"];

/** The flags of `gauntlet run`, parsed. */
export interface RunFlags {
  readonly timeLimit: number;
  readonly rate: number;
  readonly concurrency: number;
  readonly arrival: Arrival;
  readonly maxProcesses?: number;
  readonly keySkew: number;
  readonly nodes: number;
  readonly nemesis?: readonly string[];
  readonly workload: string;
  readonly schedule?: string;
  readonly seed?: number;
  readonly opTimeout: number;
  readonly system: string;
  readonly image?: string;
  readonly keep?: boolean;
  readonly keepGoing?: boolean;
  readonly json?: boolean;
  readonly ui?: boolean;
  readonly uiHost: string;
  readonly uiPort?: number;
  readonly runsRoot: string;
}

/** What the flags ask for, whatever it is asked of. */
export async function requestOf(flags: Omit<RunFlags, "system">): Promise<RunRequest> {
  if (flags.schedule !== undefined && flags.nemesis !== undefined) {
    throw new UsageError(
      "--schedule and --nemesis exclude each other: a schedule says what happens, a nemesis makes one",
    );
  }
  const seed = flags.seed ?? randomSeed();
  const faults: RunRequest["faults"] =
    flags.schedule === undefined
      ? { from: "families", names: flags.nemesis ?? DEFAULT_NEMESIS }
      : await readScheduleFile(flags.schedule);
  const { workload, nodes, concurrency, rate, arrival, maxProcesses, keySkew } = flags;
  return {
    workload,
    nodes,
    concurrency,
    rate,
    arrival,
    ...(maxProcesses === undefined ? {} : { maxProcesses }),
    keySkew,
    seed,
    faults,
    timeLimitMs: flags.timeLimit,
    opTimeoutMs: flags.opTimeout,
  };
}

/** Returns the verdict, whose exit code is the command's. */
export async function runCommand(flags: RunFlags): Promise<Verdict> {
  const config = configure({ ...(await requestOf(flags)), system: flags.system });
  return runAndTell(config, flags, []);
}

/** What the flags say of how a run is made and told, whatever it asks for. */
export type TellFlags = Pick<
  RunFlags,
  "image" | "keep" | "keepGoing" | "json" | "runsRoot" | "ui" | "uiHost" | "uiPort"
>;

/** One run, told while it goes on and when it is over; `notes` come first. Throws UsageError where the image is none. */
export async function runAndTell(
  config: RunConfig,
  flags: TellFlags,
  notes: readonly string[],
): Promise<Verdict> {
  const { seed } = config;
  if (flags.image !== undefined && !(await imageExists(flags.image))) {
    throw new UsageError(`--image: there is no image "${flags.image}" on this machine`);
  }
  const ui =
    flags.ui === true ? await UiThread.start({ ...uiAddress(flags, 0), runsRoot: flags.runsRoot }) : null;
  const progress = flags.json === true ? SILENT : progressOn(process.stderr, process.env);
  progress.line(`gauntlet: ${config.test} on ${config.system} with seed ${seed}`);
  for (const line of [...notes, ...leftOutLines(config)]) progress.line(`  ${line}`);
  const options = {
    runsRoot: flags.runsRoot,
    startCluster: dockerClusters({
      system: findSystem(config.system),
      ...(flags.image === undefined ? {} : { image: flags.image }),
      ...(flags.keep === undefined ? {} : { keep: flags.keep }),
    }),
    checkWorkload: checkInThread,
    ...(flags.keepGoing === true && { stopAt: [] }),
    progress,
    bounds: BOUNDS,
    onDirectory: (directory: string) => {
      if (ui !== null) progress.line(`live: ${ui.pageOf(directory)}`);
    },
  };
  const { directory, results } = await interruptible(
    (signal) => recordRun(config, options, signal),
    (line) => progress.line(line),
  );
  progress.close();
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ directory, seed, ...results }, null, 2)}\n`);
  } else {
    const again = `${"again:".padEnd(13)}--seed ${seed}, or check ${shownPath(directory)}`;
    const summary = await summarize(results, join(directory, RUN_FILES.history));
    process.stdout.write(`\n${summary}\n\n${pagesOf(directory)}${again}\n`);
  }
  await ui?.end(flags.json === true ? null : (line) => void process.stderr.write(`${line}\n`));
  return results.verdict;
}

/** What was asked for and nothing can do to the system, one line a fault. */
export function leftOutLines({ requested, system }: RunConfig): readonly string[] {
  return requested.flatMap(({ name, never }) =>
    never === undefined ? [] : [`left out, as it cannot act on ${system}: ${name} (${never})`],
  );
}

export function randomSeed(): number {
  return randomInt(0, MAX_SEED);
}
