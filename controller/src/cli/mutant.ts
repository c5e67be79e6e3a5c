import { join } from "node:path";
import { readHistory, RUN_FILES, type RunResults, type Verdict } from "@gauntlet/histories";
import { checkInThread } from "../checks/workload-check.js";
import { detection, violationAtMs } from "../mutants/evidence.js";
import { type Mutant, readMutant } from "../mutants/mutant.js";
import { plant } from "../mutants/plant.js";
import { BOUNDS } from "../run/config.js";
import { dockerClusters } from "../run/docker-cluster.js";
import { MAX_SEED } from "../run/random.js";
import { type RecordedRun, recordRun } from "../run/record.js";
import type { StartCluster } from "../run/cluster.js";
import { secondsOf } from "../text.js";
import { configure, type RunRequest } from "./configure.js";
import { interruptible } from "./interrupt.js";
import { alignColumns } from "./list.js";
import { MUTANTS_ROOT, REPOSITORY } from "./paths.js";
import { DEFAULT_NEMESIS, randomSeed } from "./run.js";
import { shown } from "./summary.js";
import { type Progress, progressOn } from "./terminal.js";
import { duration } from "./values.js";

export interface MutantFlags {
  readonly runs: number;
  readonly seed?: number;
  readonly runsRoot: string;
}

/** The rate and size that detection is promised for: those of a plain `gauntlet run`. */
const DEFAULTS = { nodes: 5, concurrency: 10, rate: 200, opTimeoutMs: 3_000, timeLimitMs: 60_000 } as const;
/** Of n runs so many must detect the bug. */
const DETECTION_SHARE = 0.9;

interface Row {
  readonly seed: number;
  readonly run: RecordedRun;
  /** Null: not detected. */
  readonly detector: string | null;
  readonly atMs: number | null;
}

/**
 * `gauntlet mutant NAME`: exit code 0 (`valid`) when the detector found the bug in at least nine runs
 * of ten, 1 when not. `gauntlet mutant none` counts false alarms: the worst verdict of all runs.
 */
export async function mutantCommand(name: string, flags: MutantFlags): Promise<Verdict> {
  const progress = progressOn(process.stderr, process.env);
  const tell = (line: string): void => progress.line(line);
  try {
    return await interruptible(async (signal) => {
      if (name === "none") return unpatched(flags, progress, signal);
      return planted(await readMutant(MUTANTS_ROOT, name), flags, progress, signal);
    }, tell);
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
  const timeLimitMs = duration(`${mutant.name}/mutant.yaml: time_limit`, 1_000, 3_600_000)(mutant.timeLimit);
  const { workload, schedule, detector } = mutant;
  const request = {
    ...DEFAULTS,
    test: mutant.name,
    workload,
    timeLimitMs,
    faults: { from: "text", ...schedule },
  } as const;
  // Whatever is wrong with it shows before anything is built.
  configure({ ...request, seed: 0 });
  progress.line(`${mutant.name}: ${mutant.plants}`);
  progress.line("patching and type-checking a copy of server/");
  const copy = await plant(REPOSITORY, mutant);
  try {
    const serverEntry = join(copy.serverDirectory, "src/main.ts");
    const clusters = dockerClusters({ serverEntry, tag: mutant.name });
    const rows = await repeat(request, clusters, flags, progress, signal, detector);
    const detected = rows.filter((row) => row.detector !== null).length;
    process.stdout.write(
      `${tableOf(rows)}\n${mutant.name}: detected by ${detector} in ${detected} of ${rows.length} runs\n`,
    );
    if (rows.every(({ run }) => run.results.verdict === "failed")) return "failed";
    return rows.length === flags.runs && detected >= Math.ceil(DETECTION_SHARE * flags.runs)
      ? "valid"
      : "invalid";
  } finally {
    await copy.remove();
  }
}

async function unpatched(flags: MutantFlags, progress: Progress, signal: AbortSignal): Promise<Verdict> {
  const request = {
    ...DEFAULTS,
    test: "mutant-none",
    workload: "register",
    faults: { from: "families", names: DEFAULT_NEMESIS },
  } as const;
  const rows = await repeat(request, dockerClusters({}), flags, progress, signal, null);
  const count = (verdict: Verdict): number =>
    rows.filter(({ run }) => run.results.verdict === verdict).length;
  process.stdout.write(
    `${tableOf(rows)}\nno mutant: ${count("valid")} of ${rows.length} runs valid, ${count("invalid")} false alarms\n`,
  );
  const worst = (["invalid", "failed", "unknown"] as const).find((verdict) => count(verdict) > 0);
  return worst ?? (rows.length === flags.runs ? "valid" : "unknown");
}

async function repeat(
  request: Omit<RunRequest, "seed">,
  startCluster: StartCluster,
  flags: MutantFlags,
  progress: Progress,
  signal: AbortSignal,
  detector: string | null,
): Promise<readonly Row[]> {
  const options = {
    runsRoot: flags.runsRoot,
    startCluster,
    checkWorkload: checkInThread,
    progress,
    bounds: BOUNDS,
    // Of the unpatched server every run is to go its whole way.
    stopAtViolation: detector !== null,
  };
  const firstSeed = flags.seed ?? randomSeed();
  const rows: Row[] = [];
  for (let index = 0; index < flags.runs && !signal.aborted; index += 1) {
    const seed = (firstSeed + index) % MAX_SEED;
    progress.line(`run ${index + 1} of ${flags.runs}, seed ${seed}`);
    const run = await recordRun(configure({ ...request, seed }), options, signal);
    progress.line(`${run.results.verdict.toUpperCase()}: ${run.results.reason}`);
    rows.push({ seed, run, ...(await detectionOf(run, detector)) });
  }
  return rows;
}

async function detectionOf(
  { directory, results }: RecordedRun,
  detector: string | null,
): Promise<Pick<Row, "detector" | "atMs">> {
  const found = detector === null ? firstInvalid(results) : detection(results, detector);
  if (found === null) return { detector: null, atMs: null };
  const { events } = await readHistory(join(directory, RUN_FILES.history));
  return { detector: found.name, atMs: violationAtMs(found, events) };
}

function firstInvalid(results: RunResults): RunResults["checks"][number] | null {
  return results.checks.find(({ verdict }) => verdict === "invalid") ?? null;
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ seed, run, detector, atMs }, index) => [
    String(index + 1),
    String(seed),
    run.results.verdict,
    detector ?? "-",
    atMs === null ? "-" : secondsOf(atMs),
    shown(run.directory),
  ]);
  return alignColumns([["run", "seed", "verdict", "found by", "violation at", "recorded in"], ...cells]);
}
