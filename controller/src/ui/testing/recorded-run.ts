import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type HistoryEvent,
  type NodeSample,
  RUN_FILES,
  type RunResults,
  writeResults,
  writeTest,
} from "@gauntlet/histories";
import { SAMPLE_FAULTS } from "../../report/testing/sample-run.js";

export const RUN_ID = "register/20260102T030405.678Z-7";

/** Of a sample history with its faults. */
export const VALID_RESULTS: RunResults = {
  version: 1,
  verdict: "valid",
  reason: "all checks passed",
  checks: [],
  stats: [],
  okPerSecond: 70,
  faults: SAMPLE_FAULTS,
};

export interface RecordedRunOptions {
  readonly root: string;
  readonly history: readonly HistoryEvent[];
  /** Null: the rig died before it judged. */
  readonly results: RunResults | null;
  readonly samples?: readonly NodeSample[];
  readonly log?: readonly string[];
  readonly id?: string;
}

/** A run's folder, as the recorder leaves it. Returns its path. */
export async function writeRun(options: RecordedRunOptions): Promise<string> {
  const { root, history, results, samples = [], log = [], id = RUN_ID } = options;
  const directory = join(root, id);
  await mkdir(join(directory, RUN_FILES.nodes, "n1"), { recursive: true });
  const [test = "register"] = id.split("/");
  const load = { nodes: 5, concurrency: 10, ratePerSecond: 80, timeLimitMs: 32_000, opTimeoutMs: 2_000 };
  await writeTest(directory, {
    version: 1,
    test,
    seed: 7,
    startedAt: "2026-01-02T03:04:05.678Z",
    workload: "register",
    ...load,
  });
  await writeFile(join(directory, RUN_FILES.history), lines(history));
  if (samples.length > 0) await writeFile(join(directory, RUN_FILES.samples), lines(samples));
  await writeFile(
    join(directory, RUN_FILES.nodes, "n1", "server.log"),
    log.map((line) => `${line}\n`).join(""),
  );
  if (results !== null) await writeResults(directory, results);
  return directory;
}

/** Samples of five nodes, one a second, with a change of leader in the middle. */
export function sampleNodes(seconds: number): readonly NodeSample[] {
  return Array.from({ length: seconds }, (_, second) =>
    [1, 2, 3, 4, 5].map((number): NodeSample => {
      const leader = second < seconds / 2 ? 3 : 1;
      return {
        time: second * 1e9,
        node: `n${number}`,
        role: number === leader ? "leader" : "follower",
        term: second < seconds / 2 ? 4 : 5,
        commitIndex: second * 70,
        appliedIndex: second * 70,
        wallOffsetMs: number === 5 && second > 20 ? 2_000 : 0.4,
        timerRate: 1,
        rssBytes: 8e7,
        openFiles: 40,
        diskBytes: 1e6,
      };
    }),
  ).flat();
}

function lines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}
