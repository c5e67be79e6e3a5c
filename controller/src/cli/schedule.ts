import { readFile } from "node:fs/promises";
import {
  explainSchedule,
  formatSchedule,
  parseSchedule,
  type Schedule,
  ScheduleError,
} from "@gauntlet/nemesis";
import { DataError, messageOf, UsageError } from "../errors.js";
import { configure, nodeNames, type RunRequest } from "./configure.js";
import { DEFAULT_NEMESIS, randomSeed } from "./run.js";

export interface ExplainFlags {
  readonly timeLimit: number;
  readonly nodes: number;
  readonly seed?: number;
}

/** `gauntlet schedule explain FILE`: its time line, as a run of that length would have it. */
export async function explainCommand(path: string, flags: ExplainFlags): Promise<void> {
  const nodes = nodeNames(flags.nodes);
  const text = await readText(path);
  const written = parseSchedule(text, path, nodes);
  const seed = flags.seed === undefined ? {} : { seed: flags.seed };
  try {
    process.stdout.write(explainSchedule(written, flags.timeLimit, { nodes, ...seed }));
  } catch (error) {
    // Only what does not fit is known this late, where the file's name is no longer.
    if (error instanceof ScheduleError) throw new DataError(`${path}: ${error.message}`);
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DataError(`${path}: ${code === "ENOENT" ? "no such schedule file" : messageOf(error)}`);
  }
}

export interface RandomFlags {
  readonly faults?: readonly string[];
  readonly timeLimit: number;
  readonly nodes: number;
  readonly system: string;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `gauntlet schedule random`: the schedule that a run with this seed and these families would execute, as a file. */
export function randomCommand(flags: RandomFlags): void {
  const seed = flags.seed ?? randomSeed();
  const faults = flags.faults ?? DEFAULT_NEMESIS;
  const schedule = scheduleOf({
    ...ANY_LOAD,
    nodes: flags.nodes,
    timeLimitMs: flags.timeLimit,
    system: flags.system,
    seed,
    faults: { from: "families", names: faults },
  });
  const families = faults.length === 0 ? "none" : faults.join(",");
  const comment = `# gauntlet schedule random --seed ${seed} --faults ${families}\n`;
  const yaml = `${comment}${formatSchedule(schedule, "yaml")}`;
  process.stdout.write(flags.json === true ? formatSchedule(schedule, "json") : yaml);
}

/** A run's flag for families has another name. */
function scheduleOf(request: RunRequest): Schedule {
  try {
    return configure(request).schedule;
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(error.message.replace(/^--nemesis/, "--faults"));
    throw error;
  }
}

/** Faults do not depend on it. */
const ANY_LOAD = { workload: "register", concurrency: 10, rate: 200, opTimeoutMs: 3_000 } as const;
