import { rm } from "node:fs/promises";
import { join } from "node:path";
import { findSystem } from "@gauntlet/docker";
import {
  createRunDirectory,
  EmptyHistoryError,
  type HistoryEvent,
  HistoryWriter,
  type NodeSample,
  readHistory,
  RUN_FILES,
  type RunResults,
  SampleWriter,
  type TestDescription,
  writeJson,
  writeResults,
  writeTest,
} from "@gauntlet/histories";
import { formatSchedule, type Schedule, type ScheduleFile } from "@gauntlet/nemesis";
import { judge } from "../checks/judge.js";
import { withLiveFinding } from "../checks/live-finding.js";
import { checkObserved, groundsOf } from "../checks/observed.js";
import { readServerFindings } from "../checks/servers.js";
import type { CheckWorkload } from "../checks/workload-check.js";
import type { Progress } from "../cli/terminal.js";
import { asUsageError, messageOf } from "../errors.js";
import { RunClock } from "./clock.js";
import { shownPath } from "../text.js";
import type { SavedData, StartCluster } from "./cluster.js";
import type { Bounds, RunConfig } from "./config.js";
import type { Facts } from "./facts.js";
import { LiveCheck } from "./live.js";
import { LiveFiles } from "./live-files.js";
import { MemoryRecord } from "./memory.js";
import { Recorder } from "./recorder.js";
import { writeFailedKeys, writeReport } from "./pages.js";
import { execute } from "./runner.js";
import { rigVersions } from "./versions.js";

export interface RecordOptions {
  readonly runsRoot: string;
  readonly startCluster: StartCluster;
  readonly checkWorkload: CheckWorkload;
  readonly progress: Progress;
  readonly bounds: Bounds;
  /**
   * The run ends when one of these checks of the workload finds a violation in what is recorded so far. Any of
   * them if absent; none: it goes on to its end.
   */
  readonly stopAt?: readonly string[] | undefined;
  /** Told as soon as the run has a folder. */
  readonly onDirectory?: (directory: string) => void;
}

export interface RecordedRun {
  readonly directory: string;
  readonly results: RunResults;
}

/**
 * One run with everything that it leaves behind (RUN_FILES). It is judged in every case, also when
 * the rig failed, was interrupted or cannot write; then it is never `valid`. Throws UsageError when
 * nothing can be recorded under the root; then nothing was started.
 */
export async function recordRun(
  config: RunConfig,
  options: RecordOptions,
  signal: AbortSignal,
): Promise<RecordedRun> {
  const { bounds, stopAt } = options;
  const startedAt = new Date();
  let test = describeTest(config, startedAt, await rigVersions());
  const clock = new RunClock();
  const { directory, writer, samples } = await openRun(options.runsRoot, test, startedAt, clock);
  options.onDirectory?.(directory);
  const progress = new LiveFiles(directory, options.progress);
  const historyPath = join(directory, RUN_FILES.history);
  const job = { historyPath, workload: config.workload.name, timeLimitMs: bounds.checkMs };
  const live = config.workload.live !== undefined && stopAt?.length !== 0;
  const watched = live
    ? new LiveCheck(writer, {
        workload: config.workload.name,
        detectors: stopAt,
        log: (line) => progress.line(line),
      })
    : null;
  progress.watch(() => watched?.status() ?? null);
  let memory: MemoryRecord | null = null;
  const context = {
    ...(watched === null ? {} : { watch: (until: AbortSignal) => watched.watch(until) }),
    runId: runIdOf(startedAt, config.seed),
    logsDirectory: join(directory, RUN_FILES.nodes),
    startCluster: options.startCluster,
    clock,
    recorder: new Recorder(watched ?? writer),
    progress,
    bounds,
    onSamples: (taken: readonly NodeSample[]) => samples.write(taken),
    onPhase: (phase: string) => {
      progress.enter(phase, () => (phase === "prepare" ? null : clock.nowMs()));
      if (phase === "main")
        memory = new MemoryRecord(
          () => clock.nowMs(),
          (line) => progress.note(line),
        );
    },
    onPrepared: async ({ versions, capabilities }: Facts): Promise<void> => {
      test = { ...test, versions: { ...test.versions, ...versions }, capabilities };
      await writeTest(directory, test);
    },
  };
  await watched?.ready();
  const facts = await execute(config, context, signal);
  await watched?.close();
  // Before the check, which reads the whole history at once.
  const trend = (memory as MemoryRecord | null)?.end() ?? null;
  if (trend !== null) progress.line(trend);

  /** What breaks from here on is told, and takes nothing away from the verdict. */
  const attempt = async <Value>(what: string, step: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await step();
    } catch (error) {
      facts.errors.push(`${what}: ${messageOf(error)}`);
      return null;
    }
  };
  await attempt("recording", () => writer.close());
  await attempt("recording", () => samples.close());
  const executed = facts.executedSchedule ?? toScheduleFile(config.schedule);
  await attempt("recording", () => writeJson(join(directory, RUN_FILES.schedule), executed));
  facts.servers = await attempt("check", () =>
    readServerFindings(context.logsDirectory, findSystem(config.system).log),
  );

  progress.enter("check", () => null);
  progress.line("check: looking for an order that explains what was seen");
  const history = (await attempt("check", () => eventsOf(historyPath))) ?? [];
  const checked = history.length === 0 ? [] : await options.checkWorkload(job, signal);
  const workloadChecks = withLiveFinding(checked, watched?.found ?? null);
  const asked = {
    requested: config.requested,
    nodes: config.nodes,
    mainEndMs: config.timeLimitMs,
    operationMs: config.workload.callsPerOperation * config.opTimeoutMs,
  };
  const conclude = (): RunResults =>
    judge({
      history,
      workloadChecks,
      functions: config.workload.functions,
      faults: facts.faults,
      observed: checkObserved(facts, history, asked),
      mainEndMs: config.timeLimitMs,
      grounds: groundsOf(facts),
    });
  let results = conclude();
  const troubles = facts.errors.length;
  await attempt("results", () => writeResults(directory, results));
  const judged = { results, test, history };
  await attempt("report", () => writeFailedKeys(directory, judged));
  await attempt("report", () => writeReport(directory, results));
  if (facts.errors.length > troubles) {
    results = conclude();
    await attempt("results", () => writeResults(directory, results));
  }
  await attempt("results", () => keepData(facts.savedData, results, (line) => progress.line(line)));
  await progress.end();
  return { directory, results };
}

/** The nodes' data stays where it may tell more about a violation; else it goes. */
async function keepData(
  saved: readonly SavedData[],
  { verdicts }: RunResults,
  log: (line: string) => void,
): Promise<void> {
  const isWanted = verdicts?.safety === "invalid";
  for (const { node, path, detail } of saved) {
    if (path !== null && !isWanted) await rm(path, { force: true });
    else if (isWanted)
      log(`  ${node}: data ${path === null ? `not kept: ${detail ?? ""}` : `kept in ${shownPath(path)}`}`);
  }
}

async function openRun(
  runsRoot: string,
  test: TestDescription,
  startedAt: Date,
  clock: RunClock,
): Promise<{ readonly directory: string; readonly writer: HistoryWriter; readonly samples: SampleWriter }> {
  try {
    const directory = await createRunDirectory(runsRoot, test.test, startedAt, test.seed);
    await writeTest(directory, test);
    const writer = await HistoryWriter.create(join(directory, RUN_FILES.history), () => clock.nowNs());
    return { directory, writer, samples: await SampleWriter.create(directory) };
  } catch (error) {
    throw asUsageError("--runs-root", error);
  }
}

/** Throws HistoryError for a damaged history; nothing recorded is an empty one. */
async function eventsOf(historyPath: string): Promise<readonly HistoryEvent[]> {
  try {
    return (await readHistory(historyPath)).events;
  } catch (error) {
    if (error instanceof EmptyHistoryError) return [];
    throw error;
  }
}

function describeTest(
  config: RunConfig,
  startedAt: Date,
  versions: Readonly<Record<string, string>>,
): TestDescription & { readonly versions: Readonly<Record<string, string>> } {
  const { test, seed, workload, schedule, requested: _, ...settings } = config;
  return {
    version: 1,
    test,
    seed,
    startedAt: startedAt.toISOString(),
    ...settings,
    workload: workload.name,
    schedule: toScheduleFile(schedule),
    versions,
  };
}

function toScheduleFile(schedule: Schedule): ScheduleFile {
  return JSON.parse(formatSchedule(schedule, "json")) as ScheduleFile;
}

/** Container names have no room for a whole path: time and seed, and the pid against runs side by side. */
function runIdOf(startedAt: Date, seed: number): string {
  return `${startedAt.getTime().toString(36)}-${seed}-${process.pid}`;
}
