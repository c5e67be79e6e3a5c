import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createRunDirectory,
  EmptyHistoryError,
  type HistoryEvent,
  HistoryWriter,
  readHistory,
  RUN_FILES,
  type RunResults,
  type TestDescription,
  writeJson,
  writeResults,
  writeTest,
} from "@gauntlet/histories";
import { formatSchedule, type Schedule, type ScheduleFile } from "@gauntlet/nemesis";
import { judge } from "../checks/judge.js";
import { checkObserved } from "../checks/observed.js";
import { readServerFindings } from "../checks/servers.js";
import type { CheckWorkload } from "../checks/workload-check.js";
import type { Progress } from "../cli/terminal.js";
import { messageOf } from "../errors.js";
import { renderReport } from "../report/index.js";
import { RunClock } from "./clock.js";
import type { StartCluster } from "./cluster.js";
import type { Bounds, RunConfig } from "./config.js";
import type { Facts } from "./facts.js";
import { Recorder } from "./recorder.js";
import { execute } from "./runner.js";
import { watchForViolation } from "./watch.js";

export interface RecordOptions {
  readonly runsRoot: string;
  readonly startCluster: StartCluster;
  readonly checkWorkload: CheckWorkload;
  readonly progress: Progress;
  readonly bounds: Bounds;
  /** Ends the run when one of these checks of the workload finds a violation in what is recorded so far. */
  readonly stopAt?: readonly string[];
}

export interface RecordedRun {
  readonly directory: string;
  readonly results: RunResults;
}

/**
 * One run with everything that it leaves behind (RUN_FILES). The results are written in every case,
 * also when the rig failed or was interrupted; then they are never `valid`.
 */
export async function recordRun(
  config: RunConfig,
  options: RecordOptions,
  signal: AbortSignal,
): Promise<RecordedRun> {
  const { runsRoot, progress, bounds, stopAt = [] } = options;
  const startedAt = new Date();
  const directory = await createRunDirectory(runsRoot, config.test, startedAt, config.seed);
  const test = describeTest(config, startedAt);
  await writeTest(directory, test);
  const clock = new RunClock();
  const historyPath = join(directory, RUN_FILES.history);
  const writer = await HistoryWriter.create(historyPath, () => clock.nowNs());
  const job = { historyPath, workload: config.workload.name, timeLimitMs: bounds.checkMs };
  const watch = (untilMs: number, signal: AbortSignal): Promise<void> =>
    watchForViolation(options.checkWorkload, job, { clock, untilMs, detectors: stopAt }, signal);
  const context = {
    ...(stopAt.length > 0 ? { watch } : {}),
    runId: runIdOf(startedAt, config.seed),
    logsDirectory: join(directory, RUN_FILES.nodes),
    startCluster: options.startCluster,
    clock,
    recorder: new Recorder(writer),
    progress,
    bounds,
    onPrepared: ({ versions, capabilities }: Facts) =>
      writeTest(directory, { ...test, versions: { ...ownVersions(), ...versions }, capabilities }),
  };
  const facts = await execute(config, context, signal);
  await closeHistory(writer, facts);
  await writeJson(
    join(directory, RUN_FILES.schedule),
    facts.executedSchedule ?? toScheduleFile(config.schedule),
  );
  facts.servers = await readServerFindings(context.logsDirectory);

  progress.line("check: looking for an order that explains what was seen");
  const history = await eventsOf(historyPath);
  const results = judge({
    history,
    workloadChecks: history.length === 0 ? [] : await options.checkWorkload(job, signal),
    functions: config.workload.functions,
    faults: facts.faults,
    observed: (okOperations) => checkObserved(facts, config.requested, okOperations),
    mainEndMs: config.timeLimitMs,
  });
  await writeResults(directory, results);
  await writeReport(directory, results, test, history);
  return { directory, results };
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

async function closeHistory(writer: HistoryWriter, facts: Facts): Promise<void> {
  try {
    await writer.close();
  } catch (error) {
    facts.errors.push(`recording: ${messageOf(error)}`);
  }
}

export async function writeReport(
  directory: string,
  results: RunResults,
  test: TestDescription,
  history: readonly HistoryEvent[],
): Promise<void> {
  const title = `${test.test} ${test.startedAt} seed ${test.seed}`;
  await writeFile(join(directory, RUN_FILES.report), renderReport({ results, test, history, title }));
}

function describeTest(config: RunConfig, startedAt: Date): TestDescription {
  const { test, seed, workload, schedule, requested: _, ...settings } = config;
  return {
    version: 1,
    test,
    seed,
    startedAt: startedAt.toISOString(),
    ...settings,
    workload: workload.name,
    schedule: toScheduleFile(schedule),
    versions: ownVersions(),
  };
}

function toScheduleFile(schedule: Schedule): ScheduleFile {
  return JSON.parse(formatSchedule(schedule, "json")) as ScheduleFile;
}

function ownVersions(): Readonly<Record<string, string>> {
  return { gauntlet: "0.1.0", node: process.version, platform: `${process.platform} ${process.arch}` };
}

/** Container names have no room for a whole path: time and seed, and the pid against runs side by side. */
function runIdOf(startedAt: Date, seed: number): string {
  return `${startedAt.getTime().toString(36)}-${seed}-${process.pid}`;
}
