import { mkdir, readdir, realpath, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { HistoryError } from "./errors.js";
import { RUN_FILES, readResults } from "./files.js";
import type { Verdict } from "./verdict.js";

/** Where runs are recorded, seen from the repository's root. */
export const DEFAULT_RUNS_ROOT = "histories/runs";

/** The link to the newest run, beside the tests and beside each test's runs. */
export const LATEST = "latest";

/**
 * Makes `<root>/<test>/<UTC time>-<seed>` and points both `latest` links to it. Returns its path.
 * Of runs that start within one millisecond with one seed, the later get -2, -3 … at the end.
 */
export async function createRunDirectory(
  root: string,
  test: string,
  startedAt: Date,
  seed: number,
): Promise<string> {
  if (!TEST_NAME.test(test) || test === LATEST)
    throw new Error(`"${test}" cannot name a folder of runs: letters, digits, dots, dashes and underscores`);
  const parent = join(root, test);
  await mkdir(parent, { recursive: true });
  const stamp = startedAt.toISOString().replaceAll(/[-:]/g, "");
  const run = await makeDirectory(join(parent, `${stamp}-${seed}`));
  await pointTo(join(parent, LATEST), run);
  await pointTo(join(root, LATEST), run);
  return run;
}

const TEST_NAME = /^[A-Za-z0-9][\w.-]*$/;
const RUN_NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)-(-?\d+)(-\d+)?$/;

async function makeDirectory(path: string): Promise<string> {
  for (let copy = 1; ; copy++) {
    const candidate = copy === 1 ? path : `${path}-${copy}`;
    try {
      await mkdir(candidate);
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** A link is replaced by renaming another over it: there is no moment without one. */
async function pointTo(link: string, run: string): Promise<void> {
  const temporary = `${link}.${basename(run)}.${process.pid}`;
  await rm(temporary, { force: true });
  await symlink(relative(dirname(link), run), temporary);
  await rename(temporary, link);
}

export interface RunEntry {
  readonly path: string;
  readonly test: string;
  readonly startedAt: Date;
  readonly seed: number;
  /** Null: no results, the run goes on or its rig died. */
  readonly verdict: Verdict | null;
}

/** The runs recorded under `root`, the newest first. None where there is no such folder. */
export async function listRuns(root: string = DEFAULT_RUNS_ROOT): Promise<RunEntry[]> {
  const runs: RunEntry[] = [];
  for (const test of await directories(root)) {
    for (const name of await directories(join(root, test))) {
      const started = parseRunName(name);
      if (started === undefined) continue;
      const path = join(root, test, name);
      runs.push({ path, test, ...started, verdict: await verdictOf(path) });
    }
  }
  return runs.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.path < b.path ? 1 : -1));
}

function parseRunName(name: string): { startedAt: Date; seed: number } | undefined {
  const match = RUN_NAME.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, seed] = match;
  const startedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
  return Number.isNaN(startedAt.getTime()) ? undefined : { startedAt, seed: Number(seed) };
}

async function directories(path: string): Promise<string[]> {
  try {
    // Links are left out: `latest` is one.
    return (await readdir(path, { withFileTypes: true })).flatMap((e) => (e.isDirectory() ? [e.name] : []));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function verdictOf(run: string): Promise<Verdict | null> {
  try {
    return (await readResults(run)).verdict;
  } catch (error) {
    // A list shows what can be read; who opens the run is told what is wrong with it.
    if (error instanceof HistoryError) return null;
    throw error;
  }
}

export interface ResolvedRun {
  /** The run's directory; null where a lone history file was named. */
  readonly directory: string | null;
  /** Its history file. May be missing in a run that never began. */
  readonly history: string;
}

/** Finds what a person named: "latest", a run's directory, or a history file. Throws HistoryError. */
export async function resolveRun(
  pathOrLatest: string,
  root: string = DEFAULT_RUNS_ROOT,
): Promise<ResolvedRun> {
  const isLatest = pathOrLatest === LATEST;
  try {
    const path = await realpath(isLatest ? join(root, LATEST) : pathOrLatest);
    if (!(await stat(path)).isDirectory()) return { directory: null, history: path };
    const files = await readdir(path);
    if (!files.includes(RUN_FILES.history) && !files.includes(RUN_FILES.test))
      throw new HistoryError(pathOrLatest, null, `not a run: it has no ${RUN_FILES.history}`);
    return { directory: path, history: join(path, RUN_FILES.history) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof HistoryError || code === undefined) throw error;
    const missing = isLatest ? `no run is recorded in ${root}` : "no such run or history file";
    throw new HistoryError(pathOrLatest, null, code === "ENOENT" ? missing : message, { cause: error });
  }
}
