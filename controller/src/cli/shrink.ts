import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findSystem } from "@gauntlet/docker";
import { readHistory, readResults, RUN_FILES, type RunResults, type Verdict } from "@gauntlet/histories";
import {
  formatSchedule,
  parseSchedule,
  readSchedule,
  type ScheduleFile,
  ScheduleError,
} from "@gauntlet/nemesis";
import { z } from "zod";
import { checkInThread } from "../checks/workload-check.js";
import { DataError, messageOf, UsageError } from "../errors.js";
import { violationAtMs } from "../mutants/evidence.js";
import { BOUNDS } from "../run/config.js";
import { dockerClusters } from "../run/docker-cluster.js";
import { type RecordOptions, recordRun } from "../run/record.js";
import { type Candidate, shrinkCandidate } from "../shrink/search.js";
import { secondsOf, shownPath } from "../text.js";
import { configure } from "./configure.js";
import { interruptible } from "./interrupt.js";
import { differenceLines, readRequest, type RecordedRequest } from "./recorded-request.js";
import { type Progress, progressOn } from "./terminal.js";

export interface ShrinkFlags {
  /** Of one candidate, at most: the first that fails decides. */
  readonly runs: number;
  /** Candidates. */
  readonly budget: number;
  /** Runs of the smallest one at last. */
  readonly reproduce: number;
  readonly runsRoot: string;
}

/** What a search leaves in the run's folder: its answers, so that it can go on, and what it found. */
const ANSWERS = "shrink.jsonl";
const SMALLEST = "smallest.yaml";

/**
 * `gauntlet shrink RUN`: looks for the smallest schedule, cluster and time that still fail as the run did, by running
 * candidates on containers. `valid` when the failure was seen again, `unknown` when not.
 */
export async function shrinkCommand(run: string, flags: ShrinkFlags): Promise<Verdict> {
  const recorded = await readRequest(run, flags.runsRoot);
  const { directory, request } = recorded;
  const results = await readResults(directory);
  const detectors = failuresOf(results);
  if (detectors.length === 0) {
    throw new DataError(
      `${shownPath(directory)}: its verdict is ${results.verdict}: only what failed can be made smaller`,
    );
  }
  const start: Candidate = {
    schedule: await executedOf(directory),
    nodes: request.nodes,
    timeLimitMs: request.timeLimitMs,
  };
  const violationMs = await violationOf(directory, results);
  const progress = progressOn(process.stderr, process.env);
  for (const line of differenceLines(recorded)) progress.line(line);
  progress.line(`shrink: looking for less that still fails by ${detectors.join(" or ")}`);
  try {
    return await interruptible(
      (signal) => new Shrinking(recorded, detectors, flags, progress, signal).search(start, violationMs),
      (line) => progress.line(line),
    );
  } finally {
    progress.close();
  }
}

/** Safety and liveness: what is broken in the cluster, not in the rig. */
function failuresOf({ checks }: RunResults): readonly string[] {
  return checks
    .filter(({ kind, verdict }) => verdict === "invalid" && (kind === "safety" || kind === "liveness"))
    .map(({ name }) => name);
}

async function executedOf(directory: string): Promise<ScheduleFile> {
  const path = join(directory, RUN_FILES.schedule);
  const text = await readText(path);
  if (text === null) throw new DataError(`${path}: is not there: the run never came to its faults`);
  // Refused with file and line where it is none; what runs made of the faults is read by whoever shrinks it.
  parseSchedule(text, path);
  return JSON.parse(text) as ScheduleFile;
}

/** Null: no such file. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new DataError(`${path}: ${messageOf(error)}`);
  }
}

async function violationOf(directory: string, results: RunResults): Promise<number | null> {
  const { events } = await readHistory(join(directory, RUN_FILES.history));
  const times = results.checks.flatMap((check) =>
    check.verdict === "invalid" ? (violationAtMs(check, events) ?? []) : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}

const ANSWER = z.object({ candidate: z.string(), failed: z.boolean() });

class Shrinking {
  readonly #recorded: RecordedRequest;
  readonly #detectors: readonly string[];
  readonly #flags: ShrinkFlags;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  readonly #options: RecordOptions;
  /** By candidate. */
  #answers = new Map<string, boolean>();

  constructor(
    recorded: RecordedRequest,
    detectors: readonly string[],
    flags: ShrinkFlags,
    progress: Progress,
    signal: AbortSignal,
  ) {
    this.#recorded = recorded;
    this.#detectors = detectors;
    this.#flags = flags;
    this.#progress = progress;
    this.#signal = signal;
    const { image, request } = recorded;
    this.#options = {
      runsRoot: flags.runsRoot,
      startCluster: dockerClusters({
        system: findSystem(request.system ?? "gauntlet"),
        ...(image !== null && { image }),
      }),
      checkWorkload: checkInThread,
      stopAt: detectors,
      progress,
      bounds: BOUNDS,
    };
  }

  async search(start: Candidate, violationMs: number | null): Promise<Verdict> {
    const { directory } = this.#recorded;
    this.#answers = await readAnswers(join(directory, ANSWERS));
    if (this.#answers.size > 0) this.#progress.line(`${this.#answers.size} candidates were tried before`);
    if (!(await this.#fails(start))) {
      const { runs } = this.#flags;
      process.stdout.write(
        `not seen again in ${runs} runs of the whole schedule; --runs ${runs * 3} tries harder\n`,
      );
      return "unknown";
    }
    const { smallest, tries, isMinimal } = await shrinkCandidate(start, violationMs, {
      budget: this.#flags.budget,
      fails: (candidate) => this.#fails(candidate),
      onSmaller: (candidate) => this.#progress.line(`fails still: ${inWords(candidate)}`),
    });
    const rate = await this.#reproduce(smallest);
    const path = join(directory, SMALLEST);
    await writeFile(path, this.#fileOf(smallest, rate));
    const { schedule, ...size } = smallest;
    process.stdout.write(
      `${formatSchedule(readSchedule(schedule))}\nfrom ${inWords(start)}\nto   ${inWords(smallest)}\n` +
        `${isMinimal ? "nothing more can be taken away" : "the budget ended the search"} (${tries} candidates)\n` +
        `fails in ${rate} runs: ${this.#command(path, size)}\n`,
    );
    return "valid";
  }

  async #fails(candidate: Candidate): Promise<boolean> {
    const text = JSON.stringify(candidate);
    const known = this.#answers.get(text);
    if (known !== undefined) return known;
    let failed = false;
    for (let attempt = 0; attempt < this.#flags.runs && !failed; attempt++) {
      failed = await this.#run(candidate, attempt);
    }
    this.#answers.set(text, failed);
    const line = JSON.stringify({ candidate: text, failed });
    await appendFile(join(this.#recorded.directory, ANSWERS), `${line}\n`);
    return failed;
  }

  /** k of n. */
  async #reproduce(candidate: Candidate): Promise<string> {
    const { runs, reproduce } = this.#flags;
    let failed = 0;
    for (let attempt = 0; attempt < reproduce; attempt++) {
      if (await this.#run(candidate, runs + attempt)) failed += 1;
      this.#progress.line(`the smallest: failed in ${failed} of ${attempt + 1} runs`);
    }
    return `${failed} of ${reproduce}`;
  }

  /** Whether it fails as the recorded run did. What cannot be run does not. */
  async #run(candidate: Candidate, attempt: number): Promise<boolean> {
    this.#signal.throwIfAborted();
    const { request } = this.#recorded;
    const { schedule, nodes, timeLimitMs } = candidate;
    const config = this.#configured({
      ...request,
      test: `${request.test ?? request.workload}-shrink`,
      nodes,
      timeLimitMs,
      seed: request.seed + attempt,
      faults: { from: "text", text: JSON.stringify(schedule), name: "candidate" },
    });
    if (config === null) return false;
    const { results } = await recordRun(config, this.#options, this.#signal);
    this.#signal.throwIfAborted();
    return failuresOf(results).some((name) => this.#detectors.includes(name));
  }

  #configured(request: Parameters<typeof configure>[0]): ReturnType<typeof configure> | null {
    try {
      return configure(request);
    } catch (error) {
      if (error instanceof DataError || error instanceof UsageError || error instanceof ScheduleError)
        return null;
      throw error;
    }
  }

  #fileOf(candidate: Candidate, rate: string): string {
    const { schedule, ...size } = candidate;
    return (
      `# Fails by ${this.#detectors.join(" or ")} in ${rate} runs of\n` +
      `#   ${this.#command(SMALLEST, size)}\n${formatSchedule(readSchedule(schedule))}`
    );
  }

  #command(path: string, { nodes, timeLimitMs }: Omit<Candidate, "schedule">): string {
    const { workload, rate, concurrency, system = "gauntlet" } = this.#recorded.request;
    const { image } = this.#recorded;
    return [
      `npx gauntlet run --schedule ${shownPath(path)} --nodes ${nodes} --time-limit ${timeLimitMs}ms`,
      `--workload ${workload} --rate ${rate} --concurrency ${concurrency}`,
      ...(system === "gauntlet" ? [] : [`--system ${system}`]),
      ...(image === null ? [] : [`--image ${image}`]),
    ].join(" ");
  }
}

function inWords({ schedule, nodes, timeLimitMs }: Candidate): string {
  const faults = schedule.faults.map(({ fault, target }) => `${fault} ${[target].flat().join("+")}`);
  return `${faults.length} faults, ${nodes} nodes, ${secondsOf(timeLimitMs)}: ${faults.join(", ")}`;
}

/** Whole lines: a search that was killed may have left half of one. */
async function readAnswers(path: string): Promise<Map<string, boolean>> {
  const text = (await readText(path)) ?? "";
  const lines = text.split("\n").slice(0, -1);
  return new Map(
    lines.map((line, at) => {
      const answer = ANSWER.safeParse(jsonOf(line));
      if (!answer.success) throw new DataError(`${path}:${at + 1}: not an answer of a search`);
      return [answer.data.candidate, answer.data.failed];
    }),
  );
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
