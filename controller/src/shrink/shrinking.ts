import { appendFile, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readHistory, readResults, RUN_FILES, type RunResults, type Verdict } from "@gauntlet/histories";
import {
  formatSchedule,
  parseSchedule,
  readSchedule,
  type ScheduleFile,
  ScheduleError,
} from "@gauntlet/nemesis";
import { z } from "zod";
import { configure } from "../cli/configure.js";
import type { RecordedRequest } from "../cli/recorded-request.js";
import type { Progress } from "../cli/terminal.js";
import { DataError, messageOf, UsageError } from "../errors.js";
import { firstViolationMs } from "../mutants/evidence.js";
import { type RecordOptions, recordRun } from "../run/record.js";
import { secondsOf, shownPath } from "../text.js";
import { type Candidate, shrinkCandidate } from "./search.js";

export interface SearchLimits {
  /** Of one candidate, at most: the first that fails decides. */
  readonly runs: number;
  /** Candidates. */
  readonly budget: number;
  /** Runs of the smallest one at last. */
  readonly reproduce: number;
}

/** How a recorded run failed. */
export interface Failure {
  /** The checks that found something: a candidate fails when one of them does. */
  readonly detectors: readonly string[];
  /** What the run executed. */
  readonly start: Candidate;
  /** When it showed, if that is known. */
  readonly violationMs: number | null;
}

export interface ShrinkingOptions {
  readonly recorded: RecordedRequest;
  readonly failure: Failure;
  readonly limits: SearchLimits;
  readonly record: Omit<RecordOptions, "stopAt">;
}

/** `valid`: the failure was seen again. */
export interface Found {
  readonly verdict: Verdict;
  /** For people. */
  readonly text: string;
}

/** What a search leaves in the run's folder: its answers, so that it can go on, and what it found. */
const ANSWERS = "shrink.jsonl";
const SMALLEST = "smallest.yaml";

/** Throws DataError where the run did not fail, or never came to its faults. */
export async function readFailure({ directory, request }: RecordedRequest): Promise<Failure> {
  const results = await readResults(directory);
  const detectors = failuresOf(results);
  if (detectors.length === 0) {
    throw new DataError(
      `${shownPath(directory)}: its verdict is ${results.verdict}: only what failed can be made smaller`,
    );
  }
  const { nodes, timeLimitMs } = request;
  const start = { schedule: await executedOf(directory), nodes, timeLimitMs };
  const { events } = await readHistory(join(directory, RUN_FILES.history));
  const found = results.checks.filter(({ name }) => detectors.includes(name));
  return { detectors, start, violationMs: firstViolationMs(found, results, events) };
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

const ANSWER = z.object({ candidate: z.string(), failed: z.boolean() });

/** Runs candidates until none is smaller. What it was told, and what it found, is in the run's folder. */
export class Shrinking {
  readonly #recorded: RecordedRequest;
  readonly #failure: Failure;
  readonly #limits: SearchLimits;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  readonly #options: RecordOptions;
  /** By candidate. */
  #answers = new Map<string, boolean>();

  constructor({ recorded, failure, limits, record }: ShrinkingOptions, signal: AbortSignal) {
    this.#recorded = recorded;
    this.#failure = failure;
    this.#limits = limits;
    this.#progress = record.progress;
    this.#signal = signal;
    this.#options = { ...record, stopAt: failure.detectors };
  }

  async search(): Promise<Found> {
    const { directory } = this.#recorded;
    const { start, violationMs } = this.#failure;
    this.#answers = await readAnswers(join(directory, ANSWERS));
    if (this.#answers.size > 0) this.#progress.line(`${this.#answers.size} candidates were tried before`);
    if (!(await this.#fails(start))) {
      const { runs } = this.#limits;
      const text = `not seen again in ${runs} runs of the whole schedule; --runs ${runs * 3} tries harder\n`;
      return { verdict: "unknown", text };
    }
    const { smallest, tries, isMinimal } = await shrinkCandidate(start, violationMs, {
      budget: this.#limits.budget,
      fails: (candidate) => this.#fails(candidate),
      onSmaller: (candidate) => this.#progress.line(`fails still: ${inWords(candidate)}`),
    });
    const rate = await this.#reproduce(smallest);
    const path = join(directory, SMALLEST);
    await writeFile(path, this.#fileOf(smallest, rate));
    const { schedule, ...size } = smallest;
    const text =
      `${formatSchedule(readSchedule(schedule))}\nfrom ${inWords(start)}\nto   ${inWords(smallest)}\n` +
      `${isMinimal ? "nothing more can be taken away" : "the budget ended the search"} (${tries} candidates)\n` +
      `fails in ${rate} runs: ${this.#command(path, size)}\n`;
    return { verdict: "valid", text };
  }

  async #fails(candidate: Candidate): Promise<boolean> {
    const text = JSON.stringify(candidate);
    const known = this.#answers.get(text);
    if (known !== undefined) return known;
    let failed = false;
    for (let attempt = 0; attempt < this.#limits.runs && !failed; attempt++) {
      failed = await this.#run(candidate, attempt);
    }
    this.#answers.set(text, failed);
    const line = JSON.stringify({ candidate: text, failed });
    await appendFile(join(this.#recorded.directory, ANSWERS), `${line}\n`);
    return failed;
  }

  /** k of n. */
  async #reproduce(candidate: Candidate): Promise<string> {
    const { runs, reproduce } = this.#limits;
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
    return failuresOf(results).some((name) => this.#failure.detectors.includes(name));
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
      `# Fails by ${this.#failure.detectors.join(" or ")} in ${rate} runs of\n` +
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

/** A search that was killed may have left half a line: it is taken away, so that the next one is whole. */
async function readAnswers(path: string): Promise<Map<string, boolean>> {
  const text = (await readText(path)) ?? "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) await truncate(path, Buffer.byteLength(whole));
  const lines = whole.split("\n").slice(0, -1);
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
