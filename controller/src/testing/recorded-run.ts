import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readResults, RUN_FILES, type RunResults } from "@gauntlet/histories";
import { afterAll, beforeAll, expect } from "vitest";
import { checkInThread } from "../checks/workload-check.js";
import { configure, type RunRequest } from "../cli/configure.js";
import { SILENT } from "../cli/terminal.js";
import { recordRun } from "../run/record.js";
import { type FakeCluster, fakeCluster, type FakeOptions } from "./fake-cluster.js";
import { MemoryStore } from "./fake-clients.js";

/** Of runs on machines that answer at once. */
export const BOUNDS = {
  startMs: 2_000,
  recoveryMs: 2_000,
  finalReadsMs: 2_000,
  agreementMs: 2_000,
  checkMs: 20_000,
};

export const REQUEST: RunRequest = {
  workload: "register",
  nodes: 3,
  concurrency: 6,
  rate: 400,
  timeLimitMs: 1_200,
  opTimeoutMs: 500,
  seed: 7,
  faults: { from: "families", names: [] },
};

export interface Ran {
  readonly directory: string;
  readonly results: RunResults;
  readonly cluster: FakeCluster;
}

type Run = (
  fake: FakeOptions,
  request?: Partial<RunRequest>,
  signal?: AbortSignal,
  tell?: (line: string) => void,
  stopAt?: readonly string[],
) => Promise<Ran>;

/** For one file of tests: whole runs on fake machines, recorded in a folder that goes with them. */
export function recordedRuns(): { readonly run: Run; readonly root: () => string } {
  let runsRoot = "";
  beforeAll(async () => {
    runsRoot = await mkdtemp(join(tmpdir(), "gauntlet-runs-"));
  });
  afterAll(() => rm(runsRoot, { recursive: true, force: true }));
  const run: Run = async (
    fake,
    request = {},
    signal = new AbortController().signal,
    tell = () => undefined,
    stopAt,
  ) => {
    const cluster = fakeCluster(fake);
    const config = configure({ ...REQUEST, ...request });
    const startCluster = cluster.start;
    const progress = { ...SILENT, line: tell };
    const options = {
      runsRoot,
      startCluster,
      checkWorkload: checkInThread,
      progress,
      bounds: BOUNDS,
      stopAt,
    };
    return { ...(await recordRun(config, options, signal)), cluster };
  };
  return { run, root: () => runsRoot };
}

export function correct(): FakeOptions {
  const store = new MemoryStore();
  return { client: () => store.client() };
}

export function check(results: RunResults, name: string): RunResults["checks"][number] | undefined {
  return results.checks.find((candidate) => candidate.name === name);
}

export async function expectCleanedUp({ directory, results, cluster }: Ran): Promise<void> {
  expect(cluster.running()).toBe(0);
  expect(cluster.openConnections()).toBe(0);
  expect(await readResults(directory)).toEqual(JSON.parse(JSON.stringify(results)));
  expect(await readFile(join(directory, RUN_FILES.report), "utf8")).toContain("<html");
}
